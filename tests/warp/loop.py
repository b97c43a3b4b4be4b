"""An event loop whose time jumps to the next timer as soon as nothing else is left to do.

Time stands still while callbacks run and while a socket, an executor or another thread has work in hand; it jumps only
when the loop would sleep. So hours of timers run in seconds, over real sockets, in the same order every time.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import ParamSpec, TypeVar, TypeVarTuple, Unpack

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""The wall time at which a warp loop begins unless told otherwise: 10:00 in New York, a Friday."""

PATIENCE = 20.0
"""Seconds of real time that the loop waits for a thread or a stranger's socket before it calls itself stuck."""

_FIRST_TIME = 1000.0
_LOOK = 0.05
"""Seconds between two looks at what a thread has in hand."""

Events = list[tuple[selectors.SelectorKey, int]]


class StuckError(RuntimeError):
    """Nothing can happen any more: no timer, or a thread that never finishes."""


class _Warping(selectors.DefaultSelector):
    """Where the loop would sleep, time jumps, if nothing outside the loop is under way."""

    def __init__(self, patience: float) -> None:
        super().__init__()
        self.now = _FIRST_TIME
        self.jumps = 0
        self.held = 0
        self.probes: list[Callable[[], bool]] = []
        self.next_timer: Callable[[], float] = lambda: self.now
        self._patience = patience

    def select(self, timeout: float | None = None) -> Events:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        # Once more: what a peer has just sent may have been on its way through the kernel.
        return super().select(0) or self._wait(timeout)

    def _wait(self, timeout: float | None) -> Events:
        deadline = time.monotonic() + self._patience
        while timeout is None or self.held or any(probe() for probe in self.probes):
            ready = super().select(_LOOK)
            if ready:
                return ready
            if time.monotonic() >= deadline:
                what = "no timer is set and no socket speaks" if timeout is None else "a thread does not finish"
                raise StuckError(f"The loop waited {self._patience:g} s of real time: {what}.")
        # A timeout is a difference, rounded: added again it may fall short of the timer that it came from, which would
        # be planned anew for the same moment for ever.
        self.now = max(self.now + timeout, self.next_timer())
        self.jumps += 1
        return super().select(0)


class WarpLoop(asyncio.SelectorEventLoop):
    """The loop. Work of an executor is known to it; other threads are told to it by `probe` or `hold`."""

    def __init__(self, patience: float = PATIENCE) -> None:
        """`patience` is in seconds of real time."""
        self._warping = _Warping(patience)
        super().__init__(self._warping)
        self._warping.next_timer = lambda: self._timers[0].when() if self._timers else self._warping.now

    @property
    def _timers(self) -> list[asyncio.TimerHandle]:
        """A heap: the next one is the first, cancelled or not."""
        timers: list[asyncio.TimerHandle] = vars(self)["_scheduled"]
        return timers

    def time(self) -> float:
        """Seconds of warp time; they pass only in jumps."""
        return self._warping.now

    @property
    def jumps(self) -> int:
        """How often time jumped."""
        return self._warping.jumps

    @property
    def timers(self) -> int:
        """Timers that are set and not cancelled."""
        return sum(not handle.cancelled() for handle in self._timers)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Time stands still inside: a thread that no executor owns works for this loop."""
        self._warping.held += 1
        try:
            yield
        finally:
            self._warping.held -= 1

    @contextmanager
    def probe(self, is_busy: Callable[[], bool]) -> Iterator[None]:
        """Inside, time stands still whenever `is_busy` says so; it is asked each time that the loop would sleep."""
        self._warping.probes.append(is_busy)
        try:
            yield
        finally:
            self._warping.probes.remove(is_busy)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run in a thread; time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._warping.held += 1
        future.add_done_callback(self._released)
        return future

    def _released(self, _: asyncio.Future[T]) -> None:
        self._warping.held -= 1

    async def shutdown_default_executor(self, *arguments: float | None) -> None:
        """As the loop's own, whose time limit is one of real time."""
        with self.hold():
            await super().shutdown_default_executor(*arguments)


class WarpClock:
    """The running warp loop's time as a `core.clock.Clock`."""

    def __init__(self, start: datetime = START) -> None:
        """`start` is the wall time of this moment."""
        self._loop = asyncio.get_running_loop()
        self._start = start - timedelta(seconds=self._loop.time())

    def mono(self) -> float:
        """Seconds of the loop."""
        return self._loop.time()

    def utc(self) -> datetime:
        """The wall time, which moves with the loop's."""
        return self._start + timedelta(seconds=self._loop.time())

    def put_on(self, by: timedelta) -> None:
        """The wall time jumps, and the loop's goes on."""
        self._start += by

    def epoch(self) -> float:
        """The same in seconds since 1970, as the practice gateway wants it."""
        return self.utc().timestamp()


def warping(test: Callable[P, Coroutine[None, None, None]]) -> Callable[P, None]:
    """Run a test on a warp loop of its own."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=WarpLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def warp_loop() -> WarpLoop:
    """The running loop, which must be a warp loop."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, WarpLoop):
        raise TypeError(f"a warp loop is needed, not {type(loop).__name__}")
    return loop
