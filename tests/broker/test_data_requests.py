"""Bars, depth, ticks, chains and summaries: the adapter and the practice gateway, over TCP in one loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.broker.adapter import IbBroker
from core.clock import LoopClock
from core.domain.charts import (
    Bar,
    BarKind,
    BarRequest,
    BarSize,
    BookChange,
    BookOperation,
    BookReset,
    Midpoint,
    Print,
    Sides,
    Streamed,
    StreamKind,
)
from core.domain.connection import Endpoint, Mode
from core.domain.instruments import Instrument
from core.domain.reports import ErrorReport
from core.errors import BrokerError, DeskError, NotConnectedError
from core.practice.server import GatewayOptions, PracticeGateway
from core.risk.live_guard import permit
from tests.broker.scripted import AAPL as SCRIPTED
from tests.broker.scripted import PATIENCE, Ear, connected, frame

AAPL = 265598
REQUEST_DEPTH, CANCEL_DEPTH = 10, 11


class Stream:
    """What one stream brought."""

    def __init__(self) -> None:
        self.items: list[Streamed] = []
        self.ends: list[DeskError] = []
        self._news = asyncio.Event()

    def hear(self, item: Streamed) -> None:
        """One more."""
        self.items.append(item)
        self._news.set()

    def ended(self, error: DeskError) -> None:
        """No more."""
        self.ends.append(error)
        self._news.set()

    async def until(self, count: int) -> list[Streamed]:
        """The first so many."""
        async with asyncio.timeout(PATIENCE):
            while len(self.items) < count:
                self._news.clear()
                await self._news.wait()
        return self.items[:count]


@asynccontextmanager
async def market() -> AsyncIterator[tuple[IbBroker, Instrument]]:
    """A broker connected to a practice gateway, and Apple."""
    gateway = PracticeGateway(GatewayOptions())
    endpoint = Endpoint("127.0.0.1", await gateway.start())
    broker = IbBroker(Ear(), LoopClock())
    try:
        await broker.open(permit(endpoint, Mode.PRACTICE, "", None, read_only=False), 17, 5.0)
        yield broker, await broker.qualify(AAPL)
    finally:
        await broker.close()
        await gateway.stop()


def wanted(size: BarSize, duration: str, kind: BarKind = BarKind.TRADES) -> BarRequest:
    """Bars of Apple."""
    return BarRequest(con_id=AAPL, size=size, duration=duration, kind=kind)


async def test_bars_are_told_oldest_first_with_their_times_in_utc() -> None:
    async with market() as (broker, apple):
        minutes = await broker.bars(apple, wanted(BarSize.MINUTE, "1800 S"))
        days = await broker.bars(apple, wanted(BarSize.DAY, "5 D"))
        middles = await broker.bars(apple, wanted(BarSize.MINUTE, "600 S", BarKind.MIDPOINT))

    assert len(minutes) > 20
    assert [bar.time for bar in minutes] == sorted({bar.time for bar in minutes})
    assert abs(datetime.now(UTC) - minutes[-1].time) < timedelta(minutes=2)
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in minutes)
    assert any(bar.volume for bar in minutes)
    assert {(bar.time.hour, bar.time.minute) for bar in days} == {(0, 0)}
    assert {(bar.volume, bar.average, bar.count) for bar in middles} == {(None, None, None)}


async def test_bars_that_go_on_growing_are_told_until_they_are_stopped() -> None:
    async with market() as (broker, apple):
        stream = Stream()
        bars, stop = await broker.follow_history(apple, wanted(BarSize.MINUTE, "600 S"), stream.hear, stream.ended)
        (update,) = await stream.until(1)
        stop()
        stop()

        assert isinstance(update, Bar)
        assert update.time >= bars[-1].time


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        (StreamKind.TRADES, Print),
        (StreamKind.LAST, Print),
        (StreamKind.BID_ASK, Sides),
        (StreamKind.MIDPOINT, Midpoint),
        (StreamKind.BARS, Bar),
        (StreamKind.DEPTH, BookChange),
    ],
)
async def test_each_kind_of_stream_brings_its_own(kind: StreamKind, item: type[object]) -> None:
    async with market() as (broker, apple):
        stream = Stream()
        stop = await broker.follow(apple, kind, stream.hear, stream.ended)
        told = await stream.until(1)
        stop()

        assert {type(one) for one in told} == {item}
        assert stream.ends == []


async def test_the_book_comes_best_first() -> None:
    async with market() as (broker, apple):
        stream = Stream()
        await broker.follow(apple, StreamKind.DEPTH, stream.hear, stream.ended)
        changes = [one for one in await stream.until(20) if isinstance(one, BookChange)]

    inserted = [one for one in changes if one.operation is BookOperation.INSERT]
    bids = [one.price for one in inserted if one.is_bid]
    asks = [one.price for one in inserted if not one.is_bid]
    assert bids[0] < asks[0]
    assert (bids[:5], asks[:5]) == (sorted(bids[:5], reverse=True), sorted(asks[:5]))


async def test_what_is_refused_raises_and_what_is_lost_says_why() -> None:
    async with market() as (broker, apple):
        stream = Stream()
        stops = [await broker.follow(apple, StreamKind.DEPTH, stream.hear, stream.ended) for _ in range(3)]
        with pytest.raises(BrokerError, match="market depth requests"):
            await broker.follow(apple, StreamKind.DEPTH, stream.hear, stream.ended)
        with pytest.raises(BrokerError):
            await broker.bars(apple, wanted(BarSize.MINUTE, "1 furlong"))
        assert stream.ends == []

        await broker.close()

        assert [type(end) for end in stream.ends] == [NotConnectedError] * 3
        stops[0]()
        with pytest.raises(NotConnectedError):
            await broker.bars(apple, wanted(BarSize.DAY, "5 D"))


async def test_history_begins_somewhere_and_options_hang_on_a_stock() -> None:
    async with market() as (broker, apple):
        head = await broker.head_time(apple, BarKind.TRADES)
        chains = await broker.option_chains(apple)

    assert head < datetime.now(UTC) - timedelta(days=300)
    smart = next(chain for chain in chains if chain.exchange == "SMART")
    assert (smart.underlying, smart.multiplier) == (AAPL, Decimal(100))
    assert len(smart.expirations) > 2
    assert list(smart.strikes) == sorted(smart.strikes)


async def test_an_account_summary_is_asked_again_and_again() -> None:
    async with market() as (broker, _):
        for _time in range(3):
            figures = await broker.account_summary()
            money = {figure.tag: figure.value for figure in figures}
            assert money["NetLiquidation"].startswith("100000")
            assert {"BuyingPower", "TotalCashValue", "MaintMarginReq"} <= money.keys()


async def test_a_book_that_ibkr_resets_goes_on_over_the_same_request() -> None:
    async with connected() as desk:
        stream = Stream()
        asking = asyncio.ensure_future(desk.broker.follow(SCRIPTED, StreamKind.DEPTH, stream.hear, stream.ended))
        request_id = (await desk.peer.message(REQUEST_DEPTH))[2]
        row = frame(13, 1, request_id, 0, "ISLAND", 0, 1, "233.32", "300", 1)
        desk.peer.send(row)
        stop = await asking
        text = "Market depth data has been RESET. Please empty deep book contents before applying any new entries."
        desk.peer.send(frame(4, 2, request_id, 317, text, ""), row)
        told = await stream.until(3)

        assert [type(one) for one in told] == [BookChange, BookReset, BookChange]
        assert stream.ends == []
        stop()
        assert (await desk.peer.message(CANCEL_DEPTH))[2] == request_id


async def test_a_stream_that_is_given_up_while_it_is_asked_for_is_cancelled_and_no_error_of_it_is_told() -> None:
    async with connected() as desk:
        stream = Stream()
        asking = asyncio.ensure_future(desk.broker.follow(SCRIPTED, StreamKind.DEPTH, stream.hear, stream.ended))
        request_id = (await desk.peer.message(REQUEST_DEPTH))[2]
        asking.cancel()
        assert (await desk.peer.message(CANCEL_DEPTH))[2] == request_id
        gone = frame(4, 2, request_id, 310, "Can't find the subscribed market depth", "")
        desk.peer.send(gone, frame(4, 2, -1, 2119, "Market data farm is connecting:usfarm", ""))
        await desk.ear.wait_for(lambda: bool(desk.ear.reports))

        assert [one.code for one in desk.ear.reports if isinstance(one, ErrorReport)] == [2119]
        assert stream.items == []
        assert asking.cancelled()
