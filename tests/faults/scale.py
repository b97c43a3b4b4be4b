"""How much of a fault is tried: a part in every run of the tests, all of it with `python -m tests.faults --full`."""

from __future__ import annotations

import os

FULL = os.environ.get("FAULTS") == "full"
"""True tries everything that can be counted."""


def one_in(number: int) -> int:
    """The step through what is too much for every run: `number`, or 1 for all of it."""
    return 1 if FULL else number
