"""The thread that alone writes the journal: everything that waits becomes one transaction."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, perf_counter
from typing import NamedTuple

import msgspec

from core.clock import trading_day
from core.domain.entries import Entry, Intent, TailLost
from core.errors import JournalDamagedError, JournalError
from core.journal.checkpoint import Fold, encode_summary, write_checkpoint
from core.journal.database import Tail, problem
from core.journal.files import checkpoint_path
from core.journal.opened import JournalOptions, OpenJournal
from core.journal.rows import Handover, Row, make_row

GATHER_S = 0.02
"""How long rows that nobody waits for are gathered; with the commit it must stay below 50 ms."""

_IDLE_S = 0.25
_IDLE_COMMITS = 100
_BUSY_COMMITS = 400
"""The WAL is copied into the database after 100 commits once nothing came for 0.25 s, after 400 at the latest: it then
stays within the room that it was given at the start. The side file is synced at the same times, however few came."""
_FOLD_AT_ONCE = 64
"""Rows that may wait for their turn in the fold while nothing is quiet."""
_LOCKED_S = 60.0
"""Another program's lock that lasts longer is a failure."""

_logger = logging.getLogger(__name__)


class Signal(Enum):
    """What wakes the writer."""

    GATHER = "rows came, nobody waits"
    COMMIT = "somebody waits"
    CLOSE = "write what is there and end"


class Opened(NamedTuple):
    """What was found when the journal was opened."""

    tail: Tail
    order_ids: int
    """Ids up to this one may have been used."""
    gap: str
    """What is missing at its end, in words; empty when nothing is known to be."""


class Listener(NamedTuple):
    """Who is told, in the writer's thread; one call of failed or closed is the last."""

    opened: Callable[[Opened], None]
    durable: Callable[[int, float], None]
    """Number of the last row, and the commit's seconds."""
    busy: Callable[[], None]
    """Another program holds the lock; tried again until `durable`."""
    failed: Callable[[JournalError, list[Entry]], None]
    """What happened, and the entries that are not written."""
    closed: Callable[[], None]


