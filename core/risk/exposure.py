"""Controls 8, 9, 10 and 20: how much works, is held and may come to be held, with the order that is judged."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.orders import OrderRequest, Side
from core.risk.circumstances import Circumstances, deny
from core.risk.closing import beside, closes, only_moves, reduces, wanted
from core.risk.facts import Exposure
from core.risk.value import no_rate, unit_value

CLOSING_ROOM = 4
"""So many orders more than the limit of a side may work if they only close: with 10, one less than IBKR's own 15."""


def reduce_only(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """While only what reduces may leave, the order does; what is attached to another opens or adds by nature.

    An exit that works may be moved as long as it grows no larger.
    """
    exposure, past_kill = circumstances.exposure, circumstances.asked.past_kill
    denial = exposure.only_reducing
    if denial is None:
        return None
    passes = reduces(request, exposure, past_kill=past_kill) or only_moves(request, exposure, circumstances.before)
    if passes and not circumstances.attached:
        return None
    if circumstances.attached or exposure.held is None or not closes(request, exposure):
        return denial
    works = f"{beside(request, exposure, past_kill=past_kill).normalize():,f} in exits that work already"
    text = (
        f"Only orders that reduce a position are sent now, and with {works} {request.side} "
        f"{wanted(request, exposure).normalize():,f} could turn the {abs(exposure.held).normalize():,f} that are held. "
        "Not sent. Cancel those first ( c ), then close."
    )
    return replace(denial, message=text)


def within_open_orders(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """No more orders work than may: on one side of an instrument, and in the account."""
    exposure, limits = circumstances.exposure, circumstances.limits
    closing = _gets_out(request, circumstances)
    most = limits.open_orders_side + (CLOSING_ROOM if closing else 0)
    if exposure.open_here >= most:
        label = circumstances.instrument.label if circumstances.instrument else "this instrument"
        return deny(
            DenialCode.OPEN_ORDERS,
            f"{exposure.open_here} orders to {request.side} {label} work already, your limit is {most}. Not sent. "
            "Cancel one of them first, or raise the limit open_orders_side (`ibdesk limits`).",
            limit="open_orders_side",
        )
    if closing or exposure.open_all < limits.open_orders:
        return None
    return deny(
        DenialCode.OPEN_ORDERS,
        f"{exposure.open_all} orders work already, your limit is {limits.open_orders}. Not sent. Cancel one of them "
        "first, or raise the limit open_orders (`ibdesk limits`).",
        limit="open_orders",
    )


def within_unexecuted(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """What all orders of the account may still trade stays within its limit."""
    exposure, limit = circumstances.exposure, circumstances.limits.unexecuted_value
    if _gets_out(request, circumstances):
        return None
    unit = unit_value(request, circumstances)
    if unit is None:
        return _no_unit(request, circumstances)
    if exposure.unexecuted is None:
        return cannot_value(exposure)
    value = wanted(request, exposure) * unit
    if exposure.unexecuted + value <= limit:
        return None
    return deny(
        DenialCode.UNEXECUTED_MAX,
        f"With this order's {value:,.2f} your orders could trade {exposure.unexecuted + value:,.2f} "
        f"{exposure.base_currency}, your limit is {limit:,f}. Not sent. Cancel others first, or raise "
        "the limit unexecuted_value (`ibdesk limits`).",
        limit="unexecuted_value",
    )


def within_position(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """The position stays within its limits if everything filled that works on the side of the order, and the order."""
    exposure, limits = circumstances.exposure, circumstances.limits
    if exposure.held is None:
        text = "Not sent: the positions at IBKR have not been read yet, by which it is judged. Try again in a moment."
        return deny(DenialCode.NOT_RECONCILED, text)
    units = units_if_filled(request, exposure)
    if units is None or units <= 0:
        return None
    label = circumstances.instrument.label if circumstances.instrument else "this instrument"
    shape = "long" if request.side is Side.BUY else "short"
    if units > limits.position_quantity:
        return deny(
            DenialCode.POSITION_MAX,
            f"{label} could become {units.normalize():,f} {shape} if all filled that works (held "
            f"{exposure.held.normalize():,f}), your limit is {limits.position_quantity:,f}. Type a smaller quantity, "
            "or raise the limit position_quantity (`ibdesk limits`).",
            limit="position_quantity",
        )
    unit = unit_value(request, circumstances)
    if unit is None:
        return _no_unit(request, circumstances)
    if units * unit <= limits.position_value:
        return None
    return deny(
        DenialCode.POSITION_MAX,
        f"{label} could become {units.normalize():,f} {shape}, worth {units * unit:,.2f} {exposure.base_currency}, if "
        f"all filled that works; your limit is {limits.position_value:,f}. Type a smaller quantity, or raise "
        "the limit position_value (`ibdesk limits`).",
        limit="position_value",
    )


def units_if_filled(request: OrderRequest, exposure: Exposure) -> Decimal | None:
    """How large the position could become on the side of the order if all filled that counts there, and the order.

    Negative for one that stays on the other side; None while positions are not known.
    """
    if exposure.held is None:
        return None
    sign = request.side.sign
    others = exposure.same_side_taking if closes(request, exposure) else exposure.same_side
    return max(exposure.held * sign, exposure.expected * sign) + others + wanted(request, exposure)


def _gets_out(request: OrderRequest, circumstances: Circumstances) -> bool:
    """True for what can at most close; what is attached closes only what comes with it, and counts like all else."""
    return not circumstances.attached and closes(request, circumstances.exposure)


def cannot_value(exposure: Exposure) -> Denial:
    """The denial of what is judged beside orders that nobody can value."""
    why = exposure.unvalued or "nothing is known of them yet"
    text = f"What your orders could trade can't be valued: {why}. Not sent. Wait for it, or cancel that order."
    return deny(DenialCode.NO_VALUE, text)


def _no_unit(request: OrderRequest, circumstances: Circumstances) -> Denial:
    instrument, exposure = circumstances.instrument, circumstances.exposure
    if exposure.rate is None:
        return no_rate(request.account, "" if instrument is None else instrument.currency, exposure.base_currency)
    label = "this instrument" if instrument is None else instrument.label
    return deny(DenialCode.NO_VALUE, f"No price of {label} is known, so its value isn't. Wait for a quote, then send.")
