"""The side file: a lost end is noticed, order ids are never given out twice, one writer at a time."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.clock import LoopClock
from core.domain.entries import Entry, Intent, TailLost, TailLostAccepted, WatchlistSet
from core.errors import JournalError, JournalRefusedError
from core.execution.recorded import Recorded
from core.journal.files import head_path
from core.journal.head import ORDER_IDS, Head, HeadFile, read_head
from core.journal.recovery import read_entries, recover
from core.journal.store import JournalStore, open_journal
from tests.architecture.sources import ROOT
from tests.journal.books import opened, written
from tests.journal.values import NOON, intent

FIRST = Head(instance="ABCDEF", seq=1, hash=b"1" * 32, order_ids=100)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def wal(path: Path) -> Path:
    return path.with_name("journal.db-wal")


def killed(path: Path, rows: int) -> None:
    """A process wrote so many rows, each a commit, and then got SIGKILL: they are in the WAL."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bootstrap.journal_child", "write", str(path), str(rows), "killed"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        timeout=30,
    )
    assert done.returncode == -signal.SIGKILL


def by_number(number: int) -> Intent:
    """An intent with that order id."""
    taken = intent(number)
    return replace(taken, order=replace(taken.order, order_id=number))


def test_a_torn_slot_leaves_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.head"
    with HeadFile(path) as file:
        file.begin(FIRST)
        for seq in range(2, 9):
            file.reach(seq, bytes([seq]) * 32)
        newest = file.head
    data = path.read_bytes()
    assert newest is not None
    assert read_head(path) == newest
    assert (newest.seq, newest.order_ids) == (8, 100)
    place = data.index(b'"seq":8')
    path.write_bytes(data[:place] + b"X" + data[place + 1 :])
    left = read_head(path)
    assert left is not None
    assert left.seq == 7
    path.write_bytes(b"")
    assert read_head(path) is None


def test_order_ids_are_durable_before_they_are_used_and_only_rise(tmp_path: Path) -> None:
    path = tmp_path / "a.head"
    with HeadFile(path) as file:
        synced = []
        file.begin(FIRST)
        synced.append(file.is_synced)
        file.reach(2, b"2" * 32)
        synced.append(file.is_synced)
        file.take_order_ids(250)
        synced.append(file.is_synced)
        assert synced == [True, False, True]
        file.begin(FIRST)
        assert file.head is not None
        assert file.head.order_ids == 350


def test_a_long_word_about_damage_still_fits(tmp_path: Path) -> None:
    path = tmp_path / "a.head"
    with HeadFile(path) as file:
        file.begin(FIRST)
        file.mark_damage("ü" * 5000)
    found = read_head(path)

    assert found is not None
    assert set(found.damage) == {"ü"}


def test_the_lock_is_for_one(tmp_path: Path) -> None:
    with HeadFile(tmp_path / "a.head"), pytest.raises(JournalRefusedError, match="Another program writes"):
        HeadFile(tmp_path / "a.head")
    HeadFile(tmp_path / "a.head").close()


def used(path: Path) -> int:
    """Bytes of the WAL that count: its frames up to the first of an earlier round (sqlite.org/fileformat2.html)."""
    data = wal(path).read_bytes()
    salt, frame = data[16:24], 24 + int.from_bytes(data[8:12], "big")
    place = 32
    while data[place + 8 : place + 16] == salt:
        place += frame
    return place


