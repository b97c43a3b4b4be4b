"""Checkpoints and further files: whichever way the journal is read back, the state is the same to the byte."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from core.domain.entries import CancelAsked, Entry, WatchlistSet
from core.errors import JournalDamagedError, JournalError
from core.execution.recorded import Recorded
from core.journal.database import reading
from core.journal.files import checkpoint_path, segment_paths
from core.journal.opened import JournalOptions
from core.journal.recovery import read_entries, read_some, recover, segments
from tests.journal.books import SetClock, folded, opened, shaped_as_schema_1, state, written
from tests.journal.values import intent

NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)
SMALL = JournalOptions(checkpoint_every=20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


def entries_of(count: int, first: int = 1) -> list[Entry]:
    """Orders, of which every third is being cancelled."""
    return [
        intent(number) if number % 4 else CancelAsked(order_ref=intent(number - 1).order.order_ref)
        for number in range(first, first + count)
    ]


async def test_a_clean_stop_leaves_a_checkpoint_at_its_last_row(path: Path) -> None:
    await written(path, entries_of(50))
    recovered = recover(path, Recorded)
    whole = recover(path, Recorded, whole=True)

    assert (recovered.since, recovered.tail.seq, whole.since) == (50, 50, 0)
    assert recovered.tail == whole.tail
    assert state(recovered) == state(whole) == state(recover(path, Recorded)) == folded(entries_of(50))
    assert stat.S_IMODE(checkpoint_path(path).stat().st_mode) == 0o600


async def test_a_start_takes_the_last_checkpoint_and_the_rows_behind_it(path: Path) -> None:
    await written(path, entries_of(30))
    kept = checkpoint_path(path).read_bytes()
    async with opened(path, JournalOptions(checkpoint_every=1_000)) as journal:
        await journal.commit(entries_of(25, first=31))
    checkpoint_path(path).write_bytes(kept)
    recovered = recover(path, Recorded)

    assert (recovered.since, recovered.tail.seq) == (30, 55)
    assert state(recovered) == folded(entries_of(55)) == state(recover(path, Recorded, whole=True))


async def test_checkpoints_are_made_while_core_runs(path: Path) -> None:
    async with opened(path, SMALL) as journal:
        for number in range(1, 101):
            await journal.commit([intent(number)])
            seen = recover(path, Recorded)
            assert state(seen) == folded([intent(one) for one in range(1, seen.tail.seq + 1)])
        middle = seen.since

    assert 20 <= middle <= 100


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "another journal's", "ahead"])
async def test_a_checkpoint_that_does_not_fit_is_not_used(path: Path, tmp_path: Path, damage: str) -> None:
    await written(path, entries_of(30))
    checkpoint = checkpoint_path(path)
    data = checkpoint.read_bytes()
    if damage == "flip":
        checkpoint.write_bytes(data.replace(b"AAPL", b"AAPM", 1))
    elif damage == "cut":
        checkpoint.write_bytes(data[:-20])
    elif damage == "empty":
        checkpoint.write_bytes(b"")
    else:
        other = tmp_path / "other" / "journal.db"
        if damage == "ahead":
            other.parent.mkdir()
            other.write_bytes(path.read_bytes())
            other.with_suffix(".head").write_bytes(path.with_suffix(".head").read_bytes())
        await written(other, entries_of(30, first=31))
        checkpoint.write_bytes(checkpoint_path(other).read_bytes())
    recovered = recover(path, Recorded)

    assert (recovered.since, recovered.tail.seq) == (0, 30)
    assert state(recovered) == folded(entries_of(30))


@pytest.mark.row(19)
async def test_damage_ends_the_fold_where_it_stands_and_is_named(path: Path) -> None:
    await written(path, entries_of(9))
    checkpoint_path(path).unlink()
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"number":6,', b'"number":7,', 1))
    recovered = recover(path, Recorded)

    assert "Row 6 of the journal isn't what was written" in recovered.damage
    assert recovered.tail.seq == 5


async def over_days(path: Path, days: int, per_day: int) -> list[Entry]:
    """A journal whose file is full every evening."""
    options = JournalOptions(roll_bytes=1)
    clock = SetClock(NOON)
    written: list[Entry] = []
    async with opened(path, options, clock) as journal:
        for day in range(days):
            clock.now = NOON + timedelta(days=day)
            todays = entries_of(per_day, first=day * per_day + 1)
            await journal.commit(todays)
            written += todays
            for _ in range(500):
                # The writer goes on in a further file when nobody has come for a moment.
                if not day or len(segment_paths(path)) > day:
                    break
                await asyncio.sleep(0.01)
    return written


async def test_a_full_file_is_followed_by_another_one_when_the_day_rolls(path: Path) -> None:
    entries = await over_days(path, days=3, per_day=10)
    files = segments(path)

    assert [file.name for file, _ in files] == ["journal.db", "journal-2.db", "journal-3.db"]
    assert [meta.base.seq for _, meta in files] == [0, 20, 30]
    assert {meta.instance for _, meta in files} == {files[0][1].instance}
    assert [entry for _, entry in read_entries(path)] == entries
    assert [number for number, _ in read_entries(path, after=17)] == list(range(18, 31))
    assert read_some(path, 15, 10) == list(enumerate(entries, 1))[15:25]
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


async def test_the_state_is_the_same_by_every_way_through_further_files(path: Path) -> None:
    entries = await over_days(path, days=3, per_day=10)
    by_checkpoint = state(recover(path, Recorded))
    checkpoint_path(path).unlink()
    by_last_file = recover(path, Recorded)
    whole = recover(path, Recorded, whole=True)

    assert (by_last_file.since, whole.since) == (30, 0)
    assert by_checkpoint == state(by_last_file) == state(whole) == folded(entries)


async def test_a_run_goes_on_in_the_last_file_and_order_ids_with_it(path: Path) -> None:
    await over_days(path, days=3, per_day=10)
    async with opened(path) as journal:
        assert (journal.head, journal.gap) == (30, "")
        assert await journal.commit([WatchlistSet(con_ids=(1,))]) == 31

    assert [number for number, _ in read_entries(path, after=28)] == [29, 30, 31]


async def test_a_file_that_is_no_longer_here_is_named_and_the_rest_can_be_read(path: Path) -> None:
    entries = await over_days(path, days=3, per_day=10)
    path.rename(path.with_name("elsewhere"))
    with pytest.raises(JournalError, match="The rows up to 20 of the journal are in a file that is no longer in"):
        list(read_entries(path))

    assert [entry for _, entry in read_entries(path, after=20)] == entries[20:]
    assert state(recover(path, Recorded, whole=True)) == folded(entries)
    async with opened(path) as journal:
        assert (journal.head, journal.gap) == (30, "")


async def test_a_file_that_does_not_follow_on_is_found(path: Path) -> None:
    await over_days(path, days=3, per_day=10)
    with closing(sqlite3.connect(path.with_name("journal-2.db"))) as connection, connection:
        connection.execute("DROP TRIGGER event_loses_no_row")
        connection.execute("DELETE FROM event WHERE seq = 30")
        connection.execute("CREATE TRIGGER event_loses_no_row BEFORE DELETE ON event BEGIN SELECT 1; END")

    with pytest.raises(JournalDamagedError, match=r"journal-3\.db does not go on where row 29 ends"):
        list(read_entries(path))


@pytest.mark.row(12)
async def test_a_power_cut_while_a_further_file_begins_leaves_the_old_one_in_use(path: Path) -> None:
    await written(path, entries_of(8))
    further = path.with_name("journal-2.db")
    further.touch()
    assert len(list(read_entries(path))) == 8
    async with opened(path) as journal:
        assert (journal.head, journal.gap) == (8, "")
        assert await journal.commit([intent(9)]) == 9

    assert segment_paths(path) == [path]


@pytest.mark.row(73)
async def test_an_older_journal_is_migrated_and_kept(path: Path) -> None:
    await written(path, entries_of(12))
    checkpoint_path(path).unlink()
    shaped_as_schema_1(path)
    old = path.read_bytes()
    assert state(recover(path, Recorded)) == folded(entries_of(12))
    async with opened(path) as journal:
        assert (journal.head, journal.gap) == (12, "")
        await journal.commit([intent(13)])
    (backup,) = (path.parent / "backups").iterdir()

    assert path.read_bytes() != old
    assert [entry for _, entry in read_entries(path)] == [*entries_of(12), intent(13)]
    with reading(path) as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("UPDATE meta SET schema = 1")
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE meta SET schema = 1")
    assert backup.name.startswith("journal-schema1-")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [entry for _, entry in read_entries(backup)] == entries_of(12)
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT schema FROM meta").fetchone() == (1,)


async def test_two_summaries_of_the_same_rows_are_the_same_bytes(path: Path, tmp_path: Path) -> None:
    await written(path, entries_of(30))
    first = checkpoint_path(path).read_bytes()
    checkpoint_path(path).unlink()
    async with opened(path) as journal:
        await journal.commit([WatchlistSet(con_ids=(7,))])
    second = checkpoint_path(path).read_bytes()
    pairs = list(pairwise([first.split(b"\n")[2:], second.split(b"\n")[2:]]))

    assert [one for one, two in zip(*pairs[0], strict=True) if one != two] == [b'{"type":"watchlist_set","con_ids":[]}']
