"""Control 19: a sale that opens a short position, or turns a long one into one, needs its own word."""

from __future__ import annotations

from decimal import Decimal

from core.domain.denials import Denial, DenialCode
from core.domain.instruments import SecType
from core.domain.orders import OrderRequest, Side
from core.risk.circumstances import Circumstances
from core.risk.questions import question

_NEVER_SHORT = (SecType.CASH, SecType.BAG)
"""Selling one currency buys another, and a combination has two sides."""


def meant_short(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """No sale beyond what is held, the other sales on their way that stand alone counted, without the word for it.

    The word is `PlaceOrder.short`, or the answer to the question. Adding to a short position opens none, and a change
    that does not raise the quantity was asked about before.
    """
    exposure, instrument, before = circumstances.exposure, circumstances.instrument, circumstances.before
    if not circumstances.limits.ask_short or circumstances.asked.short or request.side is not Side.SELL:
        return None
    if instrument is None or instrument.sec_type in _NEVER_SHORT or exposure.expected < 0:
        return None
    if before is not None and request.quantity <= before.quantity:
        return None
    wanted = request.quantity - exposure.filled
    left = exposure.expected - exposure.same_side_taking
    if wanted <= max(left, Decimal(0)):
        return None
    held = f"{exposure.expected.normalize():,f}"
    others = exposure.same_side_taking
    selling = f", {others.normalize():,f} of it on sale already" if others else ""
    what = f"turns your {instrument.label} position short" if exposure.expected else "opens a short position"
    fact = f"SELL {wanted.normalize():,f} {instrument.label} {what}: you hold {held}{selling}."
    return question(DenialCode.SHORT_SALE, fact, request, circumstances, limit="ask_short")
