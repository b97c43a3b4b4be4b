"""What a desk that attaches is shown: everything that is live, and the present trading day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from core.clock import trading_day, trading_day_span
from core.domain.events import Snapshot
from core.domain.executions import Execution
from core.domain.money import Money
from core.domain.orders import Order
from core.domain.quotes import Quote
from core.domain.reconciliation import Reading
from core.domain.trading import Killed
from core.execution.state import DeskState


class Shown(NamedTuple):
    """What of the orders is shown."""

    orders: tuple[Order, ...]
    executions: tuple[Execution, ...]
    since: datetime
    """UTC: what ended before is left out."""


def snapshot_of(
    state: DeskState,
    now: datetime,
    session: str,
    instance: str,
    number: int,
    *,
    quotes: tuple[Quote, ...],
    money: tuple[Money, ...],
    reading: Reading | None,
    killed: Killed | None,
) -> Snapshot:
    """Everything as it stands; what `state` does not hold is given."""
    today = shown(state, now)
    return Snapshot(
        session=session,
        instance=instance,
        number=number,
        time=now,
        connection=state.connection,
        trading_state=state.trading_state,
        trading_reason=state.trading_reason,
        instruments=tuple(state.instruments.values()),
        watchlist=state.watchlist,
        quotes=quotes,
        orders=today.orders,
        since=today.since,
        executions=today.executions,
        positions=state.all_positions(),
        accounts=tuple(state.accounts.values()),
        money=money,
        risk=tuple(state.risk.values()),
        presets=state.presets,
        incidents=tuple(state.incidents),
        health=state.health,
        reading=reading,
        authority=state.authority,
        killed=killed,
        alerts=tuple(state.alerts),
        price_alerts=state.price_alerts,
        bell=state.bell,
    )


def shown(state: DeskState, now: datetime) -> Shown:
    """The orders that are live or moved today, and the executions of those and of today.

    What ended on an earlier day stays known for a while, because a fill of it may still come.
    """
    begin, end = trading_day_span(trading_day(now))
    orders = tuple(order for order in state.book.orders() if order.is_live or begin <= order.changed < end)
    refs = {order.order_ref for order in orders}
    return Shown(orders, tuple(_of_today(state, refs, begin, end)), begin)


def _of_today(state: DeskState, refs: set[str], begin: datetime, end: datetime) -> Iterator[Execution]:
    for execution in state.book.executions():
        if execution.order_ref in refs or begin <= execution.time < end:
            yield execution
