"""The journal's rows from a trading day on, and what was known of orders before them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from core.clock import trading_day_span
from core.domain.entries import Entry
from core.errors import JournalError
from core.journal.checkpoint import decode_summary
from core.journal.database import UNREADABLE, problem, read_carried, reading
from core.journal.recovery import read_rows, segments


class Beginning(NamedTuple):
    """Where reading for the records of a day begins: with a file of the journal, which knows what was before it."""

    instance: str
    after: int
    """Rows behind this number are read."""
    known: list[Entry]
    """A summary of all rows before; empty where the journal begins."""


def beginning(path: Path, day: date | None) -> Beginning:
    """Where to begin for a day; None reads everything that is there. Raises JournalError, also without a journal."""
    files = segments(path)
    if not files:
        raise JournalError(f"There is no journal at {path}.")
    file, meta = files[0]
    begin = None if day is None else trading_day_span(day)[0].isoformat(timespec="microseconds")
    for later, about in files[1:] if begin is not None else []:
        first = next(_times(path, about.base.seq), None)
        if first is None or begin is None or first > begin:
            break
        file, meta = later, about
    try:
        with reading(file) as connection:
            carried = read_carried(connection)
    except UNREADABLE as error:
        raise problem(error, f"{file} can't be read") from error
    known = list(decode_summary(carried)[1]) if carried else []
    return Beginning(meta.instance, meta.base.seq, known)


def _times(path: Path, after: int) -> Iterator[str]:
    return (row.ts_utc for row in read_rows(path, after, 1))
