"""`ibdesk replay` as a process: the sample day stepped and played, what can't be, and identical fills twice."""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli.replay_control import ReplayAction, ReplayCommand, moment_of, understand
from tests.cli.ibdesk import ibdesk
from tests.core_process import PATIENCE
from tests.desk_home import DeskHome
from tests.records import hour, make_sample
from tui.options import cli

FAILED = 2


async def failed(home: DeskHome, *words: str) -> tuple[int | None, str]:
    """Exit status and complaints of a replay that can't begin."""
    command = [sys.executable, "-m", "tui", "replay", *words]
    process = await asyncio.create_subprocess_exec(*command, env=home.env, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    _, complaints = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, complaints.decode()


@pytest.mark.covers("D3.6")
async def test_a_recording_with_a_killed_recorder_replays_twice_with_identical_fills() -> None:
    said: list[str] = []

    fills = await hour.run(60, said.append)

    assert len(fills) >= 3
    assert {"SPY", "AAPL"} == {str(fill["symbol"]) for fill in fills}


async def test_the_sample_day_is_stepped_played_and_left() -> None:
    with DeskHome() as home:
        async with hour.ibdesk(
            home, "replay", "sample", "--paused", "--port", "0", "--json", "--speed", "60"
        ) as player:
            assert player.stdin is not None
            ready, _ = await hour.heard(player, "ready", PATIENCE)
            assert (ready["begin"], ready["symbols"]) == (make_sample.OPENS.isoformat(), ["AAPL", "SPY"])
            for line, event, time in (
                ("where", "where", "14:30:00"),
                ("step", "paused", "14:30:01"),
                ("step 4", "paused", "14:30:05"),
                ("until 9:30:30", "paused", "14:30:30"),
                ("until 09:30:10", "paused", "14:30:30"),
            ):
                player.stdin.write(f"{line}\n".encode())
                told, _ = await hour.heard(player, event, PATIENCE)
                assert str(told["time"])[11:19] == time, line
            player.stdin.write(b"play\npause\nnonsense\n")
            await hour.heard(player, "paused", PATIENCE)
            refused, _ = await hour.heard(player, "refused", PATIENCE)
            assert str(refused["problem"]).startswith("'nonsense' is none of: play")
            player.stdin.write(b"quit\n")
            assert await asyncio.wait_for(player.wait(), PATIENCE) == 0
        profile = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk" / "profiles" / "replay.toml"
        assert 'mode = "paper"' in profile.read_text()
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = f"{closed.getsockname()[1]}"
        shaken = await asyncio.to_thread(ibdesk, home, "ib-handshake", "--profile", "replay", "--port", port)

    assert "No replay plays there: quit this desk, start `ibdesk replay`, then open the desk again." in shaken.err
    assert "TWS" not in shaken.err


async def test_what_can_not_be_replayed_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / "2026-11-20" / "ticks_SPY.parquet"
    damaged.parent.mkdir()
    damaged.write_bytes(b"PAR1 and no more")
    with DeskHome() as home, socket.create_server(("127.0.0.1", 0)) as taken:
        port = f"{taken.getsockname()[1]}"
        (nothing, no_ticks), (broken, no_parquet), (busy, no_port), (odd, no_day) = await asyncio.gather(
            failed(home, "2026-11-19", "--in-dir", str(tmp_path)),
            failed(home, "2026-11-20", "--in-dir", str(tmp_path)),
            failed(home, "sample", "--port", port, "--profile", "other"),
            failed(home, "yesterday"),
        )

    assert (nothing, "There are no recorded ticks in" in no_ticks) == (FAILED, True)
    assert (broken, f"{damaged} is damaged, cut short" in no_parquet) == (FAILED, True)
    assert (busy, f"Port {port} can't be opened" in no_port) == (FAILED, True)
    assert (odd, "'yesterday' is no day" in no_day) == (FAILED, True)
    assert damaged.read_bytes() == b"PAR1 and no more"


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("", None),
        ("play", ReplayCommand(ReplayAction.PLAY)),
        ("PLAY 10x", ReplayCommand(ReplayAction.PLAY, speed=10.0)),
        ("speed 60", ReplayCommand(ReplayAction.SPEED, speed=60.0)),
        ("step 0.5", ReplayCommand(ReplayAction.STEP, seconds=0.5)),
        ("until 10:30", ReplayCommand(ReplayAction.UNTIL, moment=moment_of("10:30:00", make_sample.DAY))),
    ],
)
def test_lines_are_understood(line: str, command: ReplayCommand | None) -> None:
    assert understand(line, make_sample.DAY) == command


@pytest.mark.parametrize(
    "line", ["speed", "speed 61", "speed 0.5", "play nan", "step -1", "step nan", "until 25:00", "until", "go"]
)
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(ValueError, match="is none of: play"):
        understand(line, make_sample.DAY)


def test_the_help_shows_an_example_and_what_can_be_typed() -> None:
    said = CliRunner().invoke(cli, ["replay", "--help"]).output

    assert "\n    ibdesk replay sample --speed 10\n" in said
    assert "\n    play [SPEED] · pause · step [SECONDS]" in said
    assert "\n    2  nothing to play" in said


def test_evenings_belong_to_the_trading_day_that_follows() -> None:
    assert moment_of("18:00", make_sample.DAY).isoformat() == "2026-11-19T23:00:00+00:00"
    assert moment_of("16:59:59", make_sample.DAY).isoformat() == "2026-11-20T21:59:59+00:00"
