"""Commands and a live profile: nothing leaves without a person's word at a desk, and the refusal says so."""

from __future__ import annotations

import asyncio
import sys

import pytest

from core.domain.authority import GrantLive
from tests.architecture.sources import ROOT
from tests.cli.ibdesk import PATIENCE, ibdesk
from tests.controls.stage import PHRASE, Stage, typed
from tests.core_process import Watcher

PLACE = ("place", "BUY", "1", "AAPL", "--limit", "100", "--profile", "live")


async def granted_meanwhile(stage: Stage, desk: Watcher) -> int:
    """Call the command so that it waits; a person grants it what it asks for. Its exit status."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "tui", *PLACE, "--await-grant", "20"),
        env={**stage.home.env, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        asked = (await process.stderr.readline()).decode()
        name = asked.partition("live trading to ")[2].partition(" at a desk")[0]
        assert (await desk.send(GrantLive(client=name, phrase=PHRASE))).ok, asked
        return await process.wait()


@pytest.mark.covers("D5.3")
async def test_no_command_trades_live_before_a_person_grants_it() -> None:
    async with Stage() as stage:
        await stage.play()
        stage.live_profile()
        unconfirmed = await asyncio.to_thread(ibdesk, stage.home, *PLACE)
        async with stage.core("desk", profile="live") as desk:
            await typed(desk)
            ungranted = await asyncio.to_thread(ibdesk, stage.home, *PLACE)
            before = list(stage.order_frames)
            status = await granted_meanwhile(stage, desk)

    assert unconfirmed.status == 2
    assert "Orders from here use real money. Not connected. Type" in unconfirmed.err
    assert ungranted.status == 1
    assert "Nobody has granted live trading to ibdesk place" in ungranted.err
    assert "No command trades live by itself" in ungranted.err
    assert before == []
    assert (status, stage.order_frames) == (0, ["placeOrder"])
