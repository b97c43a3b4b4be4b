"""Reading the journal back, verifying the chain on the way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from core.domain.entries import Entry
from core.errors import JournalDamagedError, JournalError
from core.journal.checkpoint import Fold, decode_summary, read_checkpoint
from core.journal.database import (
    SELECT,
    UNREADABLE,
    Meta,
    Tail,
    hash_of,
    problem,
    read_carried,
    read_meta,
    reading,
    shaped,
)
from core.journal.files import checkpoint_path, segment_paths
from core.journal.rows import DAMAGED, Row, entry_of, verify_row

_ALL = -1
"""SQLite takes a negative LIMIT for none."""

F = TypeVar("F", bound=Fold)
F_co = TypeVar("F_co", bound=Fold, covariant=True)

_logger = logging.getLogger(__name__)


def read_entries(path: Path, after: int = 0) -> Iterator[tuple[int, Entry]]:
    """Every entry with its number, in order, from the row behind number `after` on; read as it is asked for.

    Nothing for a journal that doesn't exist yet or is empty. May run before the writer opens and beside it: it sees
    what was durable when it began. Raises JournalError, naming the first row that is missing, changed or unreadable.
    """
    return ((row.seq, entry_of(row)) for row in read_rows(path, after))


def read_some(path: Path, after: int, count: int) -> list[tuple[int, Entry]]:
    """As `read_entries`, at most `count` rows, the files closed again. Raises JournalError alone."""
    try:
        with closing(read_rows(path, after, count)) as rows:
            return [(row.seq, entry_of(row)) for row in rows]
    except OSError as error:
        raise JournalError(f"{path} can't be read: {error}.") from error


def read_rows(path: Path, after: int = 0, count: int | None = None) -> Generator[Row, None, None]:
    """At most `count` verified rows behind number `after`, in order, from all files of the journal; None is no limit.

    Raises JournalError as `read_entries` does.
    """
    left = _ALL if count is None else count
    last: Tail | None = None
    for file, meta in segments_from(path, after):
        if last is not None and (last.seq, last.hash) != (meta.base.seq, meta.base.hash):
            raise JournalDamagedError(f"{file} does not go on where row {last.seq} ends. {DAMAGED}")
        last = last or _standing(file, after)
        try:
            with reading(file) as connection:
                found = connection.execute(SELECT + "WHERE seq > ? ORDER BY seq LIMIT ?", (last.seq, left))
                for values in found:
                    row = Row._make(values)
                    verify_row(row, last.seq + 1, last.hash)
                    last = Tail(last.instance, row.seq, row.hash)
                    left -= 1
                    yield row
        except UNREADABLE as error:
            raise problem(error, f"{file} can't be read behind row {last.seq}") from error
        if left == 0:
            return


def segments_from(path: Path, after: int = 0) -> list[tuple[Path, Meta]]:
    """The files with rows behind number `after`, oldest first; one that has no tables yet is left out.

    Raises JournalError where the file that has those rows is not here or can't be read.
    """
    found: list[tuple[Path, Meta]] = []
    for file, meta in reversed(segments(path)):
        found.insert(0, (file, meta))
        if meta.base.seq <= after:
            return found
    if found:
        first = found[0][1].base.seq
        raise JournalError(f"The rows up to {first} of the journal are in a file that is no longer in {path.parent}.")
    return []


def segments(path: Path) -> list[tuple[Path, Meta]]:
    """Every file of the journal with what it says of itself, oldest first; one without tables is left out.

    Raises JournalError for one that can't be read.
    """
    found = []
    for file in segment_paths(path):
        try:
            with reading(file) as connection:
                if shaped(connection, file):
                    found.append((file, read_meta(connection)))
        except UNREADABLE as error:
            raise problem(error, f"{file} can't be read") from error
        except TypeError as error:
            raise JournalDamagedError(f"{file} does not say whose journal it is. {DAMAGED}") from error
    return found


def _standing(file: Path, after: int) -> Tail:
    """Row `after`, as what the next one must follow."""
    try:
        with reading(file) as connection:
            instance = read_meta(connection).instance
            digest = hash_of(connection, after)
    except UNREADABLE as error:
        raise problem(error, f"{file} can't be read at row {after}") from error
    if digest is None:
        raise JournalDamagedError(f"Row {after} of the journal is missing. {DAMAGED}")
    return Tail(instance, after, digest)


class Recovered(NamedTuple, Generic[F_co]):
    """The state that a journal holds."""

    fold: F_co
    """As far as it can be read."""
    tail: Tail
    """The last row that is in the fold."""
    since: int
    """Rows behind this one were read and verified; those before stand in a summary."""
    damage: str
    """Why the fold ends before the journal does; empty when it doesn't."""


def recover(path: Path, make_fold: Callable[[], F], *, whole: bool = False, last: int | None = None) -> Recovered[F]:
    """Read the state back: the last checkpoint that fits, then every row behind it, up to row `last` if that is given.

    `whole` takes no checkpoint, and what a file carries over only where the files before it are gone.

    Raises JournalRefusedError for a journal that is none or is newer; JournalError if it can't be read at all.
    """
    try:
        start, fold = _start(path, make_fold, whole=whole)
    except JournalDamagedError as error:
        return Recovered(make_fold(), Tail("", 0, b""), 0, str(error))
    tail, damage = start, ""
    try:
        for row in read_rows(path, start.seq, None if last is None else last - start.seq):
            fold.apply(entry_of(row))
            tail = Tail(start.instance, row.seq, row.hash)
    except JournalDamagedError as error:
        damage = str(error)
    return Recovered(fold, tail, start.seq, damage)


def _start(path: Path, make_fold: Callable[[], F], *, whole: bool) -> tuple[Tail, F]:
    """The latest summary that fits the journal, folded; `whole` takes the earliest one that there must be."""
    files = segments(path)
    if not files:
        return Tail("", 0, b""), make_fold()
    checkpoint = None if whole else read_checkpoint(checkpoint_path(path))
    if checkpoint is not None:
        try:
            tail, fold = _folded(checkpoint, make_fold)
            if _standing(segments_from(path, tail.seq)[0][0], tail.seq) == tail:
                return tail, fold
            _logger.warning("the checkpoint at row %d does not belong to this journal: not used", tail.seq)
        except JournalError as error:
            _logger.warning("the checkpoint is not used: %s", error)
    file, meta = files[0 if whole else -1]
    try:
        with reading(file) as connection:
            carried = read_carried(connection)
    except UNREADABLE as error:
        raise problem(error, f"{file} can't be read") from error
    if not carried:
        return meta.base, make_fold()
    tail, fold = _folded(carried, make_fold)
    if tail != meta.base:
        raise JournalDamagedError(f"What {file} carries over is not from row {meta.base.seq}. {DAMAGED}")
    return tail, fold


def _folded(summary: bytes, make_fold: Callable[[], F]) -> tuple[Tail, F]:
    said, entries = decode_summary(summary)
    fold = make_fold()
    for entry in entries:
        fold.apply(entry)
    return said.tail, fold
