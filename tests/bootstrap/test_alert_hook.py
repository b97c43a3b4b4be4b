"""The user's command for alerts: run without a shell, one at a time, for so long, and never a reason to stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.bootstrap.alert_hook import MOST_WAITING, CommandHook, alert_options
from core.domain.alerts import Alert, AlertKind, Severity
from core.execution.alert_rules import AlertLimits
from core.settings.alerts import AlertSettings, Bell

NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ALERT = Alert(
    number=1,
    kind=AlertKind.POSITION,
    cause="DU1234567 1",
    severity=Severity.ALARM,
    text="TSLA −50 in DU1234567 has no stop any more.",
    since=NOON,
    time=NOON,
)
PATIENCE = 20.0
NOTES = """
import json, os, sys
with open(sys.argv[1], "a") as file:
    variables = {name: value for name, value in os.environ.items() if name.startswith("IBDESK_ALERT_")}
    print(json.dumps({"arguments": sys.argv[2:], "variables": variables, "session": os.getsid(0)}), file=file)
"""


def noting(path: Path, more: str = "") -> tuple[str, ...]:
    """A command that notes in a file how it was run."""
    return (sys.executable, "-c", NOTES + more, str(path))


def notes(path: Path) -> list[dict[str, object]]:
    """What it noted."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def idle(hook: CommandHook) -> None:
    """Wait until it has done all that it was called for."""
    async with asyncio.timeout(PATIENCE):
        await hook.idle()


@pytest.mark.covers("D4.9")
async def test_it_gets_the_alert_as_arguments_and_variables_with_accounts_masked(tmp_path: Path) -> None:
    hook = CommandHook(noting(tmp_path / "notes"), "paper", pytest.fail)
    hook.call(ALERT)
    await idle(hook)
    (noted,) = notes(tmp_path / "notes")

    text = "TSLA −50 in DU…567 has no stop any more."
    assert noted["arguments"] == ["ibdesk paper: ALARM, position", text]
    assert noted["variables"] == {
        "IBDESK_ALERT_TITLE": "ibdesk paper: ALARM, position",
        "IBDESK_ALERT_TEXT": text,
        "IBDESK_ALERT_KIND": "POSITION",
        "IBDESK_ALERT_SEVERITY": "ALARM",
        "IBDESK_ALERT_STATE": "new",
        "IBDESK_ALERT_COUNT": "1",
        "IBDESK_ALERT_TIME": "2026-11-20T15:00:00+00:00",
        "IBDESK_ALERT_PROFILE": "paper",
    }
    assert noted["session"] != os.getsid(0)


@pytest.mark.covers("D4.9")
async def test_no_text_is_a_command_an_option_or_drives_a_terminal(tmp_path: Path) -> None:
    hook = CommandHook(noting(tmp_path / "notes"), "paper", pytest.fail)
    hostile = f"--help; touch {tmp_path}/hacked $(touch {tmp_path}/hacked) `id`\x1b]52;c;AAAA\x07\n\u202eevil"
    hook.call(replace(ALERT, text=hostile))
    await idle(hook)
    (noted,) = notes(tmp_path / "notes")

    arguments = noted["arguments"]
    assert isinstance(arguments, list)
    assert len(arguments) == 2
    assert str(arguments[1]).startswith(" --help; touch")
    assert str(arguments[1]).isprintable()
    assert not (tmp_path / "hacked").exists()


async def test_one_that_is_over_says_so(tmp_path: Path) -> None:
    hook = CommandHook(noting(tmp_path / "notes"), "paper", pytest.fail)
    hook.call(replace(ALERT, lasting=True, over=NOON))
    await idle(hook)
    (noted,) = notes(tmp_path / "notes")

    variables = noted["variables"]
    assert isinstance(variables, dict)
    assert variables["IBDESK_ALERT_STATE"] == "over"
    assert variables["IBDESK_ALERT_TITLE"] == "ibdesk paper: over, position"


@pytest.mark.covers("D4.9")
async def test_one_runs_at_a_time_and_what_is_too_much_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    hook = CommandHook(noting(path), "paper", pytest.fail)
    for number in range(MOST_WAITING + 6):
        hook.call(replace(ALERT, number=number, text=f"alert {number}"))
    await idle(hook)
    noted = notes(path)

    arguments = [one["arguments"] for one in noted]
    assert len(noted) == MOST_WAITING
    assert arguments[0] == [
        "ibdesk paper: ALARM, position",
        "alert 0 (6 more alerts were left out: look at the desk.)",
    ]
    assert arguments[-1] == ["ibdesk paper: ALARM, position", f"alert {MOST_WAITING - 1}"]


@pytest.mark.covers("D4.9")
async def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    told: list[str] = []
    hangs = """
import subprocess, time
child = subprocess.Popen(["sleep", "600"])
open(sys.argv[1] + ".pid", "w").write(str(child.pid))
time.sleep(600)
"""
    hook = CommandHook(noting(tmp_path / "notes", hangs), "paper", told.append, seconds=2.0)
    begun = time.monotonic()
    hook.call(ALERT)
    await idle(hook)

    assert time.monotonic() - begun < PATIENCE
    assert told == [
        "The alert command ran for more than 2 s and was ended. Mend alerts.command in the profile; alerts stay here."
    ]
    child = int((tmp_path / "notes.pid").read_text())
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(child)
        assert select.select([descriptor], [], [], PATIENCE)[0], "it has ended"
        os.close(descriptor)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (("/nowhere/at/all",), "can't be run: No such file or directory"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with status 3"),
    ],
)
async def test_one_that_fails_is_told_once_until_it_works(command: tuple[str, ...], problem: str) -> None:
    told: list[str] = []
    hook = CommandHook(command, "paper", told.append)
    for _ in range(3):
        hook.call(ALERT)
    await idle(hook)

    assert told == [f"The alert command {problem}. Mend alerts.command in the profile; alerts stay here."]


async def test_an_end_of_core_ends_the_command(tmp_path: Path) -> None:
    pipe = tmp_path / "notes"
    os.mkfifo(pipe)
    hook = CommandHook(noting(pipe, "import time; time.sleep(600)"), "paper", pytest.fail)
    hook.call(ALERT)
    hook.call(ALERT)
    async with asyncio.timeout(PATIENCE):
        assert json.loads(await asyncio.to_thread(pipe.read_text))
        await hook.close()
        await hook.idle()


def test_settings_become_options() -> None:
    plain = alert_options(AlertSettings(), "paper", pytest.fail)
    never = AlertSettings(
        bell=Bell.NEVER,
        margin_percent=Decimal(0),
        cushion_percent=Decimal(0),
        round_trip_ms=Decimal(0),
        journal_ms=Decimal(0),
    )
    quiet = alert_options(never, "paper", pytest.fail)

    assert (plain.bell, plain.hook) == (Severity.WARNING, None)
    assert plain.limits == AlertLimits()
    assert quiet.bell is None
    assert {getattr(quiet.limits, name) for name in quiet.limits.__struct_fields__} == {None}
    loud = alert_options(AlertSettings(bell=Bell.ALARM, command=("notify-send",)), "paper", pytest.fail)
    assert loud.bell is Severity.ALARM
    assert isinstance(loud.hook, CommandHook)
