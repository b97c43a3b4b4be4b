"""How long core runs, as far as clients of other builds may ask: they can't work with it, but can have it end."""

from __future__ import annotations

import logging
from typing import NamedTuple, Protocol

from core.link.wire import Refusal

_logger = logging.getLogger(__name__)


class Standing(NamedTuple):
    """What hangs on this core."""

    working: int
    """Orders of ours that have not ended."""
    in_flight: int
    """Those of them that hang on an answer, or whose outcome is not known."""


class Tenure(Protocol):
    """Who decides how long core runs."""

    def standing(self) -> Standing:
        """What hangs on core now."""

    def retire(self, client_name: str) -> None:
        """End soon: a client of another build takes over."""


class Endless:
    """A core that nobody retires: nothing hangs on it."""

    def standing(self) -> Standing:
        """Nothing."""
        return Standing(0, 0)

    def retire(self, client_name: str) -> None:
        """It doesn't."""
        _logger.warning("%s asked this core to end; it does not", client_name)


def other_build(fact: str, standing: Standing) -> Refusal:
    """What a client of another build is told; `fact` names the two builds."""
    return _refusal(f"{fact} They can't work together. Restart core to go on.", standing)


def more_in_flight(standing: Standing) -> Refusal:
    """What is said instead of ending while more is in flight than a person was told of."""
    return _refusal("Core was not restarted: orders came into flight meanwhile.", standing)


def _refusal(text: str, standing: Standing) -> Refusal:
    return Refusal(
        reason=text + _words(standing), other_build=True, working=standing.working, in_flight=standing.in_flight
    )


def _words(standing: Standing) -> str:
    if not standing.working:
        return " No order is working."
    working = "1 order is working and stays" if standing.working == 1 else f"{standing.working} orders work and stay"
    if not standing.in_flight:
        return f" {working} at the broker."
    verb = "is" if standing.in_flight == 1 else "are"
    return (
        f" {working} at the broker. {standing.in_flight} of them {verb} in flight or in doubt: nobody hears the answer "
        "until the new core has looked it up."
    )
