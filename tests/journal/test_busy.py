"""A journal that another program locks: nothing waits behind it, nothing is sent late."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.clock import LoopClock
from core.errors import JournalBusyError
from core.journal import store
from core.journal.recovery import read_entries
from core.journal.store import open_journal
from tests.journal.books import opened
from tests.journal.values import intent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program begins to write, and does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.row(22)
async def test_a_locked_journal_refuses_soon_and_writes_once_it_is_free(path: Path) -> None:
    async with opened(path) as journal:
        await journal.commit([intent(1)])
        with locked(path):
            began = time.monotonic()
            with pytest.raises(JournalBusyError, match="keeps the journal locked"):
                await journal.commit([intent(2)])
            assert time.monotonic() - began < 2
            assert journal.busy
            began = time.monotonic()
            with pytest.raises(JournalBusyError):
                await journal.commit([intent(3)])
            assert time.monotonic() - began < 0.1
            assert journal.durable == 1
        for _ in range(500):
            if not journal.busy:
                break
            await asyncio.sleep(0.01)
        assert await journal.commit([intent(4)]) == 4

    assert [entry for _, entry in read_entries(path)] == [intent(number) for number in range(1, 5)]


async def test_a_lock_at_the_end_does_not_keep_core(path: Path) -> None:
    told: list[str] = []
    journal = await open_journal(path, "S", LoopClock(), on_failure=told.append)
    with locked(path):
        journal.append([intent(1)])
        await asyncio.wait_for(journal.close(), 5)

    assert "locked" in told[0]


@pytest.mark.row(22)
async def test_a_commit_that_took_too_long_counts_as_not_made(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SLOW_S", -1.0)
    async with opened(path) as journal:
        with pytest.raises(JournalBusyError, match="The disk took"):
            await journal.commit([intent(1)])
        assert journal.durable == 1
