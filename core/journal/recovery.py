"""Reading the journal back, verifying the chain on the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from core.domain.entries import Entry
from core.errors import JournalError
from core.journal.database import SELECT, shaped
from core.journal.rows import DAMAGED, Row, entry_of, genesis, verify_row

_ALL = -1
"""SQLite takes a negative LIMIT for none."""


def read_entries(path: Path, after: int = 0) -> Iterator[tuple[int, Entry]]:
    """Every entry with its number, in order, from the row behind number `after` on; read as it is asked for.

    Nothing for a journal that doesn't exist yet or is empty. May run before the writer opens and beside it: it sees
    what was durable when it began. Raises JournalError, naming the first row that is missing, changed or unreadable.
    """
    return _entries(path, after, None)


def _entries(path: Path, after: int, count: int | None) -> Generator[tuple[int, Entry], None, None]:
    if not path.exists():
        return
    number = after
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            if not shaped(connection, path):
                return
            last = _hash_of(connection, after)
            rows = connection.execute(
                SELECT + "WHERE seq > ? ORDER BY seq LIMIT ?", (after, _ALL if count is None else count)
            )
            for number, values in enumerate(rows, after + 1):
                row = Row._make(values)
                verify_row(row, number, last)
                last = row.hash
                yield number, entry_of(row)
    except sqlite3.Error as error:
        raise JournalError(f"The journal can't be read behind row {number}: {error}. {DAMAGED} ({path})") from error


def read_some(path: Path, after: int, count: int) -> list[tuple[int, Entry]]:
    """As `read_entries`, at most `count` rows, the file closed again."""
    with closing(_entries(path, after, count)) as entries:
        return list(entries)


def _hash_of(connection: sqlite3.Connection, seq: int) -> bytes:
    if seq == 0:
        instance: str = connection.execute("SELECT instance FROM meta").fetchone()[0]
        return genesis(instance)
    found = connection.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    if found is None:
        raise JournalError(f"Row {seq} of the journal is missing. {DAMAGED}")
    digest: bytes = found[0]
    return digest
