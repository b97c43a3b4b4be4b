"""The document "IBKR Execution Commands Usage": its commands one after another in a shell, its lines, its ledger."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from core.clock import trading_day
from tests.architecture.sources import ROOT
from tests.cli.ibdesk import PATIENCE, ibdesk
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway

SCRIPT = """\
ibdesk() { "$PYTHON" -P -m tui "$@"; }
export IB_GATEWAY_HOST=127.0.0.1 IB_GATEWAY_PORT=$GATEWAY IB_CLIENT_ID=7
set -e
ibdesk ib-handshake
ibdesk sanity-cancel --symbol SPY --qty 1 --limit 0.01
ibdesk one-shot \\
    --symbol SPY \\
    --side BUY \\
    --qty 1 \\
    --limit 10.00 \\
    --bars_path data/live/$DAY/bars1s_SPY.parquet \\
    --ttl_sec 2
ibdesk one-shot --side BUY --qty 3 --tif IOC --tag filled
"""

LINES = """\
IBKR handshake OK
[sanity-cancel] tag=sanity_SPY_1234567890 ACK+Cancel recorded
[one-shot] tag=oneshot_SPY_1234567890 state=CANCEL fill_qty=0 avg_px=— arrival=123.45
[one-shot] tag=filled state=FILL fill_qty=3 avg_px=598.76 arrival=598.76
"""
"""The document's, and one of an order that fills; figures in tags and of the market differ from run to run."""


def write_bars(path: Path, price: float) -> None:
    """Bars of this minute, all at one price."""
    path.parent.mkdir(parents=True)
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=5)
    times = [begin + timedelta(seconds=second) for second in range(30)]
    pl.DataFrame({"time": times, "close": [price] * len(times)}).write_parquet(path)


def expected(lines: str) -> str:
    """A pattern for the lines."""
    escaped = re.escape(lines)
    return escaped.replace("1234567890", r"\d{10}").replace(re.escape("598.76"), r"\d+(\.\d+)?")


@pytest.mark.covers("D3.1", "D3.2", "D3.3", "D3.4", "D3.5")
async def test_its_commands_print_its_lines_and_leave_its_ledger() -> None:
    with DeskHome() as home:
        async with running_gateway(home) as port:
            today = f"{trading_day(datetime.now(UTC)):%Y-%m-%d}"
            write_bars(home.folder / f"data/live/{today}/bars1s_SPY.parquet", 123.45)
            more = {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "GATEWAY": str(port), "DAY": today}
            done = await asyncio.to_thread(
                subprocess.run,
                ["/bin/sh", "-c", SCRIPT],
                env=home.env | more,
                cwd=home.folder,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )

        assert (done.returncode, done.stderr) == (0, "")
        assert re.fullmatch(expected(LINES), done.stdout), done.stdout
        ledger = home.folder / f"data/exec/{today}/ledger.parquet"
        events = pl.read_parquet(ledger).get_column("event").to_list()
        assert events == ["INTENT", "ACK", "CANCEL"] * 2 + ["INTENT", "ACK", "FILL", "PNL_SNAPSHOT"]
        query = f"SELECT event, count(*) FROM '{ledger}' WHERE symbol = 'SPY' GROUP BY event"
        counted = dict(duckdb.connect().execute(query).fetchall())
        assert counted == {event: events.count(event) for event in events}


@pytest.mark.covers("D3.7")
async def test_a_read_only_api_is_explained_and_answers_a_handshake() -> None:
    with DeskHome() as home:
        async with running_gateway(home, "--readonly") as port:
            at = {"IB_GATEWAY_PORT": str(port)}
            shaken = await asyncio.to_thread(ibdesk, home, "ib-handshake", env=at)
            tried = await asyncio.to_thread(ibdesk, home, "sanity-cancel", env=at)

    assert (shaken.status, shaken.out) == (0, "IBKR handshake OK\n")
    assert (tried.status, tried.out) == (2, "")
    assert "Take the tick off Read-Only API" in tried.err


@pytest.mark.covers("D3.5")
def test_variables_that_contradict_each_other_are_named_and_ours_wins() -> None:
    with DeskHome() as home:
        done = ibdesk(home, "ib-handshake", env={"IBKR_PORT": "1", "IB_GATEWAY_PORT": "2"})

    assert done.status == 2
    assert "IBKR_PORT=1 and IB_GATEWAY_PORT=2 contradict each other; IBKR_PORT is used." in done.err
    assert "Nothing listens on 127.0.0.1:1." in done.err
