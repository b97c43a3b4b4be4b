"""The process that keeps a profile's ledger and audit log: `python -m core.records JOURNAL FOLDER`.

Core starts it, beside itself, so that no Parquet file is ever written on its loop, and writes it the number of the last
durable row, a line each time there are new ones. It ends with its standard input, after a last look, so that none is
left behind. What it can't do it says on its standard output, a line each.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

from core.clock import trading_day, trading_day_span
from core.errors import DeskError, RecordsError
from core.journal.recovery import read_rows
from core.journal.rows import Row, entry_of
from core.records.audit_fold import AuditFold
from core.records.audit_lines import AuditLine
from core.records.audit_log import append_lines, audit_path
from core.records.journal_days import Beginning, file_beginning
from core.records.ledger import days_below, ledger_path, write_day, write_frame
from core.records.ledger_fold import LedgerFold
from core.records.ledger_frame import DayFrame
from core.records.ledger_rows import LedgerRow

NICENESS = 10
"""How far it steps back behind core and its desks."""
_LATEST_S = 3.0
"""So long a row that is said to be durable is looked for; then the next word is waited for."""
_LOOK_S = 0.02
_REST = 2.0
"""For each second of writing so many seconds of rest, while rows keep coming, but never more than _LONGEST_REST_S."""
_LONGEST_REST_S = 0.4
_SURE = timedelta(hours=1)
"""So long after its end a day is kept in mind: its last rows may come late."""
_LATE = timedelta(days=2)
"""Costs and corrections of fills come within it, but for a few, whose day is read anew."""
MANY = 20_000
"""Rows that are read without writing."""


def _day_of(row: Row) -> date:
    return trading_day(datetime.fromisoformat(row.ts_utc))


def _now() -> datetime:
    return datetime.now(UTC)


class Keeper:
    """Both records of one journal, as far as it has been read."""

    def __init__(
        self, journal: Path, folder: Path, tell: Callable[[str], None], now: Callable[[], datetime] = _now
    ) -> None:
        """`folder` is where the days are; `tell` hears each problem once, until it is another one; `now` is UTC."""
        self._journal = journal
        self._folder = folder
        self._tell = tell
        self._now = now
        self._told = ""
        self._ledger = LedgerFold()
        self._audit = AuditFold("")
        self._lines: dict[date, list[AuditLine]] = {}
        """Of the audit log, not written yet."""
        self._frames: dict[date, DayFrame] = {}
        self._skipped = ""
        """Rows before this time are only learnt from; empty once it is reached."""
        self._start: Beginning | None = None
        self._since = date.min
        """Days before this one are written and forgotten: whatever touches them is read anew."""
        self.last = 0
        """Number of the last row that was read."""

    def catch_up(self) -> None:
        """Read what is durable, then write what came of it; problems are told, and tried again the next time."""
        try:
            self._read()
            self._write(trading_day(self._now() - _SURE))
        except DeskError as error:
            if str(error) != self._told:
                self._told = str(error)
                self._tell(self._told)
        else:
            self._told = ""

    def _read(self) -> None:
        if self._start is None:
            if not self._journal.exists():
                return
            kept = days_below(self._folder)
            self._since = kept[-1] if kept else date.min
            self._start = file_beginning(self._journal, kept[-1] if kept else None)
            self._audit = AuditFold(self._start.instance)
            self._audit.recall(self._start.known)
            self._ledger.recall(self._start.known)
            self.last = self._start.after
            self._skipped = trading_day_span(self._since)[0].isoformat(timespec="microseconds") if kept else ""
        for row in read_rows(self._journal, self.last):
            if self._skipped and row.ts_utc >= self._skipped:
                self._drop()
                self._skipped = ""
            entry = entry_of(row)
            self._ledger.apply(row.seq, row.ts_utc, entry)
            lines = self._audit.apply(row.seq, row.ts_utc, entry)
            if lines:
                self._lines.setdefault(_day_of(row), []).extend(lines)
            self.last = row.seq
            if row.seq % MANY == 0:
                # A long journal of which nothing is kept yet goes to disk by the way.
                self._write(_day_of(row) - _LATE)

    def _drop(self) -> None:
        """What came of rows before the first day to keep is written already."""
        self._ledger.forget(self._since)
        self._ledger.touched.clear()
        self._lines.clear()

    def _write(self, settled: date) -> None:
        """Write what is not written; days before `settled` are forgotten then."""
        if self._skipped:
            self._drop()
        rows = self._ledger.rows
        for day, since in sorted(self._ledger.touched.items()):
            self._write_ledger(day, rows.get(day, []), since)
            del self._ledger.touched[day]
        for day, lines in sorted(self._lines.items()):
            append_lines(audit_path(self._folder, day), self._instance, lines)
            del self._lines[day]
        if settled > self._since:
            self._since = settled
            self._ledger.forget(settled)
            self._audit.forget(settled)
            self._frames = {day: frame for day, frame in self._frames.items() if day >= settled}

    def _write_ledger(self, day: date, rows: Sequence[LedgerRow], since: int) -> None:
        try:
            if day < self._since:
                # A late word on a fill of a day that is written and forgotten.
                write_day(self._journal, day, self._folder)
            else:
                growing = self._frames.setdefault(day, DayFrame(self._instance))
                write_frame(day, growing.made(rows, since), self._folder)
        except RecordsError:
            # One that is damaged is made anew, unless it is the folder that is at fault.
            path = ledger_path(self._folder, day)
            if not _put_aside(path):
                raise
            self._tell(f"{path} was damaged and is made anew from the journal; the old one is beside it.")
            self._write_ledger(day, rows, since)

    @property
    def _instance(self) -> str:
        return "" if self._start is None else self._start.instance


def _put_aside(path: Path) -> bool:
    """Take a ledger that can't be read out of the way; False where it can, or there is none."""
    from core.records.ledger import read_ledger

    try:
        read_ledger(path)
    except RecordsError:
        with contextlib.suppress(OSError):
            path.rename(path.with_name(f"{path.name}.damaged-{time.time_ns() // 1_000_000}"))
            return True
    return False


def numbers(source: int) -> Iterator[int]:
    """The latest row number of each time that something was written to a descriptor; ends with it."""
    rest = b""
    while True:
        select.select([source], [], [])
        found = os.read(source, 4096)
        if not found:
            return
        *whole, rest = (rest + found).split(b"\n")
        if whole:
            yield int(whole[-1])


def keep(keeper: Keeper, source: int) -> None:
    """Catch up now, whenever a number comes that was not read yet, and once more at the end."""
    keeper.catch_up()
    for number in numbers(source):
        deadline = time.monotonic() + _LATEST_S
        while keeper.last < number:
            began = time.monotonic()
            keeper.catch_up()
            if keeper.last < number:
                if time.monotonic() >= deadline:
                    break
                time.sleep(_LOOK_S)
            else:
                time.sleep(min(_REST * (time.monotonic() - began), _LONGEST_REST_S))
    keeper.catch_up()


def main(arguments: list[str]) -> int:
    """Run it; returns the exit status."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    # Nothing here makes cycles, and looking for some among all that a busy day leaves in memory takes seconds.
    gc.disable()
    # Polars takes a thread for each processor otherwise, which core and its desks need. It is slow to import: not when
    # the first order is waited for.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    import_module("polars")
    journal, folder = map(Path, arguments)

    def tell(text: str) -> None:
        with contextlib.suppress(OSError):
            sys.stdout.write(" ".join(text.split()) + "\n")
            sys.stdout.flush()

    keep(Keeper(journal, folder, tell), sys.stdin.fileno())
    return 0