class Writer(threading.Thread):
    """Owns the journal's files.

    The other side appends to `inbox` first and signals afterwards; rows are in order and numbered from the tail on.
    """

    def __init__(
        self, path: Path, session: str, options: JournalOptions, fold: Fold | None, since: int, listener: Listener
    ) -> None:
        """`fold` is the state at the journal's end, from now on the writer's; None makes no checkpoints.

        `since` is the row of the last checkpoint.
        """
        super().__init__(name="journal", daemon=True)
        self.inbox: deque[Handover] = deque()
        self._signals: SimpleQueue[Signal] = SimpleQueue()
        self._gathering = False
        self._closing = False
        self._damage = ""
        self._path = path
        self._session = session
        self._options = options
        self._fold = fold
        self._checkpointed = since
        self._checkpointing: threading.Thread | None = None
        self._listener = listener
        self._unwritten: list[Entry] = []
        self._unfolded: list[Entry] = []
        self._time: datetime | None = None
        self._day = date.min
        """The trading day of the last row in the fold."""
        self._roll_due = False
        self._commits = 0
        self._untidy = False

    def signal(self, signal: Signal) -> None:
        """Wake the writer; a GATHER while it gathers already costs nothing."""
        if signal is Signal.GATHER:
            if self._gathering:
                return
            self._gathering = True
        elif signal is Signal.CLOSE:
            self._closing = True
        self._signals.put(signal)

    def give_up(self, damage: str) -> None:
        """The journal turned out to be damaged: write nothing more."""
        self._damage = damage
        self._signals.put(Signal.COMMIT)

    def run(self) -> None:
        """Open, write until told to close, close. The first failure ends it: nothing is ever tried twice."""
        try:
            with OpenJournal(self._path, self._options) as journal:
                order_ids = journal.order_ids
                # Also reads the time zone's file, which a process without a descriptor left could not later.
                today = trading_day(datetime.now(UTC))
                self._day = today if journal.ended is None else trading_day(journal.ended)
                self._begin(journal)
                self._listener.opened(Opened(journal.tail, order_ids, journal.gap))
                journal.make_room()
                self._write_until_closed(journal)
        except JournalError as error:
            self._fail(error)
        except sqlite3.Error as error:
            self._fail(problem(error, str(self._path)))
        except OSError as error:
            self._fail(JournalError(f"{self._path}: {error}."))
        except (msgspec.MsgspecError, TypeError, ValueError) as error:
            _logger.exception("an entry can't be encoded")
            self._fail(JournalError(f"An entry can't be encoded: {error!r}."))
        except Exception as error:
            _logger.exception("the journal's writer failed")
            self._fail(JournalError(f"{self._path}: {error!r}."))
        else:
            self._listener.closed()

    def _fail(self, error: JournalError) -> None:
        self._listener.failed(error, [*self._unwritten, *(handover.entry for handover in self.inbox)])

    def _begin(self, journal: OpenJournal) -> None:
        """A gap stands in the journal before the side file forgets it."""
        first: Row | None = None
        if journal.gap:
            lost = TailLost(text=journal.gap, time=datetime.now(UTC))
            first = make_row(Handover(journal.tail.seq + 1, lost.time, 0.0, lost), self._session, journal.tail.hash)
            if self._fold is not None:
                self._fold.apply(lost)
        journal.begin(first)

    def _write_until_closed(self, journal: OpenJournal) -> None:
        signal: Signal | None = None
        while signal is not Signal.CLOSE:
            signal = self._next_signal()
            # Before the inbox is emptied: a row that comes later finds it unset and signals again.
            self._gathering = False
            if self._damage:
                journal.mark_damage(self._damage)
                raise JournalDamagedError(self._damage)
            if self.inbox:
                self._write(journal)
            if signal is None or self._commits >= _BUSY_COMMITS:
                self._tidy(journal)
        self._catch_up(journal)
        journal.finish()
        if self._fold is not None and self._checkpointed < journal.tail.seq:
            self._join_checkpoint()
            self._write_checkpoint(encode_summary(journal.tail, self._fold.entries()), journal.tail.seq)

    def _next_signal(self) -> Signal | None:
        """The next one, a GATHER only after its time; None when nothing comes and there is something to tidy up."""
        try:
            signal = self._signals.get(timeout=_IDLE_S if self._untidy else None)
        except Empty:
            return None
        if signal is Signal.GATHER:
            try:
                return self._signals.get(timeout=GATHER_S)
            except Empty:
                pass
        return signal

    def _write(self, journal: OpenJournal) -> None:
        """Everything that waits, in one transaction."""
        rows: list[Row] = []
        last = journal.tail.hash
        highest = 0
        while self.inbox:
            handover = self.inbox.popleft()
            self._unwritten.append(handover.entry)
            row = make_row(handover, self._session, last)
            last = row.hash
            rows.append(row)
            if isinstance(handover.entry, Intent):
                highest = max(highest, handover.entry.order.order_id)
        started = perf_counter()
        self._insert(journal, rows, highest)
        self._listener.durable(rows[-1].seq, perf_counter() - started)
        # What else there is to do waits for a moment when the loop's thread does not want the interpreter.
        self._unfolded += self._unwritten
        self._unwritten = []
        self._time = handover.time
        self._commits += 1
        self._untidy = True
        if highest:
            journal.take_order_ids(highest)
        if len(self._unfolded) >= _FOLD_AT_ONCE:
            self._catch_up(journal)

    def _insert(self, journal: OpenJournal, rows: list[Row], highest_order_id: int) -> None:
        """Wait for another program's lock, which loses nothing; whatever else goes wrong is final."""
        deadline = monotonic() + _LOCKED_S
        while True:
            try:
                journal.insert(rows, highest_order_id)
            except sqlite3.OperationalError as error:
                code: int = getattr(error, "sqlite_errorcode", 0)
                if code & 0xFF != sqlite3.SQLITE_BUSY or self._closing or monotonic() >= deadline:
                    raise
                self._listener.busy()
            else:
                return

    def _catch_up(self, journal: OpenJournal) -> None:
        """Bring the fold to the journal's end; a checkpoint is encoded and written beside, from a copy."""
        written, self._unfolded = self._unfolded, []
        if self._time is not None:
            day = trading_day(self._time)
            self._roll_due |= day != self._day
            self._day = day
        if self._fold is None:
            return
        for entry in written:
            self._fold.apply(entry)
        if journal.tail.seq - self._checkpointed >= self._options.checkpoint_every and not self._is_checkpointing:
            self._checkpointed = journal.tail.seq
            entries, tail = list(self._fold.entries()), journal.tail
            self._checkpointing = threading.Thread(
                target=lambda: self._write_checkpoint(encode_summary(tail, entries), tail.seq), name="checkpoint"
            )
            self._checkpointing.start()

    def _tidy(self, journal: OpenJournal) -> None:
        """What costs time, when nobody waits or it has waited long enough."""
        self._catch_up(journal)
        if self._commits >= _IDLE_COMMITS:
            journal.empty_wal()
            self._commits = 0
        journal.sync_head()
        if self._roll_due and self._fold is not None and journal.is_full:
            journal.roll(list(self._fold.entries()))
        self._untidy = self._roll_due = False

    def _write_checkpoint(self, summary: bytes, seq: int) -> None:
        """One that can't be written costs time at the next start, no more: the disk's failure shows elsewhere too."""
        try:
            write_checkpoint(checkpoint_path(self._path), summary)
        except OSError:
            _logger.exception("the checkpoint at row %d can't be written", seq)

    @property
    def _is_checkpointing(self) -> bool:
        return self._checkpointing is not None and self._checkpointing.is_alive()

    def _join_checkpoint(self) -> None:
        if self._checkpointing is not None:
            self._checkpointing.join()
