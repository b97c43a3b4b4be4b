"""Several accounts behind one gateway: values, cash, rates, positions, orders and profit, each kept apart."""

from __future__ import annotations

from decimal import Decimal

from core.domain.account import Account
from core.domain.commands import Ack, ClosePosition, DenialCode
from core.domain.money import Money, RateSource
from core.domain.orders import OrderState, OrderType, Side
from tests.orders.floor import AAPL, ACCOUNT, EUR_USD, Floor, floor

SECOND, THIRD = "DU7654321", "DU7654322"
ALL = (ACCOUNT, SECOND, THIRD)
_CENT = Decimal("0.01")


def _account(desk: Floor, name: str) -> Account:
    return next((one for one in desk.snapshot.accounts if one.account == name), Account(account=name))


def _money(desk: Floor, name: str) -> Money | None:
    return next((one for one in desk.snapshot.money if one.account == name), None)


def _cash(desk: Floor, name: str) -> dict[str, Decimal | None]:
    return {one.currency: one.cash for one in _account(desk, name).currencies}


async def _trade(desk: Floor, account: str, con_id: int, quantity: int, side: Side = Side.BUY) -> None:
    instrument = await desk.watch(con_id)
    request = desk.request(instrument, OrderType.MKT, account=account, side=side, quantity=Decimal(quantity))
    await desk.placed(request)
    await desk.until(lambda: desk.order(request).state is OrderState.FILLED)


def _agrees(desk: Floor, name: str) -> bool:
    """True when our open and day profit of an account are IBKR's, whole, and not nothing."""
    money = _money(desk, name)
    if money is None or money.broker is None or not (money.open.whole and money.day.whole and money.positions):
        return False
    ours, theirs = (money.open.amount, money.day.amount), (money.broker.unrealized, money.broker.daily)
    return all(
        one is not None and other is not None and abs(one - other) <= 2 * _CENT
        for one, other in zip(ours, theirs, strict=True)
    )


async def test_every_account_has_its_values_cash_rates_positions_and_profit() -> None:
    async with floor(others=(SECOND, THIRD)) as desk:
        assert desk.snapshot.connection.accounts == ALL
        await _trade(desk, ACCOUNT, AAPL, 200)
        await _trade(desk, SECOND, AAPL, 300)
        await _trade(desk, SECOND, AAPL, 100, Side.SELL)
        await _trade(desk, SECOND, EUR_USD, 25_000)
        ledgers = desk.gateway.ledger.accounts

        def cash_is_told() -> bool:
            return all(
                _cash(desk, name) == {currency: round(amount, 2) for currency, amount in ledgers[name].cash.items()}
                for name in ALL
            )

        await desk.until(cash_is_told)
        await desk.until(lambda: _agrees(desk, ACCOUNT) and _agrees(desk, SECOND))

        assert desk.snapshot.positions is not None
        held = {(one.account, one.con_id): one.quantity for one in desk.snapshot.positions}
        assert held == {(ACCOUNT, AAPL): 200, (SECOND, AAPL): 200, (SECOND, EUR_USD): 25_000}
        for name in ALL:
            values = _account(desk, name)
            assert values.base_currency == "USD"
            assert None not in (values.net_liquidation, values.buying_power, values.maintenance_margin)
        assert [one.currency for one in _account(desk, SECOND).currencies] == ["EUR", "USD"]
        assert [one.currency for one in _account(desk, THIRD).currencies] == ["USD"]
        second, third = _money(desk, SECOND), _money(desk, THIRD)
        assert second is not None
        assert third is not None
        assert {one.con_id for one in second.positions} == {AAPL, EUR_USD}
        assert third.positions == ()
        assert third.day.amount == 0


async def test_a_foreign_holding_of_a_further_account_is_valued_at_that_accounts_rate() -> None:
    async with floor(others=(SECOND,)) as desk:
        (yen,) = [
            one for one in desk.gateway.hub.catalogue.instruments if one.symbol == "USD" and one.currency == "JPY"
        ]
        await _trade(desk, SECOND, yen.con_id, 25_000)
        await desk.until(lambda: _agrees(desk, SECOND))

        money = _money(desk, SECOND)
        assert money is not None
        assert ("JPY", RateSource.ACCOUNT) in [(rate.currency, rate.source) for rate in money.rates]


async def test_an_order_of_a_second_account_is_sent_changed_closed_and_cancelled_there() -> None:
    async with floor(others=(SECOND,)) as desk:
        instrument = await desk.watch(AAPL)
        request = desk.request(instrument, account=SECOND, limit_price=desk.near(instrument, "0.97"))
        await desk.placed(request)
        await desk.modified(request, quantity=Decimal(50))
        assert {frame.text("account") for frame in desk.frames(request)} == {SECOND}
        assert desk.at_gateway(request).account == SECOND
        assert (await desk.cancelled(request)).account == SECOND

        await _trade(desk, SECOND, AAPL, 100)
        await desk.until(lambda: desk.state.held(SECOND, AAPL) is not None)
        refused = await _close(desk, ACCOUNT)
        assert refused.denied is not None
        assert refused.denied.code is DenialCode.NO_POSITION
        closing = await _close(desk, SECOND)
        assert closing.ok, closing.denied
        await desk.until(lambda: desk.gateway.ledger.accounts[SECOND].positions[AAPL].quantity == 0)
        assert AAPL not in desk.gateway.ledger.accounts[ACCOUNT].positions


async def _close(desk: Floor, account: str) -> Ack:
    ref = desk.request(await desk.watch(AAPL)).order_ref
    return await desk.client.send(
        ClosePosition(order_ref=ref, account=account, con_id=AAPL, quantity=Decimal(100), fraction=Decimal(1))
    )


async def test_an_account_that_is_not_managed_is_refused_with_words() -> None:
    async with floor(others=(SECOND,)) as desk:
        instrument = await desk.watch(AAPL)
        ack = await desk.place(desk.request(instrument, OrderType.MKT, account="DU9999999"))

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.ACCOUNT
        assert ack.denied.message == (
            "Account DU…999 is not one that this connection verified (DU…567, DU…321). "
            "Not sent; choose a verified account."
        )
        assert desk.gateway.ledger.orders == {}
