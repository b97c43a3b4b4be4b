"""Live market data through the public API of ib_async, as scripts for TWS use it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import cast

import pytest
from ib_async import IB, Contract, Forex, Future, ScannerSubscription, TagValue, Ticker, util
from ib_async.objects import HistoricalNews, TickByTickAllLast, TickByTickBidAsk, TickByTickMidPoint

from core.practice.server import PracticeGateway
from tests.practice.conftest import Login
from tests.practice.scripts import APPLE, SECONDS, qualified, refusal, until


async def front_month(ib: IB) -> Contract:
    """Return the nearest future on the index."""
    months = await ib.reqContractDetailsAsync(Future("ES", exchange="CME"))
    contract = months[0].contract
    assert contract is not None
    return contract


def ordered(ticker: Ticker) -> bool:
    """Whether a book is not crossed and its prices get worse row by row."""
    bids = [level.price for level in ticker.domBids]
    asks = [level.price for level in ticker.domAsks]
    return bids == sorted(bids, reverse=True) and asks == sorted(asks) and bids[0] < asks[0]


def filled(ticker: Ticker) -> bool:
    """Whether a book has rows on both sides."""
    return bool(ticker.domBids and ticker.domAsks)


async def test_depth_of_all_exchanges_behind_smart(login: Login) -> None:
    ib = await login()
    ticker = ib.reqMktDepth(await qualified(ib, APPLE), numRows=8, isSmartDepth=True)
    await until(lambda: len(ticker.domBids) == len(ticker.domAsks) == 8, lambda: ticker.updateEvent)
    first = list(ticker.domBids), list(ticker.domAsks)
    for _ in range(20):
        await ticker.updateEvent
        assert ordered(ticker)
        assert len(ticker.domBids) == len(ticker.domAsks) == 8

    assert (list(ticker.domBids), list(ticker.domAsks)) != first
    assert {level.marketMaker for level in ticker.domBids} > {"ISLAND"} or len(ticker.domBids) == 8
    assert all(level.marketMaker and level.size > 0 for level in (*ticker.domBids, *ticker.domAsks))


async def test_depth_of_a_future_has_no_market_makers(login: Login) -> None:
    ib = await login()
    contract = await front_month(ib)
    ticker = ib.reqMktDepth(contract, numRows=5)
    await until(lambda: len(ticker.domBids) == len(ticker.domAsks) == 5, lambda: ticker.updateEvent)

    assert ordered(ticker)
    assert {level.marketMaker for level in ticker.domBids} == {""}
    ib.cancelMktDepth(contract)


async def test_depth_of_one_exchange_tells_who_stands_there_if_it_knows(login: Login) -> None:
    ib = await login()
    apple = await qualified(ib, APPLE)
    makers = {}
    for exchange in ("NASDAQ", "ARCA"):
        contract = Contract(conId=apple.conId, exchange=exchange)
        ticker = ib.reqMktDepth(contract, numRows=3)
        await until(partial(filled, ticker), partial(getattr, ticker, "updateEvent"))
        assert ordered(ticker)
        makers[exchange] = {level.marketMaker for level in ticker.domBids}
        ib.cancelMktDepth(contract)

    assert "" not in makers["NASDAQ"]
    assert makers["ARCA"] == {""}


async def test_depth_agrees_with_the_quote(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    contract = await front_month(ib)
    ticker = ib.reqMktDepth(contract, numRows=5)
    await until(lambda: len(ticker.domBids) == 5, lambda: ticker.updateEvent)
    quote = gateway.market.quotes[contract.conId]
    price = quote.instrument.price

    assert ticker.domBids[0].price == float(price(quote.bid))
    assert ticker.domAsks[0].price == float(price(quote.ask))


async def test_depth_that_nobody_has(login: Login) -> None:
    ib = await login()
    apple = await qualified(ib, APPLE)
    code, _ = await refusal(ib, lambda: ib.reqMktDepth(apple, isSmartDepth=False))

    assert code == 10092


@pytest.mark.parametrize("kind", ["Last", "AllLast", "BidAsk", "MidPoint"])
async def test_ticks_one_by_one(login: Login, kind: str) -> None:
    ib = await login()
    ticker = ib.reqTickByTickData(await qualified(ib, APPLE), kind)
    seen: list[object] = []
    async with asyncio.timeout(SECONDS):
        while len(seen) < 5:
            await ticker.updateEvent
            seen += ticker.tickByTicks

    match seen[-1]:
        case TickByTickBidAsk() as quote:
            assert kind == "BidAsk"
            assert 0 < quote.bidPrice < quote.askPrice
            assert min(quote.bidSize, quote.askSize) > 0
        case TickByTickMidPoint() as middle:
            assert kind == "MidPoint"
            assert 100 < middle.midPoint < 400
        case TickByTickAllLast() as trade:
            assert trade.tickType == {"Last": 1, "AllLast": 2}[kind]
            assert trade.price > 0 < trade.size
            assert trade.exchange


async def test_every_print_comes_once(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    ticker = ib.reqTickByTickData(contract, "Last")
    seen: list[tuple[float, float]] = []
    async with asyncio.timeout(SECONDS):
        while len(seen) < 10:
            await ticker.updateEvent
            seen += [(tick.price, tick.size) for tick in ticker.tickByTicks if isinstance(tick, TickByTickAllLast)]
    quote = gateway.market.quotes[contract.conId]
    printed = [(float(quote.instrument.price(trade.price)), float(trade.size)) for trade in quote.prints]

    # What was printed since the last update is not here yet.
    assert seen in [printed[start : start + len(seen)] for start in range(len(printed))]


async def test_bars_of_five_seconds(login: Login) -> None:
    ib = await login()
    bars = ib.reqRealTimeBars(await qualified(ib, APPLE), 5, "TRADES", useRTH=False)
    await until(lambda: len(bars) >= 1, lambda: bars.updateEvent)

    [bar] = bars
    assert bar.time.timestamp() % 5 == 0
    assert bar.low <= min(bar.open_, bar.close) <= max(bar.open_, bar.close) <= bar.high
    assert bar.low <= bar.wap <= bar.high
    # The first bar begins with the request: a moment without a print leaves it empty.
    assert bar.volume >= bar.count >= 0
    assert (bar.volume > 0) is (bar.count > 0)


async def test_generic_ticks(login: Login) -> None:
    ib = await login()
    ticker = ib.reqMktData(
        await qualified(ib, APPLE), "100,101,104,105,106,165,221,225,233,236,293,294,295,318,375,411,456,595"
    )
    await until(
        lambda: not util.isNan(ticker.rtVolume) and not util.isNan(ticker.lastRthTrade), lambda: ticker.updateEvent
    )

    assert ticker.callVolume > 0 < ticker.putVolume
    assert ticker.callOpenInterest > 0 < ticker.putOpenInterest
    assert 0 < ticker.histVolatility < 2
    assert 0 < ticker.impliedVolatility < 3
    assert ticker.low52week <= ticker.low13week <= ticker.high13week <= ticker.high52week
    assert ticker.avVolume > 1_000_000
    assert ticker.shortable == 3
    assert ticker.shortableShares > 0
    assert ticker.markPrice > 0
    assert ticker.vwap > 0
    assert ticker.rtVolume == ticker.rtTradeVolume > 0
    assert ticker.tradeCount > 0
    assert ticker.volumeRate3Min < ticker.volumeRate10Min
    assert ticker.auctionVolume > 0


async def test_a_generic_tick_that_is_none_is_refused(login: Login) -> None:
    ib = await login()
    apple, euro = await qualified(ib, APPLE), await qualified(ib, Forex("EURUSD"))

    code, text = await refusal(ib, lambda: ib.reqMktData(apple, "233,999"))
    assert (code, "233(RTVolume)" in text) == (321, True)
    assert (await refusal(ib, lambda: ib.reqMktData(euro, "233")))[0] == 321


async def test_delayed_data_where_there_is_no_live_data(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    apple = await qualified(ib, APPLE)
    gateway.hub.faults.arm("data-refused")
    assert await refusal(ib, lambda: ib.reqMktData(apple)) == (354, "Requested market data is not subscribed.")
    ib.reqMarketDataType(3)
    ticker = ib.reqMktData(apple)
    await until(lambda: ticker.marketDataType == 3 and ticker.hasBidAsk(), lambda: ticker.updateEvent)

    assert {tick.tickType for tick in ticker.ticks} <= {66, 67, 68, 69, 70, 72, 73, 74, 75, 76, 88, 90}


async def test_a_scan(login: Login) -> None:
    ib = await login()
    assert "<scanCode>TOP_PERC_GAIN</scanCode>" in str(await ib.reqScannerParametersAsync())
    scan = ScannerSubscription(numberOfRows=5, instrument="STK", locationCode="STK.US.MAJOR", scanCode="MOST_ACTIVE")
    rows = await ib.reqScannerDataAsync(scan, [], [TagValue("priceAbove", "20")])

    assert [row.rank for row in rows] == [0, 1, 2, 3, 4]
    first = rows[0].contractDetails.contract
    assert first is not None
    [details] = await ib.reqContractDetailsAsync(first)
    assert details.contract is not None
    assert details.contract.conId == first.conId
    unknown = ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="NO_SUCH_SCAN")
    assert (await refusal(ib, lambda: ib.reqScannerSubscription(unknown)))[0] == 162


async def test_news(login: Login) -> None:
    ib = await login()
    providers = await ib.reqNewsProvidersAsync()
    apple = await qualified(ib, APPLE)
    codes = "+".join(provider.code for provider in providers)
    # ib_async declares one headline and returns a list of them.
    found = cast("list[HistoricalNews]", await ib.reqHistoricalNewsAsync(apple.conId, codes, "", "", 5))
    article = await ib.reqNewsArticleAsync(found[0].providerCode, found[0].articleId)
    ticks: list[str] = []
    ib.tickNewsEvent += lambda tick: ticks.append(tick.articleId)
    ib.reqMktData(apple, "mdoff,292")
    await until(lambda: bool(ticks), lambda: ib.tickNewsEvent)

    assert len(found) == 5
    assert [item.time for item in found] == sorted((item.time for item in found), reverse=True)
    assert all("PRACTICE NEWS" in item.headline for item in found)
    assert article is not None
    assert article.articleText.startswith(found[0].headline)
    assert ticks[0] == found[0].articleId


async def test_what_lies_behind_smart(login: Login) -> None:
    ib = await login()
    ticker = ib.reqMktData(await qualified(ib, APPLE))
    await until(lambda: bool(ticker.bboExchange and ticker.bidExchange), lambda: ticker.updateEvent)
    components = await ib.reqSmartComponentsAsync(ticker.bboExchange)
    places = await ib.reqMktDepthExchangesAsync()

    assert components is not None
    assert ticker.bidExchange in {component.exchangeLetter for component in components}
    assert {place.exchange for place in places} >= {"NASDAQ", "CME", "IDEALPRO"}
