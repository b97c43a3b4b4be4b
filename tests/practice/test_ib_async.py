"""The unmodified ib_async `IB`, as scripts for TWS use it, against the gateway over TCP."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal

from ib_async import (
    IB,
    Contract,
    ExecutionFilter,
    Forex,
    Future,
    LimitOrder,
    MarketOrder,
    Order,
    OrderState,
    Stock,
    StopOrder,
    util,
)

from core.practice.server import PracticeGateway
from tests.practice.conftest import Login
from tests.practice.scripts import APPLE, SECONDS, commissions, qualified, status, until


def value(ib: IB, tag: str, currency: str = "USD") -> Decimal:
    """Return an account value."""
    [found] = [row.value for row in ib.accountValues() if (row.tag, row.currency) == (tag, currency)]
    return Decimal(found)


async def test_a_full_sync_takes_milliseconds(login: Login) -> None:
    began = time.monotonic()
    ib = await login()

    assert time.monotonic() - began < 1
    assert ib.managedAccounts() == ["DU1234567"]
    assert ib.client.serverVersion() == 178
    assert value(ib, "NetLiquidation") == 1_000_000
    assert value(ib, "CashBalance", "BASE") == 1_000_000
    assert not any((ib.positions(), ib.portfolio(), ib.trades(), ib.fills()))
    assert abs((await ib.reqCurrentTimeAsync()).timestamp() - time.time()) < 2


async def test_contracts(login: Login) -> None:
    ib = await login()
    apple = await qualified(ib, Stock("AAPL", "SMART", "USD"))
    euro = await qualified(ib, Forex("EURUSD"))
    [details] = await ib.reqContractDetailsAsync(apple)
    months = await ib.reqContractDetailsAsync(Future("ES", exchange="CME"))

    assert (apple.conId, apple.primaryExchange, apple.tradingClass) == (265598, "NASDAQ", "NMS")
    assert (euro.conId, euro.localSymbol) == (12087792, "EUR.USD")
    assert details.longName == "APPLE INC"
    assert details.minTick == 0.01
    assert len(details.marketRuleIds.split(",")) == len(details.validExchanges.split(","))
    assert details.secIdList[0].tag == "ISIN"
    assert details.tradingSessions() == details.liquidSessions()
    assert len(details.tradingSessions()) == 6
    assert len(months) == 4
    assert {month.contract.multiplier for month in months if month.contract} == {"50"}
    assert await ib.reqContractDetailsAsync(Stock("ZZZZ", "SMART", "USD")) == []


async def test_market_rules(login: Login) -> None:
    ib = await login()

    assert await ib.reqMarketRuleAsync(26) == [(0.0, 0.01)]
    assert await ib.reqMarketRuleAsync(557) == [(0.0, 0.0001), (1.0, 0.01)]


async def test_matching_symbols(login: Login) -> None:
    ib = await login()
    found = await ib.reqMatchingSymbolsAsync("aap")
    named = await ib.reqMatchingSymbolsAsync("tesl")

    assert found is not None
    assert named is not None
    assert [sample.contract.symbol for sample in found if sample.contract] == ["AAPL"]
    assert [sample.contract.conId for sample in named if sample.contract] == [76792991]
    assert await ib.reqMatchingSymbolsAsync("zzzz") == []


async def test_quotes_stream(login: Login) -> None:
    ib = await login()
    ticker = ib.reqMktData(await qualified(ib, APPLE))
    await until(lambda: not util.isNan(ticker.volume), lambda: ticker.updateEvent)
    first = (ticker.bid, ticker.ask, ticker.bidSize, ticker.askSize, ticker.last)
    await until(
        lambda: (ticker.bid, ticker.ask, ticker.bidSize, ticker.askSize, ticker.last) != first,
        lambda: ticker.updateEvent,
    )

    assert 0 < ticker.bid < ticker.ask
    assert ticker.low <= ticker.last <= ticker.high
    assert (ticker.close, ticker.marketDataType, ticker.minTick) == (231.92, 1, 0.01)
    assert ticker.halted == 0
    assert ticker.bidSize == int(ticker.bidSize) > 0


async def test_a_cancelled_stream_is_silent(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    ticker = ib.reqMktData(contract)
    await ticker.updateEvent
    ib.cancelMktData(contract)
    await gateway.wait_for(lambda: not gateway.hub.feed.busy)

    assert gateway.hub.feed.quotes.readers.ids(gateway.hub.clients[1]) == frozenset()


async def test_snapshots(login: Login) -> None:
    ib = await login()
    async with asyncio.timeout(SECONDS):
        [ticker] = await ib.reqTickersAsync(await qualified(ib, APPLE))

    assert ticker.hasBidAsk()
    assert ticker.marketPrice() > 0


async def test_an_unknown_contract_has_no_market(login: Login) -> None:
    ib = await login()
    errors: list[tuple[int, int]] = []
    ib.errorEvent += lambda request_id, code, *_: errors.append((request_id, code))
    ib.reqMktData(Contract(conId=4, exchange="SMART"))
    await until(lambda: bool(errors), lambda: ib.errorEvent)

    assert errors[-1][1] == 200


async def test_a_market_order_fills_with_execution_and_commission(login: Login) -> None:
    ib = await login()
    trade = ib.placeOrder(await qualified(ib, APPLE), MarketOrder("BUY", 100, tif="DAY", orderRef="mine"))
    await commissions(ib, trade)

    [fill] = trade.fills
    assert (fill.execution.side, fill.execution.shares, fill.execution.orderRef) == ("BOT", 100, "mine")
    assert fill.execution.execId == fill.commissionReport.execId
    assert fill.commissionReport.commission == 1.0
    assert abs(fill.execution.time.timestamp() - time.time()) < 5
    assert trade.orderStatus.avgFillPrice == fill.execution.price
    assert trade.remaining() == 0
    await until(lambda: bool(ib.positions()), lambda: ib.positionEvent)
    [position] = ib.positions()
    assert (position.contract.conId, position.position) == (265598, 100)
    assert round(position.avgCost, 4) == round(fill.execution.price + 0.01, 4)


async def test_cash_agrees_with_the_fills_to_the_cent(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    cash = Decimal(1_000_000)
    for symbol, action, quantity in (("AAPL", "BUY", 1500), ("TSLA", "SELL", 250), ("AAPL", "SELL", 1700)):
        contract = await qualified(ib, Stock(symbol, "SMART", "USD"))
        trade = ib.placeOrder(contract, MarketOrder(action, quantity, tif="DAY"))
        await commissions(ib, trade)
        for fill in trade.fills:
            sign = -1 if fill.execution.side == "BOT" else 1
            cash += sign * Decimal(str(fill.execution.price)) * Decimal(str(fill.execution.shares))
            cash -= Decimal(str(fill.commissionReport.commission))

    assert gateway.ledger.account.cash["USD"] == cash
    await until(lambda: value(ib, "TotalCashValue") == cash, lambda: ib.accountValueEvent)
    await until(lambda: len(ib.portfolio()) == 2, lambda: ib.updatePortfolioEvent)
    worth = sum(Decimal(str(item.marketValue)) for item in ib.portfolio())
    assert abs(value(ib, "NetLiquidation") - cash - worth) < 50
    assert {item.contract.symbol: item.position for item in ib.portfolio()} == {"AAPL": -200, "TSLA": -250}


async def test_a_limit_rests_is_modified_and_cancelled(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    trade = ib.placeOrder(contract, LimitOrder("BUY", 100, 200.0, tif="DAY"))
    await status(trade, "Submitted")
    perm_id = trade.orderStatus.permId
    trade.order.lmtPrice = 201.0
    ib.placeOrder(contract, trade.order)
    # What comes during a query of open orders ib_async takes for a part of the answer.
    await ib.reqCurrentTimeAsync()
    [live] = await ib.reqAllOpenOrdersAsync()
    assert (live.order.lmtPrice, live.order.permId, live.orderStatus.status) == (201.0, perm_id, "Submitted")
    ib.cancelOrder(trade.order)
    await status(trade, "Cancelled")

    assert await ib.reqAllOpenOrdersAsync() == []
    [done] = await ib.reqCompletedOrdersAsync(apiOnly=False)
    assert (done.order.permId, done.orderStatus.status) == (perm_id, "Cancelled")


async def test_rejections(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    errors: list[int] = []
    ib.errorEvent += lambda _, code, *__: errors.append(code)
    off_grid = ib.placeOrder(contract, LimitOrder("BUY", 100, 200.005, tif="DAY"))
    await status(off_grid, "Cancelled")
    too_much = ib.placeOrder(contract, MarketOrder("BUY", 100_000, tif="DAY"))
    await status(too_much, "Inactive", "Cancelled")
    await until(lambda: too_much.orderStatus.status == "Inactive", lambda: too_much.statusEvent)

    assert errors == [110, 201]
    assert [entry.errorCode for entry in too_much.log if entry.errorCode] == [201]


async def test_a_what_if_order_changes_nothing(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    async with asyncio.timeout(SECONDS):
        state = await ib.whatIfOrderAsync(contract, LimitOrder("BUY", 100, 200.0, tif="DAY"))

    assert isinstance(state, OrderState)
    assert 5000 < float(state.initMarginChange) < 7000
    assert float(state.initMarginAfter) - float(state.initMarginBefore) == float(state.initMarginChange)
    assert (state.commission, state.commissionCurrency) == (1.0, "USD")
    assert gateway.ledger.orders == {}


async def test_a_second_client_sees_what_the_first_did(login: Login) -> None:
    one = await login(1)
    contract = await qualified(one, APPLE)
    filled = one.placeOrder(contract, MarketOrder("BUY", 100, tif="DAY"))
    await commissions(one, filled)
    resting = one.placeOrder(contract, LimitOrder("BUY", 100, 200.0, tif="GTC"))
    await status(resting, "Submitted")
    two = await login(2)

    assert [position.position for position in two.positions()] == [100]
    assert [fill.execution.clientId for fill in two.fills()] == [1]
    assert [fill.commissionReport.commission for fill in two.fills()] == [1.0]
    everyone = await two.reqAllOpenOrdersAsync()
    assert [(trade.order.orderId, trade.order.clientId) for trade in everyone] == [(resting.order.orderId, 1)]
    other = two.placeOrder(contract, StopOrder("SELL", 100, 150.0, tif="GTC"))
    await status(other, "PreSubmitted")
    assert other.orderStatus.whyHeld == "trigger"


async def test_executions_by_filter(login: Login) -> None:
    ib = await login()
    for symbol, action in (("AAPL", "BUY"), ("AMD", "SELL")):
        contract = await qualified(ib, Stock(symbol, "SMART", "USD"))
        await commissions(ib, ib.placeOrder(contract, MarketOrder(action, 100, tif="DAY")))

    async def symbols(**wanted: object) -> list[str]:
        chosen = ExecutionFilter()
        for name, given in wanted.items():
            setattr(chosen, name, given)
        return [fill.contract.symbol for fill in await ib.reqExecutionsAsync(chosen)]

    assert await symbols() == ["AAPL", "AMD"]
    assert await symbols(symbol="AMD") == ["AMD"]
    assert await symbols(side="BUY") == ["AAPL"]
    assert await symbols(clientId=7) == []
    assert await symbols(time="20200101-00:00:00") == ["AAPL", "AMD"]
    assert await symbols(time="20990101 00:00:00 UTC") == []
    assert await symbols(acctCode="DU1", symbol="AMD") == []


async def test_a_reconnect_finds_everything_again(login: Login) -> None:
    ib = await login(1)
    contract = await qualified(ib, APPLE)
    await commissions(ib, ib.placeOrder(contract, MarketOrder("BUY", 100, tif="DAY")))
    resting = ib.placeOrder(contract, LimitOrder("SELL", 100, 400.0, tif="GTC", orderRef="target"))
    await status(resting, "Submitted")
    ib.disconnect()
    again = await login(1)

    [trade] = again.openTrades()
    assert (trade.order.orderRef, trade.orderStatus.status, trade.order.lmtPrice) == ("target", "Submitted", 400.0)
    assert [fill.execution.shares for fill in again.fills()] == [100]
    assert [position.position for position in again.positions()] == [100]
    again.cancelOrder(trade.order)
    await status(trade, "Cancelled")


async def test_a_restored_order_can_be_modified_as_it_came_back(login: Login) -> None:
    ib = await login(1)
    contract = await qualified(ib, APPLE)
    await status(ib.placeOrder(contract, LimitOrder("BUY", 100, 200.0, tif="GTC")), "Submitted")
    ib.disconnect()
    again = await login(1)
    [trade] = again.openTrades()
    trade.order.lmtPrice = 199.0
    again.placeOrder(trade.contract, trade.order)
    await again.reqCurrentTimeAsync()

    [live] = await again.reqAllOpenOrdersAsync()
    assert live.order.lmtPrice == 199.0


async def test_profits(login: Login) -> None:
    ib = await login()
    total = ib.reqPnL("DU1234567")
    single = ib.reqPnLSingle("DU1234567", "", 265598)
    contract = await qualified(ib, APPLE)
    await commissions(ib, ib.placeOrder(contract, MarketOrder("BUY", 100, tif="DAY")))
    await until(lambda: single.position == 100, lambda: ib.pnlSingleEvent)
    await commissions(ib, ib.placeOrder(contract, MarketOrder("SELL", 100, tif="DAY")))
    await until(lambda: total.unrealizedPnL == 0 and total.realizedPnL != 0, lambda: ib.pnlEvent)

    assert total.dailyPnL == total.realizedPnL < 0


async def test_an_account_summary(login: Login) -> None:
    ib = await login()
    async with asyncio.timeout(SECONDS):
        rows = await ib.accountSummaryAsync()

    assert {row.tag: row.value for row in rows if row.currency == "USD"}["NetLiquidation"] == "1000000.00"
    assert any(row.tag == "CashBalance" and row.currency == "BASE" for row in rows)


async def test_a_future_and_a_currency_pair_trade(login: Login) -> None:
    ib = await login()
    months = await ib.reqContractDetailsAsync(Future("ES", exchange="CME"))
    front = months[0].contract
    assert front is not None
    future = ib.placeOrder(front, MarketOrder("BUY", 1, tif="DAY"))
    await commissions(ib, future)
    euro = ib.placeOrder(await qualified(ib, Forex("EURUSD")), MarketOrder("BUY", 20_000, tif="DAY"))
    await commissions(ib, euro)
    await until(lambda: len(ib.positions()) == 2, lambda: ib.positionEvent)

    held = {position.contract.secType: position for position in ib.positions()}
    assert held["FUT"].avgCost > 50 * 5000
    assert held["CASH"].position == 20_000
    await until(
        lambda: any(row.tag == "CashBalance" and row.currency == "EUR" for row in ib.accountValues()),
        lambda: ib.accountValueEvent,
    )
    assert value(ib, "CashBalance", "EUR") == 20_000
    assert 1 < value(ib, "ExchangeRate", "EUR") < Decimal("1.2")


async def test_an_order_that_is_not_traded_here_is_refused(login: Login) -> None:
    ib = await login()
    trade = ib.placeOrder(await qualified(ib, APPLE), Order(action="SELL", totalQuantity=1, orderType="VOL", tif="DAY"))
    await status(trade, "Cancelled")

    assert trade.log[-1].errorCode == 387
