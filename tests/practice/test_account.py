"""Cash, cost, profit, commission and margin, to the cent and beyond."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.practice.account import Account, Position, margin, order_commission
from core.practice.catalogue import build_catalogue
from core.practice.days import calendar_day, stamp, trading_day
from core.practice.instruments import Instrument
from core.practice.market import Market

CATALOGUE = build_catalogue(date(2026, 11, 20))
START = Decimal(1_000_000)


def instrument(symbol: str) -> Instrument:
    """Return an instrument by its symbol; of futures the nearest."""
    return next(item for item in CATALOGUE.instruments if item.symbol == symbol)


def account() -> Account:
    """Return an account with a million."""
    return Account("DU1234567", Market(CATALOGUE.instruments, 1), {"USD": START})


@dataclass(frozen=True, slots=True)
class Trade:
    """One fill of a random trader."""

    instrument: Instrument
    quantity: int
    ticks: int
    commission: Decimal

    @property
    def price(self) -> Decimal:
        """Its price, some ticks from where the instrument starts."""
        item = self.instrument
        units = item.units(item.start_price)
        assert units is not None
        moved = item.up(units, self.ticks) if self.ticks >= 0 else item.down(units, -self.ticks)
        return item.price(moved)


TRADES = st.lists(
    st.builds(
        Trade,
        st.sampled_from(CATALOGUE.instruments),
        st.integers(-500, 500).filter(bool),
        st.integers(-30, 30),
        st.decimals(0, 20, places=2),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(trades=TRADES)
def test_nothing_is_lost_or_found(trades: list[Trade]) -> None:
    books = account()
    worth, held = START, dict.fromkeys(books.market.quotes, 0)
    for trade in trades:
        item = trade.instrument
        books.trade(item, trade.quantity, trade.price, trade.commission)
        # Bought at one price, worth another, less the commission.
        gain = (books.mark(item.con_id) - trade.price) * trade.quantity * item.multiplier
        worth += gain * books.rate(item.currency) - trade.commission
        held[item.con_id] += trade.quantity

    assert {con_id: position.quantity for con_id, position in books.positions.items()} == {
        con_id: held[con_id] for con_id in books.positions
    }
    assert books.totals().net_liquidation == pytest.approx(worth, abs=Decimal("0.0001"))
    assert books.totals().daily == pytest.approx(worth - START, abs=Decimal("0.0001"))


@settings(max_examples=200)
@given(trades=TRADES)
def test_realised_and_open_profit_add_up_to_what_was_made(trades: list[Trade]) -> None:
    books = account()
    realised = Decimal(0)
    for trade in trades:
        net = books.trade(trade.instrument, trade.quantity, trade.price, trade.commission) or Decimal(0)
        realised += net * books.rate(trade.instrument.currency)
    totals = books.totals()

    assert totals.realized == pytest.approx(realised, abs=Decimal("0.0001"))
    assert totals.realized + totals.unrealized == pytest.approx(totals.daily, abs=Decimal("0.0001"))


@given(trades=TRADES)
def test_a_position_survives_the_state_file(trades: list[Trade]) -> None:
    books = account()
    for trade in trades:
        books.trade(trade.instrument, trade.quantity, trade.price, trade.commission)

    for position in books.positions.values():
        assert Position.read(position.instrument, position.body()) == position


def test_average_cost_contains_the_commission() -> None:
    books, apple = account(), instrument("AAPL")
    assert books.trade(apple, 100, Decimal(200), Decimal(1)) is None
    assert books.positions[apple.con_id].average_cost == Decimal("200.01")
    assert books.trade(apple, 100, Decimal(210), Decimal(1)) is None
    assert books.positions[apple.con_id].average_cost == Decimal("205.01")


def test_closing_realises_profit_after_both_commissions() -> None:
    books, apple = account(), instrument("AAPL")
    books.trade(apple, 100, Decimal(200), Decimal(1))

    assert books.trade(apple, -50, Decimal(202), Decimal(1)) == Decimal("98.5")
    assert books.cash["USD"] == START - 20_000 - 1 + 10_100 - 1


def test_a_short_makes_money_when_it_falls() -> None:
    books, apple = account(), instrument("AAPL")
    books.trade(apple, -100, Decimal(200), Decimal(1))
    assert books.positions[apple.con_id].average_cost == Decimal("199.99")

    assert books.trade(apple, 100, Decimal(190), Decimal(1)) == Decimal(998)
    assert books.positions[apple.con_id].average_cost == 0


def test_a_flip_closes_and_opens_at_once() -> None:
    books, apple = account(), instrument("AAPL")
    books.trade(apple, 100, Decimal(200), Decimal(1))

    assert books.trade(apple, -150, Decimal(210), Decimal("1.50")) == Decimal(1000) - 1 - 1
    position = books.positions[apple.con_id]
    assert (position.quantity, position.average_cost) == (-50, Decimal("209.99"))


def test_a_future_settles_profit_and_binds_margin_only() -> None:
    books, future = account(), instrument("ES")
    books.trade(future, 2, Decimal("6000.00"), Decimal("4.50"))
    assert books.cash["USD"] == START - Decimal("4.50")
    assert books.totals().initial == 2 * Decimal(17600)

    books.trade(future, -2, Decimal("6001.00"), Decimal("4.50"))
    assert books.cash["USD"] == START + 100 - 9


def test_a_currency_trade_swaps_two_balances() -> None:
    books, euro = account(), instrument("EUR")
    books.trade(euro, 20_000, Decimal("1.08"), Decimal(2))

    assert books.cash == {"USD": START - 21_600 - 2, "EUR": Decimal(20_000)}
    assert books.totals().net_liquidation == START - 21_602 + 20_000 * books.rate("EUR")


@pytest.mark.parametrize(
    ("symbol", "quantity", "price", "commission"),
    [
        ("AAPL", 0, "200", "0"),
        ("AAPL", 1, "200", "1.00"),
        ("AAPL", 200, "200", "1.00"),
        ("AAPL", 1000, "200", "5.00"),
        ("F", 1, "11.02", "0.11"),
        ("TLRY", 100, "0.5000", "0.50"),
        ("ES", 3, "6000", "6.75"),
        ("EUR", 20_000, "1.08", "2.00"),
        ("EUR", 1_000_000, "1.08", "21.60"),
    ],
)
def test_commissions_of_the_fixed_schedule(symbol: str, quantity: int, price: str, commission: str) -> None:
    assert order_commission(instrument(symbol), quantity, Decimal(price) * quantity) == Decimal(commission)


@given(fills=st.lists(st.integers(1, 400), min_size=1, max_size=10))
def test_the_commission_of_an_order_never_falls_as_it_fills(fills: list[int]) -> None:
    apple, done, before = instrument("AAPL"), 0, Decimal(0)
    for fill in fills:
        done += fill
        total = order_commission(apple, done, Decimal(200) * done)
        assert total >= before
        before = total


def test_margins() -> None:
    apple, future = instrument("AAPL"), instrument("ES")

    assert margin(apple, 100, Decimal(200)) == (Decimal(5000), Decimal(5000))
    assert margin(apple, -100, Decimal(200)) == (Decimal(6000), Decimal(6000))
    assert margin(future, -2, Decimal(6000)) == (Decimal(35200), Decimal(32000))


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        (1795208400 - 1, "20261120"),  # 2026-11-20 20:59:59, an hour and a second before the roll in winter
        (1795212000 - 1, "20261120"),
        (1795212000, "20261121"),
        (1783112400 - 1, "20260703"),  # 2026-07-03 20:59:59, a second before the roll in summer
        (1783112400, "20260704"),
    ],
)
def test_the_trading_day_rolls_at_17_in_new_york(utc: int, day: str) -> None:
    assert trading_day(utc) == day


@pytest.mark.parametrize("hour", range(24))
def test_the_market_is_open_at_every_hour(hour: int) -> None:
    epoch = 1795132800 + hour * 3600  # 2026-11-20 00:00 UTC and the hours after it
    for item in (instrument("AAPL"), instrument("ES")):
        local = f"{datetime.fromtimestamp(epoch, ZoneInfo(item.time_zone)):%Y%m%d:%H%M}"
        sessions = item.details(1, "SMART", calendar_day(epoch)).text("tradingHours").split(";")

        assert any(begin <= local < end for begin, _, end in (session.partition("-") for session in sessions))


def test_times_name_a_zone_that_everybody_knows() -> None:
    assert stamp(1795212000) == "20261120 22:00:00 UTC"
