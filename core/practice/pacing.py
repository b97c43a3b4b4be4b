"""Pacing of a real gateway: so many messages a second from a client, of all kinds together."""

from __future__ import annotations

from collections import deque

#: Messages a second that a real gateway takes from one client before error 100.
REAL_LIMIT = 50


class RateLimit:
    """A sliding window of one second over the messages of one client."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._times: deque[float] = deque()

    def note(self, now: float) -> int:
        """Note a message; return how many the last second has, this one included."""
        self._forget(now)
        self._times.append(now)
        return len(self._times)

    def wait(self, now: float) -> float:
        """Return the seconds until a message would fit, 0 if it fits now."""
        self._forget(now)
        if len(self._times) < self.limit:
            return 0.0
        return max(self._times[-self.limit] + 1.0 - now, 0.001)

    def _forget(self, now: float) -> None:
        times = self._times
        while times and times[0] <= now - 1.0:
            times.popleft()


def exceeded_text(limit: int, received: int) -> str:
    """Return the text of error 100."""
    return f"Max rate of messages per second has been exceeded:max={limit} rec={received} (1)"
