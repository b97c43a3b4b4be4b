"""The terminal that other tests look through shows what was written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.desk_home import DeskHome
from tests.terminal import Screen, Terminal


def test_screen_places_text_by_cursor_moves_and_drops_colours() -> None:
    screen = Screen(10, 3)

    screen.feed(b"\x1b[?1049h\x1b[2J\x1b[2;3H\x1b[38;2;1;2;3mAB\x1b[0m\x1b[1;1Htop\r\nx\x1b[2Cy")

    assert screen.text() == "top\nx Ay\n"


@pytest.mark.parametrize("cut", range(1, 14))
def test_screen_joins_what_arrives_in_pieces(cut: int) -> None:
    screen = Screen(10, 1)
    data = "\x1b[31m−▲\x1b[1;5Hé".encode()

    screen.feed(data[:cut])
    screen.feed(data[cut:])

    assert screen.text() == "−▲  é"


def test_screen_erases() -> None:
    screen = Screen(6, 2)

    screen.feed(b"abcdef\x1b[1;4H\x1b[K\x1b[2;1Hz")

    assert screen.text() == "abc\nz"


def test_terminal_runs_types_and_ends_a_program() -> None:
    code = "print('ready'); print('got ' + input()); import time; time.sleep(60)"
    with DeskHome() as home:
        with Terminal([sys.executable, "-c", code], env=home.env, cwd=Path.cwd()) as terminal:
            terminal.wait_for("ready", 10)
            terminal.send("text\r")
            terminal.wait_for("got text", 10)
            pid = terminal.process.pid
        assert terminal.process.poll() is not None
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_terminal_says_that_the_program_ended() -> None:
    with DeskHome() as home, Terminal([sys.executable, "-c", "print('bye')"], env=home.env, cwd=Path.cwd()) as terminal:
        terminal.wait_for("bye", 10)
        assert terminal.wait_end(10)
        with pytest.raises(TimeoutError, match="ended with 0"):
            terminal.wait_for("never", 5)


def test_home_ends_a_process_that_left_its_session() -> None:
    with DeskHome() as home:
        code = (
            "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
            " start_new_session=True); print('started')"
        )
        with Terminal([sys.executable, "-c", code], env=home.env, cwd=Path.cwd()) as terminal:
            terminal.wait_for("started", 10)
            terminal.wait_end(10)
        assert len(home.processes()) == 1
        home.close()
        assert home.processes() == []
    assert not home.folder.exists()
