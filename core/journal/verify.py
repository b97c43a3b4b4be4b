"""Looking at rows that nobody needs to read: is the chain still what was written?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from core.errors import JournalDamagedError, JournalError
from core.journal.recovery import read_rows, segments

_BATCH = 100
_REST = 4.0
"""For each second of looking, so many seconds of rest: the loop's thread wants the interpreter too."""


def first_row(path: Path) -> int:
    """The number of the oldest row that is still here; 1 for a journal that is whole, empty or missing.

    Raises JournalError.
    """
    files = segments(path)
    return files[0][1].base.seq + 1 if files else 1


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

    def stop(self) -> None:
        """Look no further; returns when the thread has ended."""
        self._stopped.set()
        self.join()
