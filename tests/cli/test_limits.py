"""`ibdesk limits`: at a core that runs in a process of its own, and alone, for the next one to begin with."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.domain.limit_changes import AskLimits, LimitAsked, LimitChanged, LimitsBegun, LimitsShown, LimitWithdrawn
from core.journal.recovery import read_entries
from core.settings import ENVIRONMENT
from tests.architecture.sources import ROOT
from tests.core_process import PATIENCE, CoreProcess, Watcher
from tests.desk_home import DeskHome
from tests.processes.orders import journal_of
from tests.terminal import Terminal
from tui.options import cli

DONE, REFUSED = 0, 2
SLOW = 4 * PATIENCE
"""Seconds that a program may take to start."""


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskHome]:
    """Folders of the test's own, and none of the variables of whoever runs it."""
    with DeskHome() as made:
        for name in ("CONFIG_HOME", "STATE_HOME", "RUNTIME_DIR"):
            monkeypatch.setenv(f"XDG_{name}", made.env[f"XDG_{name}"])
        for name in {"IBDESK_PROFILE", *(name for names in ENVIRONMENT.values() for name in names)}:
            monkeypatch.delenv(name, raising=False)
        yield made


async def ibdesk(*words: str) -> tuple[int, str]:
    """Run a command of the front door; its exit status and what it said."""
    result = await asyncio.to_thread(CliRunner().invoke, cli, words)
    return result.exit_code, result.output


def risk_file(home: DeskHome) -> Path:
    """Of the profile practice."""
    return Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/risk/practice.toml"


async def limits(watcher: Watcher) -> LimitsShown:
    """As the core that runs shows them."""
    ack = await watcher.client.send(AskLimits())
    assert isinstance(ack.result, LimitsShown)
    return ack.result


async def value(watcher: Watcher, name: str) -> str:
    """What is in force."""
    return next(one.value for one in (await limits(watcher)).limits if one.name == name)


async def test_a_core_that_runs_takes_what_is_tighter_at_once_and_asks_for_a_word_else(home: DeskHome) -> None:
    core = await CoreProcess(home).start()
    try:
        async with await core.attach() as watcher:
            status, said = await ibdesk("limits", "set", "order_value", "5000")
            assert (status, said.split()) == (DONE, ["order_value", "5000", str(risk_file(home))])
            assert await value(watcher, "order_value") == "5000"
            assert risk_file(home).read_text() == "[limits]\norder_value = 5000\n"

            status, said = await ibdesk("limits", "set", "order_value", "6000")
            assert status == REFUSED
            assert "order_value from 5000 to 6000 lets more through. Type loosen" in said
            assert (await limits(watcher)).waiting == ()

            risk_file(home).write_text("[limits]\norder_value = 4000\n[accounts.DU1234567]\nday_orders = 9\n")
            status, said = await ibdesk("limits", "--json", "read")
            figures = json.loads(said)
            assert status == DONE
            assert figures["limits"]["order_value"] == {
                "value": "4000",
                "used": None,
                "source": str(risk_file(home)),
            }
            assert figures["limits"]["accounts.DU…567.day_orders"]["value"] == "9"
    finally:
        await core.stop()
    rows = [entry for _, entry in read_entries(journal_of(home, "practice"))]
    changed = [(row.name, row.old, row.new) for row in rows if isinstance(row, LimitChanged)]
    assert changed[0] == ("order_value", "1000000", "5000")
    assert ("order_value", "5000", "4000") in changed
    assert all(row.by.startswith("ibdesk limits") for row in rows if isinstance(row, LimitChanged))


async def test_without_a_core_it_changes_what_the_next_one_begins_with(home: DeskHome) -> None:
    status, said = await ibdesk("limits")
    assert status == DONE
    assert re.search(r"^order_value +1000000 +default$", said, re.MULTILINE)
    assert not journal_of(home, "practice").exists(), "looking writes nothing"

    status, said = await ibdesk("limits", "set", "symbols.aapl.order_value", "70")
    assert (status, said.split()[:2]) == (DONE, ["symbols.AAPL.order_value", "70"])
    status, said = await ibdesk("limits", "set", "daily_loss", "500")
    assert (status, said.split()[:2]) == (DONE, ["daily_loss", "500"])
    rows = [entry for _, entry in read_entries(journal_of(home, "practice"))]
    assert [type(row) for row in rows if isinstance(row, LimitsBegun | LimitChanged)] == [
        LimitsBegun,
        LimitChanged,
        LimitChanged,
    ]

    core = await CoreProcess(home).start()
    try:
        async with await core.attach() as watcher:
            assert await value(watcher, "daily_loss") == "500"
    finally:
        await core.stop()


async def test_a_person_types_the_word_and_may_take_it_back(home: DeskHome) -> None:
    command = [sys.executable, "-m", "tui", "limits", "set", "order_value", "2000000"]
    with Terminal(command, env=home.env, cwd=ROOT) as terminal:
        terminal.wait_for(r"Type loosen to have it in 10 minutes", SLOW)
        terminal.send("loosen\r")
        terminal.wait_for(r"WAITS order_value 1000000 -> 2000000 in (9:5\d|10:00)", SLOW)
    core = await CoreProcess(home).start()
    try:
        async with await core.attach() as watcher:
            (waits,) = (await limits(watcher)).waiting
            assert (waits.name, waits.new) == ("order_value", "2000000")
            status, _ = await ibdesk("limits", "withdraw", "order_value")
            assert status == DONE
            assert (await limits(watcher)).waiting == ()
    finally:
        await core.stop()
    rows = [entry for _, entry in read_entries(journal_of(home, "practice"))]
    kept = [type(row) for row in rows if isinstance(row, LimitAsked | LimitWithdrawn | LimitChanged)]
    assert kept == [LimitAsked, LimitWithdrawn]
    _, said = await ibdesk("journal", "export")
    assert "order_value 1000000 -> 2000000 from" in said
    assert "order_value stays as it is, by ibdesk limits" in said


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("set", "ordr_value", "5"), "There is no limit 'ordr_value'. Did you mean order_value? Nothing has changed."),
        (("set", "order_value", "much"), "order_value can't be 'much'"),
        (("withdraw", "order_value"), "No change of 'order_value' waits."),
        (("--profile", "nobody"), "There is no profile 'nobody'."),
    ],
)
async def test_what_can_not_be_done_is_said(words: tuple[str, ...], says: str) -> None:
    status, said = await ibdesk("limits", *words)

    assert status == REFUSED
    assert says in said


async def test_a_risk_file_with_a_mistake_starts_nothing(home: DeskHome) -> None:
    risk_file(home).parent.mkdir(parents=True)
    risk_file(home).write_text("[limits]\norder_valu = 5\n")
    for words in (("limits",), ("limits", "set", "order_value", "5")):
        status, said = await ibdesk(*words)
        assert status == REFUSED
        assert "there is no setting 'limits.order_valu'; did you mean 'order_value'?" in said
    assert not journal_of(home, "practice").exists()
