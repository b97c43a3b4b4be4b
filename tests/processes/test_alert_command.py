"""A price alert in a core of its own process: it fires with the market, and the user's command hears of it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from core.domain.alerts import AlertKind, Comparison
from core.domain.commands import AddAlert
from core.domain.events import Snapshot
from tests.core_process import PATIENCE, CoreProcess
from tests.desk_home import DeskHome

SYMBOL = "SPY"
NOTES = """
import json, os, sys
with open(sys.argv[1], "w") as pipe:
    json.dump({"words": sys.argv[2:], "kind": os.environ["IBDESK_ALERT_KIND"]}, pipe)
"""


def configure(home: DeskHome, pipe: Path) -> None:
    """Name a command that writes into a pipe what it was told."""
    os.mkfifo(pipe)
    profile = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/profiles/practice.toml"
    profile.parent.mkdir(parents=True)
    program = home.folder / "note.py"
    program.write_text(NOTES, encoding="utf-8")
    command = json.dumps([sys.executable, str(program), str(pipe)])
    profile.write_text(f'mode = "practice"\n[alerts]\ncommand = {command}\n', encoding="utf-8")
    profile.chmod(0o600)


def has_last(snapshot: Snapshot) -> bool:
    """True once the instrument has traded."""
    known = {one.con_id for one in snapshot.instruments if one.symbol == SYMBOL}
    return any(one.con_id in known and one.last is not None and one.tradable for one in snapshot.quotes)


@pytest.mark.covers("D4.9")
async def test_a_price_that_moves_fires_an_alert_and_the_command_is_told() -> None:
    with DeskHome() as home:
        pipe = home.folder / "told"
        configure(home, pipe)
        core = await CoreProcess(home).start()
        try:
            async with await core.attach() as watcher:
                await watcher.ready()
                snapshot = await watcher.until(has_last)
                con_id = next(one.con_id for one in snapshot.instruments if one.symbol == SYMBOL)
                quote = next(one for one in snapshot.quotes if one.con_id == con_id)
                assert quote.bid is not None
                assert quote.ask is not None
                # Whichever way it goes first: a few cents, which the market moves in seconds.
                wanted = [(Comparison.ABOVE, quote.ask), (Comparison.BELOW, quote.bid)]
                for comparison, price in wanted:
                    await watcher.send(AddAlert(con_id=con_id, comparison=comparison, price=price))

                told = json.loads(await asyncio.wait_for(asyncio.to_thread(pipe.read_text), PATIENCE))

                assert told["kind"] == AlertKind.PRICE
                assert told["words"][0] == "ibdesk practice: WARNING, price"
                assert told["words"][1].startswith(f"{SYMBOL} ")
                after = await watcher.client.snapshot()
                (alert,) = [one for one in after.alerts if one.text == told["words"][1]]
                assert alert.count == 1
                assert len(after.price_alerts) <= 1
        finally:
            core.kill()
