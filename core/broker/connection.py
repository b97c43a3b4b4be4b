"""The socket: frames in, frames out, and the moment at which the kernel has a frame."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol

from core.broker import reading
from core.broker.pacer import Outgoing
from core.errors import NotConnectedError, SendUnknownError
from core.ports import ConnectPermit

READ_SIZE = 4 * 1024
"""Bytes handled in one turn of the loop, so that a flood of data never keeps an order waiting."""

MAX_FRAME = 16 * 1024 * 1024
"""The longest frame taken; a longer one is garbage and ends the connection."""

MAX_GREETING = 1024
"""The longest first frame taken: TWS greets in some 30 bytes."""

CLOSE_GRACE = 1.0
"""Seconds that `close` gives unsent bytes."""


class FrameSink(Protocol):
    """Where frames and the end of the connection go."""

    def on_frame(self, fields: list[str]) -> None:
        """One frame, split into its fields."""

    def on_long_frame(self, length: int) -> None:
        """A frame is longer than any may be: the sink has to drop the connection."""

    def on_read_done(self) -> None:
        """All frames of one socket read have been given."""

    def on_hold(self, held: bool) -> None:
        """True while the transport has bytes that the kernel did not take."""

    def on_lost(self, reason: str) -> None:
        """The socket is gone; `reason` is empty after our own `close`. Called once."""

    def on_refused(self, message_id: str) -> None:
        """A frame with this id was about to leave a read-only profile; it stayed."""


class Connection(asyncio.BufferedProtocol):
    """One TCP connection to TWS or IB Gateway, used once."""

    def __init__(self, sink: FrameSink) -> None:
        self._sink = sink
        self._transport: asyncio.Transport | None = None
        self._read = memoryview(bytearray(READ_SIZE))
        self._data = bytearray()
        self._limit = MAX_GREETING
        self._reason: str | None = None
        self._unsent: Outgoing | None = None
        self._read_only = True
        self._gone = asyncio.Event()

    async def open(self, permit: ConnectPermit) -> None:
        """Connect to the endpoint of `permit`. Raises OSError; nothing is sent."""
        loop = asyncio.get_running_loop()
        endpoint, self._read_only = permit.endpoint, permit.read_only
        await loop.create_connection(lambda: self, endpoint.host, endpoint.port)

    @property
    def is_open(self) -> bool:
        """True while frames can be written."""
        return self._transport is not None and not self._transport.is_closing()

    def accept_long_frames(self) -> None:
        """The greeting is over: frames may be as long as the protocol's longest."""
        self._limit = MAX_FRAME

    def write(self, frame: Outgoing) -> None:
        """Hand a frame to the kernel and settle its future when the kernel has all of it.

        The future raises NotConnectedError if certainly nothing of the frame left, SendUnknownError if the socket went
        while a part of it may have. Of a read-only profile only what reads is taken (`reading.READING`).
        """
        if self._read_only and (refused := reading.refused(frame.data)):
            frame.fail(NotConnectedError(reading.NOT_SENT))
            self._sink.on_refused(refused)
            return
        transport = self._transport
        if transport is None or transport.is_closing():
            frame.fail(NotConnectedError("The connection to the gateway is gone. Nothing was sent."))
            return
        transport.write(frame.data)
        if transport.is_closing():
            # The kernel refused the first byte: a transport that already held bytes would only have queued these.
            frame.fail(NotConnectedError("The connection to the gateway broke. Nothing was sent."))
        elif transport.get_write_buffer_size():
            self._unsent = frame
        elif frame.sent is not None and not frame.sent.done():
            frame.sent.set_result(None)

    async def close(self) -> None:
        """Close the socket and return when it is gone; unsent bytes get a second of grace."""
        transport = self._transport
        if transport is None:
            return
        self._end("")
        transport.close()
        try:
            async with asyncio.timeout(CLOSE_GRACE):
                await self._gone.wait()
        except TimeoutError:
            transport.abort()
            await self._gone.wait()

    def drop(self, reason: str) -> None:
        """End the connection at once, unsent bytes and all, for `reason`."""
        self._end(reason)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a stream transport is needed, not {type(transport).__name__}")
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Both limits 0: any byte that the kernel did not take at once pauses us, and its leaving resumes us.
        transport.set_write_buffer_limits(high=0)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        if self._reason is None:
            self._reason = f"The connection broke: {exc}." if exc else "The gateway closed the connection."
        self._transport = None
        if self._unsent is not None:
            self._unsent.fail(SendUnknownError("The connection went while the frame was leaving: it may have arrived."))
            self._unsent = None
        self._gone.set()
        self._sink.on_lost(self._reason)

    def pause_writing(self) -> None:
        """Called by the transport when it holds bytes back."""
        self._sink.on_hold(True)

    def resume_writing(self) -> None:
        """Called by the transport when the kernel has everything."""
        frame, self._unsent = self._unsent, None
        if frame is not None and frame.sent is not None and not frame.sent.done():
            frame.sent.set_result(None)
        self._sink.on_hold(False)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by the loop; `sizehint` is its wish, and ours is smaller."""
        return self._read

    def buffer_updated(self, nbytes: int) -> None:
        """Called by the loop when `nbytes` were read."""
        data = self._data
        data += self._read[:nbytes]
        size = len(data)
        start = 0
        while size - start >= 4 and self._reason is None:
            length = int.from_bytes(data[start : start + 4], "big")
            if length > self._limit:
                self._sink.on_long_frame(length)
                return
            end = start + 4 + length
            if end > size:
                break
            fields = data[start + 4 : end].decode(errors="backslashreplace").split("\0")
            fields.pop()
            self._sink.on_frame(fields)
            start = end
        del data[:start]
        self._sink.on_read_done()

    def _end(self, reason: str) -> None:
        if self._reason is None:
            self._reason = reason


def frame(payload: bytes) -> bytes:
    """Put the length before one message."""
    return len(payload).to_bytes(4, "big") + payload
