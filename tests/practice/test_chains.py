"""Option chains, their prices and greeks, combinations, and the depth of any market."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.practice.account import Account, margin
from core.practice.catalogue import build_catalogue
from core.practice.derived import OptionQuote
from core.practice.greeks import YEAR_SECONDS, implied_volatility, value
from core.practice.instruments import Instrument
from core.practice.market import Market, Quote
from core.practice.tables import Record

FRIDAY = date(2026, 11, 20)
NOON = 1795194000.0
CATALOGUE = build_catalogue(FRIDAY)
APPLE = 265598

spots = st.floats(20.0, 900.0)
moneyness = st.floats(0.7, 1.4)
years = st.floats(0.01, 2.0)
volatilities = st.floats(0.08, 1.2)
rights = st.sampled_from("CP")


def option(strike: str = "232.5", right: str = "C", expiry: str = "20261218", symbol: str = "AAPL") -> Instrument:
    """Return one option."""
    contract = Record(symbol=symbol, secType="OPT", lastTradeDate=expiry, strike=Decimal(strike), right=right)
    [found] = CATALOGUE.find(contract)
    return found


def combination(*legs: tuple[Instrument, int]) -> list[Instrument]:
    """Return the combinations that signed ratios of instruments make."""
    rows = [
        Record(conId=item.con_id, ratio=abs(ratio), action="BUY" if ratio > 0 else "SELL", exchange="SMART")
        for item, ratio in legs
    ]
    return CATALOGUE.find(Record(secType="BAG", symbol="AAPL", exchange="SMART", currency="USD", comboLegs=rows))


def running(steps: int = 30) -> Market:
    """Return a market that has run for a while."""
    market = Market.of(CATALOGUE, 3)
    for step in range(steps):
        market.advance(NOON + step / 10)
    return market


@given(spot=spots, ratio=moneyness, left=years, volatility=volatilities)
def test_put_and_call_are_worth_the_forward(spot: float, ratio: float, left: float, volatility: float) -> None:
    strike = spot * ratio
    call, put = (value(spot, strike, left, volatility, right) for right in "CP")

    assert call.price - put.price == pytest.approx(spot - strike * math.exp(-0.043 * left), abs=1e-6)
    assert call.delta - put.delta == pytest.approx(1.0)
    assert call.gamma == put.gamma
    assert call.vega == put.vega


@given(spot=spots, ratio=moneyness, left=years, volatility=volatilities, right=rights)
def test_greeks_are_the_slopes_of_the_price(
    spot: float, ratio: float, left: float, volatility: float, right: str
) -> None:
    strike, up = spot * ratio, spot * 1e-4
    found = value(spot, strike, left, volatility, right)
    above, below = (value(spot + move, strike, left, volatility, right) for move in (up, -up))

    assert found.delta == pytest.approx((above.price - below.price) / (2 * up), abs=1e-4)
    assert found.gamma == pytest.approx((above.delta - below.delta) / (2 * up), rel=1e-3, abs=1e-6)
    wilder, calmer = (value(spot, strike, left, volatility + move, right).price for move in (1e-4, -1e-4))
    assert found.vega == pytest.approx((wilder - calmer) / 2e-4 / 100, rel=1e-3, abs=1e-6)
    day = 1e-4
    older, younger = (value(spot, strike, left + move, volatility, right).price for move in (-day, day))
    assert found.theta == pytest.approx((older - younger) / (2 * day) / 365, rel=1e-2, abs=1e-5)


@given(spot=spots, ratio=st.floats(0.9, 1.1), left=st.floats(0.05, 2.0), volatility=volatilities, right=rights)
def test_a_price_implies_its_volatility(spot: float, ratio: float, left: float, volatility: float, right: str) -> None:
    strike = spot * ratio
    price = value(spot, strike, left, volatility, right).price

    assert implied_volatility(price, spot, strike, left, right) == pytest.approx(volatility, rel=1e-4)


def test_a_price_below_what_exercise_brings_implies_nothing() -> None:
    assert implied_volatility(5.0, 110.0, 100.0, 0.5, "C") is None
    assert implied_volatility(120.0, 110.0, 100.0, 0.5, "C") is None
    assert implied_volatility(10.0, 110.0, 100.0, 0.0, "C") is None


def test_at_its_end_an_option_is_worth_its_exercise() -> None:
    assert value(110.0, 100.0, 0.0, 0.3, "C")[:3] == (0.3, 10.0, 1.0)
    assert value(110.0, 100.0, 0.0, 0.3, "P")[:3] == (0.3, 0.0, 0.0)


def test_three_underlyings_have_chains() -> None:
    chains = [CATALOGUE.chains.chain(item.con_id) for item in CATALOGUE.chains.underlyings()]

    assert [item.symbol for item in CATALOGUE.chains.underlyings()] == ["AAPL", "SPY", "TSLA"]
    for chain in chains:
        assert chain is not None
        assert list(chain.expirations) == sorted(set(chain.expirations))
        assert list(chain.strikes) == sorted(set(chain.strikes))
        options = CATALOGUE.chains.options(chain.under_con_id)
        assert len(options) == len(chain.expirations) * len(chain.strikes) * 2
        assert all(CATALOGUE.by_id[con_id] is item for con_id, item in options.items())
    assert CATALOGUE.chains.chain(8314) is None


def test_a_friday_without_a_session_expires_on_thursday() -> None:
    chain = build_catalogue(date(2027, 3, 15)).chains.chain(APPLE)

    assert chain is not None
    assert chain.expirations[:2] == ("20270319", "20270325")


def test_contract_ids_stay_the_same_from_day_to_day() -> None:
    later = build_catalogue(date(2026, 11, 30))

    assert later.by_id[option().con_id].local_symbol == option().local_symbol == "AAPL  261218C00232500"


@pytest.mark.parametrize(
    ("contract", "count"),
    [
        (Record(symbol="AAPL", secType="OPT", lastTradeDate="202612", strike=Decimal("232.5"), right="CALL"), 5),
        (Record(symbol="AAPL", secType="OPT", lastTradeDate="20261218", strike=Decimal("232.5")), 2),
        (Record(symbol="AAPL", secType="OPT", strike=Decimal("231.7")), 0),
        (Record(symbol="AAPL", secType="OPT", exchange="CME"), 0),
        (Record(localSymbol="AAPL  261218C00232500", secType="OPT"), 1),
        (Record(conId=1_000_000_001), 0),
        (Record(conId=2_147_483_647), 0),
    ],
)
def test_options_are_found_by_what_is_said_of_them(contract: Record, count: int) -> None:
    assert len(CATALOGUE.find(contract)) == count


def test_an_option_is_quoted_around_its_value_all_the_time() -> None:
    market = running()
    quotes = [market.quotes[option(strike, right).con_id] for strike in ("200", "232.5", "265") for right in "CP"]
    for step in range(200):
        market.advance(NOON + 3 + step / 10)
        for quote in quotes:
            assert isinstance(quote, OptionQuote)
            item, model = quote.instrument, quote.greeks.price * 100
            assert 0 < quote.bid < quote.ask
            assert item.units(item.price(quote.bid)) == quote.bid
            assert quote.bid - 5 <= max(model, 1) <= quote.ask + 5
            if quote.print_size:
                assert quote.low <= quote.print_price <= quote.high
    assert any(quote.prints for quote in quotes)


def test_deltas_fall_as_strikes_rise() -> None:
    market = running()
    deltas = []
    for strike in ("200", "220", "232.5", "245", "265"):
        quote = market.quotes[option(strike).con_id]
        assert isinstance(quote, OptionQuote)
        deltas.append(quote.model(NOON).delta)

    assert deltas == sorted(deltas, reverse=True)
    assert deltas[0] > 0.9
    assert deltas[-1] < 0.1


def test_who_looks_at_options_changes_nothing_else() -> None:
    watched, unwatched = Market.of(CATALOGUE, 3), Market.of(CATALOGUE, 3)
    for step in range(60):
        if step == 20:
            assert watched.quotes[option().con_id].bid > 0
        watched.advance(NOON + step)
        unwatched.advance(NOON + step)
    kept = unwatched.save()

    assert {key: values for key, values in watched.save().items() if key in kept} == kept


def test_a_saved_option_goes_on() -> None:
    market = running()
    con_id = option().con_id
    last = market.quotes[con_id].last
    again = Market.of(CATALOGUE, 3)
    again.restore(market.step, market.save())

    assert again.quotes[con_id].last == last
    again.restore(market.step, {"1234567890": [1.0], str(APPLE): [1.0]})


def test_a_spread_costs_what_its_legs_do() -> None:
    market = running()
    near, far = option("230"), option("240")
    [spread] = combination((near, 1), (far, -1))
    quote, one, two = (market.quotes[item.con_id] for item in (spread, near, far))

    assert (spread.sec_type, spread.multiplier, spread.currency) == ("BAG", 100, "USD")
    for step in range(50):
        market.advance(NOON + 3 + step / 10)
        assert (quote.bid, quote.ask) == (one.bid - two.ask, one.ask - two.bid)
    assert combination((near, 1), (far, -1)) == [spread]


def test_the_other_way_round_a_spread_has_a_negative_price() -> None:
    market = running()
    [spread] = combination((option("230"), -1), (option("240"), 1))

    assert market.quotes[spread.con_id].ask < 0
    assert spread.units(Decimal("-1.50")) == -150
    assert spread.down(-150, 2) == -152


def test_a_covered_call_is_counted_by_the_option() -> None:
    market = running()
    [covered] = combination((CATALOGUE.by_id[APPLE], 100), (option(), -1))
    stock, call, quote = market.quotes[APPLE], market.quotes[option().con_id], market.quotes[covered.con_id]

    assert quote.bid == covered.floor(stock.bid / 100 - call.ask + 1e-6)


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [(CATALOGUE.by_id[APPLE], 1)],
        [(option(), 2), (option("230"), -2)],
        [(CATALOGUE.by_id[12087792], 1), (option(), 1)],
    ],
)
def test_what_is_no_combination(legs: list[tuple[Instrument, int]]) -> None:
    assert combination(*legs) == []


def test_margins_of_options() -> None:
    call = option("240")

    assert margin(call, 2, Decimal("3.00"), Decimal(230)) == (Decimal(600), Decimal(600))
    # A fifth of the underlying, less what it is out of the money.
    assert margin(call, -1, Decimal("3.00"), Decimal(230))[0] == 100 * (46 - 10)
    assert margin(call, -1, Decimal("3.00"), Decimal(180))[0] == 100 * 24


def test_a_bought_option_leaves_net_liquidation_and_takes_equity() -> None:
    market = running()
    call = option()
    books = Account("DU1234567", market, {"USD": Decimal(10_000)})
    price = market.quotes[call.con_id].mark
    books.trade(call, 2, price, Decimal("1.30"))
    totals = books.totals()

    assert totals.net_liquidation == Decimal(10_000) - Decimal("1.30")
    assert totals.option_value == totals.initial == price * 200
    assert totals.equity_with_loan == totals.available == totals.cash


@pytest.mark.parametrize("con_id", [APPLE, 12087792, 637002612])
def test_a_book_is_deep_and_begins_with_the_quote(con_id: int) -> None:
    market = running()
    for step in range(50):
        market.advance(NOON + 3 + step)
        book, quote = market.book(con_id), market.quotes[con_id]
        assert (book.bids[0][:2], book.asks[0][:2]) == ((quote.bid, quote.bid_size), (quote.ask, quote.ask_size))
        for side, bids in ((book.bids, True), (book.asks, False)):
            prices = [level.price for level in side]
            assert len(side) == 10
            assert prices == sorted(set(prices), reverse=bids)
            shown = book.by_venue(bids=bids)
            for level in side:
                parts = [part for part in shown if part.price == level.price]
                assert sum(part.size for part in parts) == level.size
                assert len({part.venue for part in parts}) == len(parts)
                assert parts[0].venue == level.venue


def test_the_last_prints_are_kept() -> None:
    market = running(200)
    prints = market.prints(APPLE)

    assert prints
    assert prints[-1].price == market.quotes[APPLE].last
    assert market.prints(APPLE, prints[-1].time) == [prints[-1]]
    assert {trade.venue for trade in prints} > {"ISLAND", "ARCA"}


def test_watchers_hear_of_every_change_and_print() -> None:
    market = running()
    heard: list[tuple[int, int]] = []

    def watcher(quote: Quote) -> None:
        heard.append((quote.step, quote.print_size))

    market.watch(APPLE, watcher)
    expected: list[tuple[int, int]] = []
    for step in range(100):
        market.advance(NOON + 3 + step)
        quote = market.quotes[APPLE]
        if quote.changed:
            expected.append((quote.step, quote.print_size))
    market.unwatch(APPLE, watcher)
    market.unwatch(APPLE, watcher)
    market.advance(NOON + 200)

    assert heard == expected


def test_a_market_knows_years_to_expiry() -> None:
    market = running()
    quote = market.quotes[option().con_id]
    assert isinstance(quote, OptionQuote)

    assert quote.years(NOON) * YEAR_SECONDS == (date(2026, 12, 18) - FRIDAY).days * 86_400 + 4 * 3600
    assert quote.years(NOON + 40 * 86_400) == 0.0
    assert quote.implied(quote.greeks.price * 1.2, NOON).volatility > quote.greeks.volatility


@pytest.mark.parametrize("count", [0, 90, 500])
def test_a_catalogue_is_filled_up_to_any_size(count: int) -> None:
    found = build_catalogue(FRIDAY, count).instruments

    assert len(found) == max(count, len(CATALOGUE.instruments)) >= 60
    assert len({item.con_id for item in found}) == len(found)
    assert found[: len(CATALOGUE.instruments)] == CATALOGUE.instruments


def test_the_catalogue_has_what_it_should() -> None:
    items = CATALOGUE.instruments
    prices = [item.start_price for item in items if item.sec_type == "STK"]

    assert len(prices) >= 60
    assert min(prices) < 1
    assert max(prices) > 5000
    assert {item.symbol for item in items if item.is_future} == {"ES", "NQ", "CL", "GC", "ZN"}
    assert sum(item.sec_type == "CASH" for item in items) == 6
    for item in items:
        assert item.units(item.start_price) is not None
        assert item.close > 0


def test_months_and_last_days_of_futures() -> None:
    crude = {item.local_symbol: item for item in CATALOGUE.instruments if item.symbol == "CL"}

    assert (crude["CLF7"].contract_month, crude["CLF7"].last_trade_date) == ("202701", "20261221")
    for month in ("202701", "20261221"):
        assert CATALOGUE.find(Record(symbol="CL", secType="FUT", lastTradeDate=month)) == [crude["CLF7"]]


def test_index_and_future_move_as_one() -> None:
    market = Market.of(CATALOGUE, 5)
    spider, mini = (next(q for q in market.quotes.values() if q.instrument.symbol == name) for name in ("SPY", "ES"))
    starts = spider.mid, mini.mid
    for _ in range(5000):
        market.advance()

    moves = [quote.mid / start - 1 for quote, start in zip((spider, mini), starts, strict=True)]
    assert moves[0] == pytest.approx(moves[1], abs=0.0008)


@pytest.mark.parametrize(("currency", "low", "high"), [("JPY", "0.0064", "0.0068"), ("EUR", "1.07", "1.10")])
def test_rates_to_the_dollar_either_way_round(currency: str, low: str, high: str) -> None:
    assert Decimal(low) < Account("DU1", running(), {}).rate(currency) < Decimal(high)
