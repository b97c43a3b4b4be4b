"""A disk that loses its power: an SQLite file system that knows what was synced, and makes images of what is left.

Every write goes to the real file too, so that SQLite works on. What a power cut would leave is the content as it was
last synced and any part of what was written since: nothing, all, some writes without others, half of a sector's worth.
Files that exist are taken to stay (their folder is synced when they are made).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from random import Random
from typing import TypeVar, cast
from unittest import mock
from urllib.parse import unquote, urlsplit

import apsw

from tests.faults.disk import FULL

SECTOR = 512
"""A disk writes these bytes whole or not at all."""

T = TypeVar("T")


class Left(Enum):
    """What of the unsynced writes a power cut leaves."""

    NOTHING = "nothing"
    FIRST = "the first ones, the last of them torn"
    SOME = "some without those before them, torn"
    ALL = "all"


class _Synced:
    """One file: what is safe, and what was written since."""

    def __init__(self) -> None:
        self.safe = bytearray()
        self.since: list[tuple[int, bytes]] = []
        """Writes by their place; a truncation to N is (N, b"") with the mark below."""
        self.cuts: set[int] = set()
        """Which of them are truncations."""

    def write(self, place: int, data: bytes) -> None:
        self.since.append((place, data))

    def truncate(self, size: int) -> None:
        self.cuts.add(len(self.since))
        self.since.append((size, b""))

    def sync(self) -> None:
        self._put(self.safe, range(len(self.since)), len(self.since), Random(0))
        self.since.clear()
        self.cuts.clear()

    def image(self, kept: Sequence[int], whole: int, random: Random) -> bytearray:
        """What is left if only the writes `kept` arrived; those from number `whole` on are torn."""
        found = bytearray(self.safe)
        self._put(found, kept, whole, random)
        return found

    def _put(self, found: bytearray, kept: Sequence[int], whole: int, random: Random) -> None:
        for number in kept:
            place, data = self.since[number]
            if number in self.cuts:
                del found[place:]
                continue
            if number >= whole and len(data) > SECTOR:
                data = data[: random.randrange(0, len(data), SECTOR)]
            if len(found) < place:
                found.extend(bytes(place - len(found)))
            found[place : place + len(data)] = data


class PowerDisk:
    """The disk of one journal. `connect` opens databases on it."""

    def __init__(self, name: str) -> None:
        """`name` is that of the file system within this process."""
        self.files: dict[str, _Synced] = {}
        self.syncs = 0
        """How often something was synced."""
        self.writes = 0
        self.fails: Callable[[str, str], str] = lambda _what, _file: ""
        """Asked before each `write` and `sync` of a file: what it raises, empty for nothing."""
        self.after: Callable[[str, str], None] = lambda _what, _file: None
        """Told after each of them."""
        self._name = name
        self._system = _System(name, self)

    def connect(self, path: Path) -> sqlite3.Connection:
        """A connection on this disk, in autocommit. Raises sqlite3.Error."""
        return cast(sqlite3.Connection, Connection(path, self._name))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Inside, whoever reads its databases does so through the SQLite that writes them.

        Two SQLites in one process take each other's locks away (sqlite.org/howtocorrupt.html, section 2.2.1): the
        second one then takes the shared memory of the first for left over, and truncates it.
        """
        original: Callable[..., sqlite3.Connection] = sqlite3.connect

        def choose(name: str | Path, **options: object) -> sqlite3.Connection:
            file = unquote(urlsplit(str(name)).path)
            if options.get("uri") and any(os.path.realpath(known) == file for known in self.files):
                return cast(sqlite3.Connection, Connection(Path(file), "", apsw.SQLITE_OPEN_READONLY))
            return original(name, **options)

        with mock.patch("core.journal.database.sqlite3.connect", choose):
            yield

    def close(self) -> None:
        """Take the file system away."""
        self._system.unregister()

    def check(self, what: str, file: str) -> None:
        """Raise what a failing disk raises."""
        failure = self.fails(what, Path(file).name)
        if failure == FULL:
            raise apsw.FullError(failure)
        if failure:
            raise apsw.IOError(failure)

    def image(self, folder: Path, left: Left, random: Random) -> None:
        """Make in an empty folder the files that a power cut leaves now."""
        for file, synced in self.files.items():
            many = len(synced.since)
            kept: Sequence[int] = range(many)
            whole = many
            if left is Left.NOTHING:
                kept = ()
            elif left is Left.FIRST and many:
                kept = range(random.randrange(many + 1))
                whole = len(kept) - 1
            elif left is Left.SOME:
                kept = [number for number in range(many) if random.random() < 0.5]
                whole = 0
            (folder / Path(file).name).write_bytes(synced.image(kept, whole, random))


