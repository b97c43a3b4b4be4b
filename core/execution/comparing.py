"""The broker's books beside what core held when they were asked for: every difference by name."""

from __future__ import annotations

from collections.abc import Iterator

from core.domain.executions import Execution
from core.domain.orders import Order, OrderState, terms_of
from core.domain.reconciliation import Book, Difference
from core.domain.reports import OpenOrderReport
from core.execution.reconcile import Books
from core.execution.state import DeskState

NOTHING = "nothing"
FILLS_NAMED = 100
"""Unknown fills named one by one: a new journal knows none of a busy day."""
_UNHEARD = (OrderState.INTENT, OrderState.SENT)


class Before:
    """What core held before a reading."""

    def __init__(self, state: DeskState) -> None:
        """Copies what the comparison needs."""
        self.live = {order.order_ref: order for order in state.book.live()}
        self.refs = {order.order_ref for order in state.book.orders()}
        self.stems = {execution.stem for execution in state.book.executions()}


def compare(before: Before, state: DeskState, books: Books) -> tuple[tuple[Difference, ...], int]:
    """The differences, in the order of the books, and how many unknown fills there are beyond those named.

    What changed while the books were read may be among them.
    """
    fills = _unknown_fills(before, state, books)
    named = (_unknown_fill(fill) for fill in fills[:FILLS_NAMED])
    return (*_open(before, state, books), *_missing(before, state, books), *named), max(0, len(fills) - FILLS_NAMED)


def _open(before: Before, state: DeskState, books: Books) -> Iterator[Difference]:
    for report in books.open_orders:
        order = _order_of(state, report)
        if order is None:
            continue
        was = before.live.get(order.order_ref)
        if was is None:
            known = order.order_ref in before.refs
            if not known or not order.is_live:
                yield _difference(order, Book.OPEN_ORDERS, order.state.value if known else NOTHING, _told(report))
        elif was.state is OrderState.UNKNOWN:
            yield _difference(order, Book.OPEN_ORDERS, was.state.value, _told(report))
        elif was.state not in _UNHEARD and terms_of(was) != terms_of(order) and not was.external:
            yield _difference(order, Book.OPEN_ORDERS, was.text, order.text)


def _missing(before: Before, state: DeskState, books: Books) -> Iterator[Difference]:
    """Live orders that are not among the open ones, unless something was heard of them meanwhile."""
    for was in before.live.values():
        now = state.book.get(was.order_ref)
        if now is None or books.open_names.speak_of(now) or was.state in _UNHEARD:
            continue
        if now.is_live:
            if now.state is OrderState.UNKNOWN:
                yield _difference(now, Book.OPEN_ORDERS, was.state.value, NOTHING)
        elif books.completed_names.speak_of(now):
            yield _difference(now, Book.COMPLETED_ORDERS, was.state.value, now.state.value)


def _unknown_fills(before: Before, state: DeskState, books: Books) -> list[Execution]:
    told = (report.execution for report in books.executions if report.execution.stem not in before.stems)
    known = (state.book.execution(execution.exec_id) for execution in told)
    return [execution for execution in known if execution is not None]


def _unknown_fill(fill: Execution) -> Difference:
    return Difference(
        what=f"{fill.side} {fill.quantity.normalize():f} {fill.label} at {fill.price:f}",
        where=Book.EXECUTIONS,
        ours=NOTHING,
        theirs=f"filled {fill.time:%H:%M:%S} UTC",
        order_ref=fill.order_ref,
    )


def _order_of(state: DeskState, report: OpenOrderReport) -> Order | None:
    return state.book.find(
        order_ref=report.order_ref, perm_id=report.perm_id, client_id=report.client_id, order_id=report.order_id
    )


def _difference(order: Order, where: Book, ours: str, theirs: str) -> Difference:
    return Difference(what=order.name, where=where, ours=ours, theirs=theirs, order_ref=order.order_ref)


def _told(report: OpenOrderReport) -> str:
    return report.status or "open"
