"""What a desk that attaches is shown: everything that is live, and the present trading day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from core.clock import trading_day, trading_day_span
from core.domain.executions import Execution
from core.domain.orders import Order
from core.execution.state import DeskState


def shown(state: DeskState, now: datetime) -> tuple[tuple[Order, ...], tuple[Execution, ...]]:
    """The orders that are live or moved today, and the executions of those and of today.

    What ended on an earlier day stays known for a while, because a fill of it may still come.
    """
    begin, end = trading_day_span(trading_day(now))
    orders = tuple(order for order in state.book.orders() if order.is_live or begin <= order.changed < end)
    refs = {order.order_ref for order in orders}
    return orders, tuple(_of_today(state, refs, begin, end))


def _of_today(state: DeskState, refs: set[str], begin: datetime, end: datetime) -> Iterator[Execution]:
    for execution in state.book.executions():
        if execution.order_ref in refs or begin <= execution.time < end:
            yield execution
