"""How much of what one run of core has told its journal has kept."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from core.errors import JournalError
from core.journal.recovery import read_rows

_ROWS = 2000
"""More than a run can have told that was not durable yet."""


def kept_of(path: Path, session: str, number: int) -> int:
    """The number behind which all rows are new to whoever has heard the run `session` up to `number`.

    What a core that was killed told last may not have become durable: its numbers stand for other facts then. Raises
    JournalError.
    """
    begin = max(0, number - _ROWS)
    try:
        with closing(read_rows(path, begin, _ROWS)) as rows:
            kept = [row.seq for row in rows if row.session == session and row.seq <= number]
    except OSError as error:
        raise JournalError(f"{path} can't be read: {error}.") from error
    return kept[-1] if kept else begin
