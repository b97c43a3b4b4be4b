"""Endpoints that must not be opened, gateways that are not what they should be, and settings that are wrong."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.domain.connection import LinkState
from tests.core_process import CoreProcess, CoreRefusedError, running_core
from tests.desk_home import DeskHome
from tests.processes import core_that_tells
from tests.processes.orders import connection_in, write_profile
from tests.processes.proxy import proxied_core

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[int]:
    """A TCP server on a free port of 127.0.0.1."""
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            handlers.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def telling_core(home: DeskHome, arguments: Mapping[str, str]) -> tuple[CoreProcess, Path]:
    """A core that is not started yet, and where it will write what it connects to."""
    told = home.folder / "addresses"
    home.env[core_that_tells.FILE] = str(told)
    return CoreProcess(home, arguments, command=("-m", core_that_tells.__name__)), told


@pytest.mark.row(70)
@pytest.mark.covers("D5.3")
@pytest.mark.parametrize("port", [7496, 4001, 4003, 7498])
@pytest.mark.parametrize("way", ["argument", "IBKR_PORT", "IB_GATEWAY_PORT", "practice file", "paper file"])
async def test_live_port_is_never_opened(port: int, way: str) -> None:
    """Whichever way a live port comes in, core refuses before a connection is begun, and says what to do."""
    with DeskHome() as home:
        arguments: dict[str, str] = {}
        if way == "argument":
            arguments["port"] = str(port)
        elif way.endswith("file"):
            profile = way.split(maxsplit=1)[0]
            arguments["profile"] = profile
            write_profile(home, profile, f"port = {port}\n")
        else:
            home.env[way] = str(port)
        core, told = telling_core(home, arguments)
        with pytest.raises(CoreRefusedError) as refused:
            await core.start()
        assert refused.value.title == "Live guard"
        assert refused.value.text.startswith(f"Port {port} is where a live gateway listens")
        assert "nothing was sent" in refused.value.text
        assert told.read_text() == ""
        assert home.wait_empty(5.0) == []


async def test_a_port_that_is_opened_would_have_been_told() -> None:
    """The same core, on a port that is no live one."""
    with DeskHome() as home:
        port = free_port()
        core, told = telling_core(home, {"port": str(port)})
        await core.start()
        try:
            async with await core.attach() as watcher:
                await watcher.problem()
            assert f"127.0.0.1:{port}\n" in told.read_text()
        finally:
            await core.stop()


@pytest.mark.row(70)
@pytest.mark.covers("D5.3")
async def test_live_account_behind_a_paper_port_is_cut() -> None:
    """A gateway that answers with a live account is left at once: no order frame, no request beyond the handshake."""
    with DeskHome() as home:
        async with proxied_core(home, "--account", "U7654321") as (proxy, watcher):
            if watcher.snapshot.connection.state is not LinkState.REFUSED:
                await watcher.wait(connection_in(LinkState.REFUSED))
            connection = (await watcher.client.snapshot()).connection
            assert connection.problem == (
                f"This is not a paper account: port {proxy.port} answered with U…321. Disconnected; nothing was sent. "
                "Check which TWS is logged in, or choose the live profile."
            )
            assert connection.accounts == ()
            # The version range, then startApi, and nothing else.
            assert [frame[0] for frame in proxy.frames] == ["v157..178", "71"]
            assert proxy.connections == 1


async def test_live_profile_opens_nothing_before_the_phrase() -> None:
    """With mode live and a pinned account core waits for the phrase; the right port is not touched until then."""
    touched = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        touched.set()

    with DeskHome() as home:
        async with listening(serve) as port:
            write_profile(home, "live", f'account = "U7654321"\nport = {port}\n')
            async with running_core(home, {"profile": "live"}) as core, await core.attach() as watcher:
                if watcher.snapshot.connection.state is not LinkState.AWAITING_CONFIRMATION:
                    await watcher.wait(connection_in(LinkState.AWAITING_CONFIRMATION))
                assert not touched.is_set()


async def test_dead_port_says_what_to_check() -> None:
    """Nothing listens: core goes on, waits and says so."""
    with DeskHome() as home:
        port = free_port()
        async with running_core(home, {"port": str(port)}) as core, await core.attach() as watcher:
            problem = (await watcher.problem()).problem
            assert problem.startswith(f"Nothing listens on 127.0.0.1:{port}.")
            assert "TWS" in problem


async def test_silent_gateway_is_left_within_the_timeout() -> None:
    """A port that accepts and says nothing is given up within the timeout."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    with DeskHome() as home:
        write_profile(home, "paper", "timeout_seconds = 0.3\n")
        async with (
            listening(serve) as port,
            running_core(home, {"port": str(port)}) as core,
            await core.attach() as watcher,
        ):
            problem = (await watcher.problem()).problem
            assert f"127.0.0.1:{port}" in problem
            assert "0.3 s" in problem


async def test_garbage_is_not_taken_for_tws() -> None:
    """A port that answers, but not as TWS does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 40)
        await writer.drain()
        await reader.read()

    with DeskHome() as home:
        write_profile(home, "paper", "timeout_seconds = 2\n")
        async with (
            listening(serve) as port,
            running_core(home, {"port": str(port)}) as core,
            await core.attach() as watcher,
        ):
            assert "not as TWS does" in (await watcher.problem()).problem


async def test_misspelt_key_is_named_with_the_nearest() -> None:
    """A profile with a typo does not start, and says which key was meant."""
    with DeskHome() as home:
        path = write_profile(home, "practice", "readonyl = true\n")
        with pytest.raises(CoreRefusedError) as refused:
            await CoreProcess(home).start()
        assert refused.value.text == (
            f"{path}: there is no setting 'readonyl'; did you mean 'readonly'? Mend the file and start again."
        )
