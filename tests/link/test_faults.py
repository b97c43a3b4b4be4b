"""Clients that are foreign, old, slow, rude or dead; sockets that are in the way."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.domain.commands import CancelOrder
from core.domain.events import Health
from core.errors import LinkError
from core.link.client import SocketClient
from core.link.server import LinkServer
from core.link.stream import MAX_UNREAD_FACTS
from core.link.wire import FRAME_CAP, AskSnapshot, EventBatch, Refusal, Reply, Request, Subscribe, frame, schema_digest
from tests.link.fake_host import FakeHost, attached, serving, take, welcome
from tests.link.raw import hello, raw

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


async def works(path: Path) -> bool:
    """True if another client is served as ever."""
    async with attached(path, "other") as client:
        return (await asyncio.wait_for(client.send(CancelOrder(order_ref="1")), 5)).ok


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("build", "digest"), [("0.0.9", None), ("0.1.0", "0123456789abcdef")])
async def test_another_build_is_refused_in_words(path: Path, host: FakeHost, build: str, digest: str | None) -> None:
    async with raw(path) as client:
        await client.say(hello(build, digest))
        reason = await client.refused()

    assert f"this raw is {build} ({(digest or schema_digest())[:6]})" in reason
    assert "Restart core" in reason
    assert host.seen == []


@asynccontextmanager
async def core_that_says(path: Path, data: bytes) -> AsyncIterator[None]:
    """Something that listens where core should, says `data` to whoever comes, and no more."""

    def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        writer.close()

    async with await asyncio.start_unix_server(answer, path):
        yield


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (frame(Refusal(reason="Core runs \x1b[2Jibdesk 9")), r"^Core runs ibdesk 9$"),
        (b"\x00\x00\x00\x05hello", "can't be read"),
        (b"\xff\xff\xff\xff", "4,294,967,295 bytes"),
        (b"", "the link broke"),
    ],
    ids=["refusal", "nonsense", "oversize", "nothing"],
)
async def test_whatever_core_says_the_client_gets_words(path: Path, said: bytes, error: str) -> None:
    async with core_that_says(path, said):
        with pytest.raises(LinkError, match=error):
            await SocketClient.attach(path, "desk")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (frame(Request(id=1, body=AskSnapshot())), "must be a Hello"),
        (hello() + hello(), "must be a Hello"),
        (hello(name=""), "has no name"),
        (hello(name=" \x1b[2J\n"), "has no name"),
        (b"\x00\x00\x00\x03abc", "can't read"),
        (b"\x00\x00\x00\x00", "can't read"),
        (b"GET / HTTP/1.1\r\n\r\n", "1,195,725,856 bytes"),
        ((FRAME_CAP + 1).to_bytes(4, "big"), "16,777,217 bytes"),
    ],
    ids=["no hello", "two hellos", "nameless", "name of blanks", "no msgpack", "empty", "http", "oversize"],
)
async def test_what_is_no_conversation_is_ended(path: Path, said: bytes, reason: str) -> None:
    async with raw(path) as client:
        await client.say(said)
        message = await client.hear()
        if not isinstance(message, Refusal):
            message = await client.hear()
        assert isinstance(message, Refusal)
        assert reason in message.reason
        assert await client.hear() is None

    assert await works(path)


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("length", [1, 3, 4, 5, 40])
async def test_half_a_message_is_nobodys_loss(path: Path, host: FakeHost, length: int) -> None:
    async with raw(path) as client:
        await client.greet()
        await client.say(frame(Request(id=1, body=CancelOrder(order_ref="x" * 40)))[:length])
    await asyncio.wait_for(host.gone.wait(), 5)

    assert host.commands == []
    assert await works(path)


@pytest.mark.usefixtures("server")
async def test_messages_may_come_in_any_pieces(path: Path, host: FakeHost) -> None:
    said = hello() + b"".join(frame(Request(id=n, body=CancelOrder(order_ref=str(n)))) for n in range(20))
    async with raw(path) as client:
        for start in range(0, len(said), 7):
            await client.say(said[start : start + 7])
        await client.hear()
        replies = [await client.hear() for _ in range(20)]

    assert [reply.id for reply in replies if isinstance(reply, Reply)] == list(range(20))
    assert [command for _, command in host.commands] == [CancelOrder(order_ref=str(n)) for n in range(20)]


async def test_silent_stranger_is_cut(path: Path, host: FakeHost) -> None:
    server = LinkServer(host, path, welcome, hello_timeout=0.05)
    await server.start()
    async with raw(path) as client:
        assert "No Hello" in await client.refused()
    await server.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.usefixtures("server")
async def test_another_user_is_refused(path: Path, host: FakeHost) -> None:
    path.parent.chmod(0o755)
    path.chmod(0o666)
    code = (
        f"import os, socket; os.setuid({NOBODY}); s = socket.socket(socket.AF_UNIX); s.connect({str(path)!r});"
        "print(s.makefile('rb').read())"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=subprocess.PIPE)
    output, _ = await asyncio.wait_for(child.communicate(), 20)

    assert b"another user" in output
    assert b"welcome" not in output
    assert host.seen == []


@pytest.mark.usefixtures("server")
async def test_client_that_reads_nothing_is_cut_at_ten_thousand_facts(path: Path, host: FakeHost) -> None:
    async with raw(path) as slow, attached(path) as quick:
        await slow.greet()
        await slow.say(frame(Request(id=1, body=Subscribe(after=None))))
        assert isinstance(await slow.hear(), Reply)
        reader = asyncio.ensure_future(take(quick.events(0), 3 * MAX_UNREAD_FACTS))
        for _ in range(3 * MAX_UNREAD_FACTS // 100):
            host.publish_facts(100)
            await asyncio.sleep(0)
        heard: list[int | None] = []
        while isinstance(message := await slow.hear(), EventBatch):
            heard += [envelope.number for envelope in message.envelopes]
        numbers = [envelope.number for envelope in await asyncio.wait_for(reader, 30)]
        assert await slow.hear() is None

    assert isinstance(message, Refusal)
    assert "Attach again" in message.reason
    assert heard == list(range(1, len(heard) + 1))
    assert len(heard) < 2 * MAX_UNREAD_FACTS
    assert numbers == list(range(1, 3 * MAX_UNREAD_FACTS + 1))


@pytest.mark.usefixtures("server")
async def test_slow_client_that_reads_in_time_misses_nothing_and_gets_last_values(path: Path, host: FakeHost) -> None:
    async with raw(path) as slow:
        await slow.greet()
        await slow.say(frame(Request(id=1, body=Subscribe(after=None))))
        assert isinstance(await slow.hear(), Reply)
        for lines in range(90):
            host.publish_facts(100)
            host.publish(Health(lines=lines))
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.06)
        facts: list[int | None] = []
        states: list[int] = []
        while len(facts) < 9_000 or states[-1:] != [89]:
            message = await slow.hear()
            assert isinstance(message, EventBatch)
            facts += [envelope.number for envelope in message.envelopes if envelope.number]
            states += [e.event.lines for e in message.envelopes if isinstance(e.event, Health)]

    assert facts == list(range(1, 9_001))
    assert states == sorted(states)


async def test_killed_client_is_gone_and_nothing_else(path: Path, host: FakeHost, server: LinkServer) -> None:
    code = (
        "import asyncio, sys; from pathlib import Path; from core.link.client import SocketClient\n"
        "async def main():\n"
        "    client = await SocketClient.attach(Path(sys.argv[1]), 'desk')\n"
        "    print('attached', flush=True)\n"
        "    async for event in client.events(0): pass\n"
        "asyncio.run(main())"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert await asyncio.wait_for(child.stdout.readline(), 20) == b"attached\n"
    host.publish_facts(50)
    child.send_signal(signal.SIGKILL)
    await asyncio.wait_for(host.gone.wait(), 5)
    host.publish_facts(50)
    await child.wait()

    assert host.seen == ["+desk-1", "-desk-1"]
    assert await works(path)


async def test_reader_that_never_reads_is_cut_on_its_own_side(path: Path, host: FakeHost, server: LinkServer) -> None:
    async with attached(path) as client:
        events = client.events()
        await client.snapshot()
        for _ in range(MAX_UNREAD_FACTS // 100 + 1):
            host.publish_facts(100)
            await client.snapshot()
        got = []
        with pytest.raises(LinkError, match="Attach again"):
            got += [(await anext(events)).number for _ in range(MAX_UNREAD_FACTS + 1)]
        snapshot = await client.snapshot()
        host.publish_facts(1)

        assert (await take(client.events(snapshot.number), 1))[0].number == snapshot.number + 1


async def test_socket_is_the_owners_alone(path: Path, server: LinkServer) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_folder_open_to_others_is_refused(path: Path, host: FakeHost) -> None:
    path.parent.chmod(0o755)
    with pytest.raises(LinkError, match="chmod 700"):
        await LinkServer(host, path, welcome).start()


async def test_stale_socket_is_replaced(path: Path, host: FakeHost) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert path.exists()
    async with serving(host, path):
        assert await works(path)
    assert not path.exists()


async def test_socket_that_is_listened_on_is_left_alone(path: Path, host: FakeHost, server: LinkServer) -> None:
    second = LinkServer(FakeHost(), path, welcome)
    with pytest.raises(LinkError, match="Another core listens"):
        await second.start()
    await second.close()

    assert await works(path)


async def test_file_in_the_way_is_left_alone(path: Path, host: FakeHost) -> None:
    path.write_text("mine")
    with pytest.raises(LinkError, match="no socket"):
        await LinkServer(host, path, welcome).start()
    assert path.read_text() == "mine"


async def test_path_too_long_for_a_socket_is_said(path: Path, host: FakeHost) -> None:
    long = path.parent / ("x" * 100)
    with pytest.raises(LinkError, match="XDG_RUNTIME_DIR"):
        await LinkServer(host, long, welcome).start()
    with pytest.raises(LinkError, match="XDG_RUNTIME_DIR"):
        await SocketClient.attach(long, "desk")


async def test_attaching_says_why_it_cannot(path: Path) -> None:
    with pytest.raises(LinkError, match="No core is running"):
        await SocketClient.attach(path, "desk")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        with pytest.raises(LinkError, match="Core has ended"):
            await SocketClient.attach(path, "desk")
        silent.listen()
        with pytest.raises(LinkError, match=r"didn't answer within 0\.05 s"):
            await SocketClient.attach(path, "desk", timeout=0.05)


async def test_core_that_is_ending_takes_no_new_client(server: LinkServer, path: Path) -> None:
    """Whoever is attached is served to the end; who is half way in is told, who comes finds nobody listening."""
    async with attached(path) as there, raw(path) as early:
        await there.snapshot()
        server.turn_away()

        await early.say(hello())
        assert await early.refused() == "Core has ended."
        with pytest.raises(LinkError, match="Core has ended"):
            await SocketClient.attach(path, "late")
        await there.snapshot()
