"""What `ibdesk journal` finds, as lines of text and as figures."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.cli.exports import csv_line, file_name, output
from core.domain.entries import Entry, FactRecorded, Heard, Intent, ModifyIntent, Refused, TailLost
from core.domain.events import (
    AlertChanged,
    ConnectionChanged,
    ExecutionAdded,
    Incident,
    OrderChanged,
    TradingStateChanged,
)
from core.domain.limit_changes import LimitAsked, LimitChanged, LimitWithdrawn
from core.domain.orders import Order
from core.errors import JournalDamagedError, JournalError
from core.execution.recorded import Recorded
from core.journal.backup import BACKUPS, back_up, stamp
from core.journal.checkpoint import encode_summary
from core.journal.database import Tail
from core.journal.recovery import Recovered, read_rows, recover
from core.journal.rows import Row, entry_of
from core.journal.verify import first_row, verify
from core.text import clean, mask_accounts, printable_json


class Form(Enum):
    """How rows are written."""

    TEXT = "text"
    JSON = "json"
    """Whole, a line each."""
    CSV = "csv"
    """In words, for spreadsheets."""


class Said(NamedTuple):
    """An answer."""

    lines: list[str]
    figures: dict[str, object]
    """The same for programs."""
    problem: str = ""
    """For standard error; empty when all is well."""
    status: int = 0


def verified(path: Path) -> Said:
    """Whether every row is what was written and none is missing. Raises JournalError."""
    found = verify(path)
    rows = f"rows {found.first:,} to {found.last:,}" if found.last >= found.first else "no row yet"
    where = f"{found.files} files" if found.files > 1 else "1 file"
    lines = [] if found.problem else [f"The journal is what was written: {rows}, in {where} ({path})."]
    if found.first > 1:
        lines.append(f"Its rows before {found.first:,} are in files that are not here; they were not looked at.")
    figures: dict[str, object] = {"ok": not found.problem, "path": str(path), **found._asdict()}
    return Said(lines, figures, found.problem, 1 if found.problem else 0)


def export_to(path: Path, after: int, to: Path | None, form: Form, *, accounts: bool) -> Said:
    """Write the rows behind number `after` into the file `to`, into a new one in that folder, or to standard output.

    Raises JournalError, and OSError where the file exists or can't be written.
    """
    after = max(after, first_row(path) - 1)
    if not path.exists() and after == 0:
        raise JournalError(f"There is no journal at {path}.")
    rows, last = 0, after
    name = file_name("journal", path.parent.name, stamp(), ending=_ENDINGS[form])
    with output(to, name) as (stream, file):
        if form is Form.CSV:
            stream.write(csv_line(_COLUMNS) + "\n")
        try:
            for row in read_rows(path, after):
                line = _LINES[form](row)
                stream.write((line if accounts else mask_accounts(line)) + "\n")
                rows, last = rows + 1, row.seq
        except JournalDamagedError as error:
            text = f"{rows} rows were exported, up to row {last}. {error}"
            return Said([], {"ok": False, "rows": rows, "last": last, "problem": str(error)}, text, 1)
    lines = [f"{rows:,} rows, up to row {last:,}, are in {file}."] if file else []
    return Said(lines, {"ok": True, "rows": rows, "last": last, "file": str(file or "")})


class _Line(msgspec.Struct):
    """A row for programs."""

    seq: int
    session: str
    time: str
    schema: int
    order_ref: str
    entry: msgspec.Raw


def _as_json(row: Row) -> str:
    payload = msgspec.Raw(row.payload.encode())
    line = _Line(row.seq, row.session, row.ts_utc, row.schema, row.order_ref, payload)
    return printable_json(msgspec.json.encode(line).decode())


def _as_text(row: Row) -> str:
    kind, words = _described(entry_of(row))
    return clean(f"{row.seq:>8}  {row.ts_utc}  {kind:<16}  {row.order_ref:<37}  {words}".rstrip(), 1000)


def _as_csv(row: Row) -> str:
    kind, words = _described(entry_of(row))
    return csv_line([clean(cell, 1000) for cell in (str(row.seq), row.ts_utc, kind, row.order_ref, words)])


_COLUMNS = ("row", "time", "kind", "order", "words")
_ENDINGS = {Form.TEXT: "txt", Form.JSON: "jsonl", Form.CSV: "csv"}
_LINES: dict[Form, Callable[[Row], str]] = {Form.TEXT: _as_text, Form.JSON: _as_json, Form.CSV: _as_csv}


def _described(entry: Entry) -> tuple[str, str]:
    """What kind of row it is, and what it says, in words."""
    words = ""
    match entry:
        case Intent(order=order) | ModifyIntent(order=order):
            words = _order_in_words(order)
        case Refused(request=request, denial=denial):
            words = f"{request.side} {request.quantity:f}: {denial.code}, {denial.message}"
        case Heard(report=report):
            words = type(report).__name__.removesuffix("Report")
        case TailLost(text=text):
            words = text
        case LimitChanged(name=name, old=old, new=new, by=by):
            words = f"{name} {old or 'default'} -> {new or 'default'}, by {by}"
        case LimitAsked(waiting=waits):
            words = (
                f"{waits.name} {waits.old} -> {waits.new or 'default'} from {waits.due:%H:%M:%S} UTC on, by {waits.by}"
            )
        case LimitWithdrawn(name=name, by=by):
            words = f"{name} stays as it is, by {by}"
        case FactRecorded(fact=fact):
            return str(fact.__struct_config__.tag), _fact_in_words(entry)
    return str(entry.__struct_config__.tag), words


def _fact_in_words(entry: FactRecorded) -> str:
    match entry.fact:
        case OrderChanged(order=order):
            return _order_in_words(order)
        case ExecutionAdded(execution=fill):
            return f"{fill.side} {fill.quantity:f} {fill.label} @ {fill.price:f}"
        case ConnectionChanged(connection=connection):
            return f"{connection.state} {connection.problem}".rstrip()
        case Incident(severity=severity, text=text):
            return f"{severity} {text}"
        case TradingStateChanged(state=state, reason=reason):
            return f"{state} {reason}".rstrip()
        case AlertChanged(alert=alert):
            return alert.words


def _order_in_words(order: Order) -> str:
    filled = f", filled {order.filled:f}" if order.filled else ""
    return f"#{order.number} {order.text}: {order.state}{filled}"


def replayed(path: Path) -> Said:
    """Whether the state is the same however it is brought back. Raises JournalError."""
    quick = recover(path, Recorded)
    if not quick.tail.instance and not quick.damage:
        raise JournalError(f"There is no journal at {path}.")
    # Core may write on: all three end at the same row.
    once, twice = (recover(path, Recorded, whole=True, last=quick.tail.seq) for _ in range(2))
    damage = quick.damage or once.damage or twice.damage
    digests = [_digest(one) for one in (quick, once, twice)]
    same = len(set(digests)) == 1
    problem = damage or ("" if same else "The state is not the same each time: report this, with a backup.")
    state = once.fold
    live = [order for order in state.book.orders() if order.is_live]
    begun = f"by the checkpoint at row {quick.since:,}" if quick.since else "without a checkpoint, there is none"
    lines = [
        f"Rows up to {once.tail.seq:,} make the state {digests[1][:16]}: twice, and {begun}.",
        f"{len(live)} orders may fill, {len(list(state.book.executions()))} executions are kept.",
        *(f"  {_order_in_words(order)}" for order in live),
    ]
    figures: dict[str, object] = {
        "ok": not problem,
        "rows": once.tail.seq,
        "checkpoint": quick.since,
        "state": digests[1],
        "live": [order.order_ref for order in live],
        "orders": len(list(state.book.orders())),
        "executions": len(list(state.book.executions())),
        "highest_order_id": state.highest_order_id,
        "tail_lost": state.tail_lost,
        "problem": problem,
    }
    return Said([] if problem else lines, figures, problem, 1 if problem else 0)


def _digest(recovered: Recovered[Recorded]) -> str:
    """Of everything in the state, wherever it was begun."""
    return sha256(encode_summary(Tail("", 0, b""), recovered.fold.entries())).hexdigest()


def back_up_to(path: Path, to: Path | None) -> Said:
    """Copy the journal and verify the copy. Raises JournalError, and OSError where `to` exists or can't be written."""
    folder = to or path.parent / BACKUPS / f"journal-{stamp()}"
    copies = back_up(path, folder)
    found = verify(folder / path.name)
    figures: dict[str, object] = {"ok": not found.problem, "folder": str(folder), "last": found.last}
    figures |= {"files": [copy.name for copy in copies], "problem": found.problem}
    if found.problem:
        return Said([], figures, f"The copy in {folder} shows that the journal is damaged: {found.problem}", 1)
    lines = [
        f"The journal up to row {found.last:,} is in {folder}, and is what was written.",
        f"To put it in the journal's place: end core, move {path.stem}*.db away with their -wal and -shm, and copy "
        f"what is in that folder to {path.parent}. Leave {path.stem}.head: it knows which order ids are taken.",
    ]
    return Said(lines, figures)
