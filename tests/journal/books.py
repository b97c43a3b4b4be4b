"""A journal on a real file with a fold of its own, opened and closed as core does it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

import msgspec

from core.clock import LoopClock
from core.domain.entries import Entry
from core.execution.recorded import Recorded
from core.journal.opened import JournalOptions
from core.journal.recovery import Recovered, recover
from core.journal.store import JournalStore, open_journal


class SetClock(LoopClock):
    """A clock whose wall time a test sets."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.now = now

    def utc(self) -> datetime:
        return self.now


@asynccontextmanager
async def opened(
    path: Path, options: JournalOptions | None = None, clock: LoopClock | None = None, told: list[str] | None = None
) -> AsyncIterator[JournalStore]:
    """Read it back and open it for the time of the block. Failures are collected in `told`, or fail the test."""
    failures: list[str] = []
    journal = await open_journal(
        path,
        "S",
        clock or LoopClock(),
        on_failure=(failures if told is None else told).append,
        recovered=recover(path, Recorded),
        options=options,
    )
    try:
        yield journal
    finally:
        await journal.close()
    assert failures == []


async def written(path: Path, entries: Sequence[Entry], options: JournalOptions | None = None) -> None:
    """A run of core that wrote these and ended."""
    async with opened(path, options) as journal:
        await journal.commit(entries)


def state(recovered: Recovered[Recorded]) -> bytes:
    """Everything that was recovered, as bytes."""
    assert recovered.damage == ""
    return as_bytes(recovered.fold)


def as_bytes(recorded: Recorded) -> bytes:
    """The same bytes for the same state."""
    return msgspec.json.encode(list(recorded.entries()), order="deterministic")


def folded(entries: Iterable[Entry]) -> bytes:
    """The state that entries make, as bytes."""
    recorded = Recorded()
    for entry in entries:
        recorded.apply(entry)
    return as_bytes(recorded)


def shaped_as_schema_1(path: Path) -> None:
    """Take from a closed journal what schema 2 added to the file, the side file too."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER meta_keeps_row")
        for column in ("base_seq", "base_hash", "carried"):
            connection.execute(f"ALTER TABLE meta DROP COLUMN {column}")
        connection.execute("UPDATE meta SET schema = 1")
        connection.execute(
            "CREATE TRIGGER meta_keeps_row BEFORE UPDATE ON meta "
            "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )
    path.with_suffix(".head").unlink()
