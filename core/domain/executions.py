"""Fills, and how corrections replace them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from core.domain.orders import Side


class Execution(Struct, frozen=True, kw_only=True, gc=False):
    """One execution report. A correction comes as a new report with the same stem and a higher revision."""

    exec_id: str
    order_ref: str
    """The order's reference; empty if the broker sent none."""
    perm_id: int
    order_id: int
    client_id: int
    account: str
    con_id: int
    label: str
    side: Side
    quantity: Decimal
    """Units filled; 0 is a bust of an earlier revision."""
    price: Decimal
    time: datetime
    """UTC, the broker's own time of the fill."""
    exchange: str = ""
    commission: Decimal | None = None
    """In `commission_currency`; None until the broker reports it."""
    commission_currency: str = ""
    realized_pnl: Decimal | None = None
    """The broker's figure for what this fill closed; None if it opened or is not reported yet."""

    @property
    def stem(self) -> str:
        """What all revisions of one fill share."""
        return split_exec_id(self.exec_id)[0]

    @property
    def revision(self) -> int:
        """01 for the first report, higher for corrections."""
        return split_exec_id(self.exec_id)[1]


@lru_cache(maxsize=50_000)
def split_exec_id(exec_id: str) -> tuple[str, int]:
    """Stem and revision of an execId: IBKR counts corrections in its last dotted segment (`0001.01` then `0001.02`).

    An id without a numeric last segment is its own stem, at revision 0.
    """
    stem, dot, last = exec_id.rpartition(".")
    if dot and last.isascii() and last.isdigit():
        return stem, int(last)
    return exec_id, 0


def latest_revisions(executions: Iterable[Execution]) -> list[Execution]:
    """The executions that stand: of each stem the highest revision, in the order of first appearance."""
    latest: dict[str, Execution] = {}
    for execution in executions:
        known = latest.get(execution.stem)
        if known is None or execution.revision >= known.revision:
            latest[execution.stem] = execution
    return list(latest.values())


def filled_and_average(executions: Iterable[Execution]) -> tuple[Decimal, Decimal | None]:
    """Units filled and their quantity-weighted price; (0, None) when nothing stands."""
    quantity = Decimal(0)
    value = Decimal(0)
    for execution in latest_revisions(executions):
        quantity += execution.quantity
        value += execution.quantity * execution.price
    return (quantity, value / quantity) if quantity else (Decimal(0), None)
