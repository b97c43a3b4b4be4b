"""The thread that alone writes the journal: everything that waits becomes one transaction."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from queue import Empty, SimpleQueue
from time import perf_counter

import msgspec

from core.errors import JournalError
from core.journal.database import Tail, make_wal_room, open_for_writing
from core.journal.rows import Handover, Row, make_row

GATHER_S = 0.02
"""How long rows that nobody waits for are gathered; with the commit it must stay below 50 ms."""

_STATEMENT_ROWS = 32
"""Up to so many rows go in one statement, which is its own transaction and the fastest way to disk."""
_IDLE_S = 0.25
_IDLE_COMMITS = 100
_BUSY_COMMITS = 400
"""The WAL is copied into the database after 100 commits once nothing came for 0.25 s, after 400 at the latest: it then
stays within the room that it was given at the start."""

_INSERT = "INSERT INTO event VALUES "
_VALUES = f"({', '.join('?' * len(Row._fields))})"

_logger = logging.getLogger(__name__)


class Signal(Enum):
    """What wakes the writer."""

    GATHER = "rows came, nobody waits"
    COMMIT = "somebody waits"
    CLOSE = "write what is there and end"


class Writer(threading.Thread):
    """Owns the connection. The callbacks are called in this thread.

    The other side appends to `inbox` first and signals afterwards; rows are in order and numbered from the tail on.
    """

    def __init__(
        self,
        path: Path,
        session: str,
        *,
        on_open: Callable[[Tail], None],
        on_durable: Callable[[int, float], None],
        on_failure: Callable[[str], None],
        on_closed: Callable[[], None],
    ) -> None:
        """`on_durable` gets the last row's number and the commit's seconds; one call of failure or closed ends it."""
        super().__init__(name="journal", daemon=True)
        self.inbox: deque[Handover] = deque()
        self._signals: SimpleQueue[Signal] = SimpleQueue()
        self._gathering = False
        self._path = path
        self._session = session
        self._on_open = on_open
        self._on_durable = on_durable
        self._on_failure = on_failure
        self._on_closed = on_closed
        self._hash = b""
        self._identity = (0, 0)
        self._commits = 0

    def signal(self, signal: Signal) -> None:
        """Wake the writer; a GATHER while it gathers already costs nothing."""
        if signal is Signal.GATHER:
            if self._gathering:
                return
            self._gathering = True
        self._signals.put(signal)

    def run(self) -> None:
        """Open, write until told to close, close. The first failure ends it: nothing is ever tried twice."""
        try:
            connection, tail = open_for_writing(self._path)
            try:
                self._identity = _identity(self._path)
                self._hash = tail.hash
                self._on_open(tail)
                make_wal_room(connection)
                self._write_until_closed(connection)
            finally:
                connection.close()
        except JournalError as error:
            self._on_failure(str(error))
        except (sqlite3.Error, OSError) as error:
            self._on_failure(f"{self._path}: {error}.")
        except (msgspec.MsgspecError, TypeError, ValueError) as error:
            _logger.exception("an entry can't be encoded")
            self._on_failure(f"An entry can't be encoded: {error!r}.")
        else:
            self._on_closed()

    def _write_until_closed(self, connection: sqlite3.Connection) -> None:
        signal: Signal | None = None
        while signal is not Signal.CLOSE:
            signal = self._next_signal()
            # Before the inbox is emptied: a row that comes later finds it unset and signals again.
            self._gathering = False
            rows = self._take()
            if rows:
                started = perf_counter()
                self._insert(connection, rows)
                self._on_durable(rows[-1].seq, perf_counter() - started)
            if signal is None or self._commits >= _BUSY_COMMITS:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                self._commits = 0
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _next_signal(self) -> Signal | None:
        """The next one, a GATHER only after its time; None when nothing comes and a checkpoint is due."""
        try:
            signal = self._signals.get(timeout=_IDLE_S if self._commits >= _IDLE_COMMITS else None)
        except Empty:
            return None
        if signal is Signal.GATHER:
            try:
                return self._signals.get(timeout=GATHER_S)
            except Empty:
                pass
        return signal

    def _take(self) -> list[Row]:
        rows: list[Row] = []
        last = self._hash
        while self.inbox:
            row = make_row(self.inbox.popleft(), self._session, last)
            last = row.hash
            rows.append(row)
        self._hash = last
        return rows

    def _insert(self, connection: sqlite3.Connection, rows: list[Row]) -> None:
        """One durable transaction. SQLite would go on writing into a file that was removed: that is looked for."""
        if _identity(self._path) != self._identity:
            raise JournalError(f"{self._path} was replaced while core ran.")
        if len(rows) == 1:
            connection.execute(_INSERT + _VALUES, rows[0])
        elif len(rows) <= _STATEMENT_ROWS:
            connection.execute(_INSERT + ", ".join([_VALUES] * len(rows)), [value for row in rows for value in row])
        else:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT + _VALUES, rows)
            connection.execute("COMMIT")
        self._commits += 1


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
