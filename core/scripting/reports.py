"""Reports of orders for scripts that poll: every change since an event number, none lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from core.domain.entries import fact_of
from core.domain.events import Envelope, OrderChanged
from core.domain.executions import Execution
from core.domain.orders import Order
from core.domain.published import PublishedStatus, published_status
from core.errors import JournalDamagedError, JournalError
from core.journal.recovery import read_some
from core.scripting.handlers import REFUSED_STATES

KEPT = 10_000
"""Events that are kept in memory; older ones are read from the journal."""
_COMMIT_SECONDS = 3.0
"""How long it may take until the journal has on disk what core has told."""
_LOOK_SECONDS = 0.05
_ROWS_AT_ONCE = 5_000


class OrderReport(Struct, frozen=True, kw_only=True):
    """What became of an order at one event."""

    number: int
    """The event's; numbers rise within a profile, whatever core runs. Where to go on after a restart of the script."""
    report_id: str
    """The same for the same event, however often it is read."""
    order_ref: str
    order_id: str | None
    """`IBKR_<permId>`; None until IBKR has given its permanent number."""
    symbol: str
    """As rows show it."""
    status: PublishedStatus
    filled_quantity: Decimal
    average_fill_price: Decimal | None
    """None before the first fill."""
    commission: Decimal | None
    """Of all fills that IBKR has told one for by now; None before the first."""
    reject_reason: str
    """Why it was refused; empty if it was not."""
    timestamp: datetime
    """UTC of the change."""
    tag: str
    strategy: str


def report_of(instance: str, number: int, order: Order, fills: Sequence[Execution]) -> OrderReport:
    """The report of an order as it stood at event `number`."""
    told = [fill.commission for fill in fills if fill.commission is not None]
    return OrderReport(
        number=number,
        report_id=f"{instance}-{number}",
        order_ref=order.order_ref,
        order_id=None if order.perm_id is None else f"IBKR_{order.perm_id}",
        symbol=order.label,
        status=published_status(order),
        filled_quantity=order.filled,
        average_fill_price=order.average_price,
        commission=sum(told, Decimal(0)) if told else None,
        reject_reason=order.note if order.state in REFUSED_STATES else "",
        timestamp=order.changed,
        tag=order.tag,
        strategy=order.strategy,
    )


class ReportLog:
    """The events about orders since the script began, the latest of them in memory."""

    def __init__(self) -> None:
        """Empty."""
        self._kept: deque[tuple[int, OrderChanged]] = deque()
        self._complete_after = 0
        self._last = 0

    def restart(self, number: int) -> None:
        """Following begins behind event `number`, anew after a break; what lies before it has to be read."""
        self._kept.clear()
        self._complete_after = self._last = number

    def keep(self, envelope: Envelope) -> None:
        """One more event."""
        if envelope.number is None:
            return
        self._last = envelope.number
        if isinstance(envelope.event, OrderChanged):
            self._kept.append((envelope.number, envelope.event))
            if len(self._kept) > KEPT:
                self._complete_after = self._kept.popleft()[0]

    @property
    def last(self) -> int:
        """The number of the last event that was told."""
        return self._last

    async def settled(self, journal: Path) -> None:
        """Wait until `journal` has the last event on the disk. Raises JournalError if that takes too long."""
        if self._last:
            await _recorded(journal, self._last - 1, self._last)

    async def since(self, after: int, journal: Path) -> list[tuple[int, Order]]:
        """Every change of an order behind event `after` with its number, oldest first.

        Raises JournalError if what is no longer in memory can't be read back from `journal`.
        """
        until = self._complete_after
        found = await _recorded(journal, after, until) if after < until else []
        return [*found, *((number, event.order) for number, event in self._kept if number > max(after, until))]


async def _recorded(journal: Path, after: int, until: int) -> list[tuple[int, Order]]:
    """The changes behind `after` up to `until` from the disk; the last of them may have to be waited for."""
    found: list[tuple[int, Order]] = []
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _COMMIT_SECONDS
    while after < until:
        try:
            rows = await asyncio.to_thread(read_some, journal, after, _ROWS_AT_ONCE)
        except JournalDamagedError:
            # The row behind which to read may itself not be on the disk yet.
            if loop.time() > deadline:
                raise
            rows = []
        if not rows:
            if loop.time() > deadline:
                raise JournalError(
                    f"The journal {journal} ends at event {after} and core has told {until}. Nothing of these orders "
                    "is lost: ask for the orders as they stand."
                )
            await asyncio.sleep(_LOOK_SECONDS)
        for number, entry in rows:
            fact = fact_of(entry)
            if number <= until and isinstance(fact, OrderChanged):
                found.append((number, fact.order))
            after = number
    return found
