"""The bytes of one client: whole frames in, queued messages out, and what happens if either side does not keep up."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from core.practice.codec import FrameBuffer, WireError
from core.practice.pacing import RateLimit
from core.practice.spoil import spoil, withheld

if TYPE_CHECKING:
    from core.practice.hub import Hub

#: Unsent bytes after which a client that does not read is cut.
MAX_UNSENT: Final = 16 * 1024 * 1024
#: Unsent bytes after which a client's further requests wait until it has read.
HIGH_WATER: Final = 1024 * 1024

log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """A socket and its buffers; what a frame means is its subclass's business."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        #: None until the client said it.
        self.client_id: int | None = None
        self._buffer = FrameBuffer()
        self._greeted = False
        #: Requests that came and wait: for the client to read, for its rate, or for a stall to end.
        self._pending: deque[list[str]] = deque()
        self._out: list[bytes] = []
        self._queued = self._sent = self._received = 0
        #: Depth that is sent once the line to IBKR is back.
        self._withheld = b""
        #: What a stall cut off in the middle of a frame.
        self._rest = b""
        self._rate = RateLimit(hub.pacing) if hub.pacing else None
        self._is_paced = self._is_stalled = self._is_unread = False
        self._transport: asyncio.Transport | None = None
        #: At most one of each: end of the greeting's patience, of a rest, of the patience with a client that does not
        #: read; beginning of a stall.
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def accept(self, fields: list[str]) -> None:
        """Take one frame. Raises WireError if the client must be cut for it."""
        raise NotImplementedError

    @property
    def unsent(self) -> int:
        """Bytes that the client has not read."""
        return self._queued + (0 if self._transport is None else self._transport.get_write_buffer_size())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the greeting's deadline."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a gateway session needs a stream")
        self._transport = transport
        if not self.hub.add_connection(self):
            transport.abort()
            return
        link = transport.get_extra_info("socket")
        if link is not None:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(HIGH_WATER)
        self._later("greeting", self.hub.greeting_seconds, self.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        log.debug("client %s left: %s", self.client_id, exc)
        self._stop_timers()
        self._transport = None
        self._pending.clear()
        self._clear()
        self.hub.remove_connection(self)

    def data_received(self, data: bytes) -> None:
        """Answer every whole request in what came, together."""
        data, is_last = self._cut_in(data)
        self._buffer.feed(data)
        try:
            if not self._greeted:
                if self._buffer.take_greeting() is None:
                    return
                self._greeted = True
            self._pending.extend(self._buffer.take())
            self._work()
        except WireError as error:
            self._refuse(error)
        finally:
            if is_last:
                self.abort()
            self.hub.end_turn()

    def pause_writing(self) -> None:
        """Let further requests wait: the client does not read as fast as it asks."""
        self._is_unread = True
        self._later("unread", self.hub.unread_seconds, self.abort)
        self._steer()

    def resume_writing(self) -> None:
        """Go on with the requests that waited for the client to read."""
        self._is_unread = False
        self._stop("unread")
        self._go_on()

    def stall(self) -> None:
        """Read and write nothing more, keep the socket open."""
        self._is_stalled = True
        self._steer()

    def resume(self) -> None:
        """End a stall: say what waited, then go on."""
        if self._is_stalled:
            self._is_stalled = False
            self.hub.dirty.add(self)
            self._go_on()

    def _go_on(self) -> None:
        try:
            self._work()
        except WireError as error:
            self._refuse(error)
        finally:
            self.hub.end_turn()

    def _refuse(self, error: WireError) -> None:
        log.debug("client %s is cut: %s", self.client_id, error)
        self.close()

    def _work(self) -> None:
        """Answer what waits, as far as it may go now."""
        while self._pending and not (self._is_unread or self._is_stalled or self._must_rest()):
            if self._transport is None or self._transport.is_closing():
                self._pending.clear()
                return
            self.accept(self._pending.popleft())
            if self._queued > HIGH_WATER:
                self.hub.end_turn()
        self._steer()

    def _must_rest(self) -> bool:
        """Whether a client that asked to be paced has to wait; if so, it goes on by itself."""
        if self._rate is None or not self._is_paced:
            return False
        seconds = self._rate.wait(asyncio.get_running_loop().time())
        if seconds:
            self._later("rest", seconds, self._go_on)
        return seconds > 0

    def _steer(self) -> None:
        """Read from the socket only if what comes can be worked on."""
        if self._transport is None or self._transport.is_closing():
            return
        if self._pending or self._is_unread or self._is_stalled:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def send(self, data: bytes) -> None:
        """Queue bytes until the end of this turn; what a stalled client could never read is lost."""
        if self._is_stalled and self._queued > MAX_UNSENT:
            return
        self._out.append(data)
        self._queued += len(data)
        self.hub.dirty.add(self)

    def flush(self) -> None:
        """Write what is queued; a client that does not read what it is sent is cut."""
        transport, hub = self._transport, self.hub
        if self._is_stalled:
            return
        data = b"".join(self._out)
        self._clear()
        if transport is None or transport.is_closing():
            return
        if self._rest:
            transport.write(self._rest)
            self._rest = b""
        if not hub.link.up:
            data, later = withheld(data)
            self._withheld += later
        elif self._withheld:
            data, self._withheld = self._withheld + data, b""
        if hub.faults or hub.reports.rewrites:
            data = spoil(hub, data)
            if self._cut_out(transport, data):
                return
        transport.write(data)
        self._sent += len(data)
        if transport.get_write_buffer_size() > HIGH_WATER:
            if self.unsent + len(self._withheld) > MAX_UNSENT:
                log.debug("client %s does not read and is cut", self.client_id)
                transport.abort()
            else:
                hub.check_unsent()

    def drop_withheld(self) -> None:
        """Forget depth that waited for the line to IBKR."""
        self._withheld = b""

    def close(self) -> None:
        """Send what is queued, once it is kept, and close."""
        self._stop_timers()
        self.hub.end_turn()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close without waiting for the client to read."""
        self._stop_timers()
        if self._transport is not None:
            self._transport.abort()

    def _cut_in(self, data: bytes) -> tuple[bytes, bool]:
        """Return what is still taken of what came, and whether the connection is cut after it."""
        limit = self.hub.faults.armed("cut-in")
        self._received += len(data)
        if limit is None or self._received < int(limit):
            return data, False
        self.hub.faults.take("cut-in")
        return data[: max(len(data) - (self._received - int(limit)), 0)], True

    def _cut_out(self, transport: asyncio.Transport, data: bytes) -> bool:
        """Cut the connection inside what is about to be written, if that was asked for."""
        limit, _, manner = (self.hub.faults.armed("cut-out") or "").partition(",")
        if not limit or self._sent + len(data) < int(limit):
            return False
        self.hub.faults.take("cut-out")
        allowed = max(int(limit) - self._sent, 0)
        transport.write(data[:allowed])
        if manner == "stall":
            self._rest = data[allowed:]
            self.stall()
        elif manner == "rst":
            link = transport.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
        return True

    def _clear(self) -> None:
        self._out.clear()
        self._queued = 0

    def _later(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        self._stop(name)
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, call)

    def _stop(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _stop_timers(self) -> None:
        for name in list(self._timers):
            self._stop(name)
