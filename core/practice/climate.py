"""What all instruments share in a step: the shocks of the market and of its groups, how stormy it is, how busy.

Volatility has a slow and a quick part that remember their shocks over an hour and over minutes, so returns cluster at
every scale that a chart shows. Trading is busiest at the open and the close of a session of 6.5 hours.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Final

#: Seconds of market time in a step.
STEP_SECONDS: Final = 0.1
STEPS_A_SECOND: Final = 10
#: Steps in a session of 6.5 hours; the market's first step opens one.
SESSION_STEPS: Final = 234_000
#: Steps in a year of 252 sessions, which annual volatility is spread over.
YEAR_STEPS: Final = 252 * SESSION_STEPS

#: What instruments of a kind share beyond the market as a whole; an instrument names one by its place here.
GROUPS: Final = (
    "",
    "large",
    "technology",
    "chips",
    "banks",
    "energy",
    "health",
    "consumer",
    "metals",
    "rates",
    "dollar",
    "small",
)

#: Draws in a table to pick from.
TABLE: Final = 4096
_SLOW_VARIANCE, _SLOW_STEPS = 0.18, 12_000.0
_QUICK_VARIANCE, _QUICK_STEPS = 0.12, 1_500.0
#: Steps between two looks at the volatility.
SPELL: Final = 10


def _normals(tail: float) -> tuple[float, ...]:
    """Return draws of a bell curve to pick from, symmetric, of unit variance, with heavier tails if asked."""
    generator = random.Random(1)
    half = [abs(generator.gauss(0.0, 1.0)) for _ in range(TABLE // 2)]
    half = [draw * (1.0 + tail * draw * draw) for draw in half]
    scale = 1.0 / math.sqrt(sum(draw * draw for draw in half) / len(half))
    return (*(draw * scale for draw in half), *(-draw * scale for draw in half))


NORMAL: Final = _normals(0.0)
#: The same with fat tails, for what befalls one instrument alone.
FAT: Final = _normals(0.1)


def wander(variance: float, steps: float) -> tuple[float, float]:
    """Return what is kept and what is added every `SPELL` steps by a quantity that forgets in so many steps."""
    keep = math.exp(-SPELL / steps)
    return keep, math.sqrt(variance * (1.0 - keep * keep))


_SLOW_KEEP, _SLOW_KICK = wander(_SLOW_VARIANCE, _SLOW_STEPS)
_QUICK_KEEP, _QUICK_KICK = wander(_QUICK_VARIANCE, _QUICK_STEPS)


def activity(step: int) -> float:
    """Return how busy a step of the market is, 1 on average over a session, high at its ends."""
    return u_shape((step % SESSION_STEPS) / SESSION_STEPS)


def u_shape(part: float) -> float:
    """Return how busy a part of the session is, from 0 at the open to 1 at the close; its mean is 1."""
    side = 2.0 * part - 1.0
    return 0.65 + 1.05 * side * side


class Climate:
    """The shared part of the market's step."""

    __slots__ = ("common", "groups", "level", "pace", "quick", "slow")

    def __init__(self) -> None:
        self.slow = self.quick = 0.0
        #: Volatility of everything that is shared, as a multiple of its mean.
        self.level = 1.0
        #: Square root of the activity: it goes to the number of trades and to their size alike.
        self.pace = 1.0
        #: Shock of the market as a whole, and of each group.
        self.common = 0.0
        self.groups = [0.0] * len(GROUPS)
        self._look(0)

    def advance(self, step: int, draw: Callable[[], float]) -> None:
        """Go one step."""
        if step % SPELL == 0:
            self.slow = self.slow * _SLOW_KEEP + _SLOW_KICK * NORMAL[int(draw() * TABLE)]
            self.quick = self.quick * _QUICK_KEEP + _QUICK_KICK * NORMAL[int(draw() * TABLE)]
            self._look(step)
        level, table = self.level, NORMAL
        self.common = level * table[int(draw() * TABLE)]
        self.groups = [level * table[int(draw() * TABLE)] for _ in GROUPS]

    def _look(self, step: int) -> None:
        self.level = math.exp(self.slow + self.quick - _SLOW_VARIANCE - _QUICK_VARIANCE)
        self.pace = math.sqrt(activity(step))

    def save(self) -> list[float]:
        """Return what a restart needs."""
        return [self.slow, self.quick]

    def restore(self, step: int, saved: list[float]) -> None:
        """Go back to a saved step."""
        self.slow, self.quick = saved
        self._look(step - step % SPELL)
