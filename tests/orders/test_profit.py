"""What an account has made: our own figures against those of a gateway that keeps its own books."""

from __future__ import annotations

from decimal import Decimal

from core.domain.money import Money, RateSource
from core.domain.orders import OrderState, OrderType, Side
from tests.orders.floor import AAPL, ACCOUNT, EUR_USD, Floor, floor

_CENT = Decimal("0.01")


def _money(desk: Floor) -> Money | None:
    return next((money for money in desk.snapshot.money if money.account == ACCOUNT), None)


async def _trade(desk: Floor, con_id: int, side: Side, quantity: int) -> None:
    instrument = await desk.watch(con_id)
    request = desk.request(instrument, OrderType.MKT, side=side, quantity=Decimal(quantity))
    await desk.placed(request)
    await desk.until(lambda: desk.order(request).state is OrderState.FILLED)


def _agree(desk: Floor) -> bool:
    """True when both value at the same prices: IBKR's figures are a second old at most, ours too."""
    money = _money(desk)
    if money is None or money.broker is None or not (money.open.whole and money.day.whole):
        return False
    if money.open.amount is None or money.day.amount is None:
        return False
    unrealized, daily = money.broker.unrealized, money.broker.daily
    if not unrealized or daily is None:
        return False
    return abs(money.open.amount - unrealized) <= 2 * _CENT and abs(money.day.amount - daily) <= 2 * _CENT


async def test_our_profit_meets_the_gateways_and_stands_beside_it() -> None:
    async with floor() as desk:
        await _trade(desk, AAPL, Side.BUY, 300)
        await _trade(desk, AAPL, Side.SELL, 100)
        await desk.until(lambda: _agree(desk))

        money = _money(desk)
        assert money is not None
        (held,) = money.positions
        assert (held.con_id, held.open, held.day) == (AAPL, money.open, money.day)
        assert money.base_currency == "USD"
        assert [rate.source for rate in money.rates] == [RateSource.BASE]
        assert held.broker is not None
        assert held.broker.daily is not None


async def test_a_foreign_currency_is_valued_at_the_accounts_own_rate() -> None:
    async with floor() as desk:
        await _trade(desk, EUR_USD, Side.BUY, 20_000)
        await desk.until(lambda: any(one.currency == "EUR" for a in desk.snapshot.accounts for one in a.currencies))

        (account,) = desk.snapshot.accounts
        values = {one.currency: one for one in account.currencies}
        assert values["USD"].exchange_rate == 1
        rate = values["EUR"].exchange_rate
        quote = desk.quote(EUR_USD)
        assert rate is not None
        assert quote.mark is not None
        assert abs(rate - quote.mark) < quote.mark / 100
        assert values["EUR"].rate_updated is not None
