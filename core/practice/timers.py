"""Things that are to happen later, unless the gateway ends before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Calls that were planned and have not been made."""

    def __init__(self) -> None:
        self._planned: set[asyncio.TimerHandle] = set()

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Make a call so many seconds from now."""
        self.at(asyncio.get_running_loop().time() + seconds, call)

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Make a call at this loop time."""

        def happen() -> None:
            self._planned.discard(timer)
            call()

        timer = asyncio.get_running_loop().call_at(when, happen)
        self._planned.add(timer)

    def stop(self) -> None:
        """Give up whatever is planned."""
        for timer in self._planned:
            timer.cancel()
        self._planned.clear()
