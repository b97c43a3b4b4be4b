"""Computed prices: on a tick, never more aggressive than their style, and none from a bad market (rule 12)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.instruments import PriceBand
from core.domain.orders import Side
from core.domain.prices import increment_at, is_on_tick
from core.domain.quotes import DataType, Quote
from tests.tui.sample import NOW
from tui.hands.pricing import PriceStyle, place_in_market, price_text, round_passive, style_price, why_not_priced

D = Decimal
PENNY = (PriceBand(D(0), D("0.01")),)
SUB_PENNY = (PriceBand(D(0), D("0.0001")), PriceBand(D(1), D("0.01")))
FUTURE = (PriceBand(D(0), D("0.25")),)
BANDS = st.sampled_from([PENNY, SUB_PENNY, FUTURE, (PriceBand(D(0), D("0.05")), PriceBand(D(10), D("0.1")))])
AAPL = Quote(con_id=1, bid=D("233.33"), ask=D("233.34"), updated=NOW)

prices = st.decimals(min_value=D("0.3"), max_value=D(9_000), places=5)
spreads = st.decimals(min_value=D(0), max_value=D(20), places=5)


def market(bid: Decimal, spread: Decimal) -> Quote:
    return Quote(con_id=1, bid=bid, ask=bid + spread, updated=NOW)


@given(prices, st.sampled_from(Side), BANDS)
def test_rounding_gives_nothing_away(price: Decimal, side: Side, bands: tuple[PriceBand, ...]) -> None:
    rounded = round_passive(price, side, bands)
    tick = increment_at(price, bands)

    assert is_on_tick(rounded, bands)
    if price >= bands[0].increment:
        assert (rounded - price) * side.sign <= 0
        assert abs(rounded - price) < max(tick, increment_at(rounded, bands))


@given(prices, spreads, st.sampled_from(Side), BANDS)
def test_join_and_mid_never_reach_through_the_market(
    bid: Decimal, spread: Decimal, side: Side, bands: tuple[PriceBand, ...]
) -> None:
    quote = market(max(bid, bands[0].increment), spread)
    assert quote.bid is not None
    assert quote.ask is not None
    own, other = (quote.bid, quote.ask) if side is Side.BUY else (quote.ask, quote.bid)

    joined = style_price(PriceStyle.JOIN, side, quote, bands)
    middle = style_price(PriceStyle.MID, side, quote, bands)

    assert joined is not None
    assert middle is not None
    assert (joined - own) * side.sign <= 0
    assert (middle - other) * side.sign <= 0
    assert (middle - joined) * side.sign >= 0


@given(prices, spreads, st.sampled_from(Side), BANDS)
def test_now_reaches_through_the_other_side_by_its_collar_at_most(
    bid: Decimal, spread: Decimal, side: Side, bands: tuple[PriceBand, ...]
) -> None:
    quote = market(bid + 10, spread)
    assert quote.bid is not None
    assert quote.ask is not None
    other = quote.ask if side is Side.BUY else quote.bid
    tick = increment_at(other, bands)
    collar = max(5 * tick, other / 1000)

    price = style_price(PriceStyle.NOW, side, quote, bands)

    assert price is not None
    assert is_on_tick(price, bands)
    assert (price - other) * side.sign <= collar
    assert (price - other) * side.sign > collar - 2 * max(tick, increment_at(price, bands))


def test_the_collar_is_five_ticks_where_a_thousandth_is_less() -> None:
    quote = Quote(con_id=1, bid=D("10.00"), ask=D("10.01"), updated=NOW)

    assert style_price(PriceStyle.NOW, Side.BUY, quote, PENNY) == D("10.06")
    assert style_price(PriceStyle.NOW, Side.SELL, quote, PENNY) == D("9.95")


def test_the_collar_is_a_thousandth_where_five_ticks_are_less() -> None:
    assert style_price(PriceStyle.NOW, Side.BUY, AAPL, PENNY) == D("233.57")
    assert style_price(PriceStyle.NOW, Side.SELL, AAPL, PENNY) == D("233.10")


def test_a_market_order_has_no_price() -> None:
    assert style_price(PriceStyle.MARKET, Side.BUY, AAPL, PENNY) is None


@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        (None, "no quote yet"),
        (Quote(con_id=1), "no quote yet"),
        (replace(AAPL, data_type=DataType.DELAYED), "delayed"),
        (replace(AAPL, data_type=DataType.FROZEN), "frozen"),
        (replace(AAPL, data_type=DataType.DELAYED_FROZEN), "delayed and frozen"),
        (replace(AAPL, stale=True), "stale"),
        (replace(AAPL, halted=True), "halted"),
        (replace(AAPL, bid=D("233.40")), "crossed"),
        (replace(AAPL, ask=None), "no ask"),
        (replace(AAPL, bid=None), "no bid"),
        (replace(AAPL, bid=None, ask=None), "neither bid nor ask"),
    ],
)
def test_rule_12_names_what_is_wrong_with_the_market(quote: Quote | None, reason: str) -> None:
    assert reason in why_not_priced(quote)


def test_a_good_market_has_nothing_wrong() -> None:
    assert why_not_priced(AAPL) == ""


@pytest.mark.parametrize(
    ("side", "price", "words"),
    [
        (Side.BUY, "233.33", "joins bid"),
        (Side.BUY, "233.32", "1 tick below bid"),
        (Side.BUY, "233.30", "3 ticks below bid"),
        (Side.BUY, "233.34", "takes ask 233.34"),
        (Side.BUY, "233.57", "takes ask 233.34"),
        (Side.SELL, "233.34", "joins ask"),
        (Side.SELL, "233.36", "2 ticks above ask"),
        (Side.SELL, "233.10", "takes bid 233.33"),
    ],
)
def test_where_a_price_stands(side: Side, price: str, words: str) -> None:
    assert place_in_market(side, D(price), AAPL, PENNY) == words


def test_a_price_within_the_spread_is_inside() -> None:
    assert place_in_market(Side.BUY, D("27.22"), market(D("27.20"), D("0.04")), PENNY) == "inside the spread"


def test_nothing_is_said_about_a_market_that_is_not_known() -> None:
    assert place_in_market(Side.BUY, D(1), replace(AAPL, stale=True), PENNY) == ""


@given(st.decimals(min_value=D("0.00001"), max_value=D(100_000), places=5), BANDS)
def test_a_shown_price_is_the_price(price: Decimal, bands: tuple[PriceBand, ...]) -> None:
    assert D(price_text(price, bands)) == price


def test_a_shown_price_has_the_decimals_of_its_tick() -> None:
    assert price_text(D("233.3"), PENNY) == "233.30"
    assert price_text(D("6014.5"), FUTURE) == "6014.50"
