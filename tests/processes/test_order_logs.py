"""The logs of a real desk and its core: one id from key to fill, accounts masked, every frame where it is asked for."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.desk_home import DeskHome
from tests.hostile import ACCOUNT
from tests.processes.test_desk import CTRL_Q, ENTER, LOOK, PATIENCE, open_desk, wait_ready
from tests.processes.test_desk import DESK as COMMAND

Line = dict[str, object]
CORE, DESK = "core.log", "desk.log"


def folder_of(home: DeskHome) -> Path:
    """Where the practice profile keeps its state."""
    return Path(home.env["XDG_STATE_HOME"]) / "ibdesk/practice"


def lines_of(home: DeskHome, name: str) -> list[Line]:
    """One log, line by line."""
    return [json.loads(line) for line in (folder_of(home) / name).read_text().splitlines()]


@contextmanager
def traded(*options: str) -> Iterator[DeskHome]:
    """A desk that bought 100 AAPL by two keys, and has ended with its core."""
    with DeskHome() as home:
        with open_desk(home, *options) as desk:
            wait_ready(desk)
            desk.send("n")
            desk.wait_for(r"BUY 100 AAPL @ \d+\.\d{2} LMT", PATIENCE)
            desk.wait_for(r"limits ok", PATIENCE)
            desk.linger(LOOK)
            desk.send(ENTER)
            desk.wait_for(r"#1\s+BUY\s+100 AAPL .*100/100 FILLED", PATIENCE)
            desk.send(CTRL_Q)
            assert desk.wait_end(PATIENCE)
        assert home.wait_empty(PATIENCE) == []
        yield home


@pytest.mark.covers("D4.11")
@pytest.mark.covers("D4.13")
def test_one_id_leads_from_the_key_to_the_fill_and_debug_shows_every_frame() -> None:
    with traded("--debug") as home:
        desk, core = lines_of(home, DESK), lines_of(home, CORE)
        raw = "".join((folder_of(home) / name).read_text() for name in (DESK, CORE))
        modes = {stat.S_IMODE((folder_of(home) / name).stat().st_mode) for name in (DESK, CORE)}

    (key,) = (line for line in desk if line.get("key") == "enter")
    order_ref = key["order_ref"]
    of_desk = [line for line in desk if line.get("order_ref") == order_ref]
    of_core = [line for line in core if line.get("order_ref") == order_ref]
    said = [str(line["message"]) for line in of_desk]
    assert said[:2] == ["enter for PlaceOrder", "PlaceOrder asked"]
    assert "PlaceOrder answered" in said
    assert any(re.fullmatch(r"filled [\d.]+ @ [\d.]+", text) for text in said)
    assert any(re.fullmatch(r"#1 BUY 100 AAPL @ [\d.]+ is FILLED", text) for text in said)
    answered = next(line for line in of_core if line["message"] == "PlaceOrder answered")
    assert (answered["ok"], answered["client"]) == (True, "desk-1")
    states = [line["state"] for line in of_core if "state" in line]
    assert states[:2] == ["INTENT", "SENT"]
    assert states[-1] == "FILLED"
    assert sum(float(str(line["quantity"])) for line in of_core if "exec_id" in line) == 100
    sequence = [str(line["time"]) for line in of_core]
    assert sequence == sorted(sequence)
    # Every frame about the order, in both directions: placeOrder is message 3, execDetails 11.
    frames = [str(line["message"]) for line in core if line["level"] == "DEBUG" and str(order_ref) in str(line)]
    assert any(frame.startswith("to the gateway: 3|") for frame in frames)
    assert any(frame.startswith("from the gateway: 11|") for frame in frames)
    assert "DU…" in raw
    assert not ACCOUNT.search(raw)
    assert modes == {0o600}


@pytest.mark.covers("D4.13")
def test_without_debug_no_frame_is_logged() -> None:
    with traded() as home:
        levels = {str(line["level"]) for name in (DESK, CORE) for line in lines_of(home, name)}
        orders = [line for line in lines_of(home, DESK) if "order_ref" in line]

    assert "DEBUG" not in levels
    assert orders


@pytest.mark.covers("D4.13")
def test_a_command_logs_what_it_asked_and_what_core_answered() -> None:
    with DeskHome() as home:
        words = ("place", "buy", "10", "AAPL", "--until", "ended", "--json", "--debug")
        said = subprocess.run([*COMMAND, *words], env=home.env, cwd=ROOT, capture_output=True, text=True, check=True)
        command, core = lines_of(home, "commands.log"), lines_of(home, CORE)

    order_ref = json.loads(said.stdout)["order"]["order_ref"]
    asked = [line["message"] for line in command if line.get("order_ref") == order_ref]
    assert asked == ["PlaceOrder asked", "PlaceOrder answered"]
    assert "FILLED" in [line.get("state") for line in core if line.get("order_ref") == order_ref]
    assert any(line["level"] == "DEBUG" and "to the gateway: 3|" in str(line["message"]) for line in core)
