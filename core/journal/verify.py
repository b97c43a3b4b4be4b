"""Looking at rows that nobody needs to read: is the chain still what was written?"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from core.errors import JournalDamagedError, JournalError
from core.journal.files import head_path
from core.journal.head import read_head
from core.journal.recovery import read_rows, segments
from core.journal.rows import entry_of

_logger = logging.getLogger(__name__)

_BATCH = 100
_REST = 4.0
"""For each second of looking, so many seconds of rest: the loop's thread wants the interpreter too."""


def first_row(path: Path) -> int:
    """The number of the oldest row that is still here; 1 for a journal that is whole, empty or missing.

    Raises JournalError.
    """
    files = segments(path)
    return files[0][1].base.seq + 1 if files else 1


class Verified(NamedTuple):
    """What was found of a journal."""

    instance: str
    files: int
    first: int
    """The oldest row that is here; above 1 where files were moved elsewhere."""
    last: int
    """The last row that is as it was written; one below `first` where there is none."""
    problem: str
    """What is wrong, in words; empty when every row is as it was written and none is missing."""


def verify(path: Path) -> Verified:
    """Look at every row of the journal, and at what its side file knows of it; also while core writes.

    Raises JournalError if there is no journal or it can't be read.
    """
    # Before the rows: what comes meanwhile is in the rows, not in the side file's older word.
    head = read_head(head_path(path))
    files = segments(path)
    if not files:
        raise JournalError(f"There is no journal at {path}.")
    meta = files[0][1]
    first, last, problem = meta.base.seq + 1, meta.base.seq, ""
    known = meta.base.hash if head is not None and head.seq == meta.base.seq else None
    try:
        for row in read_rows(path, meta.base.seq):
            entry_of(row)
            last = row.seq
            if head is not None and head.seq == last:
                known = row.hash
    except JournalDamagedError as error:
        problem = str(error)
    if not problem and head is not None and meta.schema > 1:
        if head.instance != meta.instance:
            problem = f"{head_path(path)} belongs to another journal ({head.instance})."
        elif head.seq > last:
            problem = f"It ends at row {last}, but core had written rows up to {head.seq}: its end is lost."
        elif known is not None and known != head.hash:
            problem = f"Row {head.seq} is not the one that core wrote: an older copy was put in the journal's place."
    return Verified(meta.instance, len(files), first, last, problem)


class QuietCheck(threading.Thread):
    """Verifies old rows in the background, slowly, up to one of them."""

    def __init__(self, path: Path, last: int, on_damage: Callable[[str], None]) -> None:
        """`on_damage` is called once, in this thread, if a row is missing, changed or unreadable."""
        super().__init__(name="journal check", daemon=True)
        self._path = path
        self._last = last
        self._on_damage = on_damage
        self._stopped = threading.Event()
        self.checked = 0
        """Number of the last row that was looked at."""
        self.problem = ""
        """Why the check ended before `last`; empty while it goes on or went well."""

    def run(self) -> None:
        """Look until the last row, the first bad one or `stop`."""
        try:
            self.checked = first_row(self._path) - 1
            while self.checked < self._last and not self._stopped.is_set():
                began = perf_counter()
                for row in read_rows(self._path, self.checked, min(_BATCH, self._last - self.checked)):
                    self.checked = row.seq
                self._stopped.wait(_REST * (perf_counter() - began))
        except JournalDamagedError as error:
            self.problem = str(error)
            self._on_damage(self.problem)
        except JournalError as error:
            self.problem = str(error)
            _logger.warning("older rows of the journal could not be verified behind row %d: %s", self.checked, error)

    def stop(self) -> None:
        """Look no further; returns when the thread has ended."""
        self._stopped.set()
        self.join()
