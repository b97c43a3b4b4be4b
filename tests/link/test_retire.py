"""A core and a client of different builds: they can't work together, but the one can have the other end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from core.errors import LinkError, OtherBuildError
from core.link.client import SocketClient
from core.link.retire import retire
from core.link.server import LinkServer
from core.link.tenure import Standing
from core.link.wire import FrameReader, Hello, Refusal, Retire, Retiring, frame
from tests.link.fake_host import FakeHost, attached, welcome
from tests.link.raw import RawClient, hello


class Desk:
    """A tenure that a test reads and sets; retiring closes the server."""

    def __init__(self) -> None:
        self.now = Standing(0, 0)
        self.retired_by: list[str] = []
        self.retired = asyncio.Event()

    def standing(self) -> Standing:
        return self.now

    def retire(self, client_name: str) -> None:
        self.retired_by.append(client_name)
        self.retired.set()


@asynccontextmanager
async def serving(path: Path, tenure: Desk) -> AsyncIterator[LinkServer]:
    """A server that closes when it is retired."""
    server = LinkServer(FakeHost(), path, welcome, tenure=tenure)
    await server.start()

    async def close() -> None:
        await tenure.retired.wait()
        await server.close("Core was restarted.")

    closing = asyncio.create_task(close())
    try:
        yield server
    finally:
        tenure.retired.set()
        await closing


@asynccontextmanager
async def old_core(path: Path, said: Refusal | Retiring | None) -> AsyncIterator[list[bytes]]:
    """A core that answers the first message with `said` and closes; yields what it heard."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames = FrameReader()
        while not heard:
            heard.extend(frames.feed(await reader.read(65536)))
        if said is not None:
            writer.write(frame(said))
        writer.close()

    async with await asyncio.start_unix_server(serve, str(path)):
        yield heard


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing(0, 0), "No order is working."),
        (Standing(1, 0), "1 order is working and stays at the broker."),
        (Standing(3, 0), "3 orders work and stay at the broker."),
        (Standing(3, 1), "1 of them is in flight or in doubt"),
        (Standing(3, 2), "2 of them are in flight or in doubt"),
    ],
)
async def test_another_build_is_told_what_hangs_on_core(path: Path, standing: Standing, words: str) -> None:
    tenure = Desk()
    tenure.now = standing
    async with serving(path, tenure):
        client = await RawClient.connect(path)
        await client.say(hello("0.0.9"))
        refusal = await client.hear()
        client.connection.close()

    assert isinstance(refusal, Refusal)
    assert (refusal.other_build, refusal.working, refusal.in_flight) == (True, *standing)
    assert words in refusal.reason
    assert "Restart core" in refusal.reason


async def test_a_desk_learns_of_a_core_of_another_build_and_where_it_is(path: Path) -> None:
    said = Refusal(reason="Core runs\x1b[2J ibdesk 9.", other_build=True, working=3, in_flight=1)
    async with old_core(path, said):
        with pytest.raises(OtherBuildError) as error:
            await SocketClient.attach(path, "desk")

    assert str(error.value) == "Core runs ibdesk 9."
    assert (error.value.socket, error.value.working, error.value.in_flight) == (path, 3, 1)


async def test_core_ends_on_a_word_and_tells_the_desks_it_had(path: Path) -> None:
    tenure = Desk()
    tenure.now = Standing(2, 1)
    async with serving(path, tenure), attached(path) as desk:
        events = desk.events()
        await asyncio.wait_for(retire(path, "new\x1bdesk", 1), 10)

        assert tenure.retired_by == ["newdesk"]
        with pytest.raises(LinkError, match="Core was restarted"):
            await asyncio.wait_for(anext(events), 5)


async def test_core_stays_while_more_is_in_flight_than_a_person_was_told_of(path: Path) -> None:
    tenure = Desk()
    tenure.now = Standing(2, 2)
    async with serving(path, tenure):
        with pytest.raises(OtherBuildError, match="not restarted: orders came into flight meanwhile") as error:
            await retire(path, "desk", 1)

        assert tenure.retired_by == []
        await retire(path, "desk", error.value.in_flight)
        assert tenure.retired_by == ["desk"]


async def test_a_core_that_is_gone_needs_no_end(path: Path) -> None:
    await retire(path, "desk", 0)


async def test_a_core_that_knows_no_such_message_says_so(path: Path) -> None:
    async with old_core(path, Refusal(reason="Core can't read this client's message.")):
        with pytest.raises(LinkError, match="can't read this client's message"):
            await retire(path, "desk", 0)


async def test_a_core_that_hangs_is_given_up(path: Path) -> None:
    let_go = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(frame(Retiring(pid=1)))
        await reader.read()
        writer.close()
        await writer.wait_closed()
        let_go.set()

    async with await asyncio.start_unix_server(serve, str(path)):
        with pytest.raises(LinkError, match="did not end within"):
            await retire(path, "desk", 0, timeout=0.1)
        await asyncio.wait_for(let_go.wait(), 5)


def test_messages_between_builds_are_as_they_always_were() -> None:
    """Bytes of the first release: a change here would leave people with a core that they can't restart."""
    encode = msgspec.msgpack.encode
    assert msgspec.msgpack.decode(encode(Hello(build="b", schema_digest="s", client_name="desk"))) == {
        "type": "hello",
        "build": "b",
        "schema_digest": "s",
        "client_name": "desk",
    }
    assert msgspec.msgpack.decode(encode(Retire(client_name="desk", accepted_in_flight=2))) == {
        "type": "retire",
        "client_name": "desk",
        "accepted_in_flight": 2,
    }
    assert msgspec.msgpack.decode(encode(Retiring(pid=7))) == {"type": "retiring", "pid": 7}
    assert msgspec.msgpack.decode(encode(Refusal(reason="r", other_build=True, working=2, in_flight=1))) == {
        "type": "refusal",
        "reason": "r",
        "other_build": True,
        "working": 2,
        "in_flight": 1,
    }


async def test_a_client_that_retires_needs_no_hello_and_is_let_go(path: Path) -> None:
    tenure = Desk()
    async with serving(path, tenure):
        client = await RawClient.connect(path)
        await client.say(frame(Retire(client_name="desk", accepted_in_flight=0)))

        assert await client.hear() == Retiring(pid=os.getpid())
        assert await client.hear() == Refusal(reason="Core was restarted.")
        assert await client.hear() is None
        client.connection.close()
