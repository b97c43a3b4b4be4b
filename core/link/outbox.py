"""What waits to be read by one client, and what happens when it reads too slowly."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from core.domain.events import StateEvent
from core.link.stream import MAX_UNREAD_FACTS, TOO_SLOW, Conflator
from core.link.wire import state_frame

MAX_UNREAD_BYTES = 64 << 20
"""Waiting bytes at which a client is cut, whatever they are: room for a few snapshots of a very busy day."""

_TURN_BYTES = 256 << 10
"""What one turn of the loop gathers is written at the latest when it is so long."""


class Outbox:
    """Frames to one client, in order. The first of a turn leaves at once, what follows in the turn leaves together."""

    def __init__(self, transport: asyncio.Transport, session: str, on_too_slow: Callable[[str], None]) -> None:
        """`on_too_slow` is called, with words for the client, when it reads too slowly to be kept."""
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._session = session
        self._too_slow = on_too_slow
        self._turn: list[bytes] = []
        self._turn_bytes = 0
        self._in_turn = False
        self._paused = False
        self._backlog: deque[tuple[bytes, int]] = deque()
        self._backlog_bytes = 0
        self._unread_facts = 0
        self._state = Conflator()
        self._closed = False
        self._room: asyncio.Future[None] | None = None

    async def ready(self) -> bool:
        """Wait until the client has read enough for more; False once nothing can be sent any more. One at a time."""
        while (self._paused or self._backlog) and not self._closed:
            self._room = self._room or self._loop.create_future()
            await asyncio.shield(self._room)
        return not self._closed

    @property
    def keeps_up(self) -> bool:
        """True while nothing waits to be read: what may wait or be lost is better kept elsewhere otherwise."""
        return not (self._paused or self._backlog or self._closed)

    def end(self) -> None:
        """The connection is gone: whoever waits for room waits no more."""
        self._closed = True
        self._wake()

    def send(self, data: bytes, *, facts: int = 0, now: bool = False) -> None:
        """Send a frame with so many facts in it; `now` doesn't wait for the end of the turn."""
        if self._closed:
            return
        if self._paused or self._backlog:
            self._keep(data, facts)
            return
        if not self._in_turn:
            self._in_turn = True
            self._loop.call_soon(self._end_turn)
            self._transport.write(data)
            return
        self._turn.append(data)
        self._turn_bytes += len(data)
        if now or self._turn_bytes >= _TURN_BYTES:
            self.flush()

    def send_state(self, data: bytes, events: list[StateEvent]) -> None:
        """Send state, given as a frame and as what is in it: a client that doesn't keep up gets last values later."""
        if self._paused or self._backlog:
            for event in events:
                self._state.put(event)
        else:
            self.send(data)

    def flush(self) -> None:
        """Hand what this turn gathered to the transport."""
        if self._turn:
            data = b"".join(self._turn)
            self._turn.clear()
            self._turn_bytes = 0
            self._transport.write(data)

    def close(self, last: bytes) -> None:
        """Drop what still waits, send one last frame, take nothing more."""
        if not self._closed:
            self.flush()
            self._closed = True
            self._backlog.clear()
            self._transport.write(last)
            self._wake()

    def pause(self) -> None:
        """The transport has enough."""
        self._paused = True

    def resume(self) -> None:
        """The transport takes more."""
        self._paused = False
        self.flush()
        while self._backlog and not self._paused:
            data, facts = self._backlog.popleft()
            self._backlog_bytes -= len(data)
            self._unread_facts -= facts
            # May call `pause`.
            self._transport.write(data)
        if self._state and not self._paused and not self._closed:
            self._transport.write(state_frame(self._session, self._state.take()))
        if not self._paused:
            self._wake()

    def _wake(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def _end_turn(self) -> None:
        self._in_turn = False
        if not self._closed:
            self.flush()

    def _keep(self, data: bytes, facts: int) -> None:
        self._backlog.append((data, facts))
        self._backlog_bytes += len(data)
        self._unread_facts += facts
        if self._unread_facts > MAX_UNREAD_FACTS or self._backlog_bytes > MAX_UNREAD_BYTES:
            self._too_slow(TOO_SLOW)
