"""Soft controls: what they ask instead of refusing for good, and who has answered.

A person at a desk answers by typing the quantity once more; a script by naming the question's code in its command, as
`PlaceOrder.confirms` says. Closing orders that core computes are asked nothing.
"""

from __future__ import annotations

from core.domain.denials import Denial, DenialCode
from core.domain.orders import OrderRequest
from core.risk.circumstances import Circumstances


def is_answered(code: DenialCode, request: OrderRequest, circumstances: Circumstances) -> bool:
    """True if the question was answered for exactly this quantity, or need not be asked."""
    asked = circumstances.asked
    if asked.computed:
        return True
    said = code in asked.confirms
    return said and (bool(asked.script) or asked.typed_quantity == request.quantity)


def question(
    code: DenialCode, fact: str, request: OrderRequest, circumstances: Circumstances, limit: str = ""
) -> Denial | None:
    """The question, unless it is answered; `fact` is a whole sentence."""
    if is_answered(code, request, circumstances):
        return None
    if circumstances.asked.script:
        text = f"{fact} Not sent. A script that means it confirms {code}."
        return Denial(code=code, message=text, limit=limit)
    number = f"{request.quantity.normalize():f}"
    text = f"{fact} Type {number} to send it, Esc to go back."
    return Denial(code=code, message=text, limit=limit, retype=request.quantity)
