"""When an order that was refused before anything of it was recorded is tried again."""

from __future__ import annotations

from typing import Protocol

from core.domain.denials import Denial


class RetryPolicy(Protocol):
    """Decides on such refusals alone: not connected, not synchronised, journal busy.

    A user's cancel, missing funds, an invalid contract, whatever else a control or IBKR refused, and every order whose
    outcome is not known never come here: nothing that may be working is ever sent again.
    """

    def pause(self, denial: Denial, attempt: int) -> float | None:
        """Seconds until the next attempt, after `attempt` of them have failed; None gives up."""


class Backoff:
    """Retries after 1, 2 and 4 seconds. Every control judges the order anew each time."""

    def __init__(self, max_retries: int = 3, initial_delay: float = 1.0, factor: float = 2.0) -> None:
        """`initial_delay` in seconds; each further pause is `factor` times as long."""
        self.max_retries = max_retries
        self._initial_delay = initial_delay
        self._factor = factor

    def should_retry(self, denial: Denial) -> bool:
        """True for each of them; a subclass may give up on some."""
        del denial
        return True

    def pause(self, denial: Denial, attempt: int) -> float | None:
        """As of `RetryPolicy`."""
        if attempt > self.max_retries or not self.should_retry(denial):
            return None
        return self._initial_delay * self._factor ** (attempt - 1)


class NoRetries:
    """Every refusal stands: what scripts get that did not ask for more."""

    def pause(self, denial: Denial, attempt: int) -> float | None:
        """None, always."""
        del denial, attempt
        return None
