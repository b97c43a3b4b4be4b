"""Positions and account figures as the broker tells them."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.charts import AccountFigure
from core.domain.events import MoneyUpdated
from core.domain.money import Money, Profit
from core.domain.reports import AccountValueReport, PnlReport, PortfolioReport
from core.errors import RequestTimeoutError
from tests.execution.clockwork import START, jumping
from tests.execution.reports import AAPL, ACCOUNT, D, commission, filled, position
from tests.execution.rig import Rig, rig


@jumping
async def test_positions_follow_the_broker() -> None:
    async with rig() as desk:
        desk.say(position("100", cost="232.50"))
        desk.say(
            PortfolioReport(
                account=ACCOUNT,
                con_id=AAPL.con_id,
                quantity=D(100),
                market_price=None,
                unrealized_pnl=None,
                realized_pnl=D(12),
            )
        )
        desk.say(position("40", cost="232.50"))

        assert desk.snapshot.positions is not None
        (held,) = desk.snapshot.positions
        assert (held.quantity, held.average_price, held.realized_pnl) == (D(40), D("232.50"), D(12))


def account_value(tag: str, value: str, currency: str = "USD") -> AccountValueReport:
    """One figure of the account."""
    return AccountValueReport(account=ACCOUNT, tag=tag, value=value, currency=currency)


@jumping
async def test_figures_that_ibkr_does_not_repeat_are_asked_for_before_they_are_old() -> None:
    async with rig() as desk:
        desk.say(account_value("NetLiquidation", "1000"), account_value("InitMarginReq", "10"))
        desk.broker.book_summary = [
            AccountFigure(account=ACCOUNT, tag="NetLiquidation", value="1010", currency="USD"),
            AccountFigure(account="DU999", tag="NetLiquidation", value="5", currency="USD"),
        ]

        await asyncio.sleep(200)
        assert desk.broker.summaries == 0
        await asyncio.sleep(3400)

        (account,) = desk.snapshot.accounts
        assert (account.net_liquidation, account.initial_margin) == (D(1010), D(10))
        assert account.updated is not None
        assert (desk.clock.utc() - account.updated).total_seconds() < 300
        assert 10 < desk.broker.summaries < 20


@jumping
async def test_a_summary_that_does_not_come_leaves_the_figures_as_old_as_they_are() -> None:
    async with rig() as desk:
        desk.say(account_value("NetLiquidation", "1000"))
        told = desk.snapshot.accounts[0].updated
        desk.broker.book_summary = RequestTimeoutError("no answer")

        await asyncio.sleep(1200)

        assert desk.broker.summaries > 10

        (account,) = desk.snapshot.accounts
        assert (account.net_liquidation, account.updated) == (D(1000), told)
        assert desk.told() == []


@pytest.mark.covers("D4.4")
@jumping
async def test_account_figures() -> None:
    async with rig() as desk:
        desk.say(
            account_value("NetLiquidation", "104215.30"),
            account_value("TotalCashValue", "38880.10"),
            account_value("BuyingPower", "182400"),
            account_value("InitMarginReq", "61210"),
            account_value("MaintMarginReq", "51000"),
            account_value("RealizedPnL", "1", "EUR"),
            account_value("RealizedPnL", "1280.90", "BASE"),
            account_value("UnrealizedPnL", "-40.40", "USD"),
            account_value("AccountType", "INDIVIDUAL", ""),
        )

        (account,) = desk.snapshot.accounts
        assert account.base_currency == "USD"
        assert (account.net_liquidation, account.cash, account.buying_power) == (
            D("104215.30"),
            D("38880.10"),
            D(182400),
        )
        assert (account.initial_margin, account.maintenance_margin) == (D(61210), D(51000))
        assert (account.realized_pnl, account.unrealized_pnl) == (D("1280.90"), D("-40.40"))
        assert account.updated is not None
        assert account.updated >= START


@jumping
async def test_values_of_each_currency_are_kept_with_its_rate() -> None:
    async with rig() as desk:
        desk.say(
            account_value("NetLiquidation", "1000"),
            account_value("ExchangeRate", "1.09", "EUR"),
            account_value("CashBalance", "500", "EUR"),
            account_value("CashBalance", "700", "BASE"),
            account_value("ExchangeRate", "1.00", "BASE"),
        )

        (account,) = desk.snapshot.accounts
        (euro,) = account.currencies
        assert (euro.currency, euro.exchange_rate, euro.cash) == ("EUR", D("1.09"), D(500))
        assert euro.rate_updated is not None


def _money(desk: Rig, account: str = ACCOUNT) -> Money:
    return next(money for money in desk.snapshot.money if money.account == account)


def _published(desk: Rig) -> int:
    return sum(isinstance(event, MoneyUpdated) for event in desk.events)


@jumping
async def test_profit_is_valued_published_once_a_change_and_corrected_with_its_fills() -> None:
    async with rig() as desk:
        desk.say(account_value("NetLiquidation", "1000"), position("100", cost="233.30"), filled("0001.01.01", "100"))
        await desk.until(lambda: bool(_money(desk).day.amount))
        before = _money(desk)
        told = _published(desk)
        await desk.pass_time(5)
        assert before.open == Profit(amount=D("3.50"), whole=True)
        assert before.day == Profit(amount=D("3.50"), whole=False), "its commission is not told yet"
        assert _published(desk) == told

        desk.say(filled("0001.01.02", "100", price="233.20"), commission("0001.01.02", "1.00"))
        await desk.until(lambda: _money(desk).day.whole)
        assert _money(desk).day.amount == D("12.50")


@jumping
async def test_the_brokers_figures_are_asked_for_each_account_and_what_is_held() -> None:
    async with rig() as desk:
        desk.say(position("100", cost="233.30"))
        await desk.until(lambda: (ACCOUNT, AAPL.con_id) in desk.broker.profits)
        desk.say(
            PnlReport(account=ACCOUNT, con_id=0, daily=D("7.50"), unrealized=D(3), realized=None),
            PnlReport(account=ACCOUNT, con_id=AAPL.con_id, daily=None, unrealized=D(3), realized=None),
        )
        await desk.until(lambda: _money(desk).broker is not None)

        money = _money(desk)
        assert desk.broker.profits == [(ACCOUNT, 0), (ACCOUNT, AAPL.con_id)]
        assert money.broker is not None
        assert (money.broker.daily, money.broker.realized) == (D("7.50"), None)
        assert money.positions[0].broker is not None

        desk.say(position("0"))
        await desk.until(lambda: (ACCOUNT, AAPL.con_id) not in desk.broker.profits)


@given(
    st.sampled_from(["NetLiquidation", "RealizedPnL", "ExchangeRate", "x"]),
    st.text(max_size=20),
    st.sampled_from(["USD", "BASE", ""]),
)
def test_no_figure_of_an_account_breaks_the_hearing(tag: str, value: str, currency: str) -> None:
    @jumping
    async def play() -> None:
        async with rig(ready=False) as desk:
            desk.say(account_value(tag, value, currency), account_value("BuyingPower", "5"))
            (account,) = desk.snapshot.accounts
            assert account.buying_power == 5
            assert account.net_liquidation is None or account.net_liquidation.is_finite()
            assert desk.told() == []

    play()
