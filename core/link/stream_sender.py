"""What a desk's streams bring, on its way through its outbox."""

from __future__ import annotations

import asyncio

from core.domain.events import StreamEvent
from core.link.outbox import Outbox
from core.link.unread import UnreadStreams
from core.link.wire import state_frame

STREAM_INTERVAL_S = 0.02
"""What streams bring goes out at most this often, all of it."""

ITEMS_IN_A_TURN = 200
"""Items of one stream that are packed into one frame: packing more would keep an order waiting."""


class StreamSender:
    """Brings one client what its streams bring, as fast as it reads; never in the way of anything else."""

    def __init__(self, outbox: Outbox, session: str) -> None:
        """Sends nothing before `begin`."""
        self._outbox = outbox
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._unread = UnreadStreams()
        self._begun = False
        self._flush: asyncio.TimerHandle | asyncio.Handle | None = None
        self._flushed = float("-inf")

    def hear(self, event: StreamEvent) -> None:
        """One more."""
        self._unread.put(event)
        self.go_on()

    def begin(self) -> None:
        """The client follows events from now on."""
        self._begun = True
        self.go_on()

    def go_on(self) -> None:
        """Send soon what waits, if the client keeps up."""
        if self._flush is None and self._begun and self._outbox.keeps_up and self._unread:
            wait = self._flushed + STREAM_INTERVAL_S - self._loop.time()
            # The first one after a pause leaves with this turn of the loop.
            self._flush = self._loop.call_later(wait, self._send) if wait > 0 else self._loop.call_soon(self._send)

    def end(self) -> None:
        """The client is gone."""
        self._begun = False
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None

    def _send(self) -> None:
        self._flush = None
        self._flushed = self._loop.time()
        if self._outbox.keeps_up:
            self._outbox.send(state_frame(self._session, self._unread.take(ITEMS_IN_A_TURN)))
            if self._unread and self._outbox.keeps_up:
                # What did not fit follows in the next turn: others come first.
                self._flush = self._loop.call_soon(self._send)
