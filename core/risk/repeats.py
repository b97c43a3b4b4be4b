"""Controls 5 and 7: the same order once more, by a slip, a key for it, or a script that runs away."""

from __future__ import annotations

from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest, Terms
from core.risk.circumstances import Circumstances, deny
from core.risk.questions import question

REPEATS = 5
"""Orders by the key for once more that an account may send within their window, before the quantity is retyped."""
REPEAT_SECONDS = 10
"""Length of that window."""


def enabled_script(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """A script that has sent as many orders of the same kind as it may sends none until a person at a desk lets it.

    Until then it changes what it has working only to a smaller quantity or a limit that is worse for the market.
    """
    asked, recent, limit = circumstances.asked, circumstances.recent, circumstances.limits.script_repeats
    if not asked.script or recent is None:
        return None
    reason = recent.disabled
    if not reason and limit is not None and recent.fired >= limit:
        reason = f"it has sent {recent.fired} orders of one kind"
    if not reason or (circumstances.before is not None and _holds_back(request, circumstances.before)):
        return None
    left = (
        "Not sent." if circumstances.before is None else "Not changed: it may only be made smaller or less aggressive."
    )
    text = f"The script {asked.script} is disabled: {reason}. {left} A person enables it at a desk."
    return deny(DenialCode.SCRIPT_DISABLED, text, limit="script_repeats")


def _holds_back(request: OrderRequest, before: Terms) -> bool:
    """True if a change raises no quantity, keeps type and trigger, and moves the limit away from the market at most.

    Whether a trigger or an offset is nearer to the market depends on the type: none of them is moved.
    """
    if request.quantity > before.quantity:
        return False
    kept = (request.order_type, request.stop_price, request.trail, request.offset)
    if kept != (before.order_type, before.stop_price, before.trail, before.offset):
        return False
    if request.limit_price is None or before.limit_price is None:
        return request.limit_price == before.limit_price
    return (request.limit_price - before.limit_price) * request.side.sign <= 0


def once_only(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """Account, contract, side, quantity, type and price of an order of the last seconds: is a second one meant?

    An order that ended without a fill is no first one, a repeat by the key for it and a modification no second one,
    and what is attached to an order goes with that.
    """
    recent = circumstances.recent
    if recent is None or not recent.twin or circumstances.before is not None or circumstances.attached:
        return None
    if recent.repeats is not None:
        return None
    fact = f"The same as {recent.twin}, sent {recent.twin_age:.0f} s ago."
    return question(DenialCode.DUPLICATE, fact, request, circumstances, limit="duplicate_seconds")


def few_repeats(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """After some repeats by a key within seconds the quantity is asked for."""
    recent = circumstances.recent
    if recent is None or recent.repeats is None or recent.repeats < REPEATS:
        return None
    fact = f"{recent.repeats} repeats in {REPEAT_SECONDS} s."
    return question(DenialCode.REPEATED, fact, request, circumstances)
