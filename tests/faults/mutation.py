"""One guarded line, broken."""

from __future__ import annotations

from typing import NamedTuple


class Mutation(NamedTuple):
    """One guarded place, broken."""

    row: int
    what: str
    """What core would then do."""
    file: str
    changes: tuple[tuple[str, str], ...]
    """Texts that stand in the file exactly once, and what takes their place."""
    tests: str
    """A test file that proves the row."""
    only: str = ""
    """What pytest selects there by name; empty for all of the row's."""
