"""How many frames may leave in a second, and which go first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from itertools import chain

from core.errors import NotConnectedError

DEFAULT_RATE = 45
"""Frames in any second: IBKR drops clients above 50 (error 100), whatever the frames are."""

RESERVED_FOR_CANCELS = 5
"""Frames of each second that only cancels may use."""

ABOVE_FOR_KILL = 2
"""Frames above the rate that the word to cancel everything may use: it does not wait behind a burst of cancels."""

WINDOW = 1.025
"""Seconds over which frames are counted: a second as the gateway sees it, with room for jitter on the way."""

_OVERTAKEN = "the cancel came before it had left"


class Lane(IntEnum):
    """Priorities, first to last; within a lane frames leave in the order they came."""

    KILL = 0
    """The word to cancel everything."""
    CANCEL = 1
    ORDER = 2
    ACCOUNT = 3
    """Accounts, positions, and what a reconciliation asks."""
    MARKET_DATA = 4
    QUERY = 5
    WHAT_IF = 6


class Outgoing:
    """One frame that waits or leaves."""

    __slots__ = ("data", "is_first", "order_id", "sent")

    def __init__(
        self, data: bytes, sent: asyncio.Future[None] | None = None, order_id: int | None = None, is_first: bool = False
    ) -> None:
        """`sent` is None if nobody waits; `order_id` is None for all but orders; `is_first` marks their placement."""
        self.data = data
        self.sent = sent
        self.order_id = order_id
        self.is_first = is_first

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that the frame did not get out."""
        if self.sent is not None and not self.sent.done():
            self.sent.set_exception(error)


class Pacer:
    """A sliding window over every frame, and lanes for those that have to wait.

    A frame for which there is room leaves at once, in the same turn of the loop. While the transport holds bytes that
    the kernel has not taken, frames wait here, where they are ordered by lane, can be withdrawn and are surely unsent.
    """

    def __init__(self, messages_per_second: int = DEFAULT_RATE) -> None:
        """At least 2 frames a second; a few hundred thousand means no limit."""
        self._total = max(2, messages_per_second)
        self._common = self._total - min(RESERVED_FOR_CANCELS, self._total // 2)
        self._times: deque[float] = deque()
        self._lanes: tuple[deque[Outgoing], ...] = tuple(deque() for _ in Lane)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._write: Callable[[Outgoing], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._held: float | None = None
        """Since when the transport takes nothing; None while it does."""
        self.sent = 0
        """Frames that were let out, over every connection."""

    def start(self, write: Callable[[Outgoing], None]) -> None:
        """Let frames out through `write`. What left over an earlier connection still counts in its second."""
        self._loop = asyncio.get_running_loop()
        self._write = write
        self._held = None

    def stop(self, reason: str) -> None:
        """Let nothing out any more; whoever waits for a queued frame gets NotConnectedError with `reason`."""
        self._write = None
        self._cancel_timer()
        left = list(chain.from_iterable(self._lanes))
        for lane in self._lanes:
            lane.clear()
        for frame in left:
            frame.fail(NotConnectedError(reason))

    @property
    def waiting(self) -> int:
        """Frames that have not left yet."""
        return sum(len(lane) for lane in self._lanes)

    def wait_of(self, lane: Lane) -> float:
        """Seconds until a frame of this lane would leave if it were queued now, by what waits before it.

        Of a transport that takes nothing only the time is known for which it has not: at least that is said.
        """
        if self._loop is None:
            return 0.0
        now = self._loop.time()
        self._forget(now)
        times, leaves = deque(self._times), now
        for before in Lane:
            if before > lane:
                break
            room = self._room(before)
            for _ in range(len(self._lanes[before]) + (before is lane)):
                if len(times) >= room:
                    leaves = max(leaves, times[-room] + WINDOW)
                while times and times[0] + WINDOW <= leaves:
                    times.popleft()
                times.append(leaves)
        stuck = 0.0 if self._held is None else now - self._held
        return max(stuck, leaves - now)

    def submit(self, lane: Lane, frame: Outgoing) -> None:
        """Let `frame` out now if there is room, else when there is."""
        self._lanes[lane].append(frame)
        self._pump()

    def withdraw(self, order_id: int, lane_of: Lane = Lane.ORDER, *, reason: str = _OVERTAKEN) -> bool:
        """Take back every queued frame of an order; True if its placement was among them, so that it never left."""
        lane = self._lanes[lane_of]
        taken = [frame for frame in lane if frame.order_id == order_id]
        for frame in taken:
            lane.remove(frame)
            frame.fail(NotConnectedError(f"Withdrawn: {reason}. Nothing was sent."))
        return any(frame.is_first for frame in taken)

    def withdraw_all(self, reason: str) -> None:
        """Take back every queued frame of every order; whoever waits for one gets NotConnectedError with `reason`."""
        lane = self._lanes[Lane.ORDER]
        taken = list(lane)
        lane.clear()
        for frame in taken:
            frame.fail(NotConnectedError(f"{reason.rstrip('.')}. Nothing was sent."))

    def hold(self) -> None:
        """Keep frames back: the transport still has bytes that the kernel did not take."""
        if self._held is None and self._loop is not None:
            self._held = self._loop.time()

    def release(self) -> None:
        """Go on after `hold`."""
        self._held = None
        self._pump()

    def _pump(self) -> None:
        if self._loop is None:
            return
        now = self._loop.time()
        self._forget(now)
        for lane, queue in zip(Lane, self._lanes, strict=True):
            room = self._room(lane)
            while queue:
                if self._held is not None or self._write is None:
                    return
                if len(self._times) >= room:
                    self._wake_at(self._times[-room] + WINDOW)
                    return
                self._times.append(now)
                self.sent += 1
                self._write(queue.popleft())

    def _forget(self, now: float) -> None:
        """What left longer than a second ago counts no more."""
        # The same sum as that of `_wake_at`: a difference, rounded otherwise, would wake us again for the same moment.
        while self._times and self._times[0] + WINDOW <= now:
            self._times.popleft()

    def _room(self, lane: Lane) -> int:
        """How many frames may have left within the window when one of this lane leaves."""
        if lane is Lane.KILL:
            return self._total + ABOVE_FOR_KILL
        return self._total if lane is Lane.CANCEL else self._common

    def _wake_at(self, when: float) -> None:
        if self._loop is None:
            return
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._pump()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
