"""Faults of the connection: the line to IBKR, stalls, cuts at a byte, drops in the middle of an order."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from core.practice import tables_in as ask
from core.practice import tables_out as out
from core.practice.codec import frame
from core.practice.reports import fields_of, split
from core.practice.server import PracticeGateway
from core.practice.spoil import MARKET_DATA
from tests.practice.conftest import Connect, Login
from tests.practice.hearing import LIMIT, said, settled
from tests.practice.raw_client import AAPL, RawClient


def codes(client: RawClient) -> list[int]:
    """Return the codes that were said about the connection."""
    return [record.integer("code") for message, record in client.heard if message.name == "error"]


async def test_while_the_line_is_lost_orders_wait_and_reports_are_lost(
    gateway: PracticeGateway, connect: Connect
) -> None:
    client = await connect()
    resting = client.place_terms(LIMIT)
    await settled(client)
    gateway.link.lose()
    waiting = client.place()
    gateway.hub.desk.fill_now(gateway.ledger.live_orders()[0])
    await settled(client)
    assert codes(client)[-1] == 1100
    assert said(client, waiting) == []
    assert "exec" not in said(client, resting)
    assert len(gateway.ledger.orders) == 1

    gateway.link.restore()
    await client.until(waiting, "commission")
    assert 1102 in codes(client)
    assert "exec" not in said(client, resting)
    client.heard.clear()
    client.ask(ask.EXECUTIONS, reqId=3)
    await client.wait_for("execDetailsEnd")
    assert "exec" in said(client, resting)


async def test_quotes_stop_with_the_line_and_go_on(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    client.ask(ask.MARKET_DATA, **AAPL, reqId=1)
    await client.wait_for("tickPrice")
    gateway.link.lose()
    await client.wait_for("error", lambda error: error.integer("code") == 1100)
    client.heard.clear()
    for _ in range(50):
        gateway.hub.advance()
    await settled(client)
    assert not [message for message, _ in client.heard if message.name.startswith("tick")]

    gateway.link.restore()
    for _ in range(50):
        gateway.hub.advance()
    await client.wait_for("tickPrice")
    assert codes(client) == [1102]


async def test_data_lost_means_every_subscription_is_gone(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    client.ask(ask.MARKET_DATA, **AAPL, reqId=1)
    await client.wait_for("tickPrice")
    gateway.link.lose()
    gateway.link.restore(data_lost=True)
    await client.wait_for("error", lambda error: error.integer("code") == 1101)
    client.heard.clear()
    for _ in range(50):
        gateway.hub.advance()
    await settled(client)

    assert not [message for message, _ in client.heard if message.name.startswith("tick")]
    client.ask(ask.MARKET_DATA, **AAPL, reqId=1)
    await client.wait_for("tickPrice")


async def test_positions_of_the_gap_come_with_the_line(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    client.ask(ask.POSITIONS)
    client.place_terms(LIMIT)
    await settled(client)
    gateway.link.lose()
    gateway.hub.desk.fill_now(gateway.ledger.live_orders()[0])
    await settled(client)
    await settled(client)
    assert "position" not in [message.name for message, _ in client.heard]

    gateway.link.restore()
    assert (await client.wait_for("position")).number("position") == Decimal(100)


async def test_a_line_that_flaps_by_the_clock(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    gateway.arm("link-lost=0.01,0.01,lost*2")
    while len(told := [code for code in codes(client) if code in {1100, 1101, 1102}]) < 4:
        await client.wait_for("error")

    assert told == [1100, 1101, 1100, 1101]
    assert gateway.link.up
    assert not gateway.hub.faults


async def test_who_connects_while_the_line_is_lost_is_told(gateway: PracticeGateway, connect: Connect) -> None:
    gateway.link.lose()
    client = await connect()

    assert (await client.wait_for("error")).integer("code") == 2110


async def test_ib_async_stays_connected_through_1100(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    heard: list[int] = []
    ib.errorEvent += lambda request_id, code, text, contract: heard.append(code)
    gateway.link.lose()
    gateway.link.restore()
    async with asyncio.timeout(5):
        while 1102 not in heard:
            await ib.updateEvent

    assert heard == [1100, 1102]
    assert ib.isConnected()


async def test_a_stall_answers_nobody_until_it_ends(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    await settled(client)
    gateway.stall()
    order_id = client.place()
    client.ask(ask.CURRENT_TIME)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.reader.read(1)
    assert gateway.ledger.orders == {}

    gateway.resume()
    await client.until(order_id, "commission")


async def test_a_stall_by_the_clock_leaves_the_socket_open(gateway: PracticeGateway, connect: Connect) -> None:
    gateway.arm("stall=0.02*1")
    client, other = await connect(1), await connect(2)
    await client.wait_for("error", lambda error: error.integer("code") == 2158)
    await asyncio.sleep(0.05)
    client.ask(ask.CURRENT_TIME)
    await settled(other)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await client.reader.read(1)
    assert 1 in gateway.hub.clients


async def test_what_a_stalled_client_is_not_told_stays_bounded(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    gateway.stall()
    session = gateway.hub.clients[1]
    for _ in range(40):
        session.send(frame("4\0" + "x" * 1_000_000 + "\0"))
    gateway.hub.end_turn()

    assert 16_000_000 < session.unsent < 18_000_000
    client.writer.transport.abort()


@pytest.mark.parametrize(("manner", "taken"), [("before", 0), ("after", 1)])
async def test_a_drop_in_the_middle_of_an_order(gateway: PracticeGateway, manner: str, taken: int) -> None:
    client = await RawClient.connect(gateway.port, 8)
    gateway.arm(f"drop-mid-order={manner}*1")
    order_id = client.place_terms(LIMIT)
    assert await client.ended()

    again = await RawClient.connect(gateway.port, 8)
    again.ask(ask.OPEN_ORDERS)
    await again.wait_for("openOrderEnd")
    found = [record.integer("orderId") for message, record in again.heard if message.name == "openOrder"]
    await again.close()
    assert found == [order_id] * taken
    assert again.next_order_id == order_id + taken


async def heard_bytes(client: RawClient) -> bytes:
    """Return everything until the connection ends."""
    data = b""
    async with asyncio.timeout(5):
        try:
            while more := await client.reader.read(65536):
                data += more
        except ConnectionError:
            pass
    await client.close()
    return data


async def greeted(gateway: PracticeGateway) -> bytes:
    """Connect, start, place an order, and return every byte that came."""
    client = await RawClient.open(gateway.port)
    client.write(b"API\0" + (9).to_bytes(4, "big") + b"v157..178" + ask.START_API.encode({"clientId": 1}))
    client.place_terms(LIMIT, order_id=5)
    return await heard_bytes(client)


@pytest.mark.parametrize("manner", ["", ",rst"])
@pytest.mark.parametrize("count", [1, 3, 4, 20, 31, 60, 400, 700])
async def test_a_cut_after_so_many_bytes_out(gateway: PracticeGateway, count: int, manner: str) -> None:
    gateway.arm(f"cut-out={count}{manner}*1")
    data = await greeted(gateway)

    assert len(data) == count if not manner else len(data) <= count
    client = await RawClient.connect(gateway.port, 2)
    await settled(client)
    await client.close()


@pytest.mark.parametrize("count", [1, 31, 60, 200])
async def test_a_stall_after_so_many_bytes_out(gateway: PracticeGateway, count: int) -> None:
    gateway.arm(f"cut-out={count},stall*1")
    client = await RawClient.open(gateway.port)
    client.write(b"API\0" + (9).to_bytes(4, "big") + b"v157..178" + ask.START_API.encode({"clientId": 1}))
    async with asyncio.timeout(5):
        start = await client.reader.readexactly(count)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await client.reader.read(1)
    gateway.resume()
    async with asyncio.timeout(5):
        data = start + await client.reader.readuntil(b"secdefil\0\0")
    await client.close()

    assert [fields_of(framed)[0] for framed in split(data)][1:] == ["15", "9", "4", "4", "4"]


@pytest.mark.parametrize("short", [0, 1])
async def test_a_cut_at_the_last_byte_of_an_order_decides_whether_it_is_taken(
    gateway: PracticeGateway, short: int
) -> None:
    start = b"API\0" + (9).to_bytes(4, "big") + b"v157..178" + ask.START_API.encode({"clientId": 1})
    order = RecordingClient()
    order.place_terms(LIMIT, order_id=5)
    gateway.arm(f"cut-in={len(start) + len(order.data) - short}*1")
    client = await RawClient.open(gateway.port)
    client.write(start + order.data)
    await heard_bytes(client)

    assert len(gateway.ledger.orders) == 1 - short


class RecordingClient(RawClient):
    """A client without a connection: keeps what it would send."""

    def __init__(self) -> None:
        self.data = b""
        self.next_order_id = 1

    def write(self, data: bytes) -> None:
        """Keep the bytes."""
        self.data += data


async def test_connections_that_are_cut_from_outside(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    gateway.drop_clients()
    async with asyncio.timeout(5):
        await ib.disconnectedEvent

    assert not ib.isConnected()
    again = await login()
    assert again.isConnected()


def test_the_messages_of_the_market_are_those_that_stop() -> None:
    names = {out.RESPONSES[number].name for number in MARKET_DATA}
    assert {"tickPrice", "tickSize", "marketDepth", "marketDepthL2", "realtimeBar", "historicalDataUpdate"} < names
    assert not names & {"orderStatus", "openOrder", "execDetails", "error", "historicalData", "contractDetails"}
