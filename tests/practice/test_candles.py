"""Bars that grow with the market."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.practice.candles import ASK, BID, BID_ASK, MIDPOINT, TRADES, Candle, price_now
from core.practice.catalogue import build_catalogue
from core.practice.market import Market
from core.practice.quote import Quote

AAPL_ID = 265598
STEPS = 300


def walk() -> list[tuple[int, int, int, int]]:
    """Return print price, print size, bid and ask of each step of a market."""
    market = Market(build_catalogue(date(2026, 11, 20)).instruments, 3)
    quote = market.quotes[AAPL_ID]
    found = []
    for _ in range(STEPS):
        market.advance(1.0)
        found.append((quote.print_price, quote.print_size, quote.bid, quote.ask))
    return found


def grown(what: str) -> tuple[Candle, Quote]:
    """Return a bar of a kind over the same market, and the quote at its end."""
    market = Market(build_catalogue(date(2026, 11, 20)).instruments, 3)
    quote = market.quotes[AAPL_ID]
    candle = Candle(what, 0, price_now(what, quote))
    for _ in range(STEPS):
        market.advance(1.0)
        candle.look(quote)
    return candle, quote


def test_a_bar_of_trades_is_made_of_its_prints() -> None:
    prints = [(price, size) for price, size, _, _ in walk() if size]
    candle, quote = grown(TRADES)
    record, price = candle.record(quote.instrument), quote.instrument.price
    volume = sum(size for _, size in prints)

    assert record["open"] == price(prints[0][0])
    assert record["close"] == price(prints[-1][0])
    assert record["high"] == price(max(paid for paid, _ in prints))
    assert record["low"] == price(min(paid for paid, _ in prints))
    assert (record["volume"], record["count"]) == (Decimal(volume), len(prints))
    average = price(sum(paid * size for paid, size in prints)) / volume
    assert abs((record.number("wap") or 0) - average) < Decimal("0.000001")


@pytest.mark.parametrize("what", [MIDPOINT, BID, ASK])
def test_a_bar_of_quotes_counts_nothing(what: str) -> None:
    candle, quote = grown(what)
    record, price = candle.record(quote.instrument), quote.instrument.price
    values = [price({MIDPOINT: bid + ask, BID: 2 * bid, ASK: 2 * ask}[what]) / 2 for _, _, bid, ask in walk()]

    assert record["close"] == values[-1]
    assert (record.number("high") or 0) >= max(values)
    assert (record.number("low") or 0) <= min(values)
    assert (record["volume"], record["wap"], record["count"]) == (-1, -1, -1)


def test_a_bar_of_bid_and_ask_has_their_means_and_extremes() -> None:
    candle, quote = grown(BID_ASK)
    record, price = candle.record(quote.instrument), quote.instrument.price
    steps = walk()

    assert record["high"] == price(max(ask for _, _, _, ask in steps))
    assert record["low"] == price(min(bid for _, _, bid, _ in steps))
    assert abs((record.number("open") or 0) - price(sum(bid for _, _, bid, _ in steps)) / STEPS) < Decimal("0.001")
    assert abs((record.number("close") or 0) - price(sum(ask for _, _, _, ask in steps)) / STEPS) < Decimal("0.001")


def test_a_bar_without_trades_stands_where_the_last_one_ended() -> None:
    candle, quote = grown(TRADES)
    record = candle.next(5, quote).record(quote.instrument)

    assert record["open"] == record["close"] == candle.record(quote.instrument)["close"]
    assert (record["volume"], record["count"]) == (0, 0)
