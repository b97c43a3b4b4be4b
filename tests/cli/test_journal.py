"""`ibdesk journal`: what it says of journals that are well, damaged, locked, growing or not there."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import stat
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, Popen

import pytest
from click.testing import CliRunner, Result

from core.domain.entries import CancelAsked, Entry, FactRecorded
from core.domain.events import Incident, Severity
from core.execution.recorded import Recorded
from core.journal.files import checkpoint_path
from core.journal.opened import JournalOptions
from core.journal.recovery import read_entries, recover
from tests.hostile import CORPUS
from tests.journal.books import opened, written
from tests.journal.test_recovery import over_days
from tests.journal.values import NOON, intent
from tui.options import cli

PATIENCE = 40.0
WORDS = ("verify", "replay", "backup")
"""What reads a journal as a whole."""


def entries() -> Sequence[Entry]:
    """One order with its cancel, and two words about it."""
    return [
        intent(1),
        CancelAsked(order_ref=intent(1).order.order_ref),
        FactRecorded(fact=Incident(severity=Severity.ALARM, text="Look\x1b[31m at DU1234567", time=NOON)),
        intent(2),
    ]


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the journal of the profile paper is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    return tmp_path / "states/ibdesk/paper/journal.db"


def journal(*words: str) -> Result:
    """Run it on the profile paper."""
    return CliRunner().invoke(cli, ["journal", *words, "--profile", "paper"])


def figures(*words: str) -> dict[str, object]:
    """The JSON on the last line."""
    said: dict[str, object] = json.loads(journal(*words, "--json").stdout.splitlines()[-1])
    return said


def harm(path: Path, row: int) -> None:
    """Another letter in one row."""
    mark = f'"order_ref":"ibd-ABCDEF-{row:026d}"'.encode()
    data = path.read_bytes()
    assert mark in data
    path.write_bytes(data.replace(mark, mark.replace(b"ABC", b"ABD")))


async def test_verify_says_that_all_is_well_and_touches_nothing(path: Path) -> None:
    await written(path, entries())
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    said = journal("verify")

    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout == f"The journal is what was written: rows 1 to 4, in 1 file ({path}).\n"
    assert figures("verify") == {
        "ok": True,
        "path": str(path),
        "instance": recover(path, Recorded).tail.instance,
        "files": 1,
        "first": 1,
        "last": 4,
        "problem": "",
    }
    assert {file: file.read_bytes() for file in before} == before


async def test_verify_names_the_damage(path: Path) -> None:
    await written(path, [intent(number) for number in range(1, 9)])
    harm(path, 5)
    said = journal("verify")

    assert (said.exit_code, said.stdout) == (1, "")
    assert "Row 5 of the journal isn't what was written" in said.stderr
    assert figures("verify")["last"] == 4


async def test_verify_knows_of_a_lost_end(path: Path) -> None:
    await written(path, [intent(1)])
    old = path.read_bytes()
    await written(path, [intent(2)])
    path.write_bytes(old)

    assert journal("verify").exit_code == 1
    assert "core had written rows up to 2: its end is lost" in str(figures("verify")["problem"])


@pytest.mark.parametrize("word", ["verify", "export", "replay", "backup"])
def test_a_journal_that_is_not_there(path: Path, word: str) -> None:
    said = journal(word)

    assert (said.exit_code, said.stdout) == (2, "")
    assert f"There is no journal at {path}" in said.stderr
    if word != "export":
        assert figures(word) == {"ok": False, "problem": f"There is no journal at {path}."}


@pytest.mark.parametrize("word", ["verify", "export", "replay", "backup"])
def test_help_shows_an_example_and_the_exit_status(word: str) -> None:
    said = CliRunner().invoke(cli, ["journal", word, "--help"])

    assert f"  ibdesk journal {word} " in said.stdout
    assert "Exit status: 0 all is well" in said.stdout


async def test_export_masks_accounts_and_cleans_text(path: Path) -> None:
    await written(path, entries())
    text = journal("export").stdout

    assert [line.split()[0] for line in text.splitlines()] == ["1", "2", "3", "4"]
    assert "#1 BUY 100 AAPL @ 233.33: INTENT" in text
    assert "ALARM Look at DU…567" in text
    assert "\x1b" not in text
    assert "DU1234567" in journal("export", "--accounts").stdout
    rows = [json.loads(line) for line in journal("export", "--json", "--after", "2").stdout.splitlines()]
    assert [row["seq"] for row in rows] == [3, 4]
    assert rows[1]["entry"]["order"]["account"] == "DU…567"
    full = [json.loads(line) for line in journal("export", "--json", "--accounts").stdout.splitlines()]
    assert full[0]["entry"]["order"]["account"] == "DU1234567"
    assert full[0]["entry"]["type"] == "intent"


async def test_export_writes_a_private_file_and_replaces_none(path: Path, tmp_path: Path) -> None:
    await written(path, entries())
    to = tmp_path / "rows.jsonl"
    old = os.umask(0)
    try:
        said = journal("export", "--json", "--to", str(to))
    finally:
        os.umask(old)

    assert json.loads(said.stdout) == {"ok": True, "rows": 4, "last": 4, "file": str(to)}
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert len(to.read_text().splitlines()) == 4
    again = journal("export", "--to", str(to))
    assert (again.exit_code, "File exists" in again.stderr) == (2, True)


async def test_export_into_a_folder_names_the_file(path: Path, tmp_path: Path) -> None:
    await written(path, entries())
    said = journal("export", "--csv", "--to", str(tmp_path))
    (file,) = tmp_path.glob("journal-paper-*.csv")
    rows = list(csv.reader(file.read_text().splitlines()))

    assert (said.exit_code, str(file) in said.stdout) == (0, True)
    assert rows[0] == ["row", "time", "kind", "order", "words"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "4"]
    assert rows[3][4] == "ALARM Look at DU…567"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert journal("export", "--csv", "--json").exit_code == 2


async def test_a_doctored_row_drives_no_terminal_as_json_either(path: Path) -> None:
    fact = FactRecorded(fact=Incident(severity=Severity.ALARM, text=CORPUS["C1 string"] + CORPUS["tags"], time=NOON))
    await written(path, [fact])
    line = journal("export", "--json").stdout

    assert line[:-1].isprintable()
    assert json.loads(line)["entry"]["fact"]["text"] == CORPUS["C1 string"] + CORPUS["tags"]


async def test_export_of_a_damaged_journal_gives_what_is_whole(path: Path) -> None:
    await written(path, [intent(number) for number in range(1, 9)])
    harm(path, 5)
    said = journal("export")

    assert (said.exit_code, len(said.stdout.splitlines())) == (1, 4)
    assert "4 rows were exported, up to row 4. Row 5 " in said.stderr


async def test_replay_gives_the_same_state_each_time(path: Path) -> None:
    await written(path, entries())
    said = journal("replay")

    assert said.exit_code == 0
    assert "by the checkpoint at row 4" in said.stdout
    assert "2 orders may fill" in said.stdout
    assert "  #2 BUY 100 AAPL @ 233.33: INTENT" in said.stdout
    found = figures("replay")
    assert (found["ok"], found["rows"], found["checkpoint"]) == (True, 4, 4)
    assert found["live"] == [intent(1).order.order_ref, intent(2).order.order_ref]
    checkpoint_path(path).unlink()
    without = figures("replay")
    assert (without["checkpoint"], without["state"]) == (0, found["state"])


async def test_replay_notices_a_checkpoint_of_another_state(path: Path, tmp_path: Path) -> None:
    from core.journal.checkpoint import encode_summary, write_checkpoint

    await written(path, entries())
    recovered = recover(path, Recorded)
    recovered.fold.watchlist = (1,)
    write_checkpoint(checkpoint_path(path), encode_summary(recovered.tail, recovered.fold.entries()))

    assert journal("replay").exit_code == 1
    assert "not the same each time" in str(figures("replay")["problem"])


async def test_backup_is_whole_private_and_can_take_the_journals_place(path: Path, tmp_path: Path) -> None:
    await written(path, entries())
    to = tmp_path / "kept"
    said = journal("backup", "--to", str(to))

    assert said.exit_code == 0
    assert f"The journal up to row 4 is in {to}" in said.stdout
    assert list(read_entries(to / "journal.db")) == list(read_entries(path))
    assert stat.S_IMODE(to.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in to.iterdir()} == {0o600}
    assert journal("backup", "--to", str(to)).exit_code == 2
    (default,) = [figures("backup")["folder"]]
    assert Path(str(default)).parent == path.parent / "backups"

    # In its place it is known for a copy, and goes on once that is accepted.
    async with opened(path) as running:
        await running.commit([intent(3)])
    path.write_bytes((to / "journal.db").read_bytes())
    async with opened(path) as running:
        assert "JOURNAL_TAIL_LOST" in running.gap
        await running.commit([intent(4)])


async def test_backup_and_replay_of_several_files(path: Path, tmp_path: Path) -> None:
    written_entries = await over_days(path, days=3, per_day=10)
    to = tmp_path / "kept"
    found = figures("backup", "--to", str(to))

    assert found["files"] == ["journal.db", "journal-2.db", "journal-3.db"]
    assert [entry for _, entry in read_entries(to / "journal.db")] == written_entries
    assert figures("verify")["files"] == 3
    path.rename(tmp_path / "archived.db")
    said = journal("verify")
    assert said.exit_code == 0
    assert "Its rows before 21 are in files that are not here" in said.stdout
    assert figures("replay")["ok"] is True
    assert json.loads(journal("export", "--json").stdout.splitlines()[0])["seq"] == 21


async def test_what_cannot_be_read_now_is_no_damage(path: Path) -> None:
    await written(path, entries())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        other.execute("INSERT INTO event VALUES (5, '', '', 0, '', 2, '', '', x'', x'')")
        # Side by side: each waits for seconds until it gives up.
        desk = [sys.executable, "-m", "tui", "journal"]
        asked = [Popen([*desk, word, "--profile", "paper"], stderr=PIPE, text=True) for word in WORDS]
        for one in asked:
            assert "locked" in one.communicate(timeout=PATIENCE)[1]
            assert one.returncode == 2
        other.execute("ROLLBACK")
    assert journal("verify").exit_code == 0


async def test_all_of_it_works_while_core_writes(path: Path, tmp_path: Path) -> None:
    async with opened(path, JournalOptions(checkpoint_every=10)) as running:
        for number in range(1, 40):
            await running.commit([intent(number)])
            if number % 10 == 5:
                assert figures("verify")["ok"] is True
                assert figures("replay")["rows"] == number
                assert figures("backup", "--to", str(tmp_path / f"kept{number}"))["last"] == number
                assert len(journal("export").stdout.splitlines()) == number
        assert running.failure == ""
    assert verify_file(tmp_path / "kept35" / "journal.db")["last"] == 35


def verify_file(file: Path) -> dict[str, object]:
    """`verify --file`."""
    said: dict[str, object] = json.loads(
        CliRunner().invoke(cli, ["journal", "verify", "--json", "--file", str(file)]).stdout
    )
    return said
