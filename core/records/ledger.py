"""The ledger: `data/exec/YYYY-MM-DD/ledger.parquet`, made of the journal. `ledger_frame` has its columns."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from core.domain.entries import Entry
from core.errors import JournalDamagedError, JournalError, RecordsError
from core.journal.recovery import read_rows, read_some
from core.journal.rows import entry_of
from core.private import make_folder
from core.records.journal_days import day_beginning, file_beginning
from core.records.ledger_fold import LedgerFold
from core.records.ledger_frame import frame_of, schema
from core.records.parquet_file import read_about, read_parquet, write_parquet

if TYPE_CHECKING:
    import polars as pl

FORMAT: Final = 1
"""Rises when a column changes its meaning or goes."""
DURABLE_S: Final = 5.0
"""So long `write_day` waits for a row to become durable."""
_LOOK_S: Final = 0.02


def ledger_path(folder: Path, day: date) -> Path:
    """The ledger of a trading day below a folder."""
    return folder / f"{day:%Y-%m-%d}" / "ledger.parquet"


def days_below(folder: Path) -> list[date]:
    """The trading days that have a ledger below a folder, oldest first."""
    found = []
    for path in folder.glob("*/ledger.parquet"):
        try:
            found.append(date.fromisoformat(path.parent.name))
        except ValueError:
            continue
    return sorted(found)


def write_day(journal: Path, day: date, out_dir: Path, *, through: int = 0) -> Path:
    """Make the ledger of a trading day from the journal; returns where it is. Core may write the journal meanwhile.

    What another journal has put into the same file stays in it.

    Args:
        journal: `journal.db` of the profile.
        day: The trading day, `core.clock.trading_day` of now for what happens now.
        out_dir: Where the day's folder is, or is made.
        through: A row's number, as `Envelope.number` has it: it is waited for until it is durable.

    Raises JournalError where the journal is missing, damaged, or does not reach so far; RecordsError, naming the file,
    where it can't be written, or what is in its place can't be read.
    """
    _await_row(journal, through)
    return write_frame(day, day_frame(journal, day), out_dir)


def day_frame(journal: Path, day: date) -> pl.DataFrame:
    """The ledger of a trading day as a table, of no file. Raises JournalError."""
    fold = LedgerFold()
    instance = read_into(fold, journal, day)
    return frame_of(instance, fold.rows.get(day, []))


def write_all(journal: Path, out_dir: Path) -> list[Path]:
    """Make the ledgers of all days of the journal that have an event, oldest first. Raises as `write_day` does."""
    fold = LedgerFold()
    instance = read_into(fold, journal, None)
    return [write_frame(day, frame_of(instance, rows), out_dir) for day, rows in sorted(fold.rows.items())]


class RowFold(Protocol):
    """What is made of a journal's rows, one after the other."""

    def recall(self, entries: Iterable[Entry], /) -> None:
        """What is known before the first row."""

    def apply(self, sequence: int, timestamp: str, entry: Entry, /) -> object:
        """One more row: its number, its time as the journal spells it, what it says."""


def read_into(fold: RowFold, journal: Path, day: date | None) -> str:
    """Read the journal to its end, from where a day needs it, None from its beginning; returns its instance.

    Raises JournalError.
    """
    begin = file_beginning(journal, None) if day is None else day_beginning(journal, day)
    fold.recall(begin.known)
    for row in read_rows(journal, begin.after):
        fold.apply(row.seq, row.ts_utc, entry_of(row))
    return begin.instance


def write_frame(day: date, frame: pl.DataFrame, out_dir: Path) -> Path:
    """Write a day's table of one journal beside the rows that others have there. Raises RecordsError."""
    path = ledger_path(out_dir, day)
    with _alone(path.parent):
        others = _rows_of_others(path, _named(frame))
        if others is not None:
            import polars as pl

            frame = pl.concat([frame, others]).sort("timestamp", "instance", "sequence", maintain_order=True)
        about = {"what": "ledger", "format": FORMAT, "day": day.isoformat(), "instances": _named(frame)}
        write_parquet(frame, path, about)
    return path


def read_ledger(path: Path) -> pl.DataFrame:
    """A ledger with the columns of `ledger_frame`. Raises RecordsError, naming the file and what to do."""
    frame = read_parquet(path, "The ledger", _ANEW)
    if frame.schema != schema():
        raise RecordsError(f"The ledger: {path} has other columns than a ledger of this ibdesk. {_ANEW}")
    return frame


_ANEW: Final = "Move it away, then make it anew from the journal: ibdesk ledger build."


def _rows_of_others(path: Path, ours: Sequence[str]) -> pl.DataFrame | None:
    """What other journals have in a ledger that is to be replaced; None if they have nothing there."""
    if not path.exists() or read_about(path).get("instances") == ours:
        return None
    found = read_ledger(path)
    others = found.filter(~found["instance"].is_in(ours))
    return None if others.is_empty() else others


def _named(frame: pl.DataFrame) -> list[str]:
    instances: Iterable[str] = frame["instance"].unique().sort().to_list()
    return list(instances)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else puts rows into a ledger of this folder meanwhile."""
    try:
        make_folder(folder)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        text = f"{folder} can't be made or opened: {error.strerror}. Nothing is lost, the journal has it all. "
        raise RecordsError(text + "Make it yours to write in, or choose another folder.") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _await_row(journal: Path, number: int) -> None:
    deadline = time.monotonic() + DURABLE_S
    while number and not _is_there(journal, number):
        if time.monotonic() >= deadline:
            raise JournalError(
                f"Row {number} of the journal ({journal}) is not on disk after {DURABLE_S:.0f} s. Look at core's log."
            )
        time.sleep(_LOOK_S)


def _is_there(journal: Path, number: int) -> bool:
    try:
        return bool(read_some(journal, number - 1, 1))
    except JournalDamagedError:
        # The row before it isn't there yet either; one that is gone for good is named by whoever reads the day.
        return False
