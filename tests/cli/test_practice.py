"""`ibdesk practice`: what its options become, the list of faults, and a new beginning."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.cli.practice import command
from core.link.lock import CoreLock, LockRecord
from core.link.paths import lock_path, state_dir
from core.practice.faults import FAULTS
from core.practice.latency import PROFILES
from core.practice.options import GatewayOptions
from core.practice.server import PracticeGateway
from core.practice.tables_in import TICK_BY_TICK
from tests.architecture.sources import ROOT
from tests.practice.raw_client import AAPL, RawClient

SECONDS = 10


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state folder of the profile practice, in a home of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "ibdesk/practice"


def reset(*arguments: str) -> Result:
    """Run `ibdesk practice reset`."""
    return CliRunner().invoke(command, ["reset", *arguments])


async def trade(state: Path) -> None:
    """Make a practice account with one execution and a journal beside it, both closed again."""
    folder = state_dir("practice")
    async with PracticeGateway(GatewayOptions(state=folder / "practice")) as gateway:
        client = await RawClient.connect(gateway.port)
        await client.until(client.place(), "commission")
        await client.close()
    (folder / "journal.db").write_bytes(b"kept")
    for name in ("journal.db-wal", "journal-2.db", "journal.head", "journal.checkpoint"):
        (folder / name).write_bytes(b"kept too")
    assert folder == state


async def test_account_and_journal_are_put_aside_together(state: Path) -> None:
    await trade(state)
    result = reset()

    (folder,) = (state / "archive").iterdir()
    assert result.exit_code == 0
    assert str(folder) in result.output
    assert {path.name for path in folder.iterdir()} == {
        "journal.db",
        "journal.db-wal",
        "journal-2.db",
        "journal.head",
        "journal.checkpoint",
        "practice",
    }
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / "journal.db").read_bytes() == b"kept"
    assert not list(state.glob("journal*"))
    async with PracticeGateway(GatewayOptions(state=folder / "practice")) as old:
        assert len(old.ledger.executions) == 1
    async with PracticeGateway(GatewayOptions(state=state / "practice")) as new:
        assert new.ledger.executions == []
        assert new.ledger.account.positions == {}


async def test_resets_in_the_same_second_do_not_meet(state: Path) -> None:
    for _ in range(3):
        await trade(state)
        assert reset().exit_code == 0

    assert len(list((state / "archive").iterdir())) == 3


async def test_a_running_core_is_not_robbed(state: Path) -> None:
    await trade(state)
    lock = CoreLock(lock_path("practice"))
    lock.acquire(LockRecord(pid=os.getpid(), session="s", endpoint="", socket=""))
    result = reset()
    lock.release()

    assert result.exit_code == 2
    assert f"in use by core {os.getpid()}" in result.stderr
    assert (state / "journal.db").exists()
    assert not (state / "archive").exists()
    assert reset().exit_code == 0


async def test_a_running_gateway_is_not_robbed(state: Path) -> None:
    await trade(state)
    async with PracticeGateway(GatewayOptions(state=state / "practice")):
        result = await asyncio.to_thread(reset)

    assert result.exit_code == 2
    assert "nothing was reset" in result.stderr
    assert (state / "journal.db").exists()


@pytest.mark.parametrize("profile", ["practice", "paper", "../practice"])
def test_a_profile_without_practice_account_is_left_alone(state: Path, profile: str) -> None:
    state.mkdir(parents=True)
    (state / "journal.db").write_bytes(b"of a paper account")
    result = reset("--profile", profile)

    assert result.exit_code == 2
    assert "no practice account" in result.stderr
    assert [path.name for path in state.iterdir()] == ["journal.db"]


def test_every_fault_is_listed() -> None:
    result = CliRunner().invoke(command, ["faults"])

    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()[: len(FAULTS)]] == list(FAULTS)


def test_the_latency_profiles_are_those_of_the_gateway() -> None:
    (option,) = (parameter for parameter in command.params if parameter.name == "latency")

    assert list(getattr(option.type, "choices", ())) == list(PROFILES)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--fault", "late-exec=soon"), "fault late-exec can't have the argument 'soon'"),
        (("--fault", "sunshine"), "there is no fault 'sunshine'; there are late-exec,"),
    ],
)
def test_a_fault_that_cannot_be_is_one_clear_line(arguments: tuple[str, ...], words: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tui", "practice", "--port", "0", *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        cwd=ROOT,
        check=False,
    )

    assert ended.returncode == 2
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1


async def test_the_options_reach_the_gateway() -> None:
    arguments = ["--port", "0", "--readonly", "--fault", "tif-preset", "--account", "DU7654321", "--speed", "60"]
    arguments += ["--instruments", "500"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tui", "practice", *arguments, stdout=subprocess.PIPE, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), SECONDS)
        port = int(line.decode().split("127.0.0.1:")[1].split()[0])
        client = await RawClient.connect(port)
        order_id = client.place()
        refused = await client.wait_for("error", lambda error: error.integer("reqId") == order_id)
        client.ask(TICK_BY_TICK, **{**AAPL, "reqId": 1, "tickType": "BidAsk"})
        began = (await client.wait_for("tickByTick")).integer("epoch")
        # A minute of the market in a second.
        await client.wait_for("tickByTick", lambda tick: tick.integer("epoch") >= began + 30)
        await client.close()

        assert client.accounts == "DU7654321"
        assert refused.integer("code") == 321
        assert "Read-Only" in refused.text("text")
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), SECONDS)
    assert process.returncode == 0
