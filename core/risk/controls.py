"""Every pre-trade control, in one list; the only place that makes an `Approved`.

A control is a pure function that returns a `Denial` or None. All of them run on every new order, every modification
and every preview; there is no way to switch one off.
"""

from __future__ import annotations

from decimal import Decimal

from core.domain.commands import Denial, DenialCode, Seen
from core.domain.instruments import Instrument
from core.domain.orders import OrderRequest, Side
from core.domain.prices import increment_at
from core.domain.quotes import Quote
from core.ports import Approved, Preview
from core.risk import instructions, prices
from core.risk.circumstances import Circumstances, Control, deny, is_plain, short
from core.risk.prices import reference_price
from core.text import is_wire_safe, mask_account

MOVED_TICKS = 3
MOVED_PART = Decimal("0.001")
"""A market that moved more than the larger of these since it was painted asks for another look."""


def judge(request: OrderRequest, circumstances: Circumstances) -> Approved[OrderRequest] | Denial:
    """The request approved, or the first denial."""
    for control in CONTROLS:
        denial = control(request, circumstances)
        if denial is not None:
            return denial
    if circumstances.instrument is None:
        return _unknown_instrument(request)
    return Approved(request, circumstances.instrument)


def preview_of(approved: Approved[OrderRequest]) -> Preview:
    """What the controls let pass as an order, to be asked about instead of sent."""
    return Preview(approved.value, approved.instrument)


def has_moved(seen: Seen | None, quote: Quote | None, side: Side, instrument: Instrument) -> Denial | None:
    """A denial if the side of the market that `side` trades against left what was painted; None if nothing was."""
    if seen is None or quote is None:
        return None
    was, now = (seen.ask, quote.ask) if side is Side.BUY else (seen.bid, quote.bid)
    if was is None or now is None or abs(now - was) <= moved_allowance(was, instrument):
        return None
    return deny(
        DenialCode.PRICE_MOVED,
        f"Not sent: {instrument.label} moved from {was:f} to {now:f} while you looked. "
        "The ticket shows the new price; Enter sends it.",
    )


def moved_allowance(price: Decimal, instrument: Instrument) -> Decimal:
    """How far a market may move from `price` between the painting and the sending."""
    return max(MOVED_TICKS * increment_at(price, instrument.price_bands), price * MOVED_PART)


def order_value(request: OrderRequest, circumstances: Circumstances) -> Decimal | None:
    """Quantity times the worst known price times multiplier, in the instrument's currency; None without any price."""
    price = request.limit_price if request.limit_price is not None else request.stop_price
    if price is None:
        price = reference_price(request, circumstances)
    instrument = circumstances.instrument
    return None if price is None or instrument is None else request.quantity * abs(price) * instrument.multiplier


def _text(request: OrderRequest, _: Circumstances) -> Denial | None:
    for field, text in (("order_ref", request.order_ref), ("account", request.account)):
        if not text or not is_wire_safe(text):
            return deny(
                DenialCode.BAD_COMMAND,
                f"The order's {field} is empty or has characters outside printable ASCII. Not sent; give it another.",
            )
    return None


def _account(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    if request.account in circumstances.accounts:
        return None
    known = ", ".join(mask_account(account) for account in circumstances.accounts) or "none"
    return deny(
        DenialCode.ACCOUNT,
        f"Account {mask_account(request.account)} is not one that this connection verified ({known}). "
        "Not sent; choose a verified account.",
    )


def _unknown_instrument(request: OrderRequest) -> Denial:
    return deny(
        DenialCode.UNKNOWN_INSTRUMENT,
        f"No contract with number {request.con_id} is known here. Find the symbol first ( / ), then order.",
    )


def _instrument(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    return _unknown_instrument(request) if circumstances.instrument is None else None


def _quantity(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    quantity, instrument = request.quantity, circumstances.instrument
    if not is_plain(quantity):
        text = f"Quantity {short(quantity)} can't be sent: it is no quantity. Type it again."
        return deny(DenialCode.QUANTITY, text)
    if quantity <= 0:
        return deny(
            DenialCode.QUANTITY, f"Quantity {quantity:f} can't be sent: it must be above 0. Type the quantity again."
        )
    if quantity > circumstances.limits.order_quantity:
        return deny(
            DenialCode.QUANTITY_MAX,
            f"Quantity {quantity:,f} is above your limit of {circumstances.limits.order_quantity:,f} an order. "
            "Type a smaller one, or raise limits.order_quantity in the profile.",
            limit="order_quantity",
        )
    if instrument is None:
        return None
    if quantity < instrument.min_size or quantity % instrument.size_increment:
        return deny(
            DenialCode.QUANTITY,
            f"Quantity {quantity:f} is not one that {instrument.label} takes: at least {instrument.min_size:f}, "
            f"in steps of {instrument.size_increment:f}.",
        )
    return None


def _value(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
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


CONTROLS: tuple[Control, ...] = (
    _text,
    _account,
    _instrument,
    _quantity,
    instructions.known_type,
    prices.fitting,
    prices.takeable,
    instructions.times,
    instructions.listed_instructions,
    instructions.shown_size,
    instructions.group,
    instructions.conditions,
    instructions.algorithm,
    prices.untriggered,
    prices.collared,
    _value,
)
"""In the order in which a person would want to hear of them."""
