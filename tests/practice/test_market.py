"""The simulated market: repeatable, on the grid, never crossed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.practice.catalogue import build_catalogue
from core.practice.directory import Catalogue
from core.practice.instruments import Instrument
from core.practice.market import Market, Quote
from core.practice.tables import Record

CATALOGUE = build_catalogue(date(2026, 11, 20))
STEPS = 600


def instrument(symbol: str) -> Instrument:
    """Return an instrument by its symbol; of futures the nearest."""
    return next(item for item in CATALOGUE.instruments if item.symbol == symbol)


def walk(seed: int, steps: int, catalogue: Catalogue = CATALOGUE) -> Market:
    """Return a market that many steps on."""
    market = Market(catalogue.instruments, seed)
    for _ in range(steps):
        market.advance()
    return market


def test_same_seed_same_market() -> None:
    assert walk(5, 200).save() == walk(5, 200).save()


def test_another_seed_another_market() -> None:
    assert walk(5, 200).save() != walk(6, 200).save()


@given(cut=st.integers(0, 60))
def test_a_saved_market_goes_on_as_if_nothing_had_happened(cut: int) -> None:
    kept = walk(5, cut)
    again = Market(CATALOGUE.instruments, 5)
    again.restore(kept.step, kept.save())
    for _ in range(60 - cut):
        again.advance()

    assert again.save() == walk(5, 60).save()


def test_more_instruments_leave_the_first_ones_as_they_were() -> None:
    few = Market(CATALOGUE.instruments[:3], 5)
    for _ in range(50):
        few.advance()
    whole = walk(5, 50).save()

    assert few.save() == {con_id: whole[con_id] for con_id in few.save()}


def check_quote(quote: Quote) -> None:
    """Check what must hold after every step."""
    item = quote.instrument
    assert 0 < quote.bid < quote.ask
    assert quote.bid_size > 0
    assert quote.ask_size > 0
    assert quote.low <= quote.last <= quote.high
    for price in (quote.bid, quote.ask, quote.last):
        assert item.units(item.price(price)) == price


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_quotes_stay_on_the_grid_and_prints_happen_at_them(seed: int) -> None:
    market = Market(CATALOGUE.instruments, seed)
    for _ in range(STEPS):
        before = {con_id: (quote.bid, quote.ask) for con_id, quote in market.quotes.items()}
        market.advance()
        for con_id, quote in market.quotes.items():
            check_quote(quote)
            if quote.print_size:
                bid, ask = before[con_id]
                assert quote.print_price == (ask if quote.print_buys else bid)


def test_every_symbol_moves_several_times_a_second() -> None:
    market = Market(CATALOGUE.instruments, 1)
    changes = dict.fromkeys(market.quotes, 0)
    for _ in range(STEPS):
        market.advance()
        for con_id, quote in market.quotes.items():
            changes[con_id] += bool(quote.changed)

    assert min(changes.values()) >= STEPS / 10 * 3


def test_prices_stay_near_where_they_started() -> None:
    for quote in walk(4, 5000).quotes.values():
        start = float(quote.instrument.start_price)
        assert 0.8 < float(quote.mark) / start < 1.25, quote.instrument.symbol


def test_a_price_crosses_one_dollar_on_two_grids() -> None:
    tilray = instrument("TLRY")
    quote = Quote(tilray)
    seen = set()
    for mid in (9_950.0, 9_999.0, 10_003.0, 10_150.0, 9_998.0):
        quote.mid = mid
        quote._requote(0.5, 0.5)
        check_quote(quote)
        seen.add(quote.ask > 10_000)

    assert seen == {True, False}


@pytest.mark.parametrize(
    ("symbol", "price", "fits"),
    [
        ("AAPL", "233.33", True),
        ("AAPL", "233.333", False),
        ("AAPL", "0.0001", False),
        ("AAPL", "0", False),
        ("AAPL", "-1", False),
        ("AAPL", "1e300", False),
        ("AAPL", "1e-300", False),
        ("TLRY", "0.9784", True),
        ("TLRY", "0.97845", False),
        ("TLRY", "1.01", True),
        ("TLRY", "1.0101", False),
        ("ES", "6014.25", True),
        ("ES", "6014.3", False),
        ("EUR", "1.08415", True),
        ("EUR", "1.08412", False),
    ],
)
def test_prices_off_the_grid_have_no_units(symbol: str, price: str, fits: bool) -> None:
    item = instrument(symbol)
    units = item.units(Decimal(price))

    assert (units is not None) is fits
    if units is not None:
        assert item.price(units) == Decimal(price)


@given(units=st.integers(1, 30_000), ticks=st.integers(1, 20))
def test_up_and_down_are_steps_on_the_grid(units: int, ticks: int) -> None:
    tilray = instrument("TLRY")
    start = tilray.floor(units) or 1

    up = tilray.up(start, ticks)
    assert tilray.units(tilray.price(up)) == up
    assert tilray.down(up, ticks) == start


def test_levels_are_ordered_and_know_what_own_orders_took() -> None:
    quote = walk(1, 20).quotes[265598]
    levels = list(quote.levels(bids=False))

    assert levels[0] == (quote.ask, quote.ask_size)
    assert [price for price, _ in levels] == sorted({price for price, _ in levels})
    quote.take(quote.ask, 50)
    assert next(iter(quote.levels(bids=False))) == (quote.ask, quote.ask_size - 50)


@pytest.mark.parametrize(
    ("pattern", "first"),
    [("aapl", "AAPL"), ("AA", "AAPL"), ("tes", "TSLA"), ("apple", "AAPL"), ("micro", "AMD"), ("f", "F"), ("es", "ES")],
)
def test_search_by_symbol_and_name(pattern: str, first: str) -> None:
    assert CATALOGUE.search(pattern)[0].symbol == first


@pytest.mark.parametrize("pattern", ["", "  ", "zzzz", "\x00", "*", "." * 1000])
def test_search_finds_nothing(pattern: str) -> None:
    assert CATALOGUE.search(pattern) == []


@pytest.mark.parametrize(
    ("contract", "found"),
    [
        (Record(conId=265598), ["AAPL"]),
        (Record(conId=265598, exchange="NASDAQ"), ["AAPL"]),
        (Record(conId=265598, exchange="IDEALPRO"), []),
        (Record(conId=1), []),
        (Record(symbol="AAPL", secType="STK", exchange="SMART", currency="USD"), ["AAPL"]),
        (Record(symbol="MSFT", secType="OPT"), []),
        (Record(symbol="AAPL", currency="EUR"), []),
        (Record(symbol="AAPL", exchange="SMART", primaryExchange="NYSE"), []),
        (Record(localSymbol="EUR.USD", secType="CASH"), ["EUR.USD"]),
        (Record(symbol="EUR", secType="CASH", currency="USD", exchange="IDEALPRO"), ["EUR.USD"]),
        (Record(symbol="ES", secType="FUT", lastTradeDate="202612"), ["ESZ6"]),
        (Record(symbol="ES", secType="FUT", lastTradeDate="20261218"), ["ESZ6"]),
        (Record(localSymbol="ESH7", secType="FUT"), ["ESH7"]),
        (Record(symbol="ES", secType="FUT", multiplier="5"), []),
        (Record(symbol="ES", secType="FUT", exchange="CME"), ["ESZ6", "ESH7", "ESM7", "ESU7"]),
        (Record(secIdType="ISIN", secId="US0378331005"), ["AAPL"]),
        (Record(), []),
    ],
)
def test_contracts_are_found_by_what_is_said_of_them(contract: Record, found: list[str]) -> None:
    assert [item.local_symbol for item in CATALOGUE.find(contract)] == found


def test_futures_roll_with_the_calendar() -> None:
    months = [item.local_symbol for item in build_catalogue(date(2026, 12, 18)).instruments if item.symbol == "ES"]

    assert months == ["ESH7", "ESM7", "ESU7", "ESZ7"]
