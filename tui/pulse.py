"""What paces the painting of the desk: changed state is announced at once after a pause, then at most so often."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from tui.messages import DeskMessage, SecondPassed

PERIOD = 1 / 15
"""Seconds between two beats: how often changed quotes, money and positions are shown at most."""


class Pulse:
    """Flushes changed state, and tells each second that the clock moved on. One timer of the desk calls `beat`."""

    def __init__(
        self, flush: Callable[[], bool], post: Callable[[DeskMessage], object], utc: Callable[[], datetime]
    ) -> None:
        """Create it; `flush` announces what changed and returns whether anything had."""
        self._flush = flush
        self._post = post
        self._utc = utc
        self._second: datetime | None = None
        self._flushed = float("-inf")
        self._hurrying = False

    def beat(self) -> None:
        """Do what is due now; called every `PERIOD` seconds."""
        self._flush_now()
        now = self._utc()
        second = now.replace(microsecond=0)
        if second != self._second:
            self._second = second
            self._post(SecondPassed(now))

    def hurry(self) -> None:
        """State changed: announce it at the end of this turn of the loop, unless something was a moment ago."""
        loop = asyncio.get_running_loop()
        if not self._hurrying and loop.time() - self._flushed >= PERIOD:
            self._hurrying = True
            loop.call_soon(self._flush_now)

    def _flush_now(self) -> None:
        self._hurrying = False
        if self._flush():
            self._flushed = asyncio.get_running_loop().time()
