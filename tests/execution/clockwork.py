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


class _Skipping(selectors.DefaultSelector):
    """Instead of waiting it says how long it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        if timeout > 0:
            self.skipped += timeout
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """For tests that do no I/O: nothing but timers is ever waited for."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return super().time() + self._skipping.skipped


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

    def mono(self) -> float:
        return self._loop.time()

    def utc(self) -> datetime:
        return self._start + timedelta(seconds=self._loop.time() - self._origin)
