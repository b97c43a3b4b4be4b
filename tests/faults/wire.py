"""The wire between core and a gateway: records every byte of both ways, and breaks where a test says."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from enum import Enum
from types import TracebackType
from typing import NamedTuple, Self

from core.practice.tables import Record
from core.practice.tables_order import PLACE_ORDER

PLACE = "3"
CANCEL = "4"
GREETING = 4
"""Bytes of core's first word, which is no message."""
LENGTH = 4
"""Bytes of the length before each message."""


class Way(Enum):
    """Whose bytes are counted."""

    TO_GATEWAY = "to gateway"
    TO_CORE = "to core"


class How(Enum):
    """In which manner a connection ends."""

    FIN = "FIN"
    RST = "RST"
    STALL = "stall"
    """Nothing passes any more, either way; the sockets stay open."""


class Cut(NamedTuple):
    """Where a connection breaks."""

    way: Way
    after: int
    """So many bytes of that way are passed, counted from the connection's beginning."""
    how: How


class Frame(NamedTuple):
    """One message of core."""

    connection: int
    fields: list[str]
    ends: int
    """Bytes of this connection up to its end: it arrived if so many were passed."""
    at: float
    """Loop time in seconds."""


def placed(frame: Frame) -> Record:
    """The fields of a placeOrder frame by their names."""
    return PLACE_ORDER.decode(frame.fields)


class Line:
    """One connection: core on one side, the gateway on the other."""

    def __init__(self, wire: Wire, number: int, cut: Cut | None) -> None:
        self.number = number
        self.cut = cut
        self.passed = {Way.TO_GATEWAY: bytearray(), Way.TO_CORE: bytearray()}
        """What was handed on, by way."""
        self.is_cut = False
        self.stalled = False
        self._wire = wire
        self._heard = bytearray()
        self._ends = GREETING
        self._greeted = False
        self.ends: dict[Way, _End] = {}
        """The socket to which each way's bytes go."""

    def take(self, way: Way, data: bytes) -> None:
        """Bytes came for one way: record, pass on as many as may be, cut if it is time."""
        if way is Way.TO_GATEWAY:
            self._hear(data)
        if self.is_cut or self.stalled:
            return
        cut = self.cut
        done = self.passed[way]
        if cut is None or cut.way is not way or len(done) + len(data) < cut.after:
            self._pass(way, data)
            return
        self._pass(way, data[: cut.after - len(done)])
        self.end(cut.how)

    def end(self, how: How) -> None:
        """Break now."""
        self.cut = None
        if how is How.STALL:
            self.stalled = True
            return
        self.is_cut = True
        for end in self.ends.values():
            end.close(how)

    def lost(self) -> None:
        """One side closed: the other is told."""
        if not self.is_cut:
            self.end(How.FIN)

    def _pass(self, way: Way, data: bytes) -> None:
        self.passed[way] += data
        self._wire.on_bytes(way, data)
        if not self.is_cut:
            self.ends[way].write(data)

    def _hear(self, data: bytes) -> None:
        """Cut what core says into frames; each is told before any byte of it goes on."""
        self._heard += data
        if not self._greeted:
            if len(self._heard) < GREETING:
                return
            self._greeted = True
            del self._heard[:GREETING]
        while len(self._heard) >= LENGTH:
            length = int.from_bytes(self._heard[:LENGTH], "big")
            if len(self._heard) < LENGTH + length:
                return
            body = bytes(self._heard[LENGTH : LENGTH + length])
            del self._heard[: LENGTH + length]
            self._ends += LENGTH + length
            fields = body.removesuffix(b"\0").decode().split("\0")
            self._wire.heard(Frame(self.number, fields, self._ends, asyncio.get_running_loop().time()))


class _End(asyncio.Protocol):
    """One socket of a line."""

    def __init__(self, line: Line, gives: Way) -> None:
        """What comes out of this socket goes the way `gives`."""
        self._line = line
        self._gives = gives
        self._transport: asyncio.Transport | None = None
        self._early = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._transport = transport
            transport.write(bytes(self._early))

    def data_received(self, data: bytes) -> None:
        self._line.take(self._gives, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._line.lost()

    def write(self, data: bytes) -> None:
        if self._transport is None:
            self._early += data
        else:
            self._transport.write(data)

    def close(self, how: How) -> None:
        transport = self._transport
        if transport is None:
            return
        if how is How.RST:
            with contextlib.suppress(OSError):
                transport.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            transport.abort()
        else:
            transport.close()


class Wire:
    """Listens on 127.0.0.1 for core and connects on to the gateway."""

    def __init__(self, gateway_port: int) -> None:
        self.gateway_port = gateway_port
        """Where the gateway is; it may move when it is started anew."""
        self.lines: list[Line] = []
        """Every connection so far."""
        self.frames: list[Frame] = []
        """Every whole message that core wrote, whether it was passed on or not."""
        self.next_cut: Cut | None = None
        """How the next connection breaks; it is used up by it."""
        self.on_frame: Callable[[Frame], None] = lambda _: None
        """Told of each message of core before any byte of it is passed on."""
        self.on_bytes: Callable[[Way, bytes], None] = lambda _way, _data: None
        """Told of bytes right before they are passed on."""
        self.refuses = False
        """True closes new connections at once."""
        self._server: asyncio.Server | None = None
        self._opening: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where core finds it."""
        if self._server is None:
            raise RuntimeError("not started")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def line(self) -> Line | None:
        """The connection of now; None when the last one has ended."""
        return self.lines[-1] if self.lines and not self.lines[-1].is_cut else None

    def heard(self, frame: Frame) -> None:
        """One message of core."""
        self.frames.append(frame)
        self.on_frame(frame)

    def cut(self, how: How = How.FIN) -> None:
        """Break the connection of now, if there is one."""
        if self.line is not None:
            self.line.end(how)

    def sent(self, message: str) -> list[Frame]:
        """The messages so far that have this number."""
        return [frame for frame in self.frames if frame.fields[0] == message]

    def placements(self) -> list[Frame]:
        """The placeOrder messages so far."""
        return self.sent(PLACE)

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.get_running_loop().create_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut everything."""
        if self._server is not None:
            self._server.close()
        for line in self.lines:
            line.end(How.RST)
        await asyncio.gather(*self._opening, return_exceptions=True)
        await asyncio.sleep(0)

    def _accept(self) -> asyncio.Protocol:
        cut, self.next_cut = self.next_cut, None
        line = Line(self, len(self.lines), cut)
        self.lines.append(line)
        core = _End(line, Way.TO_GATEWAY)
        gateway = _End(line, Way.TO_CORE)
        line.ends = {Way.TO_CORE: core, Way.TO_GATEWAY: gateway}
        task = asyncio.ensure_future(self._connect(line, gateway))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)
        return core

    async def _connect(self, line: Line, gateway: _End) -> None:
        loop = asyncio.get_running_loop()
        try:
            if self.refuses:
                raise ConnectionRefusedError
            await loop.create_connection(lambda: gateway, "127.0.0.1", self.gateway_port)
        except OSError:
            line.end(How.RST)
            return
        if line.cut is not None and line.cut.after == 0:
            line.end(line.cut.how)
        elif line.is_cut:
            gateway.close(How.RST)
