"""Keys that come faster than fingers are a paste or a cat on the keyboard: they are dropped (rule 6)."""

from __future__ import annotations

from typing import NamedTuple

GAP = 0.008
"""Seconds: keys this close to each other belong to one burst."""
KEYS = 4
"""Printable keys that make a burst."""

DROPPED = "Keys dropped: they came faster than fingers, as a paste does. Nothing was sent."
"""What a person is told."""


class Burst(NamedTuple):
    """The latest run of keys that came without a pause."""

    printable: int = 0
    """How many of them were printable."""
    at: float = float("-inf")
    """Loop time of the last of them, in seconds."""
    in_field: bool = False
    """True if the run began in a text field, which may be pasted into."""

    @property
    def is_dropped(self) -> bool:
        """True once it is too many at once: every further key of the run is dropped too."""
        return self.printable >= KEYS and not self.in_field


def add_key(burst: Burst, now: float, *, printable: bool, in_field: bool) -> Burst:
    """Take one more key.

    Args:
        burst: What came before.
        now: Loop time of the key in seconds.
        printable: False for keys that type nothing, Enter among them; they prolong a run but don't count.
        in_field: True if the key goes into a text field; the first key of a run decides for all of it.
    """
    if now - burst.at > GAP:
        return Burst(int(printable), now, in_field)
    return Burst(burst.printable + printable, now, burst.in_field)
