"""What the store promises while everything is well."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from core.clock import LoopClock
from core.domain.entries import CancelAsked, WatchlistSet
from core.errors import JournalError
from core.journal.database import assert_durable
from core.journal.recovery import read_entries
from core.journal.store import JournalStore, open_journal
from tests.journal.values import intent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[JournalStore]:
    store = await open_journal(path, "SESSION", LoopClock(), on_failure=pytest.fail)
    yield store
    await store.close()


def count_rows(path: Path) -> int:
    """Rows that another process could read now."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        number: int = connection.execute("SELECT count(*) FROM event").fetchone()[0]
        return number


async def test_new_journal_is_empty(journal: JournalStore, path: Path) -> None:
    assert (journal.head, journal.durable, journal.failure, journal.last_sync_ms) == (0, 0, "", None)
    assert len(journal.instance) == 6
    assert list(read_entries(path)) == []


def test_missing_and_empty_files_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    assert list(read_entries(tmp_path / "missing.db")) == []
    assert list(read_entries(tmp_path / "empty.db")) == []


@pytest.mark.parametrize("fails", [False, True])
async def test_descriptors_close_after_the_last_word_of_the_writer(
    path: Path, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    """Closed under it, its last ring would go into whatever file took the number; the run then fails here."""
    failures: list[str] = []
    write = os.write

    def write_slowly(descriptor: int, data: bytes) -> int:
        written = write(descriptor, data)
        if threading.current_thread().name == "journal":
            # The loop has heard it and carries the call out, and this thread was not given the processor since.
            time.sleep(0.02)
            os.fstat(descriptor)
        return written

    monkeypatch.setattr(os, "write", write_slowly)
    store = await open_journal(path, "SESSION", LoopClock(), on_failure=failures.append)
    if fails:
        store.give_up("Bad row.")
    await store.close()

    assert len(failures) == fails


async def test_commit_is_on_disk_when_it_returns(journal: JournalStore, path: Path) -> None:
    number = await journal.commit([intent(1), intent(2)])

    assert number == journal.head == journal.durable == 2
    assert count_rows(path) == 2
    assert journal.last_sync_ms is not None
    assert journal.last_sync_ms > 0


async def test_rows_keep_the_order_in_which_they_were_handed_over(journal: JournalStore, path: Path) -> None:
    waiting = []
    expected = []
    for number in range(1, 301):
        entry = intent(number) if number % 3 else CancelAsked(order_ref=str(number))
        expected.append((number, entry))
        if number % 2:
            assert journal.append([entry]) == number
        else:
            waiting.append(journal.commit([entry]))

    assert await asyncio.gather(*waiting) == list(range(2, 301, 2))
    assert list(read_entries(path)) == expected
    assert list(read_entries(path, after=299)) == expected[-1:]


async def test_commit_of_nothing_waits_for_all_before(journal: JournalStore, path: Path) -> None:
    journal.append([intent(number) for number in range(1, 101)])

    assert await journal.commit([]) == 100
    assert count_rows(path) == 100
    assert await asyncio.wait_for(journal.commit([]), 1) == 100


async def test_append_is_durable_within_50_ms_though_the_loop_stands_still(journal: JournalStore, path: Path) -> None:
    await journal.commit([intent(1)])
    times = []
    for _ in range(5):
        started = time.perf_counter()
        head = journal.append([CancelAsked(order_ref="a")])
        while count_rows(path) < head:
            assert time.perf_counter() < started + 5
            time.sleep(0.001)
        times.append(time.perf_counter() - started)

    assert min(times) < 0.05
    assert journal.durable == 1


async def test_closing_writes_what_is_queued_and_ends_it(path: Path) -> None:
    journal = await open_journal(path, "S", LoopClock(), on_failure=pytest.fail)
    journal.append([intent(1)])
    await journal.close()
    await journal.close()

    assert {file.name for file in path.parent.iterdir()} == {"journal.db", "journal.head"}
    assert count_rows(path) == 1
    with pytest.raises(JournalError, match="is closed"):
        await journal.commit([intent(2)])


async def test_numbers_and_instance_go_on_in_the_next_run(path: Path) -> None:
    first = await open_journal(path, "A", LoopClock(), on_failure=pytest.fail)
    await first.commit([intent(1), CancelAsked(order_ref="a")])
    await first.close()
    second = await open_journal(path, "B", LoopClock(), on_failure=pytest.fail)

    assert (second.instance, second.head, second.durable) == (first.instance, 2, 2)
    assert await second.commit([WatchlistSet(con_ids=(1, 2))]) == 3
    await second.close()
    assert [entry for _, entry in read_entries(path)] == [
        intent(1),
        CancelAsked(order_ref="a"),
        WatchlistSet(con_ids=(1, 2)),
    ]


async def test_many_commits_check_the_wal_into_the_database(journal: JournalStore, path: Path) -> None:
    for number in range(1, 1201):
        await journal.commit([intent(number)])

    assert count_rows(path) == 1200
    assert path.with_name("journal.db-wal").stat().st_size < 16 << 20


@pytest.mark.parametrize(
    "statement",
    ["UPDATE event SET payload = '{}'", "DELETE FROM event", "UPDATE meta SET instance = 'A'", "DELETE FROM meta"],
)
async def test_rows_can_be_neither_changed_nor_removed(journal: JournalStore, path: Path, statement: str) -> None:
    await journal.commit([intent(1)])
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)


async def test_files_are_the_owners_alone(journal: JournalStore, path: Path) -> None:
    await journal.commit([intent(1)])
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == dict.fromkeys(["journal.db", "journal.db-wal", "journal.db-shm", "journal.head"], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_connection_that_would_lose_rows_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute("PRAGMA journal_mode=WAL")
        with pytest.raises(JournalError, match="journal_mode=memory"):
            assert_durable(memory)
    with closing(sqlite3.connect(tmp_path / "weak.db")) as weak:
        weak.execute("PRAGMA journal_mode=WAL")
        weak.execute("PRAGMA synchronous=NORMAL")
        with pytest.raises(JournalError, match="synchronous=1"):
            assert_durable(weak)
        weak.execute("PRAGMA synchronous=FULL")
        assert_durable(weak)


async def test_rows_are_read_back_in_pieces_beside_the_writer(journal: JournalStore) -> None:
    entries = [intent(number) for number in range(1, 8)]
    await journal.commit(entries)

    assert await journal.read(0, 3) == list(enumerate(entries[:3], 1))
    assert await journal.read(3, 100) == list(enumerate(entries[3:], 4))
    assert await journal.read(7, 100) == []
