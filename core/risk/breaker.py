"""A circuit breaker: too many failures within a time stop what fails, until one attempt has shown that it works again.

Pure: every moment is given, in seconds of one monotonic clock, and none lies before an earlier one.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from core.domain.trading import BreakerState

LONGEST_FACTOR = 16
"""A pause grows with each failed attempt, up to so many times the first one."""


class BreakerRule(Struct, frozen=True, kw_only=True):
    """When a breaker opens, and for how long."""

    failures: int
    """So many of them within `within` open it."""
    within: float
    """Seconds."""
    pause: float
    """Seconds without a failure after which it is half open; twice as long after each attempt that failed."""


class Breaker(Struct, frozen=True, kw_only=True):
    """Closed in the beginning. Never changes: each word makes another one."""

    recent: tuple[float, ...] = ()
    """When it failed lately, oldest first; empty unless it is closed."""
    until: float | None = None
    """When it is half open, or since when; None while it is closed."""
    pause: float = 0.0
    """Seconds that the next failure keeps it open for; 0 while it is closed."""

    def state(self, now: float) -> BreakerState:
        """As it stands now."""
        if self.until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.until else BreakerState.HALF_OPEN

    def failed(self, now: float, rule: BreakerRule) -> Breaker:
        """It failed once more."""
        match self.state(now):
            case BreakerState.CLOSED:
                recent = (*(at for at in self.recent if now - at < rule.within), now)
                if len(recent) < rule.failures:
                    return replace(self, recent=recent)
                return Breaker(until=now + rule.pause, pause=rule.pause)
            case BreakerState.OPEN:
                return replace(self, until=now + self.pause)
            case BreakerState.HALF_OPEN:
                pause = min(self.pause * 2, rule.pause * LONGEST_FACTOR)
                return Breaker(until=now + pause, pause=pause)

    def succeeded(self, now: float) -> Breaker:
        """It worked once: that closes a half open one. While it is open or closed it proves nothing."""
        return Breaker() if self.state(now) is BreakerState.HALF_OPEN else self
