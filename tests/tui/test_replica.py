"""The desk's copy of core: what is kept, in which order it is shown, and what unknown means."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.events import (
    Envelope,
    Event,
    ExecutionAdded,
    Fact,
    MoneyUpdated,
    OrderChanged,
    PositionsUpdated,
    QuotesUpdated,
    RiskUpdated,
    Snapshot,
    TradingState,
    TradingStateChanged,
    WatchlistUpdated,
)
from core.domain.money import Profit
from core.domain.orders import OrderState
from tests.tui import sample
from tui.replica import Replica, SnapshotNeededError


def loaded(snapshot: Snapshot = sample.SNAPSHOT) -> Replica:
    replica = Replica()
    replica.load(snapshot)
    return replica


def envelope(event: Event, number: int | None = None, session: str = "S1") -> Envelope:
    if number is None and isinstance(event, Fact):
        number = sample.SNAPSHOT.number + 1
    return Envelope(session=session, number=number, event=event)


def test_empty_replica_knows_nothing_and_trades_nothing() -> None:
    replica = Replica()

    assert not replica.is_loaded
    assert not replica.can_trade
    assert replica.held(sample.AAPL) is None
    assert replica.total_open_pnl() == Profit()


def test_facts_continue_the_snapshot_once() -> None:
    replica = loaded()
    order = sample.make_order(10, sample.AMD, "BUY 10 AMD LMT 168.00")

    assert replica.apply(envelope(OrderChanged(order=order), 18_443))
    assert not replica.apply(envelope(OrderChanged(order=replace(order, note="again")), 18_443))
    assert replica.orders[order.order_ref] == order
    assert replica.number == 18_443


def test_another_session_needs_a_snapshot() -> None:
    replica = loaded()

    with pytest.raises(SnapshotNeededError):
        replica.apply(envelope(WatchlistUpdated(con_ids=()), session="S2"))

    assert replica.watchlist == sample.SNAPSHOT.watchlist


def test_quotes_replace_each_other_by_instrument() -> None:
    replica = loaded()
    quote = replace(sample.QUOTES[0], last=Decimal("234.00"))

    replica.apply(envelope(QuotesUpdated(quotes=(quote,))))

    assert replica.quotes[sample.AAPL].last == Decimal("234.00")
    assert replica.quotes[sample.TSLA] == sample.QUOTES[1]


def test_attention_comes_first_then_the_newest_then_what_has_ended() -> None:
    numbers = [order.number for order in loaded(sample.TROUBLE).blotter()]

    assert numbers[:3] == [7, 8, 9]
    assert set(numbers[3:5]) == {0, 4}
    assert numbers[5:] == [6, 3]
    assert [order.number for order in loaded(sample.TROUBLE).blotter(live_only=True)] == numbers[:5]


def test_an_order_of_unknown_outcome_is_named_and_holds_nothing_yet() -> None:
    replica = loaded(sample.TROUBLE)

    assert replica.held(sample.NVDA) == 0
    assert [order.number for order in replica.unknown_orders()] == [7]


def test_live_orders_are_those_of_all_that_may_still_fill_whatever_becomes_of_them() -> None:
    replica = loaded()
    number = replica.number

    def live() -> set[str]:
        return {order.order_ref for order in replica.live_orders()}

    for state in (OrderState.WORKING, OrderState.UNKNOWN, OrderState.CANCELLED, OrderState.WORKING, OrderState.FILLED):
        number += 1
        order = sample.make_order(11, sample.SPY, "SELL 50 SPY LMT 598.00", state)
        replica.apply(envelope(OrderChanged(order=order), number))

        assert live() == {one.order_ref for one in replica.orders.values() if one.is_live}
        assert (order.order_ref in live()) is order.is_live
        assert (order in replica.unknown_orders(sample.SPY)) is (state is OrderState.UNKNOWN)


def test_positions_that_nobody_reported_are_unknown_not_flat() -> None:
    replica = loaded()

    replica.apply(envelope(PositionsUpdated(positions=None)))
    assert replica.held(sample.AAPL) is None

    replica.apply(envelope(PositionsUpdated(positions=())))
    assert replica.held(sample.AAPL) == 0


def test_open_profit_uses_mark_and_multiplier() -> None:
    replica = loaded()
    future = replica.position(sample.ES)

    assert future is not None
    assert replica.open_pnl(future) == Decimal("-50.00")
    assert replica.total_open_pnl() == Profit(amount=Decimal("-40.40"), whole=True)
    assert replica.day_pnl() == Profit(amount=Decimal("1240.50"), whole=True)


def test_profit_is_what_core_says_of_each_account() -> None:
    replica = loaded()
    other = replace(sample.PROFIT, account="DU0000999", open=Profit(amount=Decimal(7), whole=True), positions=())
    position = sample.POSITIONS[0]

    replica.apply(envelope(MoneyUpdated(money=other)))

    assert replica.total_open_pnl() == sample.PROFIT.open
    assert replica.money_of("DU0000999") == other
    assert replica.profit_of(position) == sample.PROFIT.positions[0]
    assert replica.profit_of(replace(position, account="DU0000999")) is None


def test_figures_of_risk_are_those_of_the_desk_s_account() -> None:
    replica = loaded()
    other = replace(sample.FIGURES, account="DU0000999", budgets=())
    more = replace(sample.FIGURES, budgets=sample.FIGURES.budgets[:1])

    assert replica.risk_figures() == sample.FIGURES.budgets
    replica.apply(envelope(RiskUpdated(figures=other)))
    assert replica.risk_figures() == sample.FIGURES.budgets
    replica.apply(envelope(RiskUpdated(figures=more)))
    assert replica.risk_figures() == more.budgets
    assert replica.risk["DU0000999"] == other


def test_nothing_is_whole_once_core_is_gone() -> None:
    replica = loaded()

    replica.mark_lost(sample.NOW)
    assert replica.total_open_pnl() == Profit(amount=Decimal("-40.40"), whole=False)
    assert replica.day_pnl() == Profit(amount=Decimal("1240.50"), whole=False)
    assert not any(one.open.whole for one in replica.money[sample.ACCOUNT].positions)


def test_positions_of_another_account_are_not_ours() -> None:
    position = replace(sample.POSITIONS[0], account="DU0000999")

    assert loaded(replace(sample.SNAPSHOT, positions=(position,))).held(sample.AAPL) == 0


def test_the_latest_revision_of_an_execution_stands() -> None:
    replica = loaded()
    first = sample.EXECUTIONS[1]
    corrected = replace(first, exec_id=first.exec_id[:-2] + "02", quantity=Decimal(70))

    replica.apply(envelope(ExecutionAdded(execution=corrected), 18_443))
    replica.apply(envelope(ExecutionAdded(execution=first), 18_444))

    assert replica.executions[first.stem].quantity == 70


def test_lost_link_makes_every_quote_stale_and_stops_entry() -> None:
    replica = loaded()
    seen = [replica.can_trade]

    replica.mark_lost(sample.NOW)
    replica.mark_lost(sample.ago(-60))
    seen.append(replica.can_trade)
    assert replica.lost_since == sample.NOW
    assert all(quote.stale for quote in replica.quotes.values())

    replica.load(sample.SNAPSHOT)
    seen.append(replica.can_trade)
    assert seen == [True, False, True]


def test_halted_core_takes_no_entry() -> None:
    replica = loaded()

    replica.apply(envelope(TradingStateChanged(state=TradingState.HALTED, reason="journal sick")))

    assert not replica.can_trade
    assert replica.trading_reason == "journal sick"
