"""One database of the journal: opened durable, shaped once, read beside its writer."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from core.errors import JournalDamagedError, JournalError, JournalRefusedError
from core.journal.files import create_private
from core.journal.rows import DAMAGED, SCHEMA, Row, genesis, verify_row

SELECT = "SELECT seq, session, ts_utc, ts_mono, kind, schema, order_ref, payload, prev_hash, hash FROM event "
"""Rows of table `event`, their columns as `Row` has them."""

Connect = Callable[[Path], sqlite3.Connection]
"""Opens a database for writing: in autocommit, waiting at most a moment for another connection's lock. What it gives
may be anything that executes and closes as a sqlite3.Connection does and raises sqlite3.Error."""

BUSY_S = 0.5
"""How long another connection's lock is waited for before the writer says that it is busy."""
_WAL_ROOM = 2 << 20
"""Bytes that go into the WAL and out again at the start, so that it is twice as long from then on. A commit onto blocks
which the file has already costs about half: no new size is made durable with it (measured on ext4: 92 µs, not 180)."""
_SYNCHRONOUS_FULL = 2
"""As `PRAGMA synchronous` numbers it (sqlite.org/pragma.html#pragma_synchronous)."""

_NOT_THE_FILE = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""Codes that say nothing against what stands in the file (sqlite.org/rescode.html)."""

_ABORT = "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
_KEEPS_META = f"CREATE TRIGGER meta_keeps_row BEFORE UPDATE ON meta {_ABORT}"
_DDL = (
    """
    CREATE TABLE meta (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        instance TEXT NOT NULL,
        schema INTEGER NOT NULL,
        created TEXT NOT NULL,
        base_seq INTEGER NOT NULL DEFAULT 0,
        base_hash BLOB NOT NULL DEFAULT x'',
        carried BLOB NOT NULL DEFAULT x''
    )
    """,
    """
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        ts_utc TEXT NOT NULL,
        ts_mono INTEGER NOT NULL,
        kind TEXT NOT NULL,
        schema INTEGER NOT NULL,
        order_ref TEXT NOT NULL,
        payload TEXT NOT NULL,
        prev_hash BLOB NOT NULL,
        hash BLOB NOT NULL
    )
    """,
    f"CREATE TRIGGER event_keeps_rows BEFORE UPDATE ON event {_ABORT}",
    f"CREATE TRIGGER event_loses_no_row BEFORE DELETE ON event {_ABORT}",
    _KEEPS_META,
    f"CREATE TRIGGER meta_loses_no_row BEFORE DELETE ON meta {_ABORT}",
)
_NAMES = {"meta", "event", "event_keeps_rows", "event_loses_no_row", "meta_keeps_row", "meta_loses_no_row"}
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        "ALTER TABLE meta ADD COLUMN base_seq INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE meta ADD COLUMN base_hash BLOB NOT NULL DEFAULT x''",
        "ALTER TABLE meta ADD COLUMN carried BLOB NOT NULL DEFAULT x''",
    ),
)
"""The first leads a file from schema 1 to 2, and so on. Rows stay as they were written."""


class Tail(NamedTuple):
    """Where a journal ends."""

    instance: str
    seq: int
    """Number of the last row; 0 when empty."""
    hash: bytes
    """What the next row's `prev_hash` must be."""


class Meta(NamedTuple):
    """What a database says of itself."""

    instance: str
    schema: int
    base: Tail
    """Where the database before it ended; for the first one the journal's beginning."""


def connect_durable(path: Path) -> sqlite3.Connection:
    """Open an existing file for writing. Raises sqlite3.Error."""
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)


def make_durable(connection: sqlite3.Connection) -> None:
    """Have every commit survive a power cut, and checkpoints left to the caller. Raises JournalError if it can't be."""
    connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA wal_autocheckpoint=0").fetchone()
    assert_durable(connection)


def assert_durable(connection: sqlite3.Connection) -> None:
    """Raise JournalError unless a commit on this connection survives a power cut.

    SQLite answers a journal_mode it can't have with the mode it took, and no error.
    """
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if (mode, level) != ("wal", _SYNCHRONOUS_FULL):
        raise JournalError(
            f"SQLite opened the journal with journal_mode={mode}, synchronous={level} instead of wal, 2 (FULL). "
            "Rows would not survive a power cut: keep the journal on a local disk."
        )


