"""Limits so wide that nothing meets them, for tests that place thousands of orders to judge something else."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.domain.limits import Limits
from tests.limits import as_toml

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
    walk_percent=Decimal(100),
    duplicate_seconds=0,
    script_repeats=None,
    day_orders=None,
    day_trades=None,
    day_value=None,
    unusual_times=None,
    unusual_value_percent=Decimal(100),
    ask_short=False,
    breaker_failures=None,
    queue_seconds=Decimal(60),
)
WIDE_PROFILE = as_toml(replace(WIDE, queue_seconds=Decimal(10)))
"""The same for a profile's file, which takes no longer queue."""
