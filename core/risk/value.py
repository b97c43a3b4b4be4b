"""What one order is worth, and the limit of that."""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.risk.circumstances import Circumstances, deny
from core.risk.prices import reference_price


def order_value(request: OrderRequest, circumstances: Circumstances) -> Decimal | None:
    """Quantity times the worst known price times multiplier, in the instrument's currency; None without any price."""
    price = request.limit_price if request.limit_price is not None else request.stop_price
    if price is None:
        price = reference_price(request, circumstances)
    instrument = circumstances.instrument
    return None if price is None or instrument is None else request.quantity * abs(price) * instrument.multiplier


def within_value(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The value of one order is within its limit."""
    if circumstances.instrument is None:
        return None
    value = order_value(request, circumstances)
    limit = circumstances.limits.order_value
    if value is None or value <= limit:
        return None
    return deny(
        DenialCode.VALUE_MAX,
        f"Value {value:,.2f} is above your limit of {limit:,f} an order. Type a smaller quantity, or raise "
        "limits.order_value in the profile.",
        limit="order_value",
    )
