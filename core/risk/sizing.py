"""From money to a quantity: what a size comes to, rounded down to what the instrument takes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Decimal, localcontext

from msgspec import Struct
from msgspec.structs import replace

from core.domain.denials import Denial, DenialCode
from core.domain.instruments import Instrument
from core.domain.orders import OrderRequest, Side
from core.domain.sizes import Size, Sized, SizeKind
from core.risk.circumstances import Circumstances, Control, deny, is_plain, short
from core.risk.fees import estimate_commission
from core.risk.registry import CONTROLS

OF_SIZE = frozenset(
    {
        "order_quantity",
        "order_value",
        "unexecuted_value",
        "position_quantity",
        "position_value",
        "margin_percent",
        "portfolio_risk",
        "day_value",
    }
)
"""Limits that a smaller order may pass."""
_ZERO = Decimal(0)
_PERCENT = Decimal(100)


class Means(Struct, frozen=True, kw_only=True):
    """What a size is worked out from."""

    instrument: Instrument
    side: Side
    price: Decimal | None
    """The worst at which the order may trade; None without a price or a quote."""
    stop: Decimal | None = None
    """Where the position would be left at a loss; None without a stop."""
    held: Decimal | None = None
    """The position in the instrument; None while nobody knows."""
    rate: Decimal | None = None
    """What one unit of the instrument's currency is worth in the base currency; None if nobody knows."""
    base_currency: str = ""
    """Empty until the broker has told it."""
    buying_power: Decimal | None = None
    """In the base currency; None until the broker has told it."""
    net_liquidation: Decimal | None = None
    """In the base currency; None until the broker has told it."""


def size_order(size: Size, means: Means) -> Sized | Denial:
    """The largest quantity that stays within the size, or why there is none; 0 is never an answer.

    Not for `SizeKind.MARGIN`: that is `largest_within`.
    """
    if not is_plain(size.amount) or size.amount <= 0:
        return _refused(f"{short(size.amount)} is no size: it must be above 0. Type it again.")
    match size.kind:
        case SizeKind.UNITS:
            return _sized(size, means, _lots(size.amount, means.instrument))
        case SizeKind.POSITION:
            return _of_position(size, means)
        case SizeKind.VALUE | SizeKind.BUYING_POWER:
            money = _money(size, means)
            return money if isinstance(money, Denial) else _of_value(size, means, money)
        case SizeKind.RISK | SizeKind.RISK_PERCENT:
            money = _money(size, means)
            return money if isinstance(money, Denial) else _of_risk(size, means, money)
    return _refused(f"{size.text} is no size of an order. Type it again.")


def largest_within(request: OrderRequest, circumstances: Circumstances, check: Control) -> Decimal:
    """The largest quantity, at most that of the request, to which `check` does not object; 0 if there is none.

    `check` must object to every larger quantity once it objects to one.
    """
    instrument = circumstances.instrument
    if instrument is None or not is_plain(request.quantity) or request.quantity <= 0:
        return _ZERO
    most = _lots(request.quantity, instrument)
    step = instrument.size_increment
    fits = _most(most, lambda lots: check(replace(request, quantity=lots * step), circumstances) is None) * step
    return fits if fits >= instrument.min_size else _ZERO


def largest_allowed(request: OrderRequest, circumstances: Circumstances) -> Decimal:
    """The largest quantity, at most that of the request, that no control refuses for good; 0 if there is none."""
    return largest_within(request, circumstances, _refused_for_good)


