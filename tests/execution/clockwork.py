"""A loop whose time jumps to the next timer as soon as it is idle: hours of timers run in no time, in order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import ParamSpec

P = ParamSpec("P")

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""10:00 in New York, a Friday."""

_FIRST_TIME = 1000.0


class _Skipping(selectors.DefaultSelector):
    """Where the loop would wait, time jumps to its next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = _FIRST_TIME
        self.next_timer: Callable[[], float] = lambda: self.now

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        if timeout > 0:
            # A timeout is a difference, rounded: added again it may fall short of the timer that it came from.
            self.now = max(self.now + timeout, self.next_timer())
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """For tests that do no I/O: nothing but timers is ever waited for.

    No real time passes in it, so that on a busy machine no timer of core's fires that would not have fired elsewhere.
    """

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)
        self._skipping.next_timer = lambda: self._timers[0].when() if self._timers else self._skipping.now

    @property
    def _timers(self) -> list[asyncio.TimerHandle]:
        """A heap: the next one is the first, cancelled or not."""
        timers: list[asyncio.TimerHandle] = vars(self)["_scheduled"]
        return timers

    def time(self) -> float:
        return self._skipping.now

    def hold(self, seconds: float) -> None:
        """Whoever calls this took so long, while everything else had to wait."""
        self._skipping.now += seconds


def jumping(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test on a jumping loop."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=JumpingLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


class JumpingClock:
    """The running loop's time as a `core.clock.Clock`."""

    def __init__(self, start: datetime = START) -> None:
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()
        self._start = start

    def sleep(self, seconds: float) -> None:
        """The computer slept: the wall time is so much later, the loop's own is not."""
        self._start += timedelta(seconds=seconds)

    def mono(self) -> float:
        return self._loop.time()

    def utc(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time() - self._origin)
