"""Positions and account figures as the broker tells them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.reports import AccountValueReport, PortfolioReport
from tests.execution.clockwork import START, jumping
from tests.execution.reports import AAPL, ACCOUNT, D, position
from tests.execution.rig import rig


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


@given(
    st.sampled_from(["NetLiquidation", "RealizedPnL", "x"]), st.text(max_size=20), st.sampled_from(["USD", "BASE", ""])
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
