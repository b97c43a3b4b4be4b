"""How long an order is on its way: from the client to the exchange, and its reports on the way back.

Times are drawn from log-normal distributions, whose long tail is what real round trips show. Market data and answers
to other requests come from the gateway itself and are not held back.
"""

from __future__ import annotations

import math
import random
from typing import Final, NamedTuple


class LatencyError(ValueError):
    """There is no latency profile of that name; the text says which there are."""


class Way(NamedTuple):
    """A log-normal time in seconds."""

    mean: float
    #: Spread of the logarithm; the larger, the longer the tail.
    sigma: float
    #: No way is longer than this.
    most: float

    def draw(self, generator: random.Random) -> float:
        """Return one time in seconds."""
        if not self.mean:
            return 0.0
        centre = math.log(self.mean) - self.sigma * self.sigma / 2
        return min(generator.lognormvariate(centre, self.sigma), self.most)


class Profile(NamedTuple):
    """The ways of an order, of a cancel, and of a report back to the client."""

    order: Way
    cancel: Way
    report: Way


_NONE: Final = Way(0.0, 0.0, 0.0)

#: By name: ``0`` is at once; ``ibkr`` takes about 250 ms from order to report, a cancel less, both with a tail.
PROFILES: Final = {
    "0": Profile(_NONE, _NONE, _NONE),
    "ibkr": Profile(order=Way(0.17, 0.6, 3.0), cancel=Way(0.09, 0.5, 2.0), report=Way(0.08, 0.5, 2.0)),
}


class Latency:
    """Times of one gateway: repeatable for a seed."""

    def __init__(self, name: str = "0", seed: int = 1) -> None:
        """Take a profile by its name. Raises LatencyError."""
        profile = PROFILES.get(name)
        if profile is None:
            raise LatencyError(f"there is no latency profile {name[:40]!r}; there are {', '.join(PROFILES)}")
        self.name = name
        self._profile = profile
        self._random = random.Random(seed)

    def __bool__(self) -> bool:
        return bool(self._profile.order.mean or self._profile.report.mean)

    def order(self) -> float:
        """Return the seconds that a new or changed order takes to the exchange."""
        return self._profile.order.draw(self._random)

    def cancel(self) -> float:
        """Return the seconds that a cancel takes to the exchange."""
        return self._profile.cancel.draw(self._random)

    def report(self) -> float:
        """Return the seconds that a report takes from the exchange to the client."""
        return self._profile.report.draw(self._random)
