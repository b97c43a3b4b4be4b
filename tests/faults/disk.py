"""The journal's disk under the hands of a test: it fails when told, and tells what is written to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from unittest import mock

from core.journal.database import Connect

FULL = "database or disk is full"
BROKEN = "disk I/O error"


class Disk:
    """What every write of the journal passes."""

    def __init__(self) -> None:
        self.failure = ""
        """What every write raises from now on; empty while the disk is well."""
        self.failures: list[str] = []
        """What the next writes raise, one each, an empty one passes."""
        self.before_write: Callable[[str, Sequence[object]], None] = lambda _sql, _values: None
        """Told of a statement that is about to write."""
        self.after_write: Callable[[str, Sequence[object]], None] = lambda _sql, _values: None
        """Told of a statement whose writing is durable, where it is a transaction of its own."""

    def connect(self, path: Path) -> sqlite3.Connection:
        """A connection whose writes pass this disk."""
        return cast(sqlite3.Connection, _Connection(self, path))

    def write(self, sql: str, values: Sequence[object], do: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        """One statement. Raises sqlite3.OperationalError where the disk fails."""
        if not sql.lstrip().upper().startswith(("INSERT", "COMMIT", "BEGIN", "CREATE", "PRAGMA WAL_CHECKPOINT")):
            return do()
        self.before_write(sql, values)
        failure = self.failure or (self.failures.pop(0) if self.failures else "")
        if failure:
            raise _failed(failure)
        done = do()
        self.after_write(sql, values)
        return done


def _failed(text: str) -> sqlite3.OperationalError:
    """The error as SQLite raises it, its code included."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = sqlite3.SQLITE_FULL if text == FULL else sqlite3.SQLITE_IOERR
    return error


class _Connection:
    """What the journal's writer needs of a connection."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk = disk
        self._inner = sqlite3.Connection(path, timeout=5.0, isolation_level=None)

    def execute(self, sql: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        return self._disk.write(sql, values, lambda: self._inner.execute(sql, _plain(values)))

    def executemany(self, sql: str, rows: Iterable[Sequence[object]]) -> sqlite3.Cursor:
        taken = [_plain(row) for row in rows]
        values = [value for row in taken for value in row]
        return self._disk.write(sql, values, lambda: self._inner.executemany(sql, taken))

    def executescript(self, sql: str) -> sqlite3.Cursor:
        return self._disk.write(sql, (), lambda: self._inner.executescript(sql))

    def close(self) -> None:
        self._inner.close()


def _plain(values: Sequence[object]) -> list[str | int | bytes | None]:
    return [value for value in values if value is None or isinstance(value, str | int | bytes)]


@contextmanager
def journal_on(connect: Connect) -> Iterator[None]:
    """Inside, the journal's writer opens its file through `connect`: for a core that is started as a program is."""
    original = sqlite3.connect

    def choose(path: str | Path, **options: object) -> sqlite3.Connection:
        return connect(Path(path)) if not options.get("uri") and Path(path).name == "journal.db" else original(path)

    with mock.patch("core.journal.database.sqlite3.connect", choose):
        yield
