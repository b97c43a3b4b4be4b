"""Matching: queue position, shown sizes, stops."""

from __future__ import annotations

import time

import pytest

from core.practice.orders import Order, Terms, Ticket
from core.practice.tables import Record
from tests.practice.stage import Bench

AAPL = 265598


@pytest.fixture
def bench() -> Bench:
    """A fresh bench."""
    return Bench()


def test_a_market_order_takes_the_shown_sizes_level_by_level(bench: Bench) -> None:
    second = list(bench.quote.levels(bids=False))[1]
    bench.order(1, "BUY", 500 + 10, "MKT")

    assert bench.fills == [(1, 100_0100, 500, False), (1, second[0], 10, False)]
    assert not bench.exchange.busy


def test_what_one_order_took_the_next_one_does_not_find(bench: Bench) -> None:
    bench.order(1, "BUY", 500, "MKT")
    bench.order(2, "BUY", 1, "MKT")

    assert bench.fills[1][1] == 100_0200


def test_an_order_larger_than_the_book_goes_on_with_the_next_step(bench: Bench) -> None:
    order = bench.order(1, "SELL", 10_000_000, "MKT")
    before = order.remaining
    assert 0 < before < 10_000_000

    bench.print_at(100_0000, 100, buys=False)
    assert order.remaining < before


def test_a_limit_at_the_bid_fills_only_after_the_size_ahead(bench: Bench) -> None:
    bench.order(1, "BUY", 200, limit=100_0000)
    assert bench.fills == []

    bench.print_at(100_0000, 250, buys=False)
    assert bench.fills == []
    bench.print_at(100_0000, 100, buys=False)
    assert bench.fills == [(1, 100_0000, 50, True)]
    bench.print_at(100_0000, 1000, buys=False)
    assert bench.fills[1:] == [(1, 100_0000, 150, True)]


def test_trades_of_the_other_side_do_not_serve_it(bench: Bench) -> None:
    bench.order(1, "BUY", 200, limit=100_0000)
    bench.print_at(100_0100, 5000, buys=True)

    assert bench.fills == []


def test_cancellations_ahead_shorten_the_queue(bench: Bench) -> None:
    order = bench.order(1, "BUY", 100, limit=100_0000)
    assert order.ahead == 300
    bench.quote.bid_size = 40
    bench.exchange.step()

    assert order.ahead == 40


def test_a_better_price_is_first_and_earlier_orders_come_before_later_ones(bench: Bench) -> None:
    bench.set_quote(100_0000, 100_0500)
    bench.order(1, "BUY", 100, limit=100_0100)
    bench.order(2, "BUY", 100, limit=100_0200)
    bench.order(3, "BUY", 100, limit=100_0100)
    bench.print_at(100_0000, 250, buys=False)

    assert bench.fills == [(2, 100_0200, 100, True), (1, 100_0100, 100, True), (3, 100_0100, 50, True)]


def test_a_market_that_comes_to_a_waiting_order_fills_it_at_its_own_price(bench: Bench) -> None:
    bench.order(1, "SELL", 100, limit=100_0500)
    bench.set_quote(100_0800, 100_0900)
    bench.exchange.step()

    assert bench.fills == [(1, 100_0500, 100, True)]


def test_a_limit_through_the_market_is_filled_at_the_better_price(bench: Bench) -> None:
    bench.order(1, "BUY", 100, limit=101_0000)

    assert bench.fills == [(1, 100_0100, 100, False)]


def test_a_limit_takes_what_is_within_it_and_waits_with_the_rest(bench: Bench) -> None:
    order = bench.order(1, "BUY", 600, limit=100_0100)

    assert bench.fills == [(1, 100_0100, 500, False)]
    assert order.ahead == 0
    assert bench.exchange.open_quantity(AAPL, "DU1234567") == (100, 0)


@pytest.mark.parametrize(
    ("action", "stop", "quiet", "reached"),
    [("BUY", 100_0500, 100_0400, 100_0500), ("SELL", 99_9500, 99_9600, 99_9400)],
)
def test_a_stop_waits_for_a_trade_at_its_price(bench: Bench, action: str, stop: int, quiet: int, reached: int) -> None:
    order = bench.order(1, action, 100, "STP", stop=stop)
    bench.print_at(quiet, 100, buys=True)
    assert bench.triggered == []

    bench.print_at(reached, 100, buys=True)
    assert bench.triggered == [1]
    assert order.remaining == 0


def test_a_stop_limit_becomes_a_limit(bench: Bench) -> None:
    order = bench.order(1, "BUY", 100, "STP LMT", limit=99_0000, stop=100_0500)
    bench.print_at(100_0500, 100, buys=True)

    assert bench.triggered == [1]
    assert order.remaining == 100
    bench.set_quote(98_9000, 98_9500)
    bench.exchange.step()
    assert bench.fills == [(1, 99_0000, 100, True)]


def test_a_stop_that_is_already_reached_triggers_at_once(bench: Bench) -> None:
    bench.order(1, "SELL", 100, "STP", stop=100_0500)

    assert bench.triggered == [1]
    assert bench.fills == [(1, 100_0000, 100, False)]


def test_fillable_counts_only_what_the_limit_accepts(bench: Bench) -> None:
    terms = Terms("BUY", 100, "LMT", 100_0100, None, "FOK")
    order = Order(1, 1, 1, Ticket(bench.quote.instrument, terms, Record(), ""))

    assert bench.exchange.fillable(order) == 500


def test_a_removed_order_never_fills(bench: Bench) -> None:
    order = bench.order(1, "BUY", 100, limit=100_0000)
    bench.exchange.remove(order)
    bench.exchange.remove(order)
    bench.print_at(100_0000, 5000, buys=False)

    assert bench.fills == []
    assert not bench.exchange.busy


def test_four_times_the_orders_of_an_instrument_cost_about_four_times_the_work() -> None:
    """Each of 4000 resting orders looked up among all the others would cost sixteen times the work of 1000."""

    def seconds(orders: int) -> float:
        bench = Bench()
        for number in range(1, orders + 1):
            bench.order(number, "BUY", 100, limit=90_0000)
        took = []
        for _ in range(3):
            began = time.process_time()
            bench.print_at(100_0000, 100, buys=False)
            took.append(time.process_time() - began)
        assert bench.exchange.open_quantity(AAPL, "DU1234567") == (100 * orders, 0)
        return min(took)

    assert seconds(4000) < 8 * seconds(1000)
