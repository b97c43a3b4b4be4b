"""`ibdesk kill`: at a core that runs in a process of its own, and where none does."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.domain.commands import Resume
from core.domain.events import Snapshot, TradingState
from core.domain.trading import KillScope
from core.journal.kill_mark import KillMarkFile
from core.link.paths import socket_path
from core.link.wire import frame
from tests.core_process import PATIENCE, CoreProcess
from tests.desk_home import DeskHome
from tests.link.fake_host import welcome
from tests.processes.orders import journal_of
from tests.processes.test_way_of_an_order import SYMBOL, resting_buy
from tui.options import cli

BLOCKED, NOTHING_BLOCKED = 0, 2


def is_quoted(snapshot: Snapshot) -> bool:
    """True once what is bought has a price."""
    wanted = {known.con_id for known in snapshot.instruments if known.symbol == SYMBOL}
    return any(quote.con_id in wanted and quote.bid is not None for quote in snapshot.quotes)


async def ibdesk(home: DeskHome, *words: str) -> tuple[int, str]:
    """Run the front door; its exit status and what it said."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tui", *words],
        env=home.env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.row(66)
async def test_it_blocks_a_core_that_runs_and_waits_for_the_confirmations() -> None:
    with DeskHome() as home:
        core = await CoreProcess(home).start()
        try:
            async with await core.attach() as watcher:
                await watcher.ready()
                watcher.snapshot = await watcher.until(is_quoted)
                assert (await watcher.client.send(resting_buy(watcher))).ok

                status, said = await ibdesk(home, "kill", "--everything", "--json")

                figures = json.loads(said.splitlines()[-1])
                assert (status, figures["blocked"], figures["not_confirmed"]) == (BLOCKED, True, [])
                assert figures["cancels"] == figures["confirmed"] == 1
                assert figures["everything_sent"] is True
                after = await watcher.client.snapshot()
                assert after.trading_state is TradingState.HALTED
                assert after.killed is not None
                assert after.killed.by.startswith("ibdesk kill")
                assert not any(order.is_live for order in after.orders)
                assert (await watcher.client.send(resting_buy(watcher))).denied is not None

            core.kill()
            again = await CoreProcess(home).start()
            try:
                async with await again.attach("desk") as watcher:
                    assert (await watcher.client.snapshot()).trading_state is TradingState.HALTED
                    assert (await watcher.client.send(Resume())).ok
            finally:
                await again.stop()
        finally:
            core.kill()


@pytest.mark.row(66)
async def test_without_a_core_the_next_one_begins_blocked() -> None:
    with DeskHome() as home:
        core = await CoreProcess(home).start()
        await core.stop()

        status, said = await ibdesk(home, "kill")

        assert status == NOTHING_BLOCKED
        assert "it begins blocked" in said
        assert KillMarkFile(journal_of(home, "practice")).scope is KillScope.ENTRIES
        core = await CoreProcess(home).start()
        try:
            async with await core.attach() as watcher:
                assert (await watcher.client.snapshot()).trading_state is TradingState.HALTED
        finally:
            await core.stop()


@pytest.mark.row(66)
async def test_a_core_that_goes_before_it_answers_leaves_the_next_one_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet, hear of the kill, and go."""
        await reader.read(1 << 16)
        writer.write(frame(welcome()))
        await reader.read(1 << 16)
        writer.close()

    with DeskHome() as home:
        for name, value in home.env.items():
            monkeypatch.setenv(name, value)
        journal = journal_of(home, "practice")
        journal.parent.mkdir(parents=True, mode=0o700)
        async with await asyncio.start_unix_server(go, socket_path("practice")):
            status, said = await ibdesk(home, "kill", "--protective", "--json")

        assert status == NOTHING_BLOCKED
        figures = json.loads(said.splitlines()[-1])
        assert (figures["blocked"], figures["marked"]) == (False, True)
        assert KillMarkFile(journal).scope is KillScope.OURS


def test_a_profile_that_was_never_started_has_nothing_to_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)

    result = CliRunner().invoke(cli, ["kill", "--profile", "nobody", "--json"])

    assert result.exit_code == NOTHING_BLOCKED
    figures = json.loads(result.stdout)
    assert (figures["blocked"], figures["marked"]) == (False, False)
