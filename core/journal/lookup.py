"""Rows found without reading all that stand before them: by time, and by the order that they are about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.errors import JournalDamagedError
from core.journal.database import SELECT, UNREADABLE, problem, reading
from core.journal.rows import DAMAGED, Row, verify_row

_EXECUTION = '%"type":"execution_added"%'


def last_before(file: Path, first: int, moment: str) -> int:
    """The row before the first that is not earlier than a time, as rows spell it: `first - 1` if that is the first.

    `first` is the number of the first row of one database of the journal. Where the clock was set back meanwhile it is
    one of the rows at which time passed that moment. Raises JournalError.
    """
    try:
        with reading(file) as connection:
            (last,) = connection.execute("SELECT max(seq) FROM event").fetchone()
            low, high = first, (last or first - 1) + 1
            while low < high:
                middle = (low + high) // 2
                (found,) = connection.execute("SELECT ts_utc FROM event WHERE seq = ?", (middle,)).fetchone()
                low, high = (middle + 1, high) if found < moment else (low, middle)
    except UNREADABLE as error:
        raise problem(error, f"{file} can't be searched") from error
    except TypeError as error:
        raise JournalDamagedError(f"{file} lacks a row between {low} and {high}. {DAMAGED}") from error
    return low - 1


def orders_named(file: Path, after: int) -> set[str]:
    """The references of all orders that rows behind a number are about. Raises JournalError."""
    try:
        with reading(file) as connection:
            found = connection.execute(
                "SELECT DISTINCT order_ref FROM event WHERE seq > ? AND order_ref != ''", (after,)
            )
            return {order_ref for (order_ref,) in found}
    except UNREADABLE as error:
        raise problem(error, f"{file} can't be read behind row {after}") from error


def rows_about(file: Path, last: int, order_refs: set[str]) -> Iterator[Row]:
    """Up to row `last` of one database: the instruments, what is about some orders, and fills that name no order.

    Each row is verified by itself, not the chain. Raises JournalError.
    """
    try:
        with reading(file) as connection:
            connection.execute("CREATE TEMP TABLE wanted (order_ref TEXT PRIMARY KEY)")
            connection.executemany("INSERT INTO wanted VALUES (?)", [(one,) for one in order_refs])
            found = connection.execute(
                SELECT + "WHERE seq <= ? AND (kind = 'instrument' OR order_ref IN wanted "
                "OR (order_ref = '' AND kind = 'fact' AND payload LIKE ?)) ORDER BY seq",
                (last, _EXECUTION),
            )
            for values in found:
                row = Row._make(values)
                verify_row(row, row.seq, row.prev_hash)
                yield row
    except UNREADABLE as error:
        raise problem(error, f"{file} can't be read up to row {last}") from error
