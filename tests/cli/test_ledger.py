"""`ibdesk ledger`: made from a profile's journal, shown, found."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.records.ledger import read_ledger
from tests.records.ledger_journals import MORNING, written
from tui.options import cli


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder beside the state of profile paper, which has one order on Friday and one on Monday."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    monkeypatch.chdir(tmp_path)
    await written(tmp_path / "states/ibdesk/paper/journal.db", MORNING, MORNING + timedelta(days=3))
    return tmp_path


def ledger(*words: str) -> Result:
    return CliRunner().invoke(cli, ["ledger", *words, "--profile", "paper"])


@pytest.mark.covers("D3.4")
def test_build_makes_a_day_below_the_working_folder_or_all_days(home: Path) -> None:
    one = ledger("build", "--day", "2026-11-20")

    assert (one.exit_code, one.stdout) == (0, "data/exec/2026-11-20/ledger.parquet\n")
    assert read_ledger(home / "data/exec/2026-11-20/ledger.parquet")["event"].to_list() == [
        "INTENT",
        "ACK",
        "FILL",
        "PNL_SNAPSHOT",
    ]
    for spelling in ("--out_dir", "--out-dir"):
        found = json.loads(ledger("build", "--all", spelling, "elsewhere", "--json").stdout)
        assert found == {
            "ok": True,
            "ledgers": ["elsewhere/2026-11-20/ledger.parquet", "elsewhere/2026-11-23/ledger.parquet"],
        }


def test_show_reads_the_journal_or_a_file(home: Path) -> None:
    ledger("build", "--day", "2026-11-20")
    journal = ledger("show", "--day", "2026-11-20")
    file = ledger("show", "--file", "data/exec/2026-11-20/ledger.parquet")

    assert journal.exit_code == file.exit_code == 0
    assert journal.stdout == file.stdout
    assert [line.split()[2:8] for line in journal.stdout.splitlines()] == [
        [event, "#1", "BUY", "100", "AAPL", "LMT"] for event in ("INTENT", "ACK", "FILL", "PNL_SNAPSHOT")
    ]
    assert "filled 100, at 233.33, average 233.33, commission 1.05" in journal.stdout
    assert ledger("show", "--day", "2026-11-21").stdout == ""


def test_show_gives_all_columns_to_machines_with_accounts_masked(home: Path) -> None:
    day = ("--day", "2026-11-20")
    lines = [json.loads(line) for line in ledger("show", *day, "--json").stdout.splitlines()]
    (heading, *rows) = csv.reader(ledger("show", *day, "--csv").stdout.splitlines())

    assert lines[2]["fill_price"] == "233.33"
    assert lines[2]["timestamp"] == "2026-11-20T15:00:00.000000+00:00"
    assert list(lines[0]) == heading
    assert len(lines) == len(rows) == 4
    assert {line["account"] for line in lines} == {"DU…567"}
    assert "DU1234567" in ledger("show", *day, "--json", "--accounts").stdout
    assert ledger("show", *day, "--csv", "--json").exit_code == 2


def test_show_finds_an_order_by_number_and_by_reference(home: Path) -> None:
    ref = json.loads(ledger("show", "--day", "2026-11-23", "--json").stdout.splitlines()[0])["order_ref"]

    for wanted in ("2", "#2", ref):
        assert len(ledger("show", "--day", "2026-11-23", "--order", wanted).stdout.splitlines()) == 4
    none = ledger("show", "--day", "2026-11-20", "--order", "2")
    assert (none.exit_code, none.stdout) == (2, "")
    assert none.stderr.startswith("There is no order 2 on 2026-11-20. ")


def test_path_says_where_core_keeps_it(home: Path) -> None:
    said = ledger("path", "--day", "2026-11-20")

    assert said.stdout == f"{home}/states/ibdesk/paper/data/exec/2026-11-20/ledger.parquet\n"


def test_what_cannot_be_done_is_named(home: Path) -> None:
    ledger("build", "--day", "2026-11-20")
    path = home / "data/exec/2026-11-20/ledger.parquet"
    path.write_bytes(path.read_bytes()[:500])
    (home / "taken").write_text("a file")

    for words, told in {
        ("show", "--file", str(path)): f"{path} is damaged",
        ("build", "--day", "2026-11-20"): "ledger.parquet is damaged",
        ("build", "--out_dir", "taken/below"): "taken/below",
        ("show", "--file", "nowhere.parquet"): "there is no file nowhere.parquet",
    }.items():
        said = ledger(*words)
        assert (said.exit_code, said.stdout) == (2, ""), said.stderr
        assert told in said.stderr
    missing = CliRunner().invoke(cli, ["ledger", "build", "--profile", "other", "--json"])
    assert missing.exit_code == 2
    assert "There is no journal at" in json.loads(missing.stdout)["problem"]
    assert ledger("build", "--day", "soon").exit_code == 2


@pytest.mark.parametrize("word", ["build", "path", "show"])
def test_help_shows_an_example_and_the_exit_status(word: str) -> None:
    said = CliRunner().invoke(cli, ["ledger", word, "--help"])

    assert f"ibdesk ledger {word}" in said.stdout
    assert "Exit status:" in said.stdout
