"""The trades of the market as they are kept for whoever asks what just happened."""

from __future__ import annotations

from typing import Final, NamedTuple


class Print(NamedTuple):
    """One trade of the market."""

    #: Seconds since the epoch.
    time: float
    #: In units of the instrument.
    price: int
    size: int
    #: Exchange that it happened at.
    venue: str
    #: Whether it happened at the ask.
    buys: bool


#: Prints that are kept of one instrument.
KEPT_PRINTS: Final = 256
