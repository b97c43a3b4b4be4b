"""Reports of orders for scripts that poll: every change since an event number, none lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from core.domain.entries import fact_of
from core.domain.events import Envelope, OrderChanged
from core.domain.executions import Execution
from core.domain.orders import Order
from core.domain.published import PublishedStatus, published_status
from core.domain.stages import Stages
from core.errors import JournalDamagedError, JournalError
from core.journal.recovery import read_some
from core.scripting.handlers import REFUSED_STATES

KEPT = 10_000
"""Events that are kept in memory; older ones are read from the journal."""
_COMMIT_SECONDS = 3.0
"""How long it may take until the journal has on disk what core has told."""
_LOOK_SECONDS = 0.05
_ROWS_AT_ONCE = 5_000


class Latency(Struct, frozen=True, kw_only=True):
    """How long an order took, in milliseconds by core's clock; None for a stage that it has not come through."""

    intent_to_submit_ms: Decimal | None = None
    submit_to_ack_ms: Decimal | None = None
    ack_to_fill_ms: Decimal | None = None
    """Until the last fill."""
    total_latency_ms: Decimal | None = None
    """From intent to the last fill."""


class Change(NamedTuple):
    """An order after one event, and how it had come there."""

    number: int
    order: Order
    stages: Stages


class OrderReport(Struct, frozen=True, kw_only=True):
    """What became of an order at one event."""

    number: int
    """The event's; numbers rise within a profile, whatever core runs. Where to go on after a restart of the script."""
    report_id: str
    """The same for the same event, however often it is read. Another event has another one, also where it bears the
    number of one that a killed core had told and not yet written."""
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
    latency: Latency
    tag: str
    strategy: str


def report_of(instance: str, change: Change, fills: Sequence[Execution]) -> OrderReport:
    """The report of a change; `fills` are those that are known by now."""
    number, order, stages = change
    status = published_status(order)
    told = [fill.commission for fill in fills if fill.commission is not None]
    return OrderReport(
        number=number,
        report_id=f"{instance}/{order.order_ref}/{number}/{status}/{order.filled:f}",
        order_ref=order.order_ref,
        order_id=None if order.perm_id is None else f"IBKR_{order.perm_id}",
        symbol=order.label,
        status=status,
        filled_quantity=order.filled,
        average_fill_price=order.average_price,
        commission=sum(told, Decimal(0)) if told else None,
        reject_reason=order.note if order.state in REFUSED_STATES else "",
        timestamp=order.changed,
        latency=_latency(order.created, stages),
        tag=order.tag,
        strategy=order.strategy,
    )


class ReportLog:
    """The events about orders since the script began, the latest of them in memory."""

    def __init__(self) -> None:
        """Empty."""
        self._kept: deque[Change] = deque()
        self._stages: dict[str, Stages] = {}
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
            self._kept.append(_change(envelope.number, envelope.event.order, self._stages))
            if len(self._kept) > KEPT:
                self._complete_after = self._kept.popleft().number

    @property
    def last(self) -> int:
        """The number of the last event that was told."""
        return self._last

    async def settled(self, journal: Path) -> None:
        """Wait until `journal` has the last event on the disk. Raises JournalError if that takes too long."""
        if self._last:
            await _recorded(journal, self._last - 1, self._last)

    async def since(self, after: int, journal: Path) -> list[Change]:
        """Every change of an order behind event `after`, oldest first.

        Raises JournalError if what is no longer in memory can't be read back from `journal`.
        """
        found: list[Change] = []
        # More may have left the memory by the time that the disk was read.
        while after < (until := self._complete_after):
            found += await _recorded(journal, after, until)
            after = until
        return [*found, *(change for change in self._kept if change.number > after)]


def _change(number: int, order: Order, stages: dict[str, Stages]) -> Change:
    """The change that an event brought; `stages` of all orders are carried on, those of live ones kept."""
    came = stages.pop(order.order_ref, Stages()).after(order)
    if order.is_live:
        stages[order.order_ref] = came
    return Change(number, order, came)


def _latency(created: datetime, stages: Stages) -> Latency:
    return Latency(
        intent_to_submit_ms=_milliseconds(created, stages.submitted),
        submit_to_ack_ms=_milliseconds(stages.submitted, stages.acknowledged),
        ack_to_fill_ms=_milliseconds(stages.acknowledged, stages.filled),
        total_latency_ms=_milliseconds(created, stages.filled),
    )


def _milliseconds(begin: datetime | None, end: datetime | None) -> Decimal | None:
    if begin is None or end is None:
        return None
    return Decimal((end - begin) // timedelta(microseconds=1)) / 1000


async def _recorded(journal: Path, after: int, until: int) -> list[Change]:
    """The changes behind `after` up to `until` from the disk; the last of them may have to be waited for."""
    found: list[Change] = []
    stages: dict[str, Stages] = {}
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
                found.append(_change(number, fact.order, stages))
            after = number
    return found
