"""Reading the broker's books and what they mean for single orders: one path for start-up and for recovery."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from core.clock import broker_day
from core.domain.orders import Order, OrderState, Pending
from core.domain.reconciliation import Book
from core.domain.reports import CompletedOrderReport, ExecutionReport, OpenOrderReport, PositionReport
from core.errors import DeskError, NotConnectedError
from core.execution.lifecycle import from_fills, with_old_terms
from core.execution.state import lose_touch
from core.ports import Broker

T = TypeVar("T")

CHECKS_TO_SETTLE = 2
"""Full readings that must have found nothing of an order before a person may say that it was never placed."""
BEYOND_REACH = "sent before midnight: IBKR's lists no longer reach back"

_CANCELLING = frozenset({"PendingCancel", "PreCancelled"})


class BooksUnreadError(DeskError):
    """At least one of the four books did not come to its end: what it holds is unknown, not empty."""

    title = "Not reconciled"

    def __init__(self, failures: Sequence[tuple[Book, Exception]], counts: dict[Book, int]) -> None:
        """`failures` names each book that failed and why; `counts` has the lengths of the others."""
        super().__init__(" ".join(dict.fromkeys(str(error) for _, error in failures)))
        self.failed = tuple(book for book, _ in failures)
        self.counts = counts


class Names:
    """The orders that one book speaks of, by reference and by permanent number."""

    def __init__(self, names: Iterable[tuple[str, int]]) -> None:
        """`names` are pairs of order_ref (may be empty) and permId (may be 0)."""
        self._perm_ids: set[int] = set()
        self._refs: dict[str, set[int]] = {}
        for order_ref, perm_id in names:
            self._perm_ids.add(perm_id)
            if order_ref:
                self._refs.setdefault(order_ref, set()).add(perm_id)

    def speak_of(self, order: Order) -> bool:
        """True if the order is in the book; under its reference alone another one may be."""
        if order.perm_id is not None and order.perm_id in self._perm_ids:
            return True
        named = self._refs.get(order.order_ref)
        return named is not None and (order.perm_id is None or 0 in named)


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

    @property
    def counts(self) -> tuple[tuple[Book, int | None], ...]:
        """The length of each."""
        books = (self.open_orders, self.completed, self.executions, self.positions)
        return tuple((book, len(answer)) for book, answer in zip(Book, books, strict=True))


async def read_books(broker: Broker) -> Books:
    """Ask for all four books at once.

    Raises BooksUnreadError with every one that did not come to its end, NotConnectedError if the connection went.
    """
    open_orders, completed, executions, positions = await asyncio.gather(
        _answer(broker.open_orders),
        _answer(broker.completed_orders),
        _answer(broker.executions),
        _answer(broker.positions),
    )
    if (
        isinstance(open_orders, DeskError)
        or isinstance(completed, DeskError)
        or isinstance(executions, DeskError)
        or isinstance(positions, DeskError)
    ):
        answers = list(zip(Book, (open_orders, completed, executions, positions), strict=True))
        failures = [(book, answer) for book, answer in answers if isinstance(answer, DeskError)]
        lost = next((error for _, error in failures if isinstance(error, NotConnectedError)), None)
        if lost is not None:
            raise lost
        raise BooksUnreadError(failures, {b: len(a) for b, a in answers if not isinstance(a, DeskError)})
    return Books(open_orders, completed, executions, positions)


async def _answer(ask: Callable[[], Awaitable[Sequence[T]]]) -> Sequence[T] | DeskError:
    try:
        return await ask()
    except DeskError as error:
        return error


def settle_missing(order: Order, books: Books, now: datetime) -> Order:
    """An order after a full reading: unchanged if it is open or has ended, else UNKNOWN, saying where it was found.

    Absence proves nothing about an order that has ended. One that completed without fills enough to end it (they may
    be older than the broker's list) has an outcome that nobody knows. Nothing is ever presumed.
    """
    if not order.is_live or books.open_names.speak_of(order):
        return order
    filled = _filled_by_the_books(order, books, now)
    if filled is not None:
        return filled
    return lose_touch(order, now, note=where_found(order, books, now))


def _filled_by_the_books(order: Order, books: Books, now: datetime) -> Order | None:
    """An order that completed as filled, and whose fills are all of it by one of its terms: those it ended with.

    None if it did not, or if fills are missing. Which terms a change that nobody answered left, the sum of them tells.
    """
    ended = any(r.status == "Filled" and Names([(r.order_ref, r.perm_id)]).speak_of(order) for r in books.completed)
    for kept in (replace(order, previous=None), with_old_terms(order)):
        if ended and kept.quantity == kept.filled:
            return from_fills(kept, kept.filled, kept.average_price, now).order
    return None


def counted(order: Order, books: Books) -> Order:
    """An order in doubt after a reading that counts: one more check if it neither works nor has ended, else none.

    Its fills prove that it was placed, and say nothing about the rest.
    """
    if order.state is not OrderState.UNKNOWN or order.external:
        return order
    found = books.open_names.speak_of(order) or books.completed_names.speak_of(order)
    return replace(order, checks=0 if found else min(order.checks + 1, CHECKS_TO_SETTLE))


def settle_pending(order: Order, books: Books, why: str) -> Order:
    """An open order, after a reading, about which something was asked that is not answered: as the broker has it.

    `why` says in words why no answer is to be expected. A cancel that the broker has begun stays pending.
    """
    report = next((r for r in books.open_orders if Names([(r.order_ref, r.perm_id)]).speak_of(order)), None)
    if report is None or not order.is_live or order.pending is Pending.NONE or report.status in _CANCELLING:
        return order
    asked = "change" if order.pending is Pending.MODIFY else "cancel"
    kept = with_old_terms(order)
    return replace(kept, pending=Pending.NONE, note=f"the {asked} {why} was not made")


def where_found(order: Order, books: Books, now: datetime) -> str:
    """Which of the books speak of an order, in words, and whether they can."""
    named = (
        ("in open orders", books.open_names),
        ("executions", books.executed_names),
        ("completed", books.completed_names),
    )
    found = [f"{name}: {'yes' if names.speak_of(order) else 'no'}" for name, names in named]
    if is_beyond_reach(order, now):
        found.append(BEYOND_REACH)
    return " · ".join(found)


def is_beyond_reach(order: Order, now: datetime) -> bool:
    """True if fills and end of the order may be older than IBKR's lists, which begin at midnight."""
    return broker_day(order.created) != broker_day(now)
