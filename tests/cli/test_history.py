"""`ibdesk history` and `ibdesk summary`, on the journal of a profile."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.clock import trading_day
from tests.journal.books import opened
from tests.records.ledger_journals import MORNING, known, life, written
from tui.options import cli

PATIENCE = 20.0


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal of profile paper has two orders on Friday."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    path = tmp_path / "states/ibdesk/paper/journal.db"
    await written(path, MORNING, MORNING + timedelta(seconds=1))
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--profile", "paper"])


@pytest.mark.covers("D2.5", "D2.6")
def test_history_of_a_day_and_of_one_order(home: Path) -> None:
    day = run("history", "--day", "2026-11-20")
    order = run("history", "#2", "--day", "2026-11-20")

    assert day.exit_code == order.exit_code == 0
    assert len(day.stdout.splitlines()) == 2 * len(order.stdout.splitlines())
    assert [line.split()[2] for line in order.stdout.splitlines()] == [
        "STATUS_CHANGE",
        "SUBMISSION",
        "STATUS_CHANGE",
        "FILL",
        "STATUS_CHANGE",
        "STATUS_CHANGE",
    ]
    assert "2026-11-20 15:00:01.000000  FILL           #2    BUY 100 AAPL LIMIT 233.33" in order.stdout
    assert "Filled           100 at 233.33" in order.stdout


@pytest.mark.covers("D1.5")
def test_history_for_machines_has_every_transition_with_the_correlation_id(home: Path) -> None:
    lines = [json.loads(line) for line in run("history", "1", "--day", "2026-11-20", "--json").stdout.splitlines()]

    assert len({line["order_ref"] for line in lines}) == 1
    assert [line["state"] for line in lines] == ["INTENT", "SENT", "WORKING", "FILLED", "FILLED", "FILLED"]
    assert lines[1]["submission_time"] == lines[1]["timestamp"]
    assert {line["account"] for line in lines} == {"DU…567"}


@pytest.mark.covers("D2.5")
def test_summary_counts_the_day(home: Path) -> None:
    said = run("summary", "--day", "2026-11-20")
    found = json.loads(run("summary", "--day", "2026-11-20", "--json").stdout)

    assert said.exit_code == 0
    for line in ("Filled: 2", "Cancelled: 0", "Errors: 0", "Partial Fills: 0", "Complete Fills: 2"):
        assert line in said.stdout.splitlines()
    assert (found["day"], found["total_orders"], found["filled_orders"]) == ("2026-11-20", 2, 2)
    assert json.loads(run("summary", "--day", "2026-11-19", "--json").stdout)["total_orders"] == 0


@pytest.mark.covers("D2.5")
async def test_history_follows_the_journal_to_the_console(tmp_path: Path) -> None:
    path = tmp_path / "ibdesk/paper/journal.db"
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tui", "history", "--follow", "--profile", "paper"]
    async with opened(path) as journal:
        await journal.commit([known()])
        process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        try:
            for number in (1, 2):
                now = datetime.now(UTC)
                await journal.commit(list(life(number, now)))
                async with asyncio.timeout(PATIENCE):
                    lines = [(await process.stdout.readline()).decode() for _ in range(6)]
                assert all(f"#{number} " in line for line in lines), lines
        finally:
            process.send_signal(signal.SIGINT)
            status = await asyncio.wait_for(process.wait(), PATIENCE)

    assert status == 0


def test_an_order_that_is_not_there_is_no_silence(home: Path) -> None:
    said = run("history", "88", "--day", "2026-11-20")
    machine = run("history", "88", "--day", "2026-11-20", "--json")

    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr.startswith("There is no order 88 on 2026-11-20. ")
    assert (machine.exit_code, json.loads(machine.stdout)["ok"]) == (2, False)


@pytest.mark.parametrize("word", ["history", "summary"])
def test_without_a_journal_and_for_help(home: Path, word: str) -> None:
    missing = CliRunner().invoke(cli, [word, "--profile", "other"])
    said = CliRunner().invoke(cli, [word, "--help"])

    assert (missing.exit_code, "There is no journal at" in missing.stderr) == (2, True)
    assert f"ibdesk {word}" in said.stdout
    assert "Exit status:" in said.stdout


def test_a_summary_without_a_day_is_of_today(home: Path) -> None:
    found = json.loads(run("summary", "--json").stdout)

    assert found["day"] == str(trading_day(datetime.now(UTC)))
    assert run("summary").stdout.startswith("Orders Today: ")
