"""Controls of whose order it is, what it is for and how much: the least that every order must get right."""

from __future__ import annotations

from core.domain.commands import Denial, DenialCode
from core.domain.orders import TAG_LIMIT, OrderRequest
from core.risk.circumstances import Circumstances, deny, is_plain, short
from core.risk.closing import closes
from core.risk.live_guard import why_not_verified
from core.text import is_clean, is_wire_safe


def sendable(request: OrderRequest, _: Circumstances) -> Denial | None:
    """Reference and account are texts that can go on the wire, the others ones that can stand in records."""
    for field, text in (("order_ref", request.order_ref), ("account", request.account)):
        if not text or not is_wire_safe(text):
            return deny(
                DenialCode.BAD_COMMAND,
                f"The order's {field} is empty or has characters outside printable ASCII. Not sent; give it another.",
            )
    for field, text in (("tag", request.tag), ("strategy", request.strategy)):
        if not is_clean(text, TAG_LIMIT):
            return deny(
                DenialCode.BAD_COMMAND,
                f"The order's {field} is longer than {TAG_LIMIT} characters or has some that can't be printed. "
                "Not sent; give it another.",
            )
    if request.arrival_price is not None and not request.arrival_price.is_finite():
        return deny(DenialCode.BAD_COMMAND, "The order's arrival price is no number. Not sent; leave it out.")
    return None


def verified_account(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The account is one that this connection verified."""
    return why_not_verified(request, circumstances.accounts)


def unknown_instrument(request: OrderRequest) -> Denial:
    """The denial of an order for a contract that core has not qualified."""
    return deny(
        DenialCode.UNKNOWN_INSTRUMENT,
        f"No contract with number {request.con_id} is known here. Find the symbol first ( / ), then order.",
    )


def qualified(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The contract is one that core has qualified: its ticks, sizes and multiplier are known."""
    instrument = circumstances.instrument
    if instrument is None:
        return unknown_instrument(request)
    if not instrument.untold:
        return None
    return deny(
        DenialCode.INCOMPLETE,
        f"IBKR did not tell the {' and the '.join(instrument.untold)} of {instrument.label}, so no order in it can be "
        "judged. Not sent. Place it in TWS, or try another contract ( / ).",
    )


def gets_out(request: OrderRequest, circumstances: Circumstances) -> bool:
    """True for a closing order that core sized by what is held: no slip is in it, and a limit must not hold it back.

    Not past KILL, where what is larger than the limits of one order is closed in parts.
    """
    asked = circumstances.asked
    return asked.computed and not asked.past_kill and closes(request, circumstances.exposure)


def quantity(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The quantity is one that the contract takes, and within the limit of one order, unless core computed it."""
    asked, instrument = request.quantity, circumstances.instrument
    if not is_plain(asked):
        text = f"Quantity {short(asked)} can't be sent: it is no quantity. Type it again."
        return deny(DenialCode.QUANTITY, text)
    if asked <= 0:
        return deny(
            DenialCode.QUANTITY, f"Quantity {asked:f} can't be sent: it must be above 0. Type the quantity again."
        )
    if asked > circumstances.limits.order_quantity and not gets_out(request, circumstances):
        return deny(
            DenialCode.QUANTITY_MAX,
            f"Quantity {asked:,f} is above your limit of {circumstances.limits.order_quantity:,f} an order. "
            "Type a smaller one, or raise the limit order_quantity (`ibdesk limits`).",
            limit="order_quantity",
        )
    if instrument is None:
        return None
    if asked < instrument.min_size or asked % instrument.size_increment:
        return deny(
            DenialCode.QUANTITY,
            f"Quantity {asked:f} is not one that {instrument.label} takes: at least {instrument.min_size:f}, "
            f"in steps of {instrument.size_increment:f}.",
        )
    return None
