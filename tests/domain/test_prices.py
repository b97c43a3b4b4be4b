"""Ticks: neighbours, steps and rounding under market rules of any number of bands."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.instruments import PriceBand
from core.domain.orders import Side
from core.domain.prices import (
    as_written,
    ceil_tick,
    decimals_of,
    decimals_of_increment,
    floor_tick,
    increment_at,
    is_on_tick,
    marketable_limit,
    neighbours,
    step_ticks,
)
from core.domain.quotes import Quote

Bands = tuple[PriceBand, ...]

PENNY: Bands = (PriceBand(Decimal(0), Decimal("0.01")),)
US_STOCK: Bands = (PriceBand(Decimal(0), Decimal("0.0001")), PriceBand(Decimal(1), Decimal("0.01")))


@st.composite
def market_rules(draw: st.DrawFn) -> Bands:
    """Bands whose ticks divide each other, every edge on a tick of both sides, as exchanges publish them."""
    increment = draw(st.sampled_from([Decimal("0.0001"), Decimal("0.005"), Decimal("0.01"), Decimal("0.25")]))
    edge = Decimal(0)
    bands = [PriceBand(edge, increment)]
    for _ in range(draw(st.integers(0, 5))):
        increment *= draw(st.sampled_from([2, 5, 10]))
        edge = (edge // increment + draw(st.integers(1, 200))) * increment
        bands.append(PriceBand(edge, increment))
    return tuple(bands)


prices = st.decimals(Decimal("0.0001"), Decimal(200_000), places=6)


@given(market_rules(), prices)
def test_neighbours_bracket_and_nothing_takeable_lies_between(bands: Bands, price: Decimal) -> None:
    below, above = neighbours(price, bands)

    assert below <= price <= above
    assert below == 0 or is_on_tick(below, bands)
    assert is_on_tick(above, bands)
    assert (below == above) == is_on_tick(price, bands)
    if below not in (0, above):
        assert step_ticks(below, 1, bands) == above


@given(market_rules(), prices)
def test_rounding_a_takeable_price_changes_nothing(bands: Bands, price: Decimal) -> None:
    once = ceil_tick(price, bands)

    assert floor_tick(once, bands) == ceil_tick(once, bands) == once
    assert floor_tick(floor_tick(price, bands), bands) == floor_tick(price, bands)


@given(market_rules(), prices, st.integers(0, 60))
def test_steps_up_and_down_again_return(bands: Bands, price: Decimal, ticks: int) -> None:
    start = ceil_tick(price, bands)

    assert step_ticks(step_ticks(start, ticks, bands), -ticks, bands) == start


@given(market_rules(), prices, st.integers(1, 20))
def test_each_step_moves_one_takeable_price(bands: Bands, price: Decimal, ticks: int) -> None:
    path = [ceil_tick(price, bands)]
    for _ in range(ticks):
        path.append(step_ticks(path[-1], 1, bands))

    assert all(is_on_tick(one, bands) for one in path)
    assert all(after - before == increment_at(before, bands) for before, after in pairwise(path))


@given(market_rules())
def test_an_edge_belongs_to_the_upper_band_and_the_step_below_to_the_lower(bands: Bands) -> None:
    for lower, upper in pairwise(bands):
        edge = upper.low_edge
        assert increment_at(edge, bands) == upper.increment
        assert step_ticks(edge, 1, bands) - edge == upper.increment
        assert edge - step_ticks(edge, -1, bands) == lower.increment


def test_finer_ticks_above_an_edge_are_stepped_one_by_one() -> None:
    bands = (PriceBand(Decimal(0), Decimal("0.05")), PriceBand(Decimal(1), Decimal("0.01")))

    assert step_ticks(Decimal("1.02"), -1, bands) == Decimal("1.01")
    assert step_ticks(Decimal("1.00"), -1, bands) == Decimal("0.95")


@given(market_rules(), st.integers(1, 30))
def test_steps_down_never_reach_zero(bands: Bands, ticks: int) -> None:
    lowest = bands[0].increment

    assert step_ticks(lowest * 3, -ticks, bands) == max(lowest, lowest * (3 - ticks))


@pytest.mark.parametrize(
    ("price", "ticks", "expected"),
    [("233.337", 1, "233.34"), ("233.337", -1, "233.33"), ("233.337", 2, "233.35"), ("0.99995", 1, "1.00")],
)
def test_a_price_between_ticks_moves_to_its_neighbour_first(price: str, ticks: int, expected: str) -> None:
    assert step_ticks(Decimal(price), ticks, US_STOCK) == Decimal(expected)


def test_below_a_dollar_the_tick_is_finer() -> None:
    assert is_on_tick(Decimal("0.9999"), US_STOCK)
    assert not is_on_tick(Decimal("1.0001"), US_STOCK)
    assert neighbours(Decimal("233.337"), US_STOCK) == (Decimal("233.33"), Decimal("233.34"))


@given(market_rules(), prices, prices)
def test_a_now_order_reaches_through_the_market_by_no_more_than_the_collar(
    bands: Bands, one: Decimal, other: Decimal
) -> None:
    bid, ask = sorted((ceil_tick(one, bands), ceil_tick(other, bands)))
    quote = Quote(con_id=1, bid=bid, ask=ask)

    buy = marketable_limit(Side.BUY, quote, bands)
    sell = marketable_limit(Side.SELL, quote, bands)

    assert buy is not None
    assert is_on_tick(buy, bands)
    assert ask <= buy <= ask + max(5 * increment_at(ask, bands), ask * Decimal("0.001"))
    assert sell is not None
    assert is_on_tick(sell, bands)
    assert max(bands[0].increment, bid - max(5 * increment_at(bid, bands), bid * Decimal("0.001"))) <= sell <= bid


@pytest.mark.parametrize("bad", [None, Decimal(0), Decimal(-1)])
def test_no_now_price_without_the_other_side(bad: Decimal | None) -> None:
    assert marketable_limit(Side.BUY, Quote(con_id=1, bid=Decimal(5), ask=bad), PENNY) is None
    assert marketable_limit(Side.SELL, Quote(con_id=1, bid=bad, ask=Decimal(5)), PENNY) is None


def test_five_ticks_or_a_tenth_of_a_per_cent() -> None:
    assert marketable_limit(Side.BUY, Quote(con_id=1, ask=Decimal("10.00")), PENNY) == Decimal("10.05")
    assert marketable_limit(Side.BUY, Quote(con_id=1, ask=Decimal("233.34")), PENNY) == Decimal("233.57")
    assert marketable_limit(Side.SELL, Quote(con_id=1, bid=Decimal("233.33")), PENNY) == Decimal("233.10")


@pytest.mark.parametrize(
    ("increment", "decimals"), [("0.01", 2), ("0.0100", 2), ("0.00005", 5), ("0.25", 2), ("1", 0), ("5E+1", 0)]
)
def test_decimals_follow_the_tick(increment: str, decimals: int) -> None:
    assert decimals_of_increment(Decimal(increment)) == decimals
    assert decimals_of(Decimal(7), (PriceBand(Decimal(0), Decimal(increment)),)) == decimals


@given(market_rules(), prices)
def test_rounded_prices_are_written_with_the_ticks_decimals(bands: Bands, price: Decimal) -> None:
    rounded = floor_tick(price, bands)
    _, _, fraction = f"{rounded:f}".partition(".")

    assert len(fraction) == decimals_of_increment(increment_at(price, bands))


def test_prices_are_written_as_their_instrument_writes_them() -> None:
    assert f"{as_written(Decimal('233.3'), US_STOCK)}" == "233.30"
    assert f"{as_written(Decimal('0.5'), US_STOCK)}" == "0.5000"
    assert as_written(None, US_STOCK) is None
