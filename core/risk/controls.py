"""Every pre-trade control, in one list; the only place that makes an `Approved`.

A control is a pure function that returns a `Denial` or None. All of them run on every new order, every modification
and every preview; there is no way to switch one off.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from core.domain.commands import Denial, DenialCode, Seen
from core.domain.instruments import Instrument
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.domain.prices import increment_at, is_on_tick, neighbours
from core.domain.quotes import Quote
from core.ports import Approved
from core.text import is_wire_safe, mask_account

MOVED_TICKS = 3
MOVED_PART = Decimal("0.001")
"""A market that moved more than the larger of these since it was painted asks for another look."""
_DIGITS = 15
_DECIMALS = 28


class Circumstances(Struct, frozen=True, kw_only=True):
    """What the controls judge an order against."""

    instrument: Instrument | None
    """None when core has not qualified the contract."""
    quote: Quote | None
    """None when nothing was ever heard of its market."""
    accounts: tuple[str, ...]
    """The accounts that the live guard verified."""
    limits: Limits


def is_plain(value: Decimal) -> bool:
    """True for a number that a person could have meant: finite, below 10^15, at most 28 decimals."""
    exponent = value.as_tuple().exponent
    return value.is_finite() and isinstance(exponent, int) and exponent >= -_DECIMALS and value.adjusted() < _DIGITS


Control = Callable[[OrderRequest, Circumstances], Denial | None]


def judge(request: OrderRequest, circumstances: Circumstances) -> Approved[OrderRequest] | Denial:
    """The request approved, or the first denial."""
    for control in CONTROLS:
        denial = control(request, circumstances)
        if denial is not None:
            return denial
    if circumstances.instrument is None:
        return _unknown_instrument(request)
    return Approved(request, circumstances.instrument)


def has_moved(seen: Seen | None, quote: Quote | None, side: Side, instrument: Instrument) -> Denial | None:
    """A denial if the side of the market that `side` trades against left what was painted; None if nothing was."""
    if seen is None or quote is None:
        return None
    was, now = (seen.ask, quote.ask) if side is Side.BUY else (seen.bid, quote.bid)
    if was is None or now is None or abs(now - was) <= moved_allowance(was, instrument):
        return None
    return _deny(
        DenialCode.PRICE_MOVED,
        f"Not sent: {instrument.label} moved from {was:f} to {now:f} while you looked. "
        "The ticket shows the new price; Enter sends it.",
    )


def moved_allowance(price: Decimal, instrument: Instrument) -> Decimal:
    """How far a market may move from `price` between the painting and the sending."""
    return max(MOVED_TICKS * increment_at(price, instrument.price_bands), price * MOVED_PART)


def reference_price(request: OrderRequest, quote: Quote | None) -> Decimal | None:
    """The price at which an order would meet the market: the other side, else the mark; None if nothing is known."""
    if quote is None:
        return None
    other = quote.ask if request.side is Side.BUY else quote.bid
    return other if other is not None else quote.mark


def order_value(request: OrderRequest, instrument: Instrument, quote: Quote | None) -> Decimal | None:
    """Quantity times the worst price times multiplier, in the instrument's currency; None without any price."""
    price = request.limit_price if request.limit_price is not None else reference_price(request, quote)
    return None if price is None else request.quantity * price * instrument.multiplier


def _short(value: Decimal) -> str:
    return f"{value:f}" if is_plain(value) else f"{value:.6g}"


def _deny(code: DenialCode, message: str, limit: str = "") -> Denial:
    return Denial(code=code, message=message, limit=limit)


def _text(request: OrderRequest, _: Circumstances) -> Denial | None:
    for field, text in (("order_ref", request.order_ref), ("account", request.account)):
        if not text or not is_wire_safe(text):
            return _deny(
                DenialCode.BAD_COMMAND,
                f"The order's {field} is empty or has characters outside printable ASCII. Not sent; give it another.",
            )
    return None


