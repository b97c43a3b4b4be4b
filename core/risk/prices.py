"""Controls of an order's prices: those that its type needs, on the tick, and on the right side of the market."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from core.domain.commands import Denial, DenialCode
from core.domain.instruments import Instrument, SecType
from core.domain.order_types import RULES, TOUCHED, misfit
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.prices import increment_at, is_on_tick, neighbours
from core.domain.quotes import Quote
from core.risk.circumstances import Circumstances, deny, is_plain, short, waits

_HUNDRED = Decimal(100)
_MINUTES_FROM = 120
"""Ages are told in minutes from so many seconds on."""


def fitting(request: OrderRequest, _: Circumstances) -> Denial | None:
    """Each price that the type has, and no other."""
    wrong = misfit(request)
    rule = RULES.get(request.order_type)
    if not wrong or rule is None:
        return None
    if request.order_type is OrderType.MKT and request.limit_price is not None:
        text = f"A market order has no price, and {short(request.limit_price)} is given. Use LMT."
        return deny(DenialCode.PRICE_NOT_TAKEN, text)
    if request.order_type is OrderType.LMT and request.limit_price is None:
        return deny(DenialCode.PRICE_MISSING, "A limit order needs a price. Type one, or press → for market.")
    what = wrong.rpartition(" not taken" if wrong.endswith("taken") else " missing")[0]
    if wrong.endswith("not taken"):
        return deny(DenialCode.PRICE_NOT_TAKEN, f"A {rule.words} has no {what}, and one is given. Leave it out.")
    article = "an" if what == "offset" else "a"
    return deny(DenialCode.PRICE_MISSING, f"A {rule.words} needs {article} {what}. Type one.")


def takeable(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """Each price is one, above 0 and on a tick; each distance a number of ticks."""
    instrument = circumstances.instrument
    trail = request.trail
    prices = (request.limit_price, request.stop_price, trail.stop_price if trail else None)
    for price in prices:
        denial = None if price is None else _price(price, instrument)
        if denial is not None:
            return denial
    distances = (
        ("Trailing amount", trail.amount if trail else None, False),
        ("Limit offset", trail.limit_offset if trail else None, True),
        ("Offset", request.offset, True),
    )
    for name, distance, may_be_zero in distances:
        denial = None if distance is None else _distance(name, distance, instrument, may_be_zero=may_be_zero)
        if denial is not None:
            return denial
    percent = trail.percent if trail else None
    if percent is not None and not (is_plain(percent) and 0 < percent < _HUNDRED):
        return deny(
            DenialCode.PRICE, f"Trailing {short(percent)} % can't be sent: it must lie between 0 and 100. [159]"
        )
    return None


def _price(price: Decimal, instrument: Instrument | None) -> Denial | None:
    if not is_plain(price):
        return deny(DenialCode.PRICE, f"Price {short(price)} can't be sent: it is no price. Type it again.")
    may_be_negative = instrument is not None and instrument.sec_type is SecType.BAG
    if price <= 0 and not may_be_negative:
        return deny(DenialCode.PRICE, f"Price {price:f} can't be sent: it must be above 0. Type the price again.")
    if instrument is not None and not is_on_tick(price, instrument.price_bands):
        below, above = neighbours(price, instrument.price_bands)
        return deny(DenialCode.TICK, f"{price:f} is between ticks. Use {below:f} or {above:f}.")
    return None


def _distance(name: str, distance: Decimal, instrument: Instrument | None, *, may_be_zero: bool) -> Denial | None:
    if not is_plain(distance) or distance < 0 or (distance == 0 and not may_be_zero):
        least = "0 or more" if may_be_zero else "above 0"
        return deny(DenialCode.PRICE, f"{name} {short(distance)} can't be sent: it must be {least}. Type it again.")
    smallest = min(band.increment for band in instrument.price_bands) if instrument else None
    if smallest is not None and distance % smallest:
        return deny(DenialCode.TICK, f"{name} {distance:f} is not a number of ticks of {smallest:f}. Type it again.")
    return None


def untriggered(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """A stop lies beyond the market, a touch price before it: the broker would start either at once."""
    before = circumstances.before
    stop = request.stop_price
    if request.trail is not None:
        stop = request.trail.stop_price
    if stop is None or (waits(request, circumstances) and circumstances.entry is None):
        return None
    if before is not None and before.order_type is request.order_type and stop == before.stop_price:
        return None
    if (
        before is not None
        and before.trail is not None
        and request.trail is not None
        and stop == before.trail.stop_price
    ):
        return None
    entry = circumstances.entry
    name = "ask" if request.side is Side.BUY else "bid"
    market, told = _other_side(request, circumstances.quote)
    age = _age(circumstances, told)
    if entry is not None:
        name, market, age = "the entry", entry, ""
    if market is None:
        return None
    touched = request.order_type in TOUCHED
    # A buy stop waits for a higher price, a sell stop for a lower one; touch prices the other way round.
    beyond = (market - stop) * request.side.sign * (-1 if touched else 1)
    if beyond < 0:
        return None
    what, advice = (
        ("Touch price", "Type one on the other side of the market, or use LMT.")
        if touched
        else (
            "Stop",
            "For a market exit press x.",
        )
    )
    when = "would trigger now" if entry is None else "would trigger at once"
    return deny(DenialCode.TRIGGERS_NOW, f"{what} {stop:f} {when}: {name} is {market:f}{age}. {advice}")


def _other_side(request: OrderRequest, quote: Quote | None) -> tuple[Decimal | None, datetime | None]:
    """The price that an order would trade against, and when it was told; None for what is not known."""
    if quote is None:
        return None, None
    return (quote.ask, quote.ask_updated) if request.side is Side.BUY else (quote.bid, quote.bid_updated)


def _age(circumstances: Circumstances, told: datetime | None) -> str:
    """What is to be known of a price by which an order is judged: that it is delayed or frozen, or how old it is."""
    quote, now = circumstances.quote, circumstances.now
    if quote is None or not quote.doubtful:
        return ""
    if quote.stale:
        seconds = (now - told).total_seconds() if now is not None and told is not None else None
        if seconds is None:
            return " (old)"
        return f" ({seconds:.0f} s old)" if seconds < _MINUTES_FROM else f" ({seconds / 60:.0f} min old)"
    if quote.halted:
        return " (halted)"
    return f" ({quote.data_type.name.lower().replace('_', ' ')})"


def reference_price(request: OrderRequest, circumstances: Circumstances) -> Decimal | None:
    """The price at which an order would meet the market: its parent's, the other side, the mark; None if unknown."""
    quote = circumstances.quote
    if circumstances.entry is not None:
        return circumstances.entry
    if quote is None:
        return None
    other, _ = _other_side(request, quote)
    return other if other is not None else quote.mark


