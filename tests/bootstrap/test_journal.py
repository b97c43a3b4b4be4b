"""The start of core with a journal that is damaged, unwritable or shorter than it was."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.bootstrap.journal import StartedJournal, start_journal
from core.clock import LoopClock
from core.errors import JournalError, JournalRefusedError
from core.journal.files import checkpoint_path, head_path
from core.journal.head import read_head
from core.journal.recovery import read_entries
from core.journal.store import SealedJournal
from tests.architecture.sources import ROOT
from tests.journal.books import as_bytes, folded, opened, written
from tests.journal.values import intent

NOBODY = 65534
PATIENCE = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@asynccontextmanager
async def started(path: Path, told: list[str] | None = None) -> AsyncIterator[StartedJournal]:
    """What core has after its start."""
    failures: list[str] = [] if told is None else told
    journal = await start_journal(path, "S", LoopClock(), failures.append)
    try:
        yield journal
    finally:
        await journal.store.close()


def flip(path: Path, row: int) -> None:
    """Another letter in the payload of a row."""
    data = path.read_bytes()
    mark = f'"order_ref":"ibd-ABCDEF-{row:026d}"'.encode()
    assert data.count(mark) == 2
    path.write_bytes(data.replace(mark, mark.replace(b"ABC", b"ABD")))


async def test_a_new_journal_and_one_that_is_well(path: Path) -> None:
    async with started(path) as new:
        assert (new.store.head, new.store.failure, new.tail_lost) == (0, "", "")
        await new.store.commit([intent(1), intent(2)])
    async with started(path) as again:
        assert (again.store.head, again.store.failure, again.tail_lost) == (2, "", "")
        assert as_bytes(again.recorded) == folded([intent(1), intent(2)])


@pytest.mark.row(19)
async def test_damage_behind_the_checkpoint_is_looked_at_only_and_kept(path: Path) -> None:
    await written(path, [intent(number) for number in range(1, 10)])
    checkpoint_path(path).unlink()
    flip(path, 6)
    damaged = path.read_bytes()
    for _ in range(2):
        async with started(path) as journal:
            assert isinstance(journal.store, SealedJournal)
            assert journal.store.failure.startswith("View only, no order can leave: Row 6 of the journal isn't")
            assert as_bytes(journal.recorded) == folded([intent(number) for number in range(1, 6)])
            assert journal.store.head == 5
            with pytest.raises(JournalError, match="View only"):
                await journal.store.commit([intent(7)])
        (kept,) = (path.parent / "quarantine").iterdir()
        assert str(kept) in journal.store.failure
        assert (kept / "journal.db").read_bytes() == damaged == path.read_bytes()


@pytest.mark.row(19)
async def test_damage_before_the_checkpoint_is_found_while_core_runs(path: Path) -> None:
    await written(path, [intent(number) for number in range(1, 400)])
    flip(path, 6)
    told: list[str] = []
    async with started(path, told) as journal:
        assert journal.store.failure == ""
        async with asyncio.timeout(PATIENCE):
            for _ in range(1000):
                if told:
                    break
                await asyncio.sleep(0.01)
        assert "Row 6 of the journal isn't what was written" in told[0]
        with pytest.raises(JournalError, match="Row 6"):
            await journal.store.commit([intent(400)])
    found = read_head(head_path(path))
    assert found is not None
    assert "Row 6" in found.damage

    async with started(path) as journal:
        # From now on at once, whatever the checkpoint says.
        assert "Row 6" in journal.store.failure
        assert isinstance(journal.store, SealedJournal)


async def test_a_backup_in_the_place_of_damaged_rows_is_taken(path: Path) -> None:
    await written(path, [intent(number) for number in range(1, 400)])
    good = path.read_bytes()
    flip(path, 6)
    told: list[str] = []
    async with started(path, told):
        for _ in range(1000):
            if told:
                break
            await asyncio.sleep(0.01)
    path.write_bytes(good)
    async with started(path) as journal:
        assert (journal.store.failure, journal.tail_lost) == ("", "")
        assert await journal.store.commit([intent(400)]) == 400


@pytest.mark.parametrize("content", [b"no database at all, just text\n" * 300, b"SQLite format 3\0" + bytes(4080)])
async def test_a_file_that_is_no_database_is_kept_and_looked_at_only(path: Path, content: bytes) -> None:
    await written(path, [intent(1)])
    instance = started_instance(path)
    path.write_bytes(content)
    async with started(path) as journal:
        assert journal.store.failure.startswith("View only")
        assert journal.store.instance == instance
    assert path.read_bytes() == content
    assert (path.parent / "quarantine").exists()


def started_instance(path: Path) -> str:
    """Whose journal the side file says it is."""
    found = read_head(head_path(path))
    assert found is not None
    return found.instance


@pytest.mark.row(21)
async def test_a_journal_that_another_core_has_is_refused(path: Path) -> None:
    async with opened(path):
        with pytest.raises(JournalRefusedError, match="Another program writes the journal"):
            await start_journal(path, "S", LoopClock(), pytest.fail)


async def test_a_lost_end_is_told_at_every_start_until_it_is_accepted(path: Path) -> None:
    await written(path, [intent(1)])
    old = path.read_bytes()
    await written(path, [intent(2)])
    path.write_bytes(old)
    for _ in range(2):
        async with started(path) as journal:
            assert journal.tail_lost.startswith("JOURNAL_TAIL_LOST")
            assert journal.store.failure == ""


@pytest.mark.row(16)
@pytest.mark.parametrize("what", ["file", "folder", "side file"])
@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_what_cannot_be_written_is_looked_at_only(open_folder: Path, what: str, end: str) -> None:
    path = open_folder / "state" / "journal.db"
    run(["write", path, "3", end])
    modes = {
        "file": (path, 0o400),
        "folder": (path.parent, 0o500),
        "side file": (head_path(path), 0o400),
    }
    if os.getuid() == 0:
        # Permissions don't bind root, so root's child becomes somebody else.
        for file in (path.parent, *path.parent.iterdir()):
            os.chown(file, NOBODY, NOBODY)
    victim, mode = modes[what]
    victim.chmod(mode)
    said = run(["look", path], as_nobody=os.getuid() == 0)

    assert said[0].startswith("View only, no order can leave: "), said
    assert said[1:] == ["3 orders", "0 kept"]


def run(words: list[str | Path], *, as_nobody: bool = False) -> list[str]:
    """What `tests.bootstrap.journal_child` says."""
    command = [sys.executable, "-m", "tests.bootstrap.journal_child", *map(str, words)]
    done = subprocess.run(
        [*command, str(NOBODY)] if as_nobody else command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode in (0, -9), done.stderr
    return done.stdout.splitlines()


async def test_rows_of_a_looked_at_journal_can_be_read(path: Path) -> None:
    await written(path, [intent(number) for number in range(1, 10)])
    checkpoint_path(path).unlink()
    flip(path, 6)
    async with started(path) as journal:
        assert await journal.store.read(0, 5) == list(read_entries_until(path, 5))
        with pytest.raises(JournalError, match="Row 6"):
            await journal.store.read(0, 9)


def read_entries_until(path: Path, last: int) -> Iterator[tuple[int, object]]:
    """Rows up to one."""
    for number, entry in read_entries(path):
        yield number, entry
        if number == last:
            return


def test_a_process_without_a_descriptor_left_still_writes(path: Path) -> None:
    assert run(["starve", path, "200"]) == ["reading failed: JournalError", "200 rows, none failed"]
    assert len(list(read_entries(path))) == 200


async def test_no_flipped_byte_gives_another_state_to_trade_on(path: Path) -> None:
    """In the page that describes the tables, and in rows: the same state, a part of it to look at, or a refusal."""
    rows = [intent(number) for number in range(1, 9)]
    await written(path, rows)
    checkpoint_path(path).unlink()
    clean, side = path.read_bytes(), head_path(path).read_bytes()
    places = [*range(0, 4096, 47), 3477, 3480, *(found.start() + 3 for found in re.finditer(b"DU1234567", clean))]
    outcomes = {"well": 0, "looked at": 0, "refused": 0}
    for place in places:
        path.write_bytes(clean[:place] + bytes([clean[place] ^ 0x02]) + clean[place + 1 :])
        head_path(path).write_bytes(side)
        shutil.rmtree(path.parent / "quarantine", ignore_errors=True)
        try:
            journal = await start_journal(path, "S", LoopClock(), pytest.fail)
        except JournalRefusedError:
            outcomes["refused"] += 1
            continue
        known = as_bytes(journal.recorded)
        if journal.store.failure:
            outcomes["looked at"] += 1
            assert known == folded(rows[: journal.store.head]), place
        else:
            outcomes["well"] += 1
            assert (known, journal.store.head, journal.tail_lost) == (folded(rows), 8, ""), place
        await journal.store.close()
        checkpoint_path(path).unlink(missing_ok=True)

    assert outcomes["looked at"] > 20, outcomes
