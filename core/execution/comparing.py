"""The broker's books beside what core held when they were asked for: every difference by name."""

from __future__ import annotations

from collections.abc import Iterator

from core.domain.orders import Order, OrderState, terms_of
from core.domain.reconciliation import Book, Difference
from core.domain.reports import OpenOrderReport
from core.execution.reconcile import Books
from core.execution.state import DeskState

NOTHING = "nothing"
_UNHEARD = (OrderState.INTENT, OrderState.SENT)


class Before:
    """What core held before a reading."""

    def __init__(self, state: DeskState) -> None:
        """Copies what the comparison needs."""
        self.live = {order.order_ref: order for order in state.book.live()}
        self.refs = {order.order_ref for order in state.book.orders()}
        self.stems = {execution.stem for execution in state.book.executions()}


def compare(before: Before, state: DeskState, books: Books) -> tuple[Difference, ...]:
    """The differences, in the order of the books. What changed while they were read may be among them."""
    found = [*_open(before, state, books), *_missing(before, state, books), *_executions(before, state, books)]
    return tuple(found)


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


def _executions(before: Before, state: DeskState, books: Books) -> Iterator[Difference]:
    for report in books.executions:
        told = report.execution
        known = state.book.execution(told.exec_id)
        if told.stem in before.stems or known is None:
            continue
        what = f"{known.side} {known.quantity.normalize():f} {known.label} at {known.price:f}"
        yield Difference(
            what=what,
            where=Book.EXECUTIONS,
            ours=NOTHING,
            theirs=f"filled {known.time:%H:%M:%S} UTC",
            order_ref=known.order_ref,
        )


def _order_of(state: DeskState, report: OpenOrderReport) -> Order | None:
    return state.book.find(
        order_ref=report.order_ref, perm_id=report.perm_id, client_id=report.client_id, order_id=report.order_id
    )


def _difference(order: Order, where: Book, ours: str, theirs: str) -> Difference:
    name = f"#{order.number} {order.text}" if order.number else f"EXT {order.text}"
    return Difference(what=name, where=where, ours=ours, theirs=theirs, order_ref=order.order_ref)


def _told(report: OpenOrderReport) -> str:
    return report.status or "open"
