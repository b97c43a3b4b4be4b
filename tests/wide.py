"""Limits so wide that nothing meets them, for tests that place thousands of orders to judge something else."""

from __future__ import annotations

from decimal import Decimal

from core.domain.limits import Limits

_MANY = Decimal(10**12)
WIDE = Limits(
    order_quantity=Decimal(1_000_000),
    order_value=Decimal(1_000_000_000),
    open_orders=1_000_000,
    open_orders_side=1_000_000,
    unexecuted_value=_MANY,
    position_quantity=_MANY,
    position_value=_MANY,
    margin_percent=_MANY,
    walk_percent=Decimal(1000),
    duplicate_seconds=0,
    script_repeats=None,
    day_orders=None,
    day_trades=None,
    day_value=None,
    unusual_times=None,
    unusual_value_percent=_MANY,
    ask_short=False,
    queue_seconds=Decimal(60),
)
