"""The journal open for writing: its newest database, its side file, and what they say of each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

from core.domain.entries import Entry
from core.errors import JournalError
from core.ids import mint_instance
from core.journal.backup import back_up_one
from core.journal.checkpoint import encode_summary
from core.journal.database import (
    Connect,
    Tail,
    assert_sound,
    connect_durable,
    hash_of,
    make_durable,
    make_wal_room,
    migrate,
    read_meta,
    read_tail,
    shape,
    shaped,
)
from core.journal.files import create_private, following_path, head_path, identity, segment_path, segment_paths
from core.journal.head import ORDER_IDS, Head, HeadFile
from core.journal.rows import SCHEMA, Row, genesis

CHECKPOINT_EVERY = 50_000
ROLL_BYTES = 256 << 20

TAIL_LOST = "JOURNAL_TAIL_LOST"
"""What the incident is called wherever it is shown."""

_STATEMENT_ROWS = 32
"""Up to so many rows go in one statement, which is its own transaction and the fastest way to disk."""
_INSERT = "INSERT INTO event VALUES "
_VALUES = f"({', '.join('?' * len(Row._fields))})"


class JournalOptions(NamedTuple):
    """How a journal is kept."""

    checkpoint_every: int = CHECKPOINT_EVERY
    """Rows from one checkpoint to the next."""
    roll_bytes: int = ROLL_BYTES
    """A database of this size or more is followed by a new one when the trading day rolls."""
    connect: Connect = connect_durable


class OpenJournal:
    """Belongs to the writer's thread. Its methods raise sqlite3.Error and OSError: the first one must be the last."""

    def __init__(self, path: Path, options: JournalOptions) -> None:
        """Open it, making it first if need be; nobody else writes it until `close`.

        Raises JournalRefusedError if another program writes it, it is none, or it is newer; JournalError.
        """
        self._path = path
        self._options = options
        self._head_file = HeadFile(head_path(path))
        try:
            self._open()
        except BaseException:
            self._head_file.close()
            raise

    def _open(self) -> None:
        head = self._head_file.head
        self.file = _newest(self._path)
        schema = self._connect(head)
        try:
            self.tail = read_tail(self._connection)
            self.gap = "" if schema < SCHEMA else self._gap(head)
            """What is missing at the end, in words; empty when nothing is known to be."""
            if self.gap:
                # A table may end early because its pages are not found any more: nothing may be written there.
                assert_sound(self._connection, self.file)
        except BaseException:
            self._connection.close()
            raise
        self.order_ids = head.order_ids if head else 0
        """Ids up to this one may have been used by earlier runs."""

    def _connect(self, head: Head | None) -> int:
        """Connect to the newest file, making it if need be; returns the schema that it had."""
        create_private(self.file)
        self._connection = self._options.connect(self.file)
        try:
            make_durable(self._connection)
            if not shaped(self._connection, self.file):
                # A journal that is gone keeps its name: IBKR may have orders under it.
                instance = head.instance if head else mint_instance()
                shape(self._connection, Tail(instance, 0, genesis(instance)))
            schema = read_meta(self._connection).schema
            if schema < SCHEMA:
                back_up_one(self.file, f"schema{schema}")
                migrate(self._connection, schema)
            self._identity = identity(self.file)
        except BaseException:
            self._connection.close()
            raise
        return schema

    def begin(self, first: Row | None) -> None:
        """Make the side file agree with the journal, once `first`, which tells of a gap, is durable."""
        if first is not None:
            self._insert([first])
        instance, seq, digest = self.tail
        taken = self.order_ids + ORDER_IDS
        self._head_file.begin(Head(instance=instance, seq=seq, hash=digest, order_ids=taken))

    def make_room(self) -> None:
        """Prepare the WAL for fast commits."""
        make_wal_room(self._connection)

    def insert(self, rows: Sequence[Row], highest_order_id: int) -> None:
        """One durable transaction, and the side file's word of it; order ids up to the highest are taken before.

        An sqlite3.OperationalError of code SQLITE_BUSY means that nothing was written. SQLite would go on writing into
        a file that was removed: that is looked for.
        """
        try:
            replaced = identity(self.file) != self._identity
        except FileNotFoundError:
            replaced = True
        if replaced:
            raise JournalError(f"{self.file} was removed or replaced while core ran.")
        if highest_order_id > self._taken:
            self._head_file.take_order_ids(highest_order_id)
        self._insert(rows)
        self._head_file.reach(self.tail.seq, self.tail.hash)

    def _insert(self, rows: Sequence[Row]) -> None:
        if len(rows) == 1:
            self._connection.execute(_INSERT + _VALUES, rows[0])
        elif len(rows) <= _STATEMENT_ROWS:
            values = [value for row in rows for value in row]
            self._connection.execute(_INSERT + ", ".join([_VALUES] * len(rows)), values)
        else:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT + _VALUES, rows)
            self._connection.execute("COMMIT")
        last = rows[-1]
        self.tail = Tail(self.tail.instance, last.seq, last.hash)

    def take_order_ids(self, highest: int) -> None:
        """Take the next block of ids while nobody waits, if `highest` comes near the end of this one."""
        if highest > self._taken - ORDER_IDS // 2:
            self._head_file.take_order_ids(self._taken)

    def empty_wal(self) -> None:
        """Copy the WAL into the database, as far as no reader stands in the way."""
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def sync_head(self) -> None:
        """Make durable what the side file says. Raises JournalError if that was removed or replaced."""
        if self._head_file.is_replaced:
            raise JournalError(f"{head_path(self._path)} was removed or replaced while core ran.")
        if not self._head_file.is_synced:
            self._head_file.sync()

    @property
    def ended(self) -> datetime | None:
        """The time in the last row of this database, UTC; None without rows."""
        found = self._connection.execute("SELECT ts_utc FROM event ORDER BY seq DESC LIMIT 1").fetchone()
        return None if found is None else datetime.fromisoformat(found[0])

    @property
    def is_full(self) -> bool:
        """True if a further database is due when the trading day rolls."""
        return self.file.stat().st_size >= self._options.roll_bytes

    def roll(self, entries: Sequence[Entry]) -> None:
        """Go on in a further database that begins with a summary of all before, which `entries` make."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        file = following_path(self._path)
        create_private(file)
        fresh = self._options.connect(file)
        try:
            make_durable(fresh)
            shape(fresh, self.tail, encode_summary(self.tail, entries))
            make_wal_room(fresh)
        except BaseException:
            fresh.close()
            raise
        self._head_file.sync()
        self._connection.close()
        self._connection, self.file, self._identity = fresh, file, identity(file)

    def mark_damage(self, text: str) -> None:
        """Have the next start look at all of the journal first."""
        self._head_file.mark_damage(text)

    def close(self) -> None:
        """Close the files and give the lock back."""
        try:
            self._connection.close()
        finally:
            self._head_file.close()

    def finish(self) -> None:
        """Copy the rest of the WAL into the database, so that it is one file."""
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def __enter__(self) -> Self:
        """The journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def _taken(self) -> int:
        return self._head_file.head.order_ids if self._head_file.head else 0

    def _gap(self, head: Head | None) -> str:
        """What the side file knows of that the journal does not."""
        tail = self.tail
        if head is None:
            what = f"Its side file {head_path(self._path)} is missing or can't be read: nobody knows how far it reached"
            return _told(what) if tail.seq else ""
        if head.instance != tail.instance:
            return _told(f"Its side file belongs to another journal ({head.instance}, this one is {tail.instance})")
        if head.seq > tail.seq:
            return _told(f"It ends at row {tail.seq}, but core had written rows up to {head.seq}")
        digest = hash_of(self._connection, head.seq)
        if digest is not None and digest != head.hash:
            return _told(f"Its row {head.seq} is not the one that core wrote: an older copy was put in its place")
        return ""


def _told(what: str) -> str:
    return (
        f"{TAIL_LOST}: The journal has lost its end. {what}. Orders of that time may be at IBKR without a record here. "
        "Compare orders and positions with TWS, then accept the loss; until then no order leaves, cancels do."
    )


def _newest(path: Path) -> Path:
    """The file to go on in: the last one, unless a power cut left it without tables."""
    files = segment_paths(path)
    while len(files) > 1:
        if _has_tables(files[-1]):
            return files[-1]
        for name in (files[-1].name, f"{files[-1].name}-wal", f"{files[-1].name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        files.pop()
    return files[0] if files else segment_path(path, 1)


def _has_tables(file: Path) -> bool:
    connection = sqlite3.connect(file)
    try:
        return shaped(connection, file)
    finally:
        connection.close()
