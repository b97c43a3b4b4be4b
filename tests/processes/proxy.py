"""A recording proxy between core and a gateway: it sees every frame as it stands on the socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from tests.core_process import Watcher, running_core
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway

PLACE_ORDER = "3"
_LENGTH_BYTES = 4
_HELLO = b"API\0"


class RecordingProxy:
    """Listens on 127.0.0.1, passes bytes on both ways and cuts the client's into frames."""

    def __init__(
        self,
        gateway_port: int,
        on_order: Callable[[list[str]], None] | None = None,
        on_answer: Callable[[bytes], None] | None = None,
    ) -> None:
        """`on_order` is called with a client's placeOrder frame before its bytes are passed on.

        `on_answer` with whatever the gateway sent, cut anywhere.
        """
        self._gateway_port = gateway_port
        self._on_order = on_order
        self._on_answer = on_answer
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self.frames: list[list[str]] = []
        """Every frame of the client, as fields."""
        self.times: list[float] = []
        """When each of them had come, in seconds of `time.perf_counter`."""
        self.connections = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut everything."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def lead_to(self, gateway_port: int) -> None:
        """Pass further connections on to another gateway; those that stand go on."""
        self._gateway_port = gateway_port

    def cut(self) -> None:
        """End every connection that stands."""
        for writer in self._clients:
            writer.close()

    def say(self, *fields: object) -> None:
        """Send every client a message that its gateway never sent."""
        body = "".join(f"{field}\0" for field in fields).encode()
        for writer in self._clients:
            writer.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)

    def placed(self) -> list[list[str]]:
        """The placeOrder frames so far."""
        return [frame for frame in self.frames if frame[0] == PLACE_ORDER]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._clients.add(writer)
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._gateway_port)
        ways = (
            asyncio.ensure_future(self._pass_frames(reader, ours)),
            asyncio.ensure_future(self._pass_bytes(theirs, writer)),
        )
        self._tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        ours.close()
        writer.close()
        self._clients.discard(writer)

    async def _pass_frames(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await reader.readexactly(len(_HELLO)))
            while True:
                head = await reader.readexactly(_LENGTH_BYTES)
                body = await reader.readexactly(int.from_bytes(head, "big"))
                fields = body.decode().split("\0")
                self.frames.append(fields)
                self.times.append(time.perf_counter())
                if self._on_order is not None and fields[0] == PLACE_ORDER:
                    self._on_order(fields)
                writer.write(head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    async def _pass_bytes(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                if self._on_answer is not None:
                    self._on_answer(data)
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return


@asynccontextmanager
async def proxied_core(
    home: DeskHome, *options: str, on_order: Callable[[list[str]], None] | None = None
) -> AsyncIterator[tuple[RecordingProxy, Watcher]]:
    """A core that reaches its gateway, started with `options`, through a proxy; and a client of it."""
    async with (
        running_gateway(home, *options) as port,
        RecordingProxy(port, on_order) as proxy,
        running_core(home, {"port": str(proxy.port)}) as core,
        await core.attach() as watcher,
    ):
        yield proxy, watcher
