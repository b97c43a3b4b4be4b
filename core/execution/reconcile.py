"""Reading the broker's books and comparing them with ours: one path for start-up and for recovery."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from core.domain.orders import Order, Pending
from core.domain.reports import CompletedOrderReport, ExecutionReport, OpenOrderReport, PositionReport
from core.execution.lifecycle import with_old_terms
from core.execution.state import lose_touch
from core.ports import Broker

_CANCELLING = frozenset({"PendingCancel", "PreCancelled"})


class Names:
    """The orders that one book speaks of, by reference and by permanent number."""

    def __init__(self, names: Iterable[tuple[str, int]]) -> None:
        """`names` are pairs of order_ref (may be empty) and permId (may be 0)."""
        pairs = list(names)
        self._refs = {order_ref for order_ref, _ in pairs if order_ref}
        self._perm_ids = {perm_id for _, perm_id in pairs if perm_id}

    def speak_of(self, order: Order) -> bool:
        """True if the order is in the book."""
        return order.order_ref in self._refs or order.perm_id in self._perm_ids


class Books:
    """What the broker holds: each book was complete with its End."""

    def __init__(
        self,
        open_orders: Sequence[OpenOrderReport],
        completed: Sequence[CompletedOrderReport],
        executions: Sequence[ExecutionReport],
        positions: Sequence[PositionReport],
    ) -> None:
        """Takes the four answers as they came."""
        self.open_orders = open_orders
        self.completed = completed
        self.executions = executions
        self.positions = positions
        self.open_names = Names((r.order_ref, r.perm_id) for r in open_orders)
        self.completed_names = Names((r.order_ref, r.perm_id) for r in completed)
        self.executed_names = Names((r.execution.order_ref, r.execution.perm_id) for r in executions)


async def read_books(broker: Broker) -> Books:
    """Ask for all four books at once. Raises what the broker's queries raise: then nothing is known."""
    open_orders, completed, executions, positions = await asyncio.gather(
        broker.open_orders(), broker.completed_orders(), broker.executions(), broker.positions()
    )
    return Books(open_orders, completed, executions, positions)


def settle_missing(order: Order, books: Books, now: datetime) -> Order:
    """An order after a full reading: unchanged if it is open or has ended, else UNKNOWN, saying where it was found.

    Absence proves nothing about an order that has ended. One that completed without fills enough to end it (they may
    be older than the broker's list) has an outcome that nobody knows. Nothing is ever presumed.
    """
    if not order.is_live or books.open_names.speak_of(order):
        return order
    return lose_touch(order, now, note=where_found(order, books))


def settle_pending(order: Order, books: Books) -> Order:
    """An open order, after a reading, about which something was asked over an earlier connection: as the broker has it.

    A cancel that the broker has begun stays pending.
    """
    report = next((r for r in books.open_orders if Names([(r.order_ref, r.perm_id)]).speak_of(order)), None)
    if report is None or not order.is_live or order.pending is Pending.NONE or report.status in _CANCELLING:
        return order
    asked = "change" if order.pending is Pending.MODIFY else "cancel"
    kept = with_old_terms(order)
    return replace(
        kept, pending=Pending.NONE, note=f"the {asked} asked for before the connection was lost was not made"
    )


def where_found(order: Order, books: Books) -> str:
    """Which of the books speak of an order, in words."""
    named = (
        ("in open orders", books.open_names),
        ("executions", books.executed_names),
        ("completed", books.completed_names),
    )
    return " · ".join(f"{name}: {'yes' if names.speak_of(order) else 'no'}" for name, names in named)
