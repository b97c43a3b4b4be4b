"""Control 14: quantities and values that are allowed, and unusual: the quantity is asked for once more."""

from __future__ import annotations

from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.risk.budgets import added_value
from core.risk.circumstances import Circumstances
from core.risk.questions import question
from core.risk.value import order_value


def usual_quantity(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The quantity is less than some times the usual one of the instrument: the median of the last orders in it.

    Nothing is usual before there were some orders. A change that does not raise the quantity is not asked about, nor
    is what is attached to an order: it closes what that opens.
    """
    recent, before, times = circumstances.recent, circumstances.before, circumstances.limits.unusual_times
    usual = None if recent is None else recent.usual
    if usual is None or times is None or circumstances.attached or circumstances.instrument is None:
        return None
    if request.quantity < usual * times or (before is not None and request.quantity <= before.quantity):
        return None
    fact = (
        f"Quantity {request.quantity:,f} is {request.quantity / usual:.0f}x your usual for "
        f"{circumstances.instrument.label}."
    )
    return question(DenialCode.UNUSUAL_QUANTITY, fact, request, circumstances, limit="unusual_times")


def usual_value(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The value in the base currency is within a part of the limit of an order; changes that add none are not asked."""
    limits, value, rate = circumstances.limits, order_value(request, circumstances), circumstances.exposure.rate
    if value is None or rate is None or circumstances.attached or not added_value(request, circumstances):
        return None
    value *= rate.value
    if value <= limits.order_value * limits.unusual_value_percent / 100:
        return None
    fact = f"Value {value:,.2f} is near your limit of {limits.order_value:,f} an order."
    return question(DenialCode.UNUSUAL_VALUE, fact, request, circumstances, limit="unusual_value_percent")
