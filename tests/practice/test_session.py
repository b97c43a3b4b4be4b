"""Greeting, client ids, and what the gateway does with peers that do not speak the protocol."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from core.practice import tables_in as ask
from core.practice.connection import HIGH_WATER
from core.practice.requests import UNSUPPORTED
from core.practice.server import PracticeGateway
from core.practice.tables_in import CURRENT_TIME, REQUESTS, START_API
from core.practice.tables_out import CONTRACT_DETAILS_END
from core.practice.wire import error
from tests.practice.conftest import OPTIONS, Connect
from tests.practice.raw_client import AAPL, RawClient, raw_frame

#: Codes that ib_async takes for warnings, so that a request refused with one of them never ends there.
WARNINGS = {105, 110, 165, 321, 329, 399, 404, 434, 492, 10167, *range(2100, 2200)}


async def is_well(gateway: PracticeGateway) -> bool:
    """Whether another client is still served."""
    client = await RawClient.connect(gateway.port, 999)
    client.ask(CURRENT_TIME)
    answer = await client.wait_for("currentTime")
    await client.close()
    return answer.integer("epoch") > 0


@pytest.mark.parametrize("versions", ["v157..178", "v100..193", "v178", "v178..178", "v100..225 +PACEAPI"])
async def test_ranges_that_hold_178(gateway: PracticeGateway, versions: str) -> None:
    client = await RawClient.connect(gateway.port, versions=versions)

    assert client.accounts == "DU1234567"
    assert client.next_order_id == 1
    assert [(await client.wait_for("error")).integer("code") for _ in range(3)] == [2104, 2106, 2158]
    await client.close()


@pytest.mark.parametrize("versions", ["v157..177", "v179..200", "v177", "157", "", "vx..y", "v1..2..3", "v٣..178"])
async def test_other_ranges_are_cut(gateway: PracticeGateway, versions: str) -> None:
    client = await RawClient.open(gateway.port)
    data = versions.encode()
    client.write(b"API\0" + len(data).to_bytes(4, "big") + data)

    assert await client.ended()


async def test_a_greeting_in_single_bytes(gateway: PracticeGateway) -> None:
    client = await RawClient.open(gateway.port)
    for byte in b"API\0" + (9).to_bytes(4, "big") + b"v157..178" + START_API.encode({"clientId": 4}):
        client.write(bytes([byte]))
        await client.writer.drain()

    version, when = await client.read_fields()
    assert version == "178"
    assert when.endswith(" UTC")
    assert (await client.wait_for("managedAccounts")).text("accounts") == "DU1234567"
    await client.close()


async def test_a_client_id_is_given_once(gateway: PracticeGateway, connect: Connect) -> None:
    first = await connect(5)
    second = await RawClient.open(gateway.port)
    second.write(b"API\0" + (9).to_bytes(4, "big") + b"v157..178")
    await second.read_fields()
    second.ask(START_API, clientId=5)

    error = await second.wait_for("error")
    assert (error.integer("reqId"), error.integer("code")) == (-1, 326)
    assert await second.ended()
    await first.close()
    await gateway.wait_for(lambda: 5 not in gateway.hub.clients)
    await connect(5)


async def test_startapi_of_an_older_client(gateway: PracticeGateway) -> None:
    client = await RawClient.open(gateway.port)
    client.write(b"API\0" + (9).to_bytes(4, "big") + b"v157..178" + raw_frame("71", "1", "8"))
    await client.read_fields()

    assert (await client.wait_for("nextValidId")).integer("orderId") == 1
    await client.close()


GREETING = b"API\0" + (9).to_bytes(4, "big") + b"v157..178"


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"API\0\xff\xff\xff\xff",
        b"API\0" + (0).to_bytes(4, "big"),
        GREETING + raw_frame("49", "1"),
        GREETING + raw_frame("71", "2", "x", ""),
        GREETING + START_API.encode({"clientId": 3}) + b"\x7f\xff\xff\xff",
    ],
    ids=["http", "tls", "oversized", "empty", "request first", "no client id", "oversized later"],
)
async def test_peers_that_make_no_sense_are_cut(gateway: PracticeGateway, data: bytes) -> None:
    client = await RawClient.open(gateway.port)
    client.write(data)

    assert await client.ended()
    assert await is_well(gateway)


async def test_random_bytes_harm_nobody(gateway: PracticeGateway) -> None:
    generator = random.Random(3)
    clients = []
    for start in (b"", b"API\0", GREETING, GREETING + START_API.encode({"clientId": 77})):
        for _ in range(10):
            client = await RawClient.open(gateway.port)
            client.write(start + generator.randbytes(300))
            clients.append(client)
    for client in clients:
        await client.close()

    assert await is_well(gateway)


@pytest.fixture
async def hasty() -> AsyncIterator[PracticeGateway]:
    """A gateway that gives a client a tenth of a second to greet."""
    async with PracticeGateway(replace(OPTIONS, greeting_seconds=0.1)) as running:
        yield running


@pytest.mark.parametrize("start", [b"", b"AP", GREETING])
async def test_a_greeting_that_stops_is_cut(hasty: PracticeGateway, start: bytes) -> None:
    client = await RawClient.open(hasty.port)
    client.write(start)

    assert await client.ended()


@pytest.fixture
async def impatient() -> AsyncIterator[PracticeGateway]:
    """A gateway that gives a client two tenths of a second to read what it asked for."""
    async with PracticeGateway(replace(OPTIONS, unread_seconds=0.2)) as running:
        yield running


async def ask_without_reading(gateway: PracticeGateway, requests: int) -> RawClient:
    """Connect as client 5 and ask for contract details thousands of times without reading an answer."""
    client = await RawClient.connect(gateway.port, 5)
    assert isinstance(client.writer.transport, asyncio.Transport)
    client.writer.transport.pause_reading()
    for number in range(requests):
        client.write(ask.CONTRACT_DATA.encode({**AAPL, "reqId": number}))
    return client


async def test_a_client_that_does_not_read_is_cut(impatient: PracticeGateway) -> None:
    client = await ask_without_reading(impatient, 20_000)
    await impatient.wait_for(lambda: 5 not in impatient.hub.clients, 20)

    assert await is_well(impatient)
    client.writer.transport.abort()


async def test_clients_that_do_not_read_are_bounded_together(gateway: PracticeGateway) -> None:
    clients = [await RawClient.connect(gateway.port, number) for number in range(8)]
    for client in clients:
        assert isinstance(client.writer.transport, asyncio.Transport)
        client.writer.transport.pause_reading()
    text = error(-1, 2000, "x" * 100_000)
    for _ in range(140):
        for session in list(gateway.hub.clients.values()):
            session.send(text)
        gateway.hub.end_turn()
        assert sum(connection.unsent for connection in gateway.hub.connections) < 80 * 1024 * 1024
        await asyncio.sleep(0)

    assert 0 < len(gateway.hub.clients) < 8
    assert await is_well(gateway)
    for client in clients:
        client.writer.transport.abort()


async def test_requests_wait_until_their_client_reads(gateway: PracticeGateway) -> None:
    client = await ask_without_reading(gateway, 20_000)
    session = gateway.hub.clients[5]
    await gateway.wait_for(lambda: session.unsent > HIGH_WATER)
    assert await is_well(gateway)
    assert session.unsent < 2 * HIGH_WATER + 65536
    assert isinstance(client.writer.transport, asyncio.Transport)
    client.writer.transport.resume_reading()

    answered = 0
    while answered < 20_000:
        fields = await client.read_fields()
        if fields[0] == str(CONTRACT_DETAILS_END.id):
            assert int(fields[2]) == answered
            answered += 1
    await client.close()


async def test_an_unknown_message_id_is_answered(connect: Connect) -> None:
    client = await connect()
    for fields, request_id in ((("65", "1"), -1), (("9" * 5000, "1"), -1), (("105", "4711", "x"), 4711)):
        client.write(raw_frame(*fields))
        assert (await client.wait_for("error", lambda error: error.integer("code") == 505)).integer(
            "reqId"
        ) == request_id


async def test_a_request_that_cannot_be_read_is_answered_with_its_id(connect: Connect) -> None:
    client = await connect()
    client.write(raw_frame("9", "8", "321", "not a contract id"))
    refused = await client.wait_for("error", lambda error: error.integer("code") == 320)
    client.write(raw_frame("9", "8", "322"))
    short = await client.wait_for("error", lambda error: error.integer("code") == 320)

    assert (refused.integer("reqId"), short.integer("reqId")) == (321, 322)
    assert "field conId: not a number" in refused.text("text")
    assert "field conId is missing" in short.text("text")


@pytest.mark.parametrize("message_id", sorted(UNSUPPORTED))
async def test_what_is_not_served_is_refused_with_its_id(connect: Connect, message_id: int) -> None:
    client = await connect()
    message = REQUESTS[message_id]
    client.ask(message, reqId=4242)

    refused = await client.wait_for("error", lambda error: error.integer("code") not in {2104, 2106, 2158})
    takes_id = any(getattr(part, "name", "") == "reqId" for part in message.parts)
    assert refused.integer("reqId") == (4242 if takes_id else -1)
    assert refused.integer("code") not in WARNINGS


async def test_fifty_clients_come_and_go(gateway: PracticeGateway) -> None:
    for _ in range(2):
        clients = await asyncio.gather(*(RawClient.connect(gateway.port, number) for number in range(50)))
        for client in clients:
            client.ask(ask.MARKET_DATA, **AAPL, reqId=1)
        await asyncio.gather(*(client.wait_for("tickPrice") for client in clients))
        await asyncio.gather(*(client.close() for client in clients))
        await gateway.wait_for(lambda: not gateway.hub.connections)

    assert gateway.hub.clients == {}
    assert not gateway.hub.feed.busy


async def test_what_clients_sent_is_remembered_in_order(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect(6)
    client.ask(CURRENT_TIME)
    client.ask(ask.IDS, count=1)
    await client.wait_for("currentTime")
    await client.wait_for("nextValidId")

    assert [(frame.client_id, frame.message_id) for frame in gateway.received] == [(6, 71), (6, 49), (6, 8)]
    assert gateway.received[-1].fields == ("8", "1", "1")
    assert gateway.received[0].at <= gateway.received[-1].at <= asyncio.get_running_loop().time()
