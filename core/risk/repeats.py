"""Controls 5 and 7: the same order once more, by a slip, a key for it, or a script that runs away."""

from __future__ import annotations

from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.risk.circumstances import Circumstances, deny
from core.risk.questions import question

REPEATS = 5
"""Orders by the key for once more that an account may send within their window, before the quantity is retyped."""
REPEAT_SECONDS = 10
"""Length of that window."""


def enabled_script(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """A script that has sent as many orders of the same kind as it may sends none until a person at a desk lets it."""
    asked, recent, limit = circumstances.asked, circumstances.recent, circumstances.limits.script_repeats
    if not asked.script or recent is None or circumstances.before is not None:
        return None
    reason = recent.disabled
    if not reason and limit is not None and recent.fired >= limit:
        reason = f"it has sent {recent.fired} orders of one kind"
    if not reason:
        return None
    text = f"The script {asked.script} is disabled: {reason}. Not sent. A person enables it at a desk."
    return deny(DenialCode.SCRIPT_DISABLED, text, limit="script_repeats")


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
