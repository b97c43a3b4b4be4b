"""`ibdesk record` as a process: ticks to disk, a kill in the middle, the next start, what can't be recorded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import polars as pl
import pytest

from core.errors import RecordsError
from core.records.bars import read_bars
from core.records.segments import read_segment
from core.records.tick_rows import TickKind
from tests.core_process import PATIENCE, running_core
from tests.desk_home import DeskHome

NOT_RECORDED = 2


async def recorder(home: DeskHome, folder: Path, *words: str) -> Process:
    """`ibdesk record`, begun."""
    command = [sys.executable, "-m", "tui", "record", "--out-dir", str(folder), *words]
    return await asyncio.create_subprocess_exec(*command, env=home.env, stdout=PIPE, stderr=PIPE)


async def segment_of(folder: Path, ticks: int, other: Path | None = None) -> Path:
    """The segment that grows, once it has so many rows; not the `other` one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for path in folder.glob("*/segments/*.segment"):
                # It may be merged, and gone, right now.
                with contextlib.suppress(RecordsError):
                    if path != other and len(read_segment(path).ticks) >= ticks:
                        return path
            await asyncio.sleep(0.05)


@pytest.mark.covers("D3.6")
async def test_a_killed_recorder_loses_nothing_and_the_next_one_marks_what_was_missed(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "live"
    with DeskHome() as home:
        async with running_core(home):
            first = await recorder(home, folder, "SPY")
            path = await segment_of(folder, 60)
            first.send_signal(signal.SIGKILL)
            await first.communicate()
            heard = read_segment(path).ticks
            bars_file = path.parent.parent / "bars1s_SPY.parquet"
            assert read_bars(bars_file).frame.height >= 2, "bars can be read before anything is merged"

            second = await recorder(home, folder, "SPY", "--json")
            await segment_of(folder, 10, path)
            second.send_signal(signal.SIGTERM)
            said, complaints = await asyncio.wait_for(second.communicate(), PATIENCE)

    assert second.returncode == 0, complaints.decode()
    figures = json.loads(said.decode().splitlines()[-1])
    assert (figures["ok"], figures["bars"]) == (True, [str(bars_file)])
    ticks = pl.read_parquet(bars_file.with_name("ticks_SPY.parquet"))
    killed = ticks.filter(pl.col("segment") == path.stem)
    assert killed.height == len(heard)
    assert ticks.height - killed.height == figures["ticks"]
    assert not list(bars_file.parent.glob("segments/*.segment"))

    bars = read_bars(bars_file).frame
    assert bars["time"].diff().drop_nulls().n_unique() == 1
    end = killed["time"].dt.truncate("1s").max()
    begin = ticks.filter(pl.col("segment") != path.stem)["time"].min()
    missed = bars.filter(pl.col("time").is_between(end, begin))
    assert missed.height >= 1
    assert missed["gap"].all()
    # The first second is heard in part; a machine that stood still for a moment leaves a gap of its own.
    whole = bars.filter(pl.col("time") < pl.lit(end).dt.truncate("1s"))["gap"][1:]
    assert whole.is_empty() or not whole.all()
    quotes = ticks.filter(pl.col("kind") == TickKind.QUOTE)
    assert (quotes["bid"] < quotes["ask"]).all()


async def test_what_can_not_be_recorded_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("no folder")
    with DeskHome() as home:
        async with running_core(home):
            nobody = await recorder(home, tmp_path / "live", "NOSUCHTHING")
            _, complaints = await asyncio.wait_for(nobody.communicate(), PATIENCE)
            assert (nobody.returncode, b"knows no NOSUCHTHING" in complaints) == (NOT_RECORDED, True)

            nowhere = await recorder(home, blocked / "live", "SPY")
            _, complaints = await asyncio.wait_for(nowhere.communicate(), PATIENCE)
            assert (nowhere.returncode, f"{blocked}/live can't be written".encode() in complaints) == (2, True)

            first = await recorder(home, tmp_path / "live", "SPY")
            await segment_of(tmp_path / "live", 1)
            other = await recorder(home, tmp_path / "live", "SPY")
            _, complaints = await asyncio.wait_for(other.communicate(), PATIENCE)
            assert (other.returncode, b"Another recorder writes to" in complaints) == (NOT_RECORDED, True)
            first.send_signal(signal.SIGINT)
            said, _ = await asyncio.wait_for(first.communicate(), PATIENCE)
            assert first.returncode == 0
            assert b"ticks recorded: " in said