def _refused_for_good(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    for rule in CONTROLS:
        denial = rule.check(request, circumstances)
        if denial is not None and denial.retype is None:
            return denial
    return None


def money_at_risk(instrument: Instrument, quantity: Decimal, price: Decimal, stop: Decimal) -> Decimal:
    """What is lost from `price` to `stop`, multiplier and both commissions included, in the instrument's currency.

    Commissions count as 0 where no schedule of them is known.
    """
    lost = quantity * abs(price - stop) * instrument.multiplier
    fees = (estimate_commission(instrument, quantity, abs(at)) for at in (price, stop))
    return lost + sum((fee for fee in fees if fee is not None), _ZERO)


def _money(size: Size, means: Means) -> Decimal | Denial:
    """The amount in the instrument's currency."""
    if size.kind in (SizeKind.VALUE, SizeKind.RISK):
        return size.amount
    if size.amount > _PERCENT:
        return _refused(f"{size.text}: there is no more than 100 %. Type a smaller part.")
    of_power = size.kind is SizeKind.BUYING_POWER
    whole, name = (means.buying_power, "buying power") if of_power else (means.net_liquidation, "net liquidation value")
    if whole is None:
        text = f"{size.text}: the {name} is not known yet. Type a quantity."
        return deny(DenialCode.NO_MARGIN, text)
    if means.rate is None or means.rate <= 0:
        currency, base = means.instrument.currency, means.base_currency or "the base currency"
        return deny(DenialCode.NO_RATE, f"{size.text}: no exchange rate from {base} to {currency}. Type a quantity.")
    with localcontext() as down:
        down.rounding = ROUND_DOWN
        return max(whole, _ZERO) * size.amount / _PERCENT / means.rate


def _of_value(size: Size, means: Means, money: Decimal) -> Sized | Denial:
    price = means.price
    if price is None or price == 0:
        return _unpriced(size)
    unit = abs(price) * means.instrument.multiplier
    return _sized(size, means, _lots_for(money, unit, means.instrument))


def _of_risk(size: Size, means: Means, money: Decimal) -> Sized | Denial:
    price, stop, instrument = means.price, means.stop, means.instrument
    if price is None:
        return _unpriced(size)
    if stop is None:
        return _refused(f"{size.text} is money at risk to a stop, and this order has none. Type a quantity.")
    distance = (price - stop) * means.side.sign
    if distance <= 0:
        where = "below" if means.side is Side.BUY else "above"
        text = f"{size.text}: the stop {stop:f} must lie {where} the price {price:f} of a {means.side}. Change one."
        return _refused(text)
    step = instrument.size_increment
    most = _lots_for(money, distance * instrument.multiplier, instrument)
    lots = _most(most, lambda lots: money_at_risk(instrument, lots * step, price, stop) <= money)
    sized = _sized(size, means, lots)
    if isinstance(sized, Denial):
        return sized
    counted = estimate_commission(instrument, sized.quantity, abs(price)) is not None
    return replace(sized, risk=money_at_risk(instrument, sized.quantity, price, stop), fees_counted=counted)


def _of_position(size: Size, means: Means) -> Sized | Denial:
    held, label = means.held, means.instrument.label
    if held is None:
        return deny(DenialCode.NO_POSITION, f"{size.text}: the position in {label} is not known yet. Type a quantity.")
    if held * means.side.sign >= 0:
        does = "there is none" if not held else f"a {means.side} would add to it"
        text = f"{size.text} is a part of the position in {label}, to reduce it, and {does}. Type a quantity."
        return deny(DenialCode.NO_POSITION, text)
    if size.amount > _PERCENT:
        return _refused(f"{size.text}: there is no more than 100 %. Type a smaller part.")
    return _sized(size, means, _lots(abs(held) * size.amount / _PERCENT, means.instrument))


def _lots(quantity: Decimal, instrument: Instrument) -> int:
    """Whole steps of the instrument in a quantity."""
    return int((quantity / instrument.size_increment).to_integral_value(ROUND_DOWN))


def _lots_for(money: Decimal, unit: Decimal, instrument: Instrument) -> int:
    """Whole steps that `money` pays at `unit` each: never one too many, whatever the division rounded."""
    step = instrument.size_increment
    most = _lots(money / unit, instrument) + 1
    return _most(most, lambda lots: lots * step * unit <= money)


def _most(most: int, fits: Callable[[int], bool]) -> int:
    """The largest of 0 ... `most` that fits, where every smaller one does too; 0 fits."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _sized(size: Size, means: Means, lots: int) -> Sized | Denial:
    instrument = means.instrument
    quantity = lots * instrument.size_increment
    if quantity >= max(instrument.min_size, instrument.size_increment) and is_plain(quantity):
        return Sized(quantity=quantity)
    if not is_plain(quantity):
        return _refused(f"{size.text} comes to a quantity that can't be sent. Type a smaller one.")
    at = "" if means.price is None or size.kind is SizeKind.UNITS else f" at {means.price:f}"
    smallest = max(instrument.min_size, instrument.size_increment)
    return _refused(
        f"{size.text} does not reach the smallest order in {instrument.label}{at}: {smallest.normalize():f}. "
        "Type a larger one."
    )


def _unpriced(size: Size) -> Denial:
    text = f"{size.text}: without a price nobody knows how many that is. Type a price or a quantity."
    return deny(DenialCode.NO_REFERENCE, text)


def _refused(text: str) -> Denial:
    return deny(DenialCode.QUANTITY, text)
