"""The front door: what it passes to core, what it needs, and how little it loads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest
from click.testing import CliRunner

from core.text import is_clean
from tests.architecture.sources import ROOT
from tests.desk_home import DeskHome
from tests.hostile import CORPUS
from tests.terminal import Terminal
from tui import cli, options

DESK = [sys.executable, "-m", "tui"]
PATIENCE = 30.0


def is_argument(text: str) -> bool:
    """Whether a shell could give it to a program."""
    return "\0" not in text and not any(0xD800 <= ord(char) < 0xE000 for char in text)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], str | None]]:
    """What the desk would be opened with."""
    calls: list[tuple[dict[str, str], str | None]] = []

    def open_desk(arguments: Mapping[str, str], theme: str | None) -> int:
        calls.append((dict(arguments), theme))
        return 0

    monkeypatch.setattr(options, "open_desk", open_desk)
    return calls


def test_only_what_was_given_goes_to_core(opened: list[tuple[dict[str, str], str | None]]) -> None:
    result = CliRunner().invoke(options.cli, ["--port", "7496", "--client-id", "3", "--theme", "ibdesk-light"])

    assert result.exit_code == 0
    assert opened == [({"port": "7496", "client_id": "3"}, "ibdesk-light")]


def test_the_desk_can_be_named(opened: list[tuple[dict[str, str], str | None]]) -> None:
    CliRunner().invoke(options.cli, ["desk", "--profile", "paper", "--host", "h", "--account", "DU1"])

    assert opened == [({"profile": "paper", "host": "h", "account": "DU1"}, None)]


def test_an_unknown_command_is_refused(opened: list[tuple[dict[str, str], str | None]]) -> None:
    result = CliRunner().invoke(options.cli, ["trade"])

    assert result.exit_code == 2
    assert "No such command 'trade'" in result.output
    assert opened == []


UNCLEAN = [os.fsencode(text[:5000]) for text in CORPUS.values() if is_argument(text) and not is_clean(text)]


@pytest.mark.parametrize("text", [*UNCLEAN, b"not \xff\xfe UTF-8"])
def test_an_argument_with_control_codes_does_nothing(text: bytes) -> None:
    with DeskHome() as home:
        words: list[str | bytes] = [*DESK, "config", "show", "--profile", text]
        ended = subprocess.run(words, cwd=ROOT, env=home.env, capture_output=True, timeout=PATIENCE, check=False)

    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.decode() == f"{cli.UNCLEAN}\n"


def test_help_lists_the_commands_without_importing_them() -> None:
    result = CliRunner().invoke(options.cli, ["--help"])

    assert result.exit_code == 0
    assert "practice" in result.output
    assert "desk" in result.output


def test_core_commands_are_reached() -> None:
    result = CliRunner().invoke(options.cli, ["practice", "--help"])

    assert result.exit_code == 0
    assert "--seed" in result.output


def test_without_a_terminal_it_says_so_and_starts_nothing() -> None:
    with DeskHome() as home:
        run = subprocess.run(
            DESK, cwd=ROOT, env=home.env, capture_output=True, text=True, check=False, timeout=PATIENCE, input=""
        )

        assert run.returncode == 2
        assert run.stderr.strip() == cli.NEEDS_TERMINAL
        assert home.processes() == []


def test_the_bare_start_loads_no_parser_and_no_screen() -> None:
    code = "import tui.cli, sys; print(*{m.partition('.')[0] for m in sys.modules})"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )

    assert not {"click", "textual", "rich", "msgspec", "pydantic"} & set(run.stdout.split())


def test_a_core_that_can_not_start_is_shown_and_the_desk_goes_on() -> None:
    with DeskHome() as home, Terminal([*DESK, "--profile", "nosuch"], env=home.env, cwd=ROOT, columns=80, rows=24) as t:
        t.wait_for(r"There is no profile 'nosuch'", PATIENCE)
        t.wait_for(r"r try again · q quit", PATIENCE)
        t.send("q")

        assert t.wait_end(10.0)
        assert t.process.returncode == 0
