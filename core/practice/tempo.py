"""How fast market time passes: as the clock does, faster, up to a moment, or not at all."""

from __future__ import annotations

from typing import Final

from core.practice.climate import STEP_SECONDS

FASTEST: Final = 60.0
#: Seconds of the clock that a loop which was away makes up for.
_CATCH_UP: Final = 5.0
#: The most steps at once, so that a fast market keeps no client waiting.
_MOST_STEPS: Final = 300


class Tempo:
    """The tempo of a market."""

    def __init__(self, speed: float = 1.0, *, playing: bool = True) -> None:
        """`speed` is how many seconds of the market pass in one of the clock; `playing` False begins paused."""
        self.speed = speed
        self.playing = playing
        #: Market time in seconds since the epoch at which it pauses; None goes on.
        self.until: float | None = None

    @property
    def step_seconds(self) -> float:
        """Seconds of the clock between two steps."""
        return STEP_SECONDS / self.speed

    def steps(self, late: float) -> int:
        """Return how many steps are due when the next one was due so many seconds of the clock ago."""
        most = min(int(_CATCH_UP / self.step_seconds), _MOST_STEPS)
        return 1 + min(int(late / self.step_seconds), most)

    def reached(self, time: float) -> bool:
        """Whether the market has come to where it is to pause."""
        return self.until is not None and time >= self.until