def _account(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    if request.account in circumstances.accounts:
        return None
    known = ", ".join(mask_account(account) for account in circumstances.accounts) or "none"
    return _deny(
        DenialCode.ACCOUNT,
        f"Account {mask_account(request.account)} is not one that this connection verified ({known}). "
        "Not sent; choose a verified account.",
    )


def _unknown_instrument(request: OrderRequest) -> Denial:
    return _deny(
        DenialCode.UNKNOWN_INSTRUMENT,
        f"No contract with number {request.con_id} is known here. Find the symbol first ( / ), then order.",
    )


def _instrument(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    return _unknown_instrument(request) if circumstances.instrument is None else None


def _quantity(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    quantity, instrument = request.quantity, circumstances.instrument
    if not is_plain(quantity):
        text = f"Quantity {_short(quantity)} can't be sent: it is no quantity. Type it again."
        return _deny(DenialCode.QUANTITY, text)
    if quantity <= 0:
        return _deny(
            DenialCode.QUANTITY, f"Quantity {quantity:f} can't be sent: it must be above 0. Type the quantity again."
        )
    if quantity > circumstances.limits.order_quantity:
        return _deny(
            DenialCode.QUANTITY_MAX,
            f"Quantity {quantity:,f} is above your limit of {circumstances.limits.order_quantity:,f} an order. "
            "Type a smaller one, or raise limits.order_quantity in the profile.",
            limit="order_quantity",
        )
    if instrument is None:
        return None
    if quantity < instrument.min_size or quantity % instrument.size_increment:
        return _deny(
            DenialCode.QUANTITY,
            f"Quantity {quantity:f} is not one that {instrument.label} takes: at least {instrument.min_size:f}, "
            f"in steps of {instrument.size_increment:f}.",
        )
    return None


def _type(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    if request.order_type is OrderType.OTHER:
        return _deny(DenialCode.ORDER_TYPE, "This order type can't be sent from here. Use LMT or MKT.")
    if request.tif is TimeInForce.OTHER:
        return _deny(DenialCode.TIF, "This time in force can't be sent from here. Use DAY, GTC, IOC or FOK.")
    taken = circumstances.instrument.order_types if circumstances.instrument else ()
    if taken and request.order_type not in taken:
        return _deny(
            DenialCode.ORDER_TYPE,
            f"{request.order_type} orders are not taken for this instrument. Use one of {', '.join(taken[:8])}.",
        )
    return None


def _price(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    price, instrument = request.limit_price, circumstances.instrument
    if request.order_type is OrderType.MKT:
        if price is None:
            return None
        text = f"A market order has no price, and {_short(price)} is given. Use LMT."
        return _deny(DenialCode.PRICE_NOT_TAKEN, text)
    if price is None:
        return _deny(DenialCode.PRICE_MISSING, "A limit order needs a price. Type one, or press → for market.")
    if not is_plain(price):
        return _deny(DenialCode.PRICE, f"Price {_short(price)} can't be sent: it is no price. Type it again.")
    if price <= 0:
        return _deny(DenialCode.PRICE, f"Price {price:f} can't be sent: it must be above 0. Type the price again.")
    if instrument is not None and not is_on_tick(price, instrument.price_bands):
        below, above = neighbours(price, instrument.price_bands)
        return _deny(DenialCode.TICK, f"{price:f} is between ticks. Use {below:f} or {above:f}.")
    return None


def _collar(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    reference = reference_price(request, circumstances.quote)
    label = circumstances.instrument.label if circumstances.instrument else "this instrument"
    if reference is None or reference <= 0:
        return _deny(
            DenialCode.NO_REFERENCE,
            f"No price of {label} is known, so nothing can be judged by it. Wait for a quote, then send.",
        )
    quote = circumstances.quote
    if request.order_type is OrderType.MKT and (quote is None or not quote.tradable):
        return _deny(
            DenialCode.NO_REFERENCE,
            f"{label} has no live two-sided quote now (stale, delayed, halted or crossed). "
            "A market order would go blind: type a limit price.",
        )
    price = request.limit_price
    if price is None:
        return None
    beyond = (price - reference) * request.side.sign
    allowed = reference * circumstances.limits.price_band_percent / 100
    if beyond <= allowed:
        return None
    return _deny(
        DenialCode.COLLAR,
        f"{price:f} is {beyond / reference * 100:.1f} % through the market ({reference:f}); "
        f"your limit is {circumstances.limits.price_band_percent:f} %. Type a nearer price.",
        limit="price_band_percent",
    )


def _value(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    if circumstances.instrument is None:
        return None
    value = order_value(request, circumstances.instrument, circumstances.quote)
    limit = circumstances.limits.order_value
    if value is None or value <= limit:
        return None
    return _deny(
        DenialCode.VALUE_MAX,
        f"Value {value:,.2f} is above your limit of {limit:,f} an order. Type a smaller quantity, or raise "
        "limits.order_value in the profile.",
        limit="order_value",
    )


CONTROLS: tuple[Control, ...] = (_text, _account, _instrument, _quantity, _type, _price, _collar, _value)
"""In the order in which a person would want to hear of them."""
