"""The journal's rows from a trading day on, and what was known of orders before them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from core.clock import trading_day_span
from core.domain.entries import Entry
from core.errors import JournalError
from core.journal.checkpoint import decode_summary
from core.journal.database import UNREADABLE, Meta, problem, read_carried, reading
from core.journal.lookup import last_before, orders_named, rows_about
from core.journal.recovery import read_rows, segments
from core.journal.rows import entry_of

_SURE = timedelta(hours=1)
"""A computer's clock is never set back by more."""


class Beginning(NamedTuple):
    """Where reading for the records of a day begins."""

    instance: str
    after: int
    """Rows behind this number are read."""
    known: list[Entry]
    """What was known of orders and instruments before; empty where the journal begins."""


def file_beginning(path: Path, day: date | None) -> Beginning:
    """Begin with the file of the journal that has the day's first row, and all that it knows of what was before.

    None for the day reads everything that is there. Raises JournalError, also without a journal.
    """
    (file, meta), _ = _files_for(path, day)
    return Beginning(meta.instance, meta.base.seq, _carried(file))


def day_beginning(path: Path, day: date) -> Beginning:
    """Begin with the day itself, knowing no more of what was before than concerns the orders of which it tells.

    Raises JournalError, also without a journal.
    """
    (file, meta), later = _files_for(path, day)
    moment = (trading_day_span(day)[0] - _SURE).isoformat(timespec="microseconds")
    after = last_before(file, meta.base.seq + 1, moment)
    refs = orders_named(file, after)
    for other in later:
        refs |= orders_named(other, after)
    known = _carried(file) + [entry_of(row) for row in rows_about(file, after, refs)]
    return Beginning(meta.instance, after, known)


def _files_for(path: Path, day: date | None) -> tuple[tuple[Path, Meta], list[Path]]:
    """The file that has a day's first row, and those behind it."""
    files = segments(path)
    if not files:
        raise JournalError(f"There is no journal at {path}.")
    begin = "" if day is None else trading_day_span(day)[0].isoformat(timespec="microseconds")
    place = 0
    for number, (_, meta) in enumerate(files[1:], start=1):
        first = next(_times(path, meta.base.seq), None)
        if first is None or first > begin:
            break
        place = number
    return files[place], [file for file, _ in files[place + 1 :]]


def _carried(file: Path) -> list[Entry]:
    try:
        with reading(file) as connection:
            carried = read_carried(connection)
    except UNREADABLE as error:
        raise problem(error, f"{file} can't be read") from error
    return list(decode_summary(carried)[1]) if carried else []


def _times(path: Path, after: int) -> Iterator[str]:
    return (row.ts_utc for row in read_rows(path, after, 1))
