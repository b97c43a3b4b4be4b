"""The audit log: read from the journal, and kept as `data/exec/YYYY-MM-DD/audit.jsonl`, a line an event."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from core.clock import trading_day_span
from core.domain.order_status import OrderStatus
from core.errors import RecordsError
from core.journal.recovery import read_rows
from core.journal.rows import entry_of
from core.private import make_folder, open_file
from core.records.audit_fold import AuditFold
from core.records.audit_lines import AuditEvent, AuditLine, encode_line
from core.records.journal_days import day_beginning


def audit_path(folder: Path, day: date) -> Path:
    """The audit log of a trading day below a folder, beside its ledger."""
    return folder / f"{day:%Y-%m-%d}" / "audit.jsonl"


class AuditReader:
    """Reads a journal from a trading day on, again and again: each time the lines that came since."""

    def __init__(self, journal: Path, day: date) -> None:
        """Raises JournalError, also where there is no journal."""
        self._journal = journal
        self._begin = trading_day_span(day)[0].isoformat(timespec="microseconds")
        start = day_beginning(journal, day)
        self._fold = AuditFold(start.instance)
        self._fold.recall(start.known)
        self._last = start.after

    def read(self, until: str = "") -> Iterator[AuditLine]:
        """What is durable and was not read yet, up to the first row of a time, as the journal spells it; empty for all.

        Raises JournalError.
        """
        for row in read_rows(self._journal, self._last):
            if until and row.ts_utc >= until:
                return
            self._last = row.seq
            for line in self._fold.apply(row.seq, row.ts_utc, entry_of(row)):
                if line.timestamp >= self._begin:
                    yield line


def day_lines(journal: Path, day: date) -> Iterator[AuditLine]:
    """The lines of a trading day, made of the journal as they are asked for. Raises JournalError."""
    return AuditReader(journal, day).read(trading_day_span(day)[1].isoformat(timespec="microseconds"))


def of_order(lines: Iterable[AuditLine], wanted: str) -> Iterator[AuditLine]:
    """Those of one order: its number of the day (`7`, `#7`), its reference, or the broker's order id (`id 38`)."""
    name = wanted.strip().removeprefix("#")
    by_id = name.removeprefix("id").strip() if name.startswith("id") else ""
    for line in lines:
        if line.order_ref == name or name == str(line.number or "") or (by_id and by_id == str(line.order_id)):
            yield line


class Summary(Struct, frozen=True, kw_only=True):
    """The orders of a day: by what became of them so far, and their fills."""

    day: date
    total_orders: int
    """Asked for, those that a control refused included; orders of other clients are not."""
    active_orders: int
    """May still fill; those of unknown outcome are among them."""
    filled_orders: int
    """Filled whole."""
    cancelled_orders: int
    error_orders: int
    """Refused, by the broker or by a control, or never sent."""
    unknown_orders: int
    """Their outcome is not known."""
    partial_fills: int
    """Fills that left some of their order open."""
    complete_fills: int
    """Fills that completed their order."""
    submissions: int
    """Orders that left for the broker."""
    retries: int


def summary_of(day: date, lines: Iterable[AuditLine]) -> Summary:
    """Count a day's lines."""
    status: dict[str, OrderStatus] = {}
    counts = dict.fromkeys(AuditEvent, 0)
    complete = 0
    for line in lines:
        counts[line.event_type] += 1
        if line.event_type is AuditEvent.FILL and line.status is OrderStatus.FILLED:
            complete += 1
        if line.order_ref and not line.order_ref.startswith("ext-"):
            status[line.order_ref] = line.status
    ended = {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.ERROR}
    found = list(status.values())
    return Summary(
        day=day,
        total_orders=len(found),
        active_orders=sum(one not in ended for one in found),
        filled_orders=found.count(OrderStatus.FILLED),
        cancelled_orders=found.count(OrderStatus.CANCELLED),
        error_orders=found.count(OrderStatus.ERROR),
        unknown_orders=found.count(OrderStatus.UNKNOWN),
        partial_fills=counts[AuditEvent.FILL] - complete,
        complete_fills=complete,
        submissions=counts[AuditEvent.SUBMISSION],
        retries=counts[AuditEvent.RETRY],
    )


def day_summary(journal: Path, day: date) -> Summary:
    """The summary of a trading day, from the journal. Raises JournalError."""
    return summary_of(day, day_lines(journal, day))


_TAIL: Final = 1 << 16
"""Bytes at a file's end that are looked at first."""


class _Mark(Struct):
    """What is looked for in a line that stands in the file."""

    sequence: int
    instance: str = ""


def append_lines(path: Path, instance: str, lines: Sequence[AuditLine]) -> None:
    """Put what is not there yet behind what is; what a power cut left of a last line is taken away first.

    `lines` are of one journal and day, in order, from any row on that is no later than the first that is missing.
    Raises RecordsError, naming the file, where it can't be written.
    """
    try:
        make_folder(path.parent)
        descriptor = open_file(path, os.O_RDWR | os.O_APPEND)
        with os.fdopen(descriptor, "r+b") as file:
            # Another keeper may be at its last look.
            fcntl.flock(file, fcntl.LOCK_EX)
            end, last, there = _end(file, instance)
            file.truncate(end)
            same = [line for line in lines if line.sequence == last][there:]
            fresh = same + [line for line in lines if line.sequence > last]
            file.write(b"".join(encode_line(line) + b"\n" for line in fresh))
    except OSError as error:
        raise RecordsError(
            f"The audit log {path} can't be written: {error.strerror}. Nothing is lost, the journal has it all. "
            "Make its folder yours to write in."
        ) from error


def _end(file: BinaryIO, instance: str) -> tuple[int, int, int]:
    """Where the last whole line ends, the last row of this journal that has one, and how many it has."""
    size = file.seek(0, os.SEEK_END)
    for back in (_TAIL, size):
        begin = max(0, size - back)
        file.seek(begin)
        content = file.read()
        end = content.rfind(b"\n") + 1
        lines = content[:end].splitlines()
        last, there, other = _last(lines if begin == 0 else lines[1:], instance)
        if other or begin == 0:
            return begin + end, last, there
    return size, 0, 0


def _last(lines: Sequence[bytes], instance: str) -> tuple[int, int, bool]:
    """The last row of this journal that has a line, how many it has, and whether another row was seen before them."""
    last = there = 0
    for text in reversed(lines):
        try:
            mark = msgspec.json.decode(text, type=_Mark)
        except msgspec.MsgspecError:
            continue
        if mark.instance != instance:
            continue
        if there and mark.sequence != last:
            return last, there, True
        last, there = mark.sequence, there + 1
    return last, there, False
