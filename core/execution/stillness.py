"""Whether core stood still: the computer slept, the process was stopped, or something kept the loop busy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from core.clock import Clock

LOOK_SECONDS = 1.0
STILL_SECONDS = 5.0
"""A pause of so much more than a look's is one in which anything may have happened."""


class Stillness:
    """Looks at the clock once a second. A sleep shows in the wall time, which goes on when the loop's own does not.

    The look is a timer of the loop's, not a task: after a pause it comes before any command that waited meanwhile.
    """

    def __init__(self, clock: Clock, on_still: Callable[[float], None]) -> None:
        """`on_still` is told the seconds of each pause that was too long, also of a jump of the wall time forwards."""
        self._clock = clock
        self._on_still = on_still
        self._mono = 0.0
        self._wall: datetime | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look from now on."""
        self.stop()
        self._note()

    def stop(self) -> None:
        """Look no more; does nothing when it does not."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        mono, wall = self._clock.mono(), self._clock.utc()
        slept = (wall - self._wall).total_seconds() if self._wall is not None else 0.0
        pause = max(mono - self._mono, slept) - LOOK_SECONDS
        self._note()
        if pause >= STILL_SECONDS:
            self._on_still(pause)

    def _note(self) -> None:
        self._mono, self._wall = self._clock.mono(), self._clock.utc()
        self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
