"""`ibdesk alerts`: at a core that runs in a process of its own, and where none does."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.domain.events import Snapshot
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome
from tui.options import cli

DONE, REFUSED, NO_CORE = 0, 1, 2


async def ibdesk(*words: str) -> tuple[int, str]:
    """Run the command beside this loop; its exit status and what it said."""
    done = await asyncio.to_thread(CliRunner().invoke, cli, ["alerts", *words])
    return done.exit_code, done.output


def spy_is_quoted(snapshot: Snapshot) -> bool:
    """True once SPY has a live bid."""
    known = {one.con_id for one in snapshot.instruments if one.symbol == "SPY"}
    return any(one.con_id in known and one.bid is not None and not one.doubtful for one in snapshot.quotes)


@pytest.mark.covers("D4.9")
async def test_price_alerts_are_set_listed_removed_and_survive_a_kill_of_core(monkeypatch: pytest.MonkeyPatch) -> None:
    with DeskHome() as home:
        for name, value in home.env.items():
            monkeypatch.setenv(name, value)
        core = await CoreProcess(home).start()
        try:
            async with await core.attach() as watcher:
                await watcher.ready()
                watcher.snapshot = await watcher.until(spy_is_quoted)

                status, said = await ibdesk("--json", "add", "spy", ">", "99999.50")
                added = json.loads(said.splitlines()[-1])
                assert (status, added["ok"]) == (DONE, True)
                assert (added["price_alert"]["number"], added["price_alert"]["price"]) == (1, "99999.50")
                status, said = await ibdesk("add", "SPY", ">", "0.01")
                assert status == REFUSED
                assert "SPY > 0.01 holds already" in said
                status, said = await ibdesk("add", "NOSUCHTHING", ">", "1")
                assert (status, "IBKR knows no NOSUCHTHING" in said) == (REFUSED, True)
                status, said = await ibdesk("add", "SPY", ">", "1,000")
                assert (status, "'1,000' is no price" in said) == (REFUSED, True)

            core.kill()
            again = await CoreProcess(home).start()
            try:
                async with await again.attach() as watcher:
                    await watcher.ready()
                    status, said = await ibdesk()
                    assert status == DONE
                    assert "   1  SPY > 99999.5" in said

                    status, said = await ibdesk("remove", "1")
                    assert (status, said) == (DONE, "Price alert 1, SPY > 99999.5, waits no longer.\n")
                    status, said = await ibdesk("remove", "1")
                    assert (status, "No price alert 1 waits" in said) == (REFUSED, True)
                    status, said = await ibdesk("--json")
                    assert json.loads(said.splitlines()[-1])["price_alerts"] == []
            finally:
                again.kill()
        finally:
            core.kill()


def test_without_a_core_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "states"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    tmp_path.chmod(0o700)

    result = CliRunner().invoke(cli, ["alerts", "--profile", "nobody", "--json"])

    assert result.exit_code == NO_CORE
    figures = json.loads(result.stdout)
    assert figures["ok"] is False
    assert figures["problem"].startswith("No core could be asked: ")
    assert figures["problem"].endswith(" Start one with ibdesk.")
