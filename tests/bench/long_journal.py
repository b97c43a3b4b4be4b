"""A journal of any length, written in one go: days of orders that filled, and orders that still work."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from msgspec.structs import replace

from core.domain.entries import Entry, FactRecorded, Heard, Intent, SessionStarted
from core.domain.events import ExecutionAdded, OrderChanged
from core.domain.executions import Execution
from core.domain.orders import Order, OrderState, TimeInForce
from core.domain.reports import CommissionReport, ExecutionReport, OrderStatusReport
from core.execution.recorded import Recorded
from core.journal.checkpoint import encode_summary, write_checkpoint
from core.journal.database import Tail, shape
from core.journal.files import checkpoint_path, create_private, head_path
from core.journal.head import Head, HeadFile
from core.journal.rows import Handover, Row, genesis, make_row
from tests.bench.holding_gateway import Resting
from tests.journal.values import order, request

INSTANCE = "ABCDEF"
"""Of every reference that `tests.journal.values` makes."""
PER_DAY = 20_000
"""Rows of one trading day."""
_PIECE = 20_000
_INSERT = f"INSERT INTO event VALUES ({', '.join('?' * len(Row._fields))})"


def write_journal(path: Path, *, rows: int, behind: int, resting: Resting) -> None:
    """Make a journal of so many rows, its checkpoint so many rows before the end, and its side file.

    The first orders are those that rest; all later ones have filled, day by day until today.
    """
    create_private(path)
    fold = Recorded()
    tail = Tail(INSTANCE, 0, genesis(INSTANCE))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        # What is lost in a power cut here is a benchmark.
        connection.execute("PRAGMA journal_mode=OFF").fetchone()
        connection.execute("PRAGMA synchronous=OFF")
        shape(connection, tail)
        connection.execute("BEGIN")
        piece: list[Row] = []
        for handover in _handovers(rows, resting):
            row = make_row(handover, "S", tail.hash)
            tail = Tail(INSTANCE, row.seq, row.hash)
            piece.append(row)
            if row.seq <= rows - behind:
                fold.apply(handover.entry)
            if row.seq == rows - behind:
                write_checkpoint(checkpoint_path(path), encode_summary(tail, fold.entries()))
            if len(piece) == _PIECE or row.seq == rows:
                connection.executemany(_INSERT, piece)
                piece.clear()
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode=WAL").fetchone()
    with HeadFile(head_path(path)) as head:
        head.begin(Head(instance=INSTANCE, seq=tail.seq, hash=tail.hash, order_ids=rows))


def _handovers(rows: int, resting: Resting) -> Iterator[Handover]:
    """Numbered and timed: the last row is of now."""
    first = datetime.now(UTC) - timedelta(days=rows // PER_DAY)
    entries = _entries(resting, first)
    for seq, entry in zip(range(1, rows + 1), entries, strict=False):
        yield Handover(seq, _moment(first, seq), seq / 10, entry)


def _moment(first: datetime, seq: int) -> datetime:
    """Half of a day's rows are of today."""
    return first + timedelta(days=(seq + PER_DAY // 2) // PER_DAY, milliseconds=seq % PER_DAY)


def _entries(resting: Resting, first: datetime) -> Iterator[Entry]:
    seq = number = 0
    while True:
        if seq % PER_DAY < 10:
            yield SessionStarted(session="S", build="1", time=_moment(first, seq))
            seq += 1
        number += 1
        made = list(_life(number, _moment(first, seq), resting))
        yield from made
        seq += len(made)


def _life(number: int, now: datetime, resting: Resting) -> Iterator[Entry]:
    """What the journal holds of one order."""
    terms = {"account": resting.account, "limit_price": resting.limit, "tif": TimeInForce.GTC}
    rests = number <= len(resting.perm_ids)
    perm_id = resting.perm_ids[number - 1] if rests else max(resting.perm_ids) + number
    asked = replace(request(number), **terms)
    taken = replace(order(number), client_id=resting.client_id, created=now, changed=now, **terms)
    yield Intent(order=taken, request=asked)
    yield _changed(taken, state=OrderState.SENT)
    yield Heard(
        report=OrderStatusReport(
            order_id=number,
            client_id=resting.client_id,
            perm_id=perm_id,
            status="Submitted",
            filled=Decimal(0),
            remaining=taken.quantity,
        )
    )
    yield _changed(taken, state=OrderState.WORKING, perm_id=perm_id)
    if not rests:
        yield from _end(replace(taken, perm_id=perm_id), now)


def _end(taken: Order, now: datetime) -> Iterator[Entry]:
    """How it filled."""
    assert taken.limit_price is not None
    fill = Execution(
        exec_id=f"0001.{taken.order_id:08d}.01",
        order_ref=taken.order_ref,
        perm_id=taken.perm_id or 0,
        order_id=taken.order_id,
        client_id=taken.client_id,
        account=taken.account,
        con_id=taken.con_id,
        label=taken.label,
        side=taken.side,
        quantity=taken.quantity,
        price=taken.limit_price,
        time=now,
        exchange="ARCA",
    )
    yield Heard(report=ExecutionReport(execution=fill, live=True))
    yield FactRecorded(fact=ExecutionAdded(execution=fill))
    yield _changed(taken, state=OrderState.FILLED, filled=taken.quantity, average_price=taken.limit_price)
    fee = CommissionReport(exec_id=fill.exec_id, commission=Decimal(1), currency="USD", realized_pnl=None)
    yield Heard(report=fee)
    yield FactRecorded(fact=ExecutionAdded(execution=replace(fill, commission=Decimal(1), commission_currency="USD")))


def _changed(known: Order, **changes: object) -> FactRecorded:
    return FactRecorded(fact=OrderChanged(order=replace(known, **changes)))