def shaped(connection: sqlite3.Connection, path: Path) -> bool:
    """False for a database without tables. Raises JournalRefusedError unless this ibdesk can read it."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not names:
        return False
    if not names & _NAMES:
        raise JournalRefusedError(f"{path} is a database, but not a journal of ibdesk. Choose another file.")
    if not names >= _NAMES:
        raise JournalDamagedError(f"{path} lacks {', '.join(sorted(_NAMES - names))}. {DAMAGED}")
    schema: int = connection.execute("SELECT schema FROM meta").fetchone()[0]
    if schema > SCHEMA:
        raise JournalRefusedError(
            f"{path} was written by a newer ibdesk (schema {schema}, this one knows {SCHEMA}). Install that version."
        )
    return True


def shape(connection: sqlite3.Connection, base: Tail, carried: bytes = b"") -> None:
    """Make the tables of a database that goes on behind `base`, all or nothing. Raises sqlite3.Error."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _DDL:
        connection.execute(statement)
    connection.execute(
        "INSERT INTO meta VALUES (1, ?, ?, ?, ?, ?, ?)", (base.instance, SCHEMA, created, base.seq, base.hash, carried)
    )
    connection.execute("COMMIT")


def migrate(connection: sqlite3.Connection, schema: int) -> None:
    """Bring the tables from an older schema to this one, all or nothing. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    for statements in _MIGRATIONS[schema - 1 :]:
        for statement in statements:
            connection.execute(statement)
    connection.execute("DROP TRIGGER meta_keeps_row")
    connection.execute("UPDATE meta SET schema = ?", (SCHEMA,))
    connection.execute(_KEEPS_META)
    connection.execute("COMMIT")


def make_wal_room(connection: sqlite3.Connection) -> None:
    """Let the WAL grow to its working size now; the pages that the filler leaves in the database are used by rows."""
    connection.execute("DROP TABLE IF EXISTS wal_room")
    connection.execute("CREATE TABLE wal_room (filler BLOB)")
    connection.execute("INSERT INTO wal_room VALUES (zeroblob(?))", (_WAL_ROOM,))
    connection.execute("DROP TABLE wal_room")
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def read_meta(connection: sqlite3.Connection) -> Meta:
    """What the database says of itself. Raises sqlite3.Error."""
    instance, schema = connection.execute("SELECT instance, schema FROM meta").fetchone()
    seq, digest = 0, b""
    if schema > 1:
        seq, digest = connection.execute("SELECT base_seq, base_hash FROM meta").fetchone()
    return Meta(instance, schema, Tail(instance, seq, digest or genesis(instance)))


def read_carried(connection: sqlite3.Connection) -> bytes:
    """The summary of all rows of the databases before this one; empty in the first. Raises sqlite3.Error."""
    if read_meta(connection).schema == 1:
        return b""
    carried: bytes = connection.execute("SELECT carried FROM meta").fetchone()[0]
    return carried


def read_tail(connection: sqlite3.Connection) -> Tail:
    """Where the database ends; the last row is verified. Raises JournalError or sqlite3.Error."""
    base = read_meta(connection).base
    last = connection.execute(SELECT + "ORDER BY seq DESC LIMIT 1").fetchone()
    if last is None:
        return base
    row = Row._make(last)
    verify_row(row, row.seq, row.prev_hash)
    return Tail(base.instance, row.seq, row.hash)


def assert_sound(connection: sqlite3.Connection, path: Path) -> None:
    """Raise JournalDamagedError unless every page of the database has its place; takes a second for each gigabyte."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise JournalDamagedError(f"{path} is damaged: {found}. {DAMAGED}")


def hash_of(connection: sqlite3.Connection, seq: int) -> bytes | None:
    """The hash of row `seq`, or of what the first row follows; None if the database has no such row."""
    base = read_meta(connection).base
    if seq == base.seq:
        return base.hash
    found = connection.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    return None if found is None else bytes(found[0])


UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a database raises; the second where a message of SQLite quotes what it found."""


def problem(error: Exception, what: str) -> JournalError:
    """What to raise for one of UNREADABLE: JournalDamagedError, unless disk or lock say nothing against the file."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    # Text that is no UTF-8 is found by Python's module, without a code.
    damaged = "decode" in str(error) if code is None else code & 0xFF not in _NOT_THE_FILE
    return JournalDamagedError(f"{what}: {error}. {DAMAGED}") if damaged else JournalError(f"{what}: {error}.")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A read-only connection, beside a writer too, and in a folder where nothing can be written.

    Raises one of UNREADABLE.
    """
    with (
        _copied_if_needed(path) as readable,
        closing(sqlite3.connect(f"{readable.resolve().as_uri()}?mode=ro", uri=True)) as connection,
    ):
        yield connection


@contextmanager
def _copied_if_needed(path: Path) -> Iterator[Path]:
    """The file itself; a copy for as long where SQLite may not make the files beside it that WAL mode wants."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as probe:
            probe.execute("SELECT name FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
    else:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="ibdesk-journal-") as folder:
        for name in (path.name, f"{path.name}-wal"):
            if path.with_name(name).exists():
                create_private(Path(folder) / name)
                shutil.copyfile(path.with_name(name), Path(folder) / name)
        yield Path(folder) / path.name
