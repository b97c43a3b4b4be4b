"""What the journal does when the disk, the file or a stranger fails it."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from core.clock import LoopClock
from core.errors import JournalError, JournalRefusedError
from core.journal.recovery import read_entries
from core.journal.rows import SCHEMA
from core.journal.store import open_journal
from tests.journal.values import intent

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


def start(path: Path, *numbers: int) -> subprocess.Popen[str]:
    """`tests.journal.child` on `path`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journal.child", str(path), *map(str, numbers)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.mark.parametrize("rows", [1, 40, 250])
def test_sigkill_loses_nothing_that_was_promised(path: Path, rows: int) -> None:
    with start(path, 0, 0) as child:
        assert child.stdout is not None
        promised = 0
        for line in child.stdout:
            if line.startswith("ok "):
                promised = int(line.split()[1])
            if promised == rows:
                break
        child.send_signal(signal.SIGKILL)
        promised = max([promised, *(int(line.split()[1]) for line in child.stdout if line.endswith("\n"))])
    entries = list(read_entries(path))

    assert [number for number, _ in entries] == list(range(1, len(entries) + 1))
    assert len(entries) >= promised
    assert all(entry == intent(number) for number, entry in entries)


def test_files_are_private_under_any_umask(path: Path) -> None:
    with start(path, 0, 0) as child:
        assert child.stdout is not None
        next(line for line in child.stdout if line.startswith("ok"))
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        child.kill()

    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.row(13, 74)
def test_full_disk_is_final_and_told_once(path: Path) -> None:
    with start(path, 700_000, 6_000_000) as child:
        output, _ = child.communicate(timeout=30)
    lines = output.splitlines()
    promised = [line for line in lines if line.startswith("ok")]

    assert promised, output
    assert lines[len(promised) + 1].startswith("failed The journal can't be written any more."), output
    assert lines[-2:] == ["still", "told 1 True"]
    assert [number for number, _ in read_entries(path)] == list(range(1, len(promised) + 1))


@pytest.mark.row(16)
def test_folder_without_write_permission_is_refused(open_folder: Path) -> None:
    state = open_folder / "state"
    state.mkdir(mode=0o555)
    # Permissions don't bind root, so root's child becomes somebody else.
    with start(state / "journal.db", 0, 0, *([NOBODY] if os.getuid() == 0 else [])) as child:
        output, _ = child.communicate(timeout=30)

    assert output.startswith("open The journal can't be opened."), output
    assert "Permission denied" in output
    assert list(state.iterdir()) == []


@pytest.mark.row(20)
async def test_removed_file_is_noticed(path: Path) -> None:
    told: list[str] = []
    journal = await open_journal(path, "S", LoopClock(), on_failure=told.append)
    await journal.commit([intent(1)])
    path.unlink()

    with pytest.raises(JournalError, match=r"journal\.db"):
        await journal.commit([intent(2)])
    assert told == [journal.failure]
    assert journal.append([intent(3)]) == journal.head == 3
    await journal.close()


async def test_entry_that_cannot_be_encoded_stops_the_journal(path: Path) -> None:
    journal = await open_journal(path, "S", LoopClock(), on_failure=lambda text: None)
    journal.append([intent(1, note="\ud800")])

    with pytest.raises(JournalError, match="encoded"):
        await journal.commit([intent(2)])
    await journal.close()
    assert list(read_entries(path)) == []


@pytest.mark.row(21)
async def test_a_second_writer_is_refused_and_the_lock_goes_with_the_first(path: Path) -> None:
    first = await open_journal(path, "A", LoopClock(), on_failure=pytest.fail)
    await first.commit([intent(1)])
    with pytest.raises(JournalRefusedError, match="Another program writes the journal"):
        await open_journal(path, "B", LoopClock(), on_failure=pytest.fail)
    await first.commit([intent(2)])
    await first.close()
    second = await open_journal(path, "B", LoopClock(), on_failure=pytest.fail)

    assert await second.commit([intent(3)]) == 3
    await second.close()
    assert [entry for _, entry in read_entries(path)] == [intent(1), intent(2), intent(3)]


