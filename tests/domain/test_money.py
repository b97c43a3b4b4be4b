"""An account's profit in its base currency: every part or a mark that one is missing, and never a guessed rate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.account import Account, CurrencyValues
from core.domain.executions import Execution
from core.domain.instruments import Instrument, SecType
from core.domain.money import (
    FRESH_SECONDS,
    BrokerPnl,
    Market,
    Money,
    Profit,
    RateSource,
    Traded,
    exchange_rate,
    value_account,
)
from core.domain.orders import Side
from core.domain.positions import Position
from core.domain.quotes import DataType, Quote

D = Decimal
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
NAME = "DU1234567"
AAPL = Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
DAX = Instrument(con_id=2, symbol="DAX", sec_type=SecType.FUT, exchange="EUREX", currency="EUR", multiplier=D(25))
PAIR = Instrument(con_id=3, symbol="EUR", sec_type=SecType.CASH, exchange="IDEALPRO")
USD = Account(account=NAME, base_currency="USD")
EURO = replace(USD, currencies=(CurrencyValues(currency="EUR", exchange_rate=D("1.10"), rate_updated=NOW),))


def quote(con_id: int, last: str, close: str | None = None, /, **changes: object) -> Quote:
    """A live market one tick wide around `last`."""
    made = Quote(
        con_id=con_id,
        bid=D(last),
        ask=D(last),
        last=D(last),
        close=D(close) if close else None,
        updated=NOW,
        bid_updated=NOW,
        ask_updated=NOW,
        last_updated=NOW,
    )
    return replace(made, **changes)


def market(*quotes: Quote) -> Market:
    """All contracts and these quotes."""
    return Market(
        instruments={one.con_id: one for one in (AAPL, DAX, PAIR)},
        quotes={one.con_id: one for one in quotes},
        now=NOW,
    )


def held(con_id: int, quantity: str, average: str, account: str = NAME) -> Position:
    """A position."""
    return Position(account=account, con_id=con_id, label=str(con_id), quantity=D(quantity), average_price=D(average))


def fill(side: Side, quantity: str, price: str, fee: str | None = "1", currency: str = "USD") -> Execution:
    """A fill of AAPL."""
    return Execution(
        exec_id="0001.01.01",
        order_ref="",
        perm_id=1,
        order_id=1,
        client_id=1,
        account=NAME,
        con_id=1,
        label="AAPL",
        side=side,
        quantity=D(quantity),
        price=D(price),
        time=NOW,
        commission=None if fee is None else D(fee),
        commission_currency="" if fee is None else currency,
    )


def valued(account: Account, positions: list[Position], prices: Market, *fills: Execution) -> Money:
    """The account with its fills of today."""
    traded = Traded()
    for one in fills:
        traded = traded.plus(one)
    return value_account(account, positions, {1: traded} if fills else {}, prices, {})


def test_open_and_day_profit_of_what_was_held_overnight() -> None:
    money = valued(USD, [held(1, "100", "200")], market(quote(1, "233", "230")))

    assert money.open == Profit(amount=D("3300.00"), whole=True)
    assert money.day == Profit(amount=D("300.00"), whole=True)


def test_day_profit_counts_what_was_traded_and_what_it_cost() -> None:
    """100 held overnight at a close of 230; 50 bought at 232, 100 sold at 234; the market stands at 233."""
    money = valued(
        USD,
        [held(1, "50", "232")],
        market(quote(1, "233", "230")),
        fill(Side.BUY, "50", "232"),
        fill(Side.SELL, "100", "234", "1.50"),
    )

    assert money.day == Profit(amount=D("100") * 4 + 50 * 1 - D("2.50"), whole=True)
    assert money.open == Profit(amount=D("50.00"), whole=True)


def test_what_was_closed_today_needs_no_quote() -> None:
    money = valued(USD, [], market(), fill(Side.BUY, "10", "5"), fill(Side.SELL, "10", "6"))

    assert money.day == Profit(amount=D("8.00"), whole=True)
    assert money.open == Profit(amount=D(0), whole=True)


def test_a_commission_that_is_not_told_leaves_the_day_incomplete() -> None:
    money = valued(USD, [held(1, "10", "5")], market(quote(1, "6")), fill(Side.BUY, "10", "5", None))

    assert money.day == Profit(amount=D("10.00"), whole=False)
    assert money.open.whole


def test_a_foreign_position_is_valued_at_the_accounts_rate() -> None:
    money = valued(EURO, [held(2, "-2", "18000")], market(quote(2, "17990", "18010")))

    assert money.open.amount == D(2 * 10 * 25) * D("1.10")
    assert money.day.amount == D(2 * 20 * 25) * D("1.10")
    (rate,) = money.rates
    assert (rate.source, rate.time) == (RateSource.ACCOUNT, NOW)


def test_without_any_rate_the_part_is_left_out_and_the_sum_says_so() -> None:
    positions = [held(1, "100", "200"), held(2, "1", "18000")]
    money = valued(USD, positions, market(quote(1, "201", "200"), quote(2, "18010", "18000")))

    assert money.open == Profit(amount=D("100.00"), whole=False)
    assert money.day == Profit(amount=D("100.00"), whole=False)
    assert money.positions[1].open == Profit()
    assert valued(USD, positions[1:], market(quote(2, "18010", "18000"))).open == Profit()


def test_the_pair_gives_the_rate_both_ways_while_its_quote_is_fresh() -> None:
    prices = market(quote(3, "1.25"))
    rate = exchange_rate("EUR", USD, prices)
    back = exchange_rate("USD", replace(USD, base_currency="EUR"), prices)

    assert rate is not None
    assert back is not None
    assert (rate.value, rate.source) == (D("1.25"), RateSource.QUOTE)
    assert back.value == D("0.8")
    assert exchange_rate("EUR", EURO, prices) != rate, "the account's own comes first"


@pytest.mark.parametrize(
    "changes",
    [
        {"bid_updated": NOW - timedelta(seconds=FRESH_SECONDS + 1)},
        {"ask_updated": NOW - timedelta(seconds=FRESH_SECONDS + 1)},
        {"stale": True},
        {"data_type": DataType.DELAYED},
        {"bid": None},
        {"ask": D("1.20")},
    ],
)
def test_a_pair_that_is_not_fresh_gives_no_rate(changes: dict[str, object]) -> None:
    assert exchange_rate("EUR", USD, market(quote(3, "1.25", **changes))) is None


def test_no_rate_is_made_up_for_an_unknown_base_or_a_zero() -> None:
    nameless = Account(account=NAME)
    zero = replace(USD, currencies=(CurrencyValues(currency="EUR", exchange_rate=D(0), rate_updated=NOW),))

    assert exchange_rate("USD", nameless, market(quote(3, "1.25"))) is None
    assert exchange_rate("EUR", zero, market()) is None
    assert valued(nameless, [], market()).open == Profit()


@pytest.mark.parametrize("changes", [{"stale": True}, {"halted": True}, {"data_type": DataType.FROZEN}])
def test_an_old_price_values_and_is_marked(changes: dict[str, object]) -> None:
    money = valued(USD, [held(1, "100", "200")], market(quote(1, "201", "200", **changes)))

    assert money.open == Profit(amount=D("100.00"), whole=False)
    assert money.day == Profit(amount=D("100.00"), whole=False)


def test_without_yesterdays_close_only_the_day_is_unknown() -> None:
    money = valued(USD, [held(1, "100", "200")], market(quote(1, "201")))

    assert money.open.whole
    assert money.day == Profit()


def test_positions_that_are_not_known_are_not_flat() -> None:
    money = value_account(USD, None, {}, market(), {})

    assert (money.open, money.day) == (Profit(), Profit())


def test_accounts_are_kept_apart() -> None:
    positions = [held(1, "100", "200"), held(1, "-7", "300", "DU7654321")]
    prices = market(quote(1, "201", "200"))
    other = value_account(replace(USD, account="DU7654321"), positions, {}, prices, {})

    assert valued(USD, positions, prices).open.amount == D(100)
    assert other.open.amount == D("693.00")


def test_the_brokers_figures_stand_beside_ours() -> None:
    told = BrokerPnl(daily=D(1), unrealized=None, realized=D(2), time=NOW)
    money = value_account(USD, [held(1, "1", "1")], {}, market(quote(1, "1", "1")), {0: told, 1: told})

    assert money.broker == told
    assert money.positions[0].broker == told


fills = st.builds(
    fill,
    st.sampled_from(Side),
    st.integers(0, 500).map(str),
    st.integers(1, 500).map(str),
    st.none() | st.integers(0, 9).map(str),
)


@given(st.lists(fills, max_size=8), fills)
def test_a_fill_that_is_taken_out_leaves_nothing(others: list[Execution], wrong: Execution) -> None:
    right = Traded()
    for one in others:
        right = right.plus(one)
    mended = right.plus(wrong).plus(wrong, -1)

    assert (mended.quantity, mended.flow, mended.unreported) == (right.quantity, right.flow, right.unreported)
    assert {key: value for key, value in mended.fees if value} == {key: value for key, value in right.fees if value}
