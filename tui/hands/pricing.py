"""Prices that a key computes from the market: join, mid, now with its collar, market."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from core.domain.instruments import PriceBand
from core.domain.orders import Side
from core.domain.prices import ceil_tick, decimals_of, floor_tick, increment_at, marketable_limit
from core.domain.quotes import DataType, Quote


class PriceStyle(StrEnum):
    """How a ticket's price follows from the market, in the order in which the arrow keys walk them."""

    JOIN = "join"
    """The best price of one's own side: it rests."""
    MID = "mid"
    """Halfway between bid and ask, rounded to the passive side."""
    NOW = "now"
    """A marketable limit: the other side's best price and a collar."""
    MARKET = "market"
    """A market order: no price."""


def round_passive(price: Decimal, side: Side, bands: Sequence[PriceBand]) -> Decimal:
    """The takeable price next to `price` that gives away less: down for a buy, up for a sell, never below one tick."""
    rounded = floor_tick(price, bands) if side is Side.BUY else ceil_tick(price, bands)
    return max(rounded, bands[0].increment)


def style_price(style: PriceStyle, side: Side, quote: Quote, bands: Sequence[PriceBand]) -> Decimal | None:
    """The limit price of `style` in this market; None for a market order, and where bid or ask is missing."""
    bid, ask = quote.bid, quote.ask
    if style is PriceStyle.MARKET or bid is None or ask is None:
        return None
    if style is PriceStyle.NOW:
        return marketable_limit(side, quote, bands)
    joined = bid if side is Side.BUY else ask
    return round_passive(joined if style is PriceStyle.JOIN else (bid + ask) / 2, side, bands)


def why_not_priced(quote: Quote | None) -> str:
    """Why no price may be computed from this quote, as the end of a sentence; empty if it may."""
    if quote is not None and quote.tradable:
        return ""
    if quote is None or quote.updated is None:
        return "there is no quote yet"
    checks = (
        (quote.halted, "trading is halted"),
        (quote.stale, "the quote is stale"),
        (quote.data_type is DataType.DELAYED, "the quote is delayed"),
        (quote.data_type is DataType.DELAYED_FROZEN, "the quote is delayed and frozen"),
        (quote.data_type is not DataType.LIVE, "the quote is frozen"),
        (quote.crossed, "bid and ask are crossed"),
        (quote.bid is None and quote.ask is None, "there is neither bid nor ask"),
        (quote.bid is None, "there is no bid"),
        (quote.ask is None, "there is no ask"),
    )
    return next((reason for holds, reason in checks if holds), "the quote is not usable")


def place_in_market(side: Side, price: Decimal, quote: Quote | None, bands: Sequence[PriceBand]) -> str:
    """Where a limit price stands in the market, in words: `joins bid`, `3 ticks below bid`; empty if not known."""
    if quote is None or not quote.tradable or quote.bid is None or quote.ask is None:
        return ""
    own, other = (quote.bid, quote.ask) if side is Side.BUY else (quote.ask, quote.bid)
    own_name, other_name = ("bid", "ask") if side is Side.BUY else ("ask", "bid")
    if (price - other) * side.sign >= 0:
        return f"takes {other_name} {price_text(other, bands)}"
    if price == own:
        return f"joins {own_name}"
    if (price - own) * side.sign > 0:
        return "inside the spread"
    ticks = int(abs(price - own) / increment_at(own, bands))
    away = "below" if side is Side.BUY else "above"
    return f"{ticks} tick{'' if ticks == 1 else 's'} {away} {own_name}"


def price_text(price: Decimal, bands: Sequence[PriceBand]) -> str:
    """A price as a field shows it: the instrument's decimals, no separators; never rounded, so that none is lost."""
    shown = f"{price:.{decimals_of(price, bands)}f}"
    return shown if Decimal(shown) == price else f"{price:f}"