async def test_a_row_from_elsewhere_stops_the_writer_instead_of_forking_the_chain(path: Path) -> None:
    journal = await open_journal(path, "A", LoopClock(), on_failure=lambda text: None)
    await journal.commit([intent(1)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO event VALUES (2, 'X', '', 0, 'x', 2, '', '{}', x'', x'')")

    with pytest.raises(JournalError, match="UNIQUE"):
        await journal.commit([intent(2)])
    await journal.close()


async def written(path: Path, rows: int) -> None:
    """A closed journal of so many rows."""
    journal = await open_journal(path, "S", LoopClock(), on_failure=pytest.fail)
    await journal.commit([intent(number) for number in range(1, rows + 1)])
    await journal.close()


@pytest.mark.row(19)
async def test_flipped_byte_is_found_and_its_row_named(path: Path) -> None:
    await written(path, 9)
    data = bytearray(path.read_bytes())
    mark = f'"order_ref":"ibd-ABCDEF-{5:026d}"'.encode()
    place = data.index(mark) + len(mark) - 2
    data[place] ^= 0x01
    path.write_bytes(data)
    entries = read_entries(path)

    assert [next(entries)[0] for _ in range(4)] == [1, 2, 3, 4]
    with pytest.raises(JournalError, match="Row 5 "):
        next(entries)


@pytest.mark.row(19)
async def test_every_flipped_byte_of_a_row_is_found(path: Path) -> None:
    await written(path, 1)
    clean = path.read_bytes()
    mark = clean.index(b'{"type":"intent"')
    places = range(mark - 80, mark + 400, 7)
    for place in places:
        path.write_bytes(clean[:place] + bytes([clean[place] ^ 0x20]) + clean[place + 1 :])
        with pytest.raises(JournalError, match=r"Row 1 |row 0|newer|lacks|can't be read"):
            list(read_entries(path))


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM event WHERE seq = 3", "Row 3 of the journal is missing"),
        ("DELETE FROM event WHERE seq = 1", "Row 1 of the journal is missing"),
        ("UPDATE event SET ts_mono = ts_mono + 1 WHERE seq = 2", "Row 2 of the journal isn't what was written"),
        ("UPDATE event SET session = 'T' WHERE seq = 4", "Row 4 "),
        ("UPDATE event SET schema = 1 WHERE seq = 4", "Row 4 "),
    ],
)
async def test_rows_changed_by_hand_are_found(path: Path, statement: str, message: str) -> None:
    await written(path, 5)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER event_keeps_rows")
        connection.execute("DROP TRIGGER event_loses_no_row")
        connection.execute(statement)
        connection.execute("CREATE TRIGGER event_keeps_rows BEFORE UPDATE ON event BEGIN SELECT 1; END")
        connection.execute("CREATE TRIGGER event_loses_no_row BEFORE DELETE ON event BEGIN SELECT 1; END")

    with pytest.raises(JournalError, match=message):
        list(read_entries(path))


async def test_damage_of_the_last_row_keeps_the_journal_from_opening(path: Path) -> None:
    await written(path, 2)
    data = path.read_bytes()
    mark = f'"order_ref":"ibd-ABCDEF-{2:026d}"'.encode()
    assert data.count(mark) == 2
    path.write_bytes(data.replace(mark, mark.replace(b"ABC", b"ABD")))

    with pytest.raises(JournalError, match="Row 2 "):
        await open_journal(path, "S", LoopClock(), on_failure=pytest.fail)


@pytest.mark.row(73)
async def test_journal_of_a_newer_ibdesk_is_left_alone(path: Path) -> None:
    await written(path, 1)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TRIGGER meta_keeps_row")
        connection.execute("UPDATE meta SET schema = ?", (SCHEMA + 1,))
        connection.execute("CREATE TRIGGER meta_keeps_row BEFORE UPDATE ON meta BEGIN SELECT 1; END")

    with pytest.raises(JournalError, match="newer ibdesk"):
        await open_journal(path, "S", LoopClock(), on_failure=pytest.fail)
    with pytest.raises(JournalError, match="newer ibdesk"):
        list(read_entries(path))


@pytest.mark.parametrize("content", [b"no database, just text\n" * 300, b""], ids=["text", "other tables"])
async def test_another_file_is_not_taken_for_a_journal(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    if not content:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE mine (a)")

    with pytest.raises(JournalError, match=r"not a (journal|database)"):
        await open_journal(path, "S", LoopClock(), on_failure=pytest.fail)


async def test_link_in_place_of_the_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(JournalError, match="can't be opened"):
        await open_journal(path, "S", LoopClock(), on_failure=pytest.fail)
    assert not (tmp_path / "elsewhere").exists()


async def test_opening_that_is_given_up_leaves_no_thread(path: Path) -> None:
    task = asyncio.ensure_future(open_journal(path, "S", LoopClock(), on_failure=pytest.fail))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
