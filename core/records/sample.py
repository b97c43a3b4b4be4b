"""The day of the practice market that ibdesk brings along, for replays without a recording of one's own."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from core.errors import RecordsError

SAMPLE_FOLDER: Final = Path(__file__).parent / "sample_day"
"""A folder of recorded days, as `data/live` is; nothing is ever written to it."""


def sample_day() -> date:
    """The trading day in it. Raises RecordsError if the installation lacks it."""
    for folder in sorted(SAMPLE_FOLDER.glob("*-*-*")):
        return date.fromisoformat(folder.name)
    raise RecordsError(f"The sample day is missing from {SAMPLE_FOLDER}. Install ibdesk again.")
