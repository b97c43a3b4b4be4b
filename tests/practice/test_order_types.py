"""What each order type does at the exchange: trailing, touched, pegged, protected, hidden, all or nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.practice.orders import Adjustment, Terms
from tests.practice.stage import AAPL_ID, Bench


@pytest.fixture
def bench() -> Bench:
    """A fresh bench."""
    return Bench()


def test_a_trailing_stop_follows_the_best_price_and_never_goes_back(bench: Bench) -> None:
    order = bench.enter(Terms("SELL", 100, "TRAIL", None, None, "DAY", trail=1_0000))
    assert order.stop == 99_0000

    bench.print_at(101_0000, 100, buys=True)
    assert order.stop == 100_0000
    bench.print_at(100_5000, 100, buys=True)
    assert (order.stop, bench.triggered) == (100_0000, [])
    bench.print_at(100_0000, 100, buys=True)
    assert bench.triggered == [1]
    assert order.remaining == 0


def test_a_trailing_stop_to_buy_trails_a_share_above_on_the_grid(bench: Bench) -> None:
    order = bench.enter(Terms("BUY", 100, "TRAIL", None, None, "DAY", trail_share=Decimal("0.01")))
    bench.print_at(99_0100, 100, buys=True)

    assert order.stop == 100_0100
    assert order.stop >= 99_0100 * Decimal("1.01")


def test_a_trailing_stop_limit_gets_its_limit_when_it_triggers(bench: Bench) -> None:
    order = bench.enter(Terms("SELL", 2000, "TRAIL LIMIT", None, 99_5000, "DAY", trail=1_0000, limit_offset=2000))
    bench.set_quote(98_0000, 98_0100)
    bench.print_at(98_0000, 100, buys=False)

    assert bench.triggered == [1]
    assert order.limit == 99_3000
    assert bench.fills == []


@pytest.mark.parametrize(("action", "touch"), [("BUY", 99_5000), ("SELL", 100_5000)])
def test_a_market_if_touched_order_waits_for_a_better_price(bench: Bench, action: str, touch: int) -> None:
    order = bench.order(1, action, 100, "MIT", stop=touch)
    bench.print_at(100_0000, 100, buys=True)
    assert bench.triggered == []

    bench.print_at(touch, 100, buys=True)
    assert bench.triggered == [1]
    assert order.remaining == 0


def test_a_limit_if_touched_order_becomes_a_limit(bench: Bench) -> None:
    order = bench.order(1, "BUY", 100, "LIT", limit=99_4000, stop=99_5000)
    bench.print_at(99_5000, 100, buys=False)

    assert bench.triggered == [1]
    assert (order.limit, order.remaining) == (99_4000, 100)


@pytest.mark.parametrize(
    ("method", "quotes", "prints", "wanted"),
    [
        (4, [(100_0500, 100_0600)], [], [1]),
        (4, [(100_0400, 100_0600)], [], []),
        (1, [(100_0500, 100_0600)], [], []),
        (1, [(100_0500, 100_0600)] * 2, [], [1]),
        (8, [(100_0400, 100_0600)], [], [1]),
        (3, [], [100_0500], []),
        (3, [], [100_0500, 100_0600], [1]),
        (3, [], [100_0500, 100_0400, 100_0500], []),
        (7, [(100_0500, 100_0600)], [], [1]),
        (2, [(100_0500, 100_0600)], [], []),
    ],
)
def test_trigger_methods(
    bench: Bench, method: int, quotes: list[tuple[int, int]], prints: list[int], wanted: list[int]
) -> None:
    bench.enter(Terms("BUY", 100, "STP", None, 100_0500, "DAY", trigger_method=method))
    for bid, ask in quotes:
        bench.set_quote(bid, ask)
        bench.quote.last = 100_0000
        bench.exchange.step()
    for price in prints:
        bench.print_at(price, 100, buys=True)

    assert bench.triggered == wanted


def test_a_stop_is_adjusted_once_the_market_has_moved_in_its_favour(bench: Bench) -> None:
    adjustment = Adjustment(101_0000, "TRAIL", stop=100_2000, trail=5000)
    order = bench.enter(Terms("SELL", 100, "STP", None, 99_0000, "DAY", adjustment=adjustment))
    bench.print_at(100_9000, 100, buys=True)
    assert (order.order_type, order.stop) == ("STP", 99_0000)

    bench.print_at(101_0000, 100, buys=True)
    assert (order.order_type, order.stop) == ("TRAIL", 100_5000)
    bench.print_at(100_5000, 100, buys=False)
    assert bench.triggered == [1]
    assert order.remaining == 0


@pytest.mark.parametrize(
    ("terms", "first", "then"),
    [
        (Terms("BUY", 100, "REL", None, None, "DAY", offset=200), 100_0200, 101_0200),
        (Terms("SELL", 100, "REL", None, None, "DAY", offset=200), 100_0800, 101_0800),
        (Terms("BUY", 100, "REL", None, None, "DAY", offset=2000), 100_0900, 101_0900),
        (Terms("BUY", 100, "REL", 99_0000, None, "DAY", offset=200), 99_0000, 99_0000),
        (Terms("BUY", 100, "REL", None, None, "DAY", offset_share=Decimal("0.0002")), 100_0200, 101_0200),
        (Terms("BUY", 100, "PEG MKT", None, None, "DAY", offset=300), 100_0700, 101_0700),
        (Terms("SELL", 100, "PEG MKT", None, None, "DAY", offset=300), 100_0300, 101_0300),
        (Terms("BUY", 100, "PEG MID", None, None, "DAY"), 100_0500, 101_0500),
        (Terms("BUY", 100, "PEG MID", None, None, "DAY", offset=200), 100_0300, 101_0300),
        (Terms("SELL", 100, "MIDPRICE", None, None, "DAY"), 100_0500, 101_0500),
        (Terms("SELL", 100, "MIDPRICE", 102_0000, None, "DAY"), 102_0000, 102_0000),
        (Terms("BUY", 100, "PEG BEST", None, None, "DAY", offset=100), 100_0100, 101_0100),
        (Terms("BUY", 100, "SNAP MID", None, None, "DAY"), 100_0500, 100_0500),
        (Terms("SELL", 100, "SNAP PRIM", None, None, "DAY", offset=2000), 100_3000, 100_3000),
    ],
    ids=str,
)
def test_pegged_prices(bench: Bench, terms: Terms, first: int, then: int) -> None:
    bench.set_quote(100_0000, 100_1000)
    order = bench.enter(terms)
    assert order.limit == first

    # What does not follow the market would fill if that came to it.
    order.released = 0
    bench.set_quote(101_0000, 101_1000)
    bench.exchange.step()
    assert order.limit == then


def test_a_pegged_order_that_moves_goes_to_the_end_of_the_queue(bench: Bench) -> None:
    order = bench.enter(Terms("BUY", 100, "REL", None, None, "DAY", offset=0))
    order.ahead = 7
    bench.set_quote(100_0100, 100_0200, bid_size=900)
    bench.exchange.step()

    assert (order.limit, order.ahead) == (100_0100, 900)


def test_a_market_to_limit_order_waits_with_its_rest_where_it_traded(bench: Bench) -> None:
    order = bench.order(1, "BUY", 600, "MTL")

    assert bench.fills == [(1, 100_0100, 500, False)]
    assert (order.limit, order.remaining) == (100_0100, 100)


def test_a_protected_market_order_stops_at_its_worst_price(bench: Bench) -> None:
    order = bench.order(1, "BUY", 10_000_000, "MKT PRT")

    assert order.limit == 100_5100
    assert max(price for _, price, _, _ in bench.fills) <= 100_5100


def test_all_or_none_waits_for_all(bench: Bench) -> None:
    order = bench.enter(Terms("BUY", 600, "LMT", 100_0100, None, "DAY", all_or_none=True))
    assert bench.fills == []
    bench.print_at(100_0000, 500, buys=False)
    assert bench.fills == []

    bench.set_quote(100_0000, 100_0100, ask_size=600)
    bench.exchange.step()
    assert order.remaining == 0


def test_a_minimum_quantity_binds_the_first_fill_alone(bench: Bench) -> None:
    order = bench.enter(Terms("BUY", 800, "LMT", 100_0100, None, "DAY", min_quantity=600))
    assert bench.fills == []

    bench.set_quote(100_0000, 100_0100, ask_size=700)
    bench.exchange.step()
    assert bench.fills == [(1, 100_0100, 700, False)]
    bench.set_quote(100_0000, 100_0100, ask_size=50)
    bench.exchange.step()
    assert order.remaining == 50


def test_an_iceberg_queues_anew_with_each_part_that_it_shows(bench: Bench) -> None:
    order = bench.enter(Terms("BUY", 300, "LMT", 100_0100 - 100, None, "DAY", display=100))
    bench.print_at(100_0000, 1000, buys=False)

    assert bench.fills == [(1, 100_0000, 100, True)]
    assert order.ahead == 300


def test_discretion_takes_beyond_the_limit(bench: Bench) -> None:
    bench.enter(Terms("BUY", 100, "LMT", 100_0000, None, "DAY", discretion=100))

    assert bench.fills == [(1, 100_0100, 100, False)]


def test_an_order_fills_no_more_than_was_released(bench: Bench) -> None:
    order = bench.enter(Terms("BUY", 100, "MKT", None, None, "DAY"), released=30)
    assert order.filled == 30
    order.released = 100
    bench.exchange.step()
    assert order.filled == 30 + 70

    assert bench.fills == [(1, 100_0100, 30, False), (1, 100_0100, 70, False)]


def test_of_a_group_only_the_largest_counts_as_open(bench: Bench) -> None:
    for number, size in enumerate((100, 300, 200), 1):
        order = bench.order(number, "BUY", size, limit=99_0000)
        order.oca_name = "" if number == 1 else "group"

    assert bench.exchange.open_quantity(AAPL_ID, "DU1234567") == (400, 0)
