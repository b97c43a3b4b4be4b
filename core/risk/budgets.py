"""Control 13: how many orders and trades a day has, and how much they may be worth together."""

from __future__ import annotations

from decimal import Decimal

from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.risk.circumstances import Circumstances, deny
from core.risk.value import order_value

_ENDS = "Only orders that reduce a position are sent until 17:00 in New York."


def within_day(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """What the account sends and trades on one trading day stays within its three budgets.

    Orders that reduce a position pass with a budget used up, and what is attached to an order goes with that. A change
    is no further order; only what it adds to the value counts.
    """
    day, limits = circumstances.day, circumstances.limits
    if day is None or circumstances.attached or circumstances.asked.computed or _reduces(request, circumstances):
        return None
    before = circumstances.before
    larger = before is None or request.quantity > before.quantity
    if limits.day_orders is not None and before is None and day.orders >= limits.day_orders:
        text = f"{day.orders:,} orders were sent today; your limit is {limits.day_orders:,}. {_ENDS}"
        return deny(DenialCode.DAY_ORDERS, text, limit="day_orders")
    if limits.day_trades is not None and larger and day.trades >= limits.day_trades:
        text = f"{day.trades:,} trades were made today; your limit is {limits.day_trades:,}. {_ENDS}"
        return deny(DenialCode.DAY_TRADES, text, limit="day_trades")
    added = added_value(request, circumstances)
    if limits.day_value is None or not added or day.value + added <= limits.day_value:
        return None
    left = max(limits.day_value - day.value, Decimal(0))
    return deny(
        DenialCode.DAY_VALUE,
        f"Value {added:,.2f} is more than the {left:,.2f} that is left of your {limits.day_value:,f} for today's "
        f"orders. Type a smaller quantity. {_ENDS}",
        limit="day_value",
    )


def added_value(request: OrderRequest, circumstances: Circumstances) -> Decimal:
    """What a request adds to the value of the day's orders, in the base currency.

    0 for a change that makes the order no larger, and where a price or rate is missing: control 2 refuses that.
    """
    value, rate = order_value(request, circumstances), circumstances.exposure.rate
    if value is None or rate is None:
        return Decimal(0)
    before = circumstances.before
    if before is not None and request.quantity > 0:
        old = before.limit_price if before.limit_price is not None else before.stop_price
        instrument = circumstances.instrument
        if old is None or instrument is None:
            value = value * max(request.quantity - before.quantity, Decimal(0)) / request.quantity
        else:
            value = max(value - before.quantity * abs(old) * instrument.multiplier, Decimal(0))
    return value * rate.value


def _reduces(request: OrderRequest, circumstances: Circumstances) -> bool:
    """True if all of it makes the position smaller, whatever else that stands alone fills first."""
    exposure = circumstances.exposure
    wanted = request.quantity - exposure.filled + exposure.same_side_taking
    return exposure.expected * request.side.sign < 0 and wanted <= abs(exposure.expected)
