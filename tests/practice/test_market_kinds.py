"""Live, frozen and delayed market data, and what may be had of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from core.practice import tables_in as ask
from core.practice.options import GatewayOptions
from core.practice.server import PracticeGateway
from tests.practice.raw_client import AAPL, RawClient

SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
MONDAY = datetime(2026, 11, 23, 16, tzinfo=UTC).timestamp()


@pytest.fixture
async def weekend() -> AsyncIterator[PracticeGateway]:
    """A gateway whose markets keep the hours of their exchanges, on a Saturday."""
    async with PracticeGateway(GatewayOptions(seed=7, hours="exchange"), now=lambda: SATURDAY) as running:
        yield running


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (2, 2), (3, 1), (4, 2)])
async def test_a_closed_market_is_frozen_for_those_who_asked(weekend: PracticeGateway, asked: int, given: int) -> None:
    client = await RawClient.connect(weekend.port)
    client.ask(ask.MARKET_DATA_TYPE, marketDataType=asked)
    client.ask(ask.MARKET_DATA, **AAPL, reqId=5)

    assert (await client.wait_for("marketDataType"))["marketDataType"] == given
    await client.close()


@pytest.mark.parametrize(("asked", "given"), [(3, 3), (4, 4)])
async def test_delayed_data_of_a_closed_market_is_frozen_for_those_who_asked(
    weekend: PracticeGateway, asked: int, given: int
) -> None:
    weekend.arm("data-refused=354")
    client = await RawClient.connect(weekend.port)
    client.ask(ask.MARKET_DATA_TYPE, marketDataType=asked)
    client.ask(ask.MARKET_DATA, **AAPL, reqId=5)

    assert (await client.wait_for("error", lambda error: error["reqId"] == 5))["code"] == 10167
    assert (await client.wait_for("marketDataType"))["marketDataType"] == given
    await client.close()


async def test_a_frozen_quote_stands_still_until_the_market_opens() -> None:
    now = SATURDAY
    async with PracticeGateway(GatewayOptions(seed=7, hours="exchange"), now=lambda: now) as running:
        client = await RawClient.connect(running.port)
        client.ask(ask.MARKET_DATA_TYPE, marketDataType=2)
        client.ask(ask.MARKET_DATA, **AAPL, reqId=5)
        assert (await client.wait_for("marketDataType"))["marketDataType"] == 2
        assert await client.wait_for("tickPrice", lambda tick: tick["tickType"] == 1)
        feed = running.hub.feed.quotes
        (reader,) = feed.readers.of(265598).values()
        assert reader.frozen

        now = MONDAY
        assert (await client.wait_for("marketDataType"))["marketDataType"] == 1
        assert await client.wait_for("tickPrice", lambda tick: tick["tickType"] == 1)
        await client.close()


async def test_a_broken_farm_says_so_and_is_silent_until_it_is_back() -> None:
    async with PracticeGateway(GatewayOptions(seed=7)) as running:
        client = await RawClient.connect(running.port)
        client.ask(ask.MARKET_DATA, **AAPL, reqId=5)
        await client.wait_for("tickPrice")
        running.arm("farm-lost=0,1*1")
        broken = await client.wait_for("error", lambda error: error["code"] == 2103)
        client.ask(ask.MARKET_DATA, **AAPL, reqId=6)
        client.heard.clear()
        restored = await client.wait_for("error")
        told = [(message.name, record["reqId"]) for message, record in client.heard[:-1]]

        assert "usfarm" in broken.text("text")
        assert restored["code"] == 2104
        assert told[:2] == [("tickReqParams", 6), ("marketDataType", 6)], "told as the farm is back"
        assert {request_id for _, request_id in told} == {6}
        assert await client.wait_for("tickPrice", lambda tick: tick["reqId"] == 5)
        await client.close()


async def test_snapshots_end_and_take_no_line(weekend: PracticeGateway) -> None:
    client = await RawClient.connect(weekend.port)
    for request_id in range(120):
        client.ask(ask.MARKET_DATA, **AAPL, reqId=request_id, snapshot=True)
    ended = [(await client.wait_for("tickSnapshotEnd"))["reqId"] for _ in range(120)]
    client.ask(ask.MARKET_DATA, **AAPL, reqId=1, snapshot=True, genericTicks="233")

    assert ended == list(range(120))
    assert (await client.wait_for("error", lambda error: error["reqId"] == 1))["code"] == 321
    await client.close()


async def test_the_lines_of_a_client_are_limited(weekend: PracticeGateway) -> None:
    client = await RawClient.connect(weekend.port)
    for request_id in range(101):
        client.ask(ask.MARKET_DATA, **AAPL, reqId=request_id)
    refused = await client.wait_for("error", lambda error: error.integer("reqId") >= 0)
    client.ask(ask.CANCEL_MARKET_DATA, reqId=7)
    client.ask(ask.MARKET_DATA, **AAPL, reqId=200)

    assert (refused["reqId"], refused["code"]) == (100, 101)
    assert await client.wait_for("tickReqParams", lambda params: params["reqId"] == 200)
    await client.close()
