"""A real core in a process of its own, in a home of its own, and a client attached to it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from core.domain.commands import Ack, Command, PlaceOrder
from core.domain.connection import Connection, LinkState
from core.domain.events import ConnectionChanged, Envelope, Snapshot
from core.domain.orders import Side
from core.link.client import SocketClient
from tests.desk_home import DeskHome
from tests.requests import request_for

PATIENCE = 15.0
"""Seconds after which something that did not happen counts as failed."""


T = TypeVar("T")


class CoreRefusedError(Exception):
    """Core said that it can't start."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(text)
        self.title = title
        self.text = text


class CoreProcess:
    """`python -m core` (or another command that runs core), started and waited for."""

    def __init__(
        self, home: DeskHome, arguments: Mapping[str, str] | None = None, command: Sequence[str] = ("-m", "core")
    ) -> None:
        """`arguments` are core's own `key=value` ones."""
        self._home = home
        self._arguments = dict(arguments or {})
        self._command = command
        self.pid = 0
        self.socket = Path()
        self.process: subprocess.Popen[bytes] | None = None

    async def start(self) -> Self:
        """Wait until desks can attach. Raises CoreRefusedError with core's own words."""
        ready, theirs = os.pipe()
        words = [f"{key}={value}" for key, value in self._arguments.items()]
        self.process = subprocess.Popen(
            [sys.executable, *self._command, "--ready-fd", str(theirs), *words],
            env=self._home.env,
            pass_fds=(theirs,),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs)
        with os.fdopen(ready, "rb") as pipe:
            line = await asyncio.wait_for(asyncio.to_thread(pipe.readline), PATIENCE)
        answer = json.loads(line)
        if "error" in answer:
            await asyncio.to_thread(self.process.wait)
            raise CoreRefusedError(**answer["error"])
        self.pid = answer["ready"]["pid"]
        self.socket = Path(answer["ready"]["socket"])
        return self

    async def attach(self, name: str = "test") -> Watcher:
        """A new client, following every event from a fresh snapshot on."""
        return await Watcher.attach(self.socket, name)

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)

    async def stop(self) -> None:
        """SIGTERM, and wait until the process is gone."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.terminate()
            await asyncio.wait_for(asyncio.to_thread(self.process.wait), PATIENCE)


class Watcher:
    """A client that keeps every event, so that a test can wait for one without missing it."""

    def __init__(self, client: SocketClient, snapshot: Snapshot) -> None:
        """`snapshot` is where the events begin."""
        self.client = client
        self.snapshot = snapshot
        self.seen: list[Envelope] = []
        self._news = asyncio.Condition()
        self._following = asyncio.create_task(self._follow(snapshot.number))

    @classmethod
    async def attach(cls, socket: Path, name: str) -> Watcher:
        """Attach, take a snapshot and follow."""
        client = await SocketClient.attach(socket, name)
        return cls(client, await client.snapshot())

    async def _follow(self, after: int) -> None:
        async for envelope in self.client.events(after):
            async with self._news:
                self.seen.append(envelope)
                self._news.notify_all()

    async def wait(self, wanted: Callable[[Envelope], T | None]) -> T:
        """The first event, seen or still to come, of which `wanted` makes something."""
        position = 0
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self._news:
                    while len(self.seen) == position:
                        await self._news.wait()
                    fresh, position = self.seen[position:], len(self.seen)
                for envelope in fresh:
                    found = wanted(envelope)
                    if found is not None:
                        return found

    async def ready(self) -> Snapshot:
        """Wait until orders can be sent; returns a fresh snapshot."""
        if self.snapshot.connection.state is not LinkState.READY:
            await self.wait(
                lambda e: (
                    True
                    if isinstance(e.event, ConnectionChanged) and e.event.connection.state is LinkState.READY
                    else None
                )
            )
        self.snapshot = await self.client.snapshot()
        return self.snapshot

    async def wait_for_instrument(self, symbol: str) -> None:
        """Wait until a symbol is qualified and quoted on both sides; renews the snapshot."""
        async with asyncio.timeout(PATIENCE):
            while True:
                known = {instrument.con_id for instrument in self.snapshot.instruments if instrument.symbol == symbol}
                if any(quote.con_id in known and quote.tradable for quote in self.snapshot.quotes):
                    return
                await self.wait_news()
                self.snapshot = await self.client.snapshot()

    async def ready_for(self, symbol: str) -> None:
        """Wait until orders for a symbol can be sent and are sensible; renews the snapshot."""
        await self.ready()
        await self.wait_for_instrument(symbol)

    async def problem(self) -> Connection:
        """Wait until an attempt to connect has failed; returns the connection, which says why."""
        async with asyncio.timeout(PATIENCE):
            while True:
                connection = (await self.client.snapshot()).connection
                if connection.problem:
                    return connection
                await self.wait_news()

    async def until(self, agrees: Callable[[Snapshot], bool]) -> Snapshot:
        """Wait until a snapshot is as wanted; returns it."""
        async with asyncio.timeout(PATIENCE):
            while not agrees(snapshot := await self.client.snapshot()):
                await self.wait_news()
        return snapshot

    async def wait_news(self) -> None:
        """Wait for one more event."""
        async with self._news:
            await self._news.wait()

    async def send(self, command: Command) -> Ack:
        """One command."""
        return await self.client.send(command)

    async def ended(self) -> None:
        """Wait until the events end. Raises LinkError with the reason that core gave."""
        await asyncio.shield(self._following)

    async def close(self) -> None:
        """Detach."""
        await self.client.close()
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)

    async def __aenter__(self) -> Self:
        """The watcher itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Detach."""
        await self.close()


def market_order(snapshot: Snapshot, symbol: str, side: Side, quantity: int) -> PlaceOrder:
    """A market order for a symbol of the watchlist."""
    return PlaceOrder(request=request_for(snapshot, symbol, side, quantity))


@asynccontextmanager
async def running_core(home: DeskHome, arguments: Mapping[str, str] | None = None) -> AsyncIterator[CoreProcess]:
    """A core that is stopped at the end, whatever happens."""
    core = await CoreProcess(home, arguments).start()
    try:
        yield core
    finally:
        await core.stop()