def collared(request: OrderRequest, circumstances: Circumstances) -> Denial | None:
    """No price reaches too far through the market, or through the stop that starts it."""
    reference = reference_price(request, circumstances)
    instrument, quote = circumstances.instrument, circumstances.quote
    label = instrument.label if instrument else "this instrument"
    combined = instrument is not None and instrument.sec_type is SecType.BAG
    if circumstances.asked.past_kill and request.order_type is OrderType.MKT:
        # A person closes all that he holds, whatever the price: a control may not keep him in it.
        return None
    if reference is None or (reference <= 0 and not combined):
        return deny(
            DenialCode.NO_REFERENCE,
            f"No price of {label} is known, so nothing can be judged by it. Wait for a quote, then send.",
        )
    rule = RULES.get(request.order_type)
    at_once = rule is not None and rule.blind and not waits(request, circumstances) and request.tif.value != "OPG"
    if at_once and (quote is None or not quote.tradable):
        return deny(
            DenialCode.NO_REFERENCE,
            f"{label} has no live two-sided quote now (stale, delayed, halted or crossed). "
            "A market order would go blind: type a limit price.",
        )
    percent = circumstances.limits.price_band_percent
    if request.trail is not None and request.trail.limit_offset is not None:
        return _too_far(request.trail.limit_offset, reference, percent, "Limit offset", "the stop")
    price = request.limit_price
    if price is None:
        return None
    anchor, through = (reference, "the market") if request.stop_price is None else (request.stop_price, "its stop")
    beyond = (price - anchor) * request.side.sign
    if combined and instrument is not None and beyond <= 20 * increment_at(anchor, instrument.price_bands):
        return None
    age = ""
    if quote is not None and request.stop_price is None and circumstances.entry is None:
        other, told = _other_side(request, quote)
        age = _age(circumstances, told if other is not None else quote.last_updated)
    return _too_far(beyond, abs(anchor), percent, f"{price:f}", through, f" ({anchor:f}){age}")


def _too_far(
    beyond: Decimal, anchor: Decimal, percent: Decimal, what: str, through: str, shown: str = ""
) -> Denial | None:
    if beyond <= anchor * percent / 100:
        return None
    part = f"{beyond / anchor * 100:.1f} %" if anchor else f"{beyond:f}"
    return deny(
        DenialCode.COLLAR,
        f"{what} is {part} through {through}{shown}; your limit is {percent:f} %. Type a nearer price.",
        limit="price_band_percent",
    )
