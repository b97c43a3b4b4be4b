"""A gateway that limits the rate of messages, and one whose API is read-only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
from ib_async import IB

from core.practice import tables_in as ask
from core.practice.pacing import REAL_LIMIT, RateLimit
from core.practice.server import PracticeGateway
from core.practice.tables import Message, Value
from tests.practice.conftest import OPTIONS
from tests.practice.raw_client import AAPL, RawClient

FAR_BELOW = Decimal("100.00")


@pytest.fixture
async def paced() -> AsyncIterator[PracticeGateway]:
    """A gateway that takes fifty messages a second."""
    async with PracticeGateway(replace(OPTIONS, pacing=REAL_LIMIT)) as running:
        yield running


def test_the_window_slides() -> None:
    rate = RateLimit(3)

    assert [rate.note(at) for at in (0.0, 0.5, 0.9)] == [1, 2, 3]
    assert rate.wait(0.9) == pytest.approx(0.1)
    assert rate.note(0.95) == 4
    assert rate.wait(1.2) == pytest.approx(0.3)
    assert rate.note(1.6) == 3
    assert rate.wait(9.0) == 0


async def test_fifty_messages_a_second_pass(paced: PracticeGateway) -> None:
    client = await RawClient.connect(paced.port)
    for _ in range(REAL_LIMIT):
        client.ask(ask.CURRENT_TIME)
    for _ in range(REAL_LIMIT):
        await client.wait_for("currentTime")
    await client.close()


async def test_more_is_error_100_and_the_end(paced: PracticeGateway) -> None:
    client = await RawClient.connect(paced.port)
    other = await RawClient.connect(paced.port, 2)
    for _ in range(REAL_LIMIT + 1):
        client.ask(ask.CURRENT_TIME)
    error = await client.wait_for("error", lambda error: error.integer("code") == 100)

    assert error.integer("reqId") == -1
    assert error.text("text").startswith("Max rate of messages per second has been exceeded:max=50 rec=51")
    assert await client.ended()
    other.ask(ask.CURRENT_TIME)
    await other.wait_for("currentTime")
    await other.close()


async def test_a_client_that_asks_for_it_is_slowed_down_instead(paced: PracticeGateway) -> None:
    client = await RawClient.connect(paced.port, versions="v100..193 +PACEAPI")
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(2 * REAL_LIMIT + 10):
        client.ask(ask.CONTRACT_DATA, **{**AAPL, "reqId": number})
    answered: list[int] = []
    while len(answered) < 2 * REAL_LIMIT + 10:
        answered.append((await client.wait_for("contractDetailsEnd")).integer("reqId"))
    took = loop.time() - began
    await client.close()

    assert answered == sorted(answered)
    assert 1.9 < took < 4


@pytest.fixture
async def reader() -> AsyncIterator[PracticeGateway]:
    """A gateway whose API is read-only."""
    async with PracticeGateway(replace(OPTIONS, readonly=True)) as running:
        yield running


@pytest.mark.parametrize(
    ("message", "values", "request_id"),
    [
        (ask.CANCEL_ORDER, {"orderId": 7}, 7),
        (ask.GLOBAL_CANCEL, {}, -1),
        (ask.OPEN_ORDERS, {}, -1),
        (ask.ALL_OPEN_ORDERS, {}, -1),
        (ask.AUTO_OPEN_ORDERS, {"bind": True}, -1),
        (ask.COMPLETED_ORDERS, {"apiOnly": False}, -1),
        (ask.EXERCISE_OPTIONS, {"reqId": 8}, 8),
    ],
    ids=str,
)
async def test_a_read_only_api_refuses_orders(
    reader: PracticeGateway, message: Message, values: dict[str, Value], request_id: int
) -> None:
    client = await RawClient.connect(reader.port, 0)
    client.ask(message, **values)
    error = await client.wait_for("error", lambda error: error.integer("code") == 321)
    await client.close()

    assert error.integer("reqId") == request_id
    assert error.text("text").endswith("cause - The API interface is currently in Read-Only mode.")


@pytest.mark.parametrize("what_if", [False, True])
async def test_a_read_only_api_takes_no_order(reader: PracticeGateway, what_if: bool) -> None:
    client = await RawClient.connect(reader.port)
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW, whatIf=what_if)

    assert await client.until(order_id, "321") == ["error 321"]
    assert reader.ledger.orders == {}
    await client.close()


async def test_a_read_only_ib_async_connects_and_reads(reader: PracticeGateway) -> None:
    ib = IB()
    await ib.connectAsync("127.0.0.1", reader.port, clientId=1, timeout=4, readonly=True, raiseSyncErrors=True)

    assert ib.accountValues()
    ib.disconnect()
