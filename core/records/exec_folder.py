"""Where the ledgers and audit logs that core keeps itself are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

EXEC: Final = Path("data/exec")
"""The folder of ledgers below the one that a command is called in."""


def kept_in(state: Path) -> Path:
    """The folder of the ledgers that core itself keeps, below the state folder of its profile."""
    return state / EXEC