@pytest.mark.row(17)
@pytest.mark.parametrize("cut", ["a byte", "a page", "half", "all", "removed"])
async def test_a_wal_that_lost_its_end_is_noticed(path: Path, cut: str) -> None:
    killed(path, 60)
    whole = used(path)
    if cut == "removed":
        wal(path).unlink()
    else:
        left = {"a byte": whole - 1, "a page": whole - 4096, "half": whole // 2, "all": 0}
        with wal(path).open("r+b") as file:
            file.truncate(left[cut])
    path.with_name("journal.db-shm").unlink(missing_ok=True)
    found = recover(path, Recorded).tail.seq
    async with opened(path) as journal:
        gap = journal.gap
        assert journal.head == found + 1

    assert found < 60
    assert gap.startswith("JOURNAL_TAIL_LOST")
    assert f"It ends at row {found}, but core had written rows up to 60." in gap
    last = list(read_entries(path))[-1][1]
    assert isinstance(last, TailLost)
    assert last.text == gap


@pytest.mark.row(17)
async def test_a_lost_end_stays_until_it_is_accepted(path: Path) -> None:
    await written(path, [intent(number) for number in range(1, 6)])
    old = path.read_bytes()
    async with opened(path) as journal:
        await journal.commit([intent(6), intent(7)])
    path.write_bytes(old)
    async with opened(path) as journal:
        assert "It ends at row 5, but core had written rows up to 7" in journal.gap
    recovered = recover(path, Recorded)
    assert recovered.fold.tail_lost == journal.gap

    async with opened(path) as journal:
        assert journal.gap == ""
        assert recover(path, Recorded).fold.tail_lost.startswith("JOURNAL_TAIL_LOST")
        await journal.commit([TailLostAccepted(client="desk", time=NOON)])
    assert recover(path, Recorded).fold.tail_lost == ""


@pytest.mark.row(18)
async def test_an_old_copy_that_was_written_further_is_noticed(path: Path, tmp_path: Path) -> None:
    await written(path, [intent(number) for number in range(1, 6)])
    for file in path.parent.iterdir():
        shutil.copyfile(file, tmp_path / file.name)
    await written(path, [intent(6), intent(7)])
    await written(tmp_path / "journal.db", [WatchlistSet(con_ids=(1,)) for _ in range(4)])
    path.write_bytes((tmp_path / "journal.db").read_bytes())

    async with opened(path) as journal:
        assert "Its row 7 is not the one that core wrote" in journal.gap


@pytest.mark.row(18)
async def test_a_journal_that_is_gone_keeps_its_name_and_its_order_ids(path: Path) -> None:
    async with opened(path) as journal:
        instance = journal.instance
        await journal.commit([by_number(7)])
    path.unlink()
    async with opened(path) as journal:
        assert (journal.instance, journal.head) == (instance, 1)
        assert "It ends at row 0, but core had written rows up to 1" in journal.gap
        assert journal.order_ids >= 7


async def test_a_side_file_that_is_gone_or_strange_is_told(path: Path, tmp_path: Path) -> None:
    await written(path, [intent(1)])
    head_path(path).unlink()
    async with opened(path) as journal:
        assert "is missing or can't be read" in journal.gap
    await written(tmp_path / "other.db", [intent(1)])
    shutil.copyfile(tmp_path / "other.head", head_path(path))
    async with opened(path) as journal:
        assert "belongs to another journal" in journal.gap
    async with opened(path) as journal:
        assert journal.gap == ""


@pytest.mark.row(11)
async def test_a_power_cut_before_the_side_file_was_synced_is_no_loss(path: Path) -> None:
    await written(path, [intent(1)])
    before = head_path(path).read_bytes()
    await written(path, [intent(2), intent(3)])
    head_path(path).write_bytes(before)

    async with opened(path) as journal:
        assert (journal.gap, journal.head) == ("", 3)


@pytest.mark.row(18, 33)
async def test_no_order_id_is_given_out_twice_whatever_is_restored(path: Path) -> None:
    await written(path, [by_number(5)])
    old = path.read_bytes()
    highest = 5
    async with opened(path) as journal:
        for number in (40, 130, 131, 320):
            await journal.commit([by_number(number)])
            found = read_head(head_path(path))
            assert found is not None
            assert found.order_ids >= number
            highest = number
    path.write_bytes(old)
    async with opened(path) as journal:
        assert journal.order_ids >= highest
        assert recover(path, Recorded).fold.highest_order_id == 5


async def test_every_commit_stands_in_the_side_file_when_it_returns(path: Path) -> None:
    async with opened(path) as journal:
        for number in range(1, 2 * ORDER_IDS):
            await journal.commit([by_number(number)])
            found = read_head(head_path(path))
            assert found is not None
            assert (found.seq, found.instance) == (number, journal.instance)
            assert found.order_ids >= number


async def commit_on(journal: JournalStore, pause: float) -> None:
    """One row after the other; the side file is looked at in the pauses."""
    for number in range(2, 100):
        await journal.commit([intent(number)])
        await asyncio.sleep(pause)


@pytest.mark.row(20)
@pytest.mark.parametrize("name", ["journal.db", "journal.head"])
@pytest.mark.parametrize("how", ["removed", "replaced"])
async def test_a_file_that_went_away_under_core_halts_it(path: Path, name: str, how: str) -> None:
    told: list[str] = []
    journal = await open_journal(path, "S", LoopClock(), on_failure=told.append)
    await journal.commit([intent(1)])
    victim = path.with_name(name)
    copy = victim.read_bytes()
    victim.unlink()
    if how == "replaced":
        victim.write_bytes(copy)

    with pytest.raises(JournalError, match=rf"{name} was removed or replaced while core ran"):
        await commit_on(journal, 0.3 if name == "journal.head" else 0)
    assert told == [journal.failure]
    await journal.close()


async def test_rows_that_were_put_in_by_hand_are_not_what_the_side_file_knows(path: Path) -> None:
    entries: list[Entry] = [intent(1), intent(2)]
    await written(path, entries)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER event_loses_no_row")
        connection.execute("DELETE FROM event WHERE seq = 2")
        connection.execute("CREATE TRIGGER event_loses_no_row BEFORE DELETE ON event BEGIN SELECT 1; END")

    async with opened(path) as journal:
        assert "It ends at row 1, but core had written rows up to 2" in journal.gap
