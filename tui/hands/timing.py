"""When a key was pressed, on the loop's clock."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Timing(Protocol):
    """The clock of the hands; tests give one that they turn themselves."""

    def now(self) -> float:
        """Loop time in seconds."""

    def pressed(self, stamp: float) -> float:
        """Loop time at which an event with this time stamp (`time.monotonic`) was read from the terminal."""


class LoopTiming:
    """The running loop's clock.

    A key counts from when it was read, not from when a busy loop comes to it: waiting in a queue must not make an
    Enter older than what it was pressed at.
    """

    def now(self) -> float:
        """Loop time in seconds."""
        return asyncio.get_running_loop().time()

    def pressed(self, stamp: float) -> float:
        """Loop time of the key: now, less the time that it waited."""
        return self.now() - max(0.0, time.monotonic() - stamp)
