"""The journal's file: created private, opened durable, shaped once."""

from __future__ import annotations

import os
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from core.errors import JournalError
from core.ids import mint_instance
from core.journal.rows import SCHEMA, Row, genesis, verify_row

SELECT = "SELECT seq, session, ts_utc, ts_mono, kind, schema, order_ref, payload, prev_hash, hash FROM event "
"""Rows of table `event`, their columns as `Row` has them."""

_WAL_ROOM = 2 << 20
"""Bytes that go into the WAL and out again at the start, so that it is twice as long from then on. A commit onto blocks
which the file has already costs about half: no new size is made durable with it (measured on ext4: 92 µs, not 180)."""
_BUSY_S = 5.0
"""How long another connection's lock is waited for before it counts as a failure."""
_SYNCHRONOUS_FULL = 2
"""As `PRAGMA synchronous` numbers it (sqlite.org/pragma.html#pragma_synchronous)."""

_DDL = """
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    instance TEXT NOT NULL,
    schema INTEGER NOT NULL,
    created TEXT NOT NULL
);
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
);
CREATE TRIGGER event_keeps_rows BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER event_loses_no_row BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER meta_keeps_row BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER meta_loses_no_row BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""
_NAMES = {"meta", "event", "event_keeps_rows", "event_loses_no_row", "meta_keeps_row", "meta_loses_no_row"}


class Tail(NamedTuple):
    """Where a journal ends."""

    instance: str
    seq: int
    """Number of the last row; 0 when empty."""
    hash: bytes
    """What the next row's `prev_hash` must be."""


def create_private(path: Path) -> None:
    """Make the file (0600) and its folder (0700) if they are missing; an existing file is made private.

    SQLite gives its -wal and -shm files the mode of the database. Raises OSError.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    if new:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def open_for_writing(path: Path) -> tuple[sqlite3.Connection, Tail]:
    """Open the journal, making it first if need be. Raises sqlite3.Error, OSError or JournalError."""
    create_private(path)
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        # Checkpoints are the writer's, when nobody waits for it.
        connection.execute("PRAGMA wal_autocheckpoint=0")
        assert_durable(connection)
        if not shaped(connection, path):
            _shape(connection)
        return connection, read_tail(connection)
    except BaseException:
        connection.close()
        raise


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
    """False for a database without tables. Raises JournalError if it is not a journal that this ibdesk can write."""
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not names:
        return False
    if not names >= _NAMES:
        raise JournalError(f"{path} is a database, but not a journal of ibdesk. Choose another file.")
    schema: int = connection.execute("SELECT schema FROM meta").fetchone()[0]
    if schema > SCHEMA:
        raise JournalError(
            f"{path} was written by a newer ibdesk (schema {schema}, this one knows {SCHEMA}). Install that version."
        )
    return True


def _shape(connection: sqlite3.Connection) -> None:
    created = datetime.now(UTC).isoformat(timespec="seconds")
    connection.executescript(f"BEGIN IMMEDIATE;{_DDL}")
    connection.execute("INSERT INTO meta VALUES (1, ?, ?, ?)", (mint_instance(), SCHEMA, created))
    connection.execute("COMMIT")


def make_wal_room(connection: sqlite3.Connection) -> None:
    """Let the WAL grow to its working size now; the pages that the filler leaves in the database are used by rows."""
    connection.execute("DROP TABLE IF EXISTS wal_room")
    connection.execute("CREATE TABLE wal_room (filler BLOB)")
    connection.execute("INSERT INTO wal_room VALUES (zeroblob(?))", (_WAL_ROOM,))
    connection.execute("DROP TABLE wal_room")
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def read_tail(connection: sqlite3.Connection) -> Tail:
    """Where the journal ends; the last row is verified. Raises JournalError or sqlite3.Error."""
    instance: str = connection.execute("SELECT instance FROM meta").fetchone()[0]
    last = connection.execute(SELECT + "ORDER BY seq DESC LIMIT 1").fetchone()
    if last is None:
        return Tail(instance, 0, genesis(instance))
    row = Row._make(last)
    verify_row(row, row.seq, row.prev_hash)
    return Tail(instance, row.seq, row.hash)
