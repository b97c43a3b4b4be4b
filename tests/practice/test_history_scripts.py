"""The past through the public API of ib_async, as scripts for TWS ask for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from ib_async import IB, BarDataList, Forex, Future, HistoricalTickBidAsk, HistoricalTickLast, Option, Stock

from core.practice import tables_in as ask
from core.practice.periods import BAR_SIZES, DAY
from core.practice.tables import Value
from tests.practice.conftest import Connect, Login
from tests.practice.raw_client import AAPL
from tests.practice.scripts import APPLE, SECONDS, qualified, until

#: A duration that has some bars of each size, whatever the time of day and the day of the week.
DURATIONS = {size: f"{seconds * 20} S" if seconds < 3600 else "20 D" for size, seconds in BAR_SIZES.items()}
DURATIONS.update({"1 day": "1 M", "1W": "1 Y", "1M": "2 Y"})


async def history(ib: IB, what: str, size: str = "5 mins", duration: str = "5 D", end: str = "") -> BarDataList:
    """Return the regular bars of a stock."""
    async with asyncio.timeout(SECONDS):
        return await ib.reqHistoricalDataAsync(await qualified(ib, APPLE), end, duration, size, what, useRTH=True)


@pytest.mark.parametrize("size", BAR_SIZES)
async def test_every_bar_size(login: Login, size: str) -> None:
    ib = await login()
    bars = await history(ib, "TRADES", size, DURATIONS[size])
    dates = [bar.date for bar in bars]

    assert len(bars) >= 10
    assert all(earlier < later for earlier, later in pairwise(dates))
    assert all(isinstance(found, datetime) == (BAR_SIZES[size] < DAY) for found in dates)
    for bar in bars:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.low <= bar.average <= bar.high
        assert bar.volume == int(bar.volume) >= bar.barCount >= 0


@pytest.mark.parametrize("what", ["MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST", "TRADES"])
async def test_every_kind_of_price(login: Login, what: str) -> None:
    ib = await login()
    bars, trades = await history(ib, what), await history(ib, "TRADES")

    assert len(bars) == len(trades) > 50
    assert all(abs(bar.close - trade.close) < 1 for bar, trade in zip(bars, trades, strict=True))
    counted = what in {"TRADES", "ADJUSTED_LAST"}
    assert all((bar.volume == bar.barCount == bar.average == -1) != counted for bar in bars)


@pytest.mark.parametrize("what", ["HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "FEE_RATE"])
async def test_rates(login: Login, what: str) -> None:
    bars = await history(await login(), what, "1 day", "1 M")

    assert len(bars) > 15
    assert all(0 < bar.low <= bar.high < 3 for bar in bars)


async def test_the_past_ends_in_the_live_market(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    ticker = ib.reqMktData(contract)
    await until(lambda: ticker.last > 0, lambda: ticker.updateEvent)
    bars = await ib.reqHistoricalDataAsync(contract, "", "1 D", "1 min", "TRADES", useRTH=False)
    days = await ib.reqHistoricalDataAsync(contract, "", "5 D", "1 day", "TRADES", useRTH=True)

    assert abs(bars[-1].close - ticker.last) < 0.5
    assert abs(days[-1].close - ticker.last) < 0.5
    jumps = [abs(later.open / earlier.close - 1) for earlier, later in pairwise(bars)]
    assert sorted(jumps)[-5] < 0.01


async def test_the_same_past_whenever_it_is_asked_for(login: Login) -> None:
    ib = await login()
    end = "20261113 20:00:00 UTC"

    assert list(await history(ib, "TRADES", end=end)) == list(await history(ib, "TRADES", end=end))
    early, late = await history(ib, "TRADES", duration="1 D", end=end), await history(ib, "TRADES", end=end)
    assert list(late[-len(early) :]) == list(early)
    assert late[-1].date < datetime(2026, 11, 13, 20, tzinfo=UTC)


async def test_bars_that_are_kept_up_to_date(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    bars = await ib.reqHistoricalDataAsync(contract, "", "600 S", "5 secs", "TRADES", useRTH=False, keepUpToDate=True)
    begun = len(bars)
    before = list(bars)
    seen: list[bool] = []
    bars.updateEvent += lambda _, has_new: seen.append(has_new)
    await until(lambda: len(bars) >= begun + 2, lambda: bars.updateEvent)
    closed = bars[-2]
    again = await ib.reqHistoricalDataAsync(contract, "", "600 S", "5 secs", "TRADES", useRTH=False)
    ib.cancelHistoricalData(bars)

    assert list(bars[: begun - 1]) == before[:-1]
    assert False in seen
    live = bars[begun:]
    assert {later.date - earlier.date for earlier, later in pairwise(live)} == {timedelta(seconds=5)}
    assert closed.low <= closed.average <= closed.high
    # What was told live is what the past says afterwards.
    assert [(bar.high, bar.low, bar.close, bar.volume) for bar in again if bar.date == closed.date] == [
        (closed.high, closed.low, closed.close, closed.volume)
    ]


async def test_other_security_types(login: Login) -> None:
    ib = await login()
    months = await ib.reqContractDetailsAsync(Future("ES", exchange="CME"))
    chain = (await ib.reqSecDefOptParamsAsync("AAPL", "", "STK", 265598))[0]
    strike = min(chain.strikes, key=lambda strike: abs(strike - 233))
    option = await qualified(ib, Option("AAPL", chain.expirations[2], strike, "C", "SMART"))
    euro = await qualified(ib, Forex("EURUSD"))
    for contract, what, low, high in (
        (months[0].contract, "TRADES", 5000, 7000),
        (option, "MIDPOINT", 0.01, 60),
        (euro, "MIDPOINT", 0.9, 1.3),
        (euro, "BID_ASK", 0.9, 1.3),
    ):
        assert contract is not None
        bars = await ib.reqHistoricalDataAsync(contract, "", "1 D", "15 mins", what, useRTH=False)
        assert len(bars) > 10
        assert all(low < bar.low <= bar.high < high for bar in bars)


async def test_where_the_past_begins(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    spelled = await ib.reqHeadTimeStampAsync(contract, "TRADES", True, 1)
    counted = await ib.reqHeadTimeStampAsync(contract, "TRADES", True, 2)

    assert isinstance(spelled, datetime)
    assert isinstance(counted, datetime)
    assert spelled.replace(tzinfo=UTC) == counted < datetime(2025, 1, 1, tzinfo=UTC)


async def test_single_ticks_of_the_past(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    start = "20261119 15:00:00 UTC"
    trades = await ib.reqHistoricalTicksAsync(contract, start, "", 50, "TRADES", True)
    quotes = await ib.reqHistoricalTicksAsync(contract, start, "", 50, "BID_ASK", True)
    middles = await ib.reqHistoricalTicksAsync(contract, "", start, 50, "MIDPOINT", True)

    assert len(trades) == len(quotes) == len(middles) == 50
    for trade, quote in zip(trades, quotes, strict=True):
        assert isinstance(trade, HistoricalTickLast)
        assert isinstance(quote, HistoricalTickBidAsk)
        assert quote.priceBid <= trade.price <= quote.priceAsk
        assert quote.priceBid < quote.priceAsk
        assert trade.exchange
    times = [tick.time for tick in trades]
    assert times == sorted(times)
    assert min(times) >= datetime(2026, 11, 19, 15, tzinfo=UTC) > max(tick.time for tick in middles)


async def test_past_ticks_before_live_ones(connect: Connect) -> None:
    client = await connect()
    for request_id, kind, name in ((1, "AllLast", "Last"), (2, "BidAsk", "BidAsk"), (3, "MidPoint", "")):
        client.ask(ask.TICK_BY_TICK, **{**AAPL, "reqId": request_id, "tickType": kind, "count": 5})
        past = await client.wait_for(f"historicalTicks{name}")
        live = await client.wait_for("tickByTick")
        client.ask(ask.CANCEL_TICK_BY_TICK, reqId=request_id)
        assert (past["reqId"], len(past.rows("ticks")), past.flag("done")) == (request_id, 5, True)
        assert live.integer("epoch") >= past.rows("ticks")[-1].integer("epoch")


async def test_a_schedule_and_a_histogram(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    schedule = await ib.reqHistoricalScheduleAsync(contract, 10, "20261120 23:00:00 UTC")
    prices = await ib.reqHistogramDataAsync(contract, True, "3 days")

    assert schedule.timeZone == "US/Eastern"
    assert [session.refDate for session in schedule.sessions][-2:] == ["20261119", "20261120"]
    assert schedule.sessions[-1].startDateTime == "20261120-09:30:00"
    assert all(date.fromisoformat(session.refDate).weekday() < 5 for session in schedule.sessions)
    assert len(prices) > 10
    assert all(entry.count > 0 for entry in prices)
    assert [entry.price for entry in prices] == sorted(entry.price for entry in prices)


BARS: dict[str, Value] = {"barSize": "5 mins", "duration": "1 D", "whatToShow": "TRADES", "formatDate": 1}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"barSize": "7 mins"}, 321),
        ({"duration": "a while"}, 321),
        ({"duration": "400 D"}, 321),
        ({"whatToShow": "WEATHER"}, 321),
        ({"end": "yesterday"}, 321),
        ({"end": "20261119 20:00:00 Mars/Phobos"}, 321),
        ({"end": "20261119 20:00:00 UTC", "keepUpToDate": True}, 321),
        ({"end": "20261119 20:00:00 UTC", "whatToShow": "ADJUSTED_LAST"}, 321),
        ({"whatToShow": "FEE_RATE", "keepUpToDate": True}, 321),
        ({"duration": "1 Y", "barSize": "1 secs"}, 162),
        ({"end": "19700101 00:00:00 UTC"}, 162),
        ({"conId": 12087792, "exchange": "IDEALPRO"}, 162),
        ({"conId": 4}, 200),
    ],
    ids=str,
)
async def test_bars_that_make_no_sense_are_refused(connect: Connect, values: dict[str, Value], code: int) -> None:
    client = await connect()
    client.ask(ask.HISTORICAL_DATA, **{**AAPL, **BARS, "reqId": 5, **values})

    assert (await client.wait_for("error", lambda error: error.integer("reqId") == 5)).integer("code") == code


async def test_dates_as_seconds(connect: Connect) -> None:
    client = await connect()
    client.ask(ask.HISTORICAL_DATA, **{**AAPL, **BARS, "reqId": 5, "formatDate": 2})
    bars = (await client.wait_for("historicalData")).rows("bars")

    assert all(int(bar.text("date")) % 300 == 0 for bar in bars)


async def test_a_cancel_of_bars_is_confirmed_once(connect: Connect) -> None:
    client = await connect()
    client.ask(ask.HISTORICAL_DATA, **{**AAPL, **BARS, "reqId": 5, "keepUpToDate": True})
    await client.wait_for("historicalData")
    client.ask(ask.HISTORICAL_DATA, **{**AAPL, **BARS, "reqId": 5, "keepUpToDate": True})
    client.ask(ask.CANCEL_HISTORICAL_DATA, reqId=5)
    client.ask(ask.CANCEL_HISTORICAL_DATA, reqId=5)
    codes = [
        (await client.wait_for("error", lambda error: error.integer("reqId") == 5)).integer("code") for _ in range(3)
    ]

    assert codes == [322, 162, 366]


async def test_what_has_no_past(login: Login) -> None:
    ib = await login()

    assert len(await ib.reqHistoricalDataAsync(Stock("ZZZZ", "SMART", "USD"), "", "1 D", "1 min", "TRADES", True)) == 0