class _System(apsw.VFS):
    def __init__(self, name: str, disk: PowerDisk) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:
        return _File(name, flags, self._disk)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._disk.files.pop(filename, None)


class _File(apsw.VFSFile):
    def __init__(self, name: apsw.URIFilename | str | None, flags: list[int], disk: PowerDisk) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        known = disk.files.setdefault(self._path, _Synced())
        if not known.safe and not known.since:
            known.safe = bytearray(Path(self._path).read_bytes())

    @property
    def _synced(self) -> _Synced:
        return self._disk.files[self._path]

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.check("write", self._path)
        super().xWrite(data, offset)
        self._synced.write(offset, bytes(data))
        self._disk.writes += 1
        self._disk.after("write", self._path)

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._synced.truncate(newsize)

    def xSync(self, flags: int) -> None:
        self._disk.check("sync", self._path)
        super().xSync(flags)
        self._synced.sync()
        self._disk.syncs += 1
        self._disk.after("sync", self._path)


_CODES = (
    (apsw.FullError, sqlite3.SQLITE_FULL),
    (apsw.IOError, sqlite3.SQLITE_IOERR),
    (apsw.BusyError, sqlite3.SQLITE_BUSY),
    (apsw.CorruptError, sqlite3.SQLITE_CORRUPT),
    (apsw.NotADBError, sqlite3.SQLITE_NOTADB),
)


class Connection:
    """What the journal needs of a connection, over apsw; its errors are those of sqlite3."""

    def __init__(self, path: Path, system: str, flags: int = apsw.SQLITE_OPEN_READWRITE) -> None:
        self._inner = _sqlite_errors(lambda: apsw.Connection(str(path), flags, system or None))
        self._inner.set_busy_timeout(500)

    def execute(self, sql: str, values: Sequence[object] = ()) -> Cursor:
        return Cursor(_sqlite_errors(lambda: list(self._inner.execute(sql, cast(tuple[int, ...], tuple(values))))))

    def executemany(self, sql: str, rows: Sequence[Sequence[object]]) -> Cursor:
        taken = [cast(tuple[int, ...], tuple(row)) for row in rows]
        return Cursor(_sqlite_errors(lambda: list(self._inner.executemany(sql, taken))))

    def close(self) -> None:
        _sqlite_errors(self._inner.close)


class Cursor:
    """The rows of one statement."""

    def __init__(self, rows: Sequence[tuple[object, ...]]) -> None:
        self._rows = list(rows)

    def fetchone(self) -> tuple[object, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchall(self) -> list[tuple[object, ...]]:
        return self._rows

    def __iter__(self) -> object:
        return iter(self._rows)


def _sqlite_errors(do: Callable[[], T]) -> T:
    """Do it; raises sqlite3.Error with the code that SQLite gave."""
    try:
        return do()
    except apsw.Error as error:
        kind = sqlite3.IntegrityError if isinstance(error, apsw.ConstraintError) else sqlite3.OperationalError
        told = kind(str(error) or type(error).__name__)
        told.sqlite_errorcode = next((code for known, code in _CODES if isinstance(error, known)), sqlite3.SQLITE_ERROR)
        raise told from error
