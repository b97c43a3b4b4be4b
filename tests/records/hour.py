"""An hour of practice recorded at 60x with a kill -9 of the recorder in it, then replayed twice with the same orders.

`python -m tests.records.hour` runs it (about four minutes); `--seconds` makes it shorter. The fills of both replays
must be identical: moment, instrument, side, quantity and price of each.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import polars as pl

from core.api import answered
from core.cli.replay_control import clock_of, moment_of
from core.clock import trading_day
from core.domain.charts import StreamKind
from core.domain.commands import OpenStream, PlaceOrder
from core.domain.orders import Side
from core.errors import RecordsError
from core.practice.options import GatewayOptions
from core.practice.server import PracticeGateway
from core.records.bars import Bars, read_bars
from core.records.segments import Segment, read_segment
from tests.core_process import PATIENCE, CoreProcess, Watcher, running_core
from tests.desk_home import DeskHome
from tests.requests import instrument_of, request_for

SPEED = 60
SYMBOLS = ("SPY", "AAPL")
Say = Callable[[str], None]


class Recorded(NamedTuple):
    """What two recorders left, the first of which was killed."""

    folder: Path
    killed: Segment
    bars: Bars

    @property
    def day(self) -> str:
        """The trading day, as commands take it."""
        return f"{self.bars.day}"


class Planned(NamedTuple):
    """An order that is sent when the market has come to a second."""

    moment: datetime
    symbol: str
    side: Side
    quantity: int
    limit: Decimal | None


@asynccontextmanager
async def ibdesk(home: DeskHome, *words: str) -> AsyncIterator[Process]:
    """A command that is ended at the end, at the latest."""
    command = [sys.executable, "-m", "tui", *words]
    process = await asyncio.create_subprocess_exec(*command, env=home.env, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def said(process: Process, patience: float = PATIENCE) -> str:
    """The next line of its standard output."""
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), patience)
    assert line, "it ended"
    return line.decode()


async def heard(process: Process, event: str, patience: float) -> tuple[dict[str, object], list[dict[str, object]]]:
    """The next event of a kind that a replay tells, and the fills that it tells before it."""
    fills: list[dict[str, object]] = []
    while True:
        told = json.loads(await said(process, patience))
        if told["event"] == event:
            return told, fills
        assert told["event"] == "fill", told
        fills.append(told)


async def record(folder: Path, seconds: float, say: Say) -> Recorded:
    """Record so many seconds of a practice market that goes at 60x; the recorder is killed in the middle."""
    with DeskHome() as home:
        # In the morning of the market, whatever the clock says: no trading day rolls within the recording.
        async with PracticeGateway(GatewayOptions(speed=SPEED), now=_morning()) as gateway:
            settings = {"profile": "paper", "port": f"{gateway.port}"}
            async with running_core(home, settings) as core, await core.attach() as tape:
                await _keep_open(tape)
                words = ("record", *SYMBOLS, "--out-dir", str(folder), "--profile", "paper")
                async with ibdesk(home, *words) as first:
                    path = await _recorded(folder, seconds / 2)
                    first.send_signal(signal.SIGKILL)
                    await first.wait()
                killed = read_segment(path)
                say(f"killed the recorder after {len(killed.ticks):,} ticks")
                async with ibdesk(home, *words) as second:
                    await _recorded(folder, seconds / 2, path)
                    second.send_signal(signal.SIGTERM)
                    assert await asyncio.wait_for(second.wait(), PATIENCE) == 0
    return Recorded(folder, killed, read_bars(path.parent.parent / f"bars1s_{SYMBOLS[0]}.parquet"))


def _morning() -> Callable[[], float]:
    """A clock that goes as ours does and begins at ten in New York, on the trading day of now."""
    ahead = moment_of("10:00", trading_day(datetime.now(UTC))).timestamp() - time.time()
    return lambda: time.time() + ahead


async def _keep_open(tape: Watcher) -> None:
    """Have a desk read ticks all the time: they may be asked for once in 15 seconds, which are 15 minutes here."""
    for symbol in SYMBOLS:
        await tape.ready_for(symbol)
        con_id = instrument_of(tape.snapshot, symbol).con_id
        assert (await tape.send(OpenStream(con_id=con_id, kind=StreamKind.BID_ASK))).ok


async def _recorded(folder: Path, seconds: float, other: Path | None = None) -> Path:
    """The segment that is written, once it spans so many seconds of the market."""
    async with asyncio.timeout(PATIENCE + 2 * seconds / SPEED):
        while True:
            for path in folder.glob("*/segments/*.segment"):
                with contextlib.suppress(RecordsError):
                    found = None if path == other else await asyncio.to_thread(read_segment, path)
                    times = [row.time for _, row in found.ticks] if found else []
                    if times and max(times) - min(times) >= seconds * 1_000_000:
                        return path
            await asyncio.sleep(max(0.1, seconds / SPEED / 20))


def check_recording(recorded: Recorded) -> None:
    """Nothing that the killed recorder heard is missing, and what it could not hear is marked."""
    ticks = pl.concat([pl.read_parquet(path) for path in sorted(recorded.bars.path.parent.glob("ticks_*.parquet"))])
    assert ticks.filter(pl.col("segment") == recorded.killed.name).height == len(recorded.killed.ticks)
    assert not list(recorded.folder.glob("*/segments/*.segment"))
    frame = recorded.bars.frame
    assert frame["time"].diff().drop_nulls().unique().to_list() == [timedelta(seconds=1)]
    missed = frame.filter("gap")["time"][1:]
    assert len(missed) >= 1, "the kill left a gap"
    assert frame.filter(pl.col("gap") & pl.col("close").is_null()).height >= 1, "whole seconds of it have no price"


def plan(recorded: Recorded) -> list[Planned]:
    """Orders over the recording, those with limits at the bid or ask that was recorded when they are sent."""
    quoted = {
        symbol: read_bars(recorded.bars.path.with_name(f"bars1s_{symbol}.parquet")).frame.filter(
            pl.col("bid").is_not_null() & ~pl.col("gap")
        )
        for symbol in SYMBOLS
    }
    orders = []
    for place in range(8):
        symbol, side = SYMBOLS[place % 2], (Side.BUY, Side.SELL)[place // 2 % 2]
        frame = quoted[symbol]
        bar = frame.row(int(frame.height * (0.1 + 0.08 * place)), named=True)
        near = bar["bid"] if side is Side.BUY else bar["ask"]
        limit = None if place < 2 else Decimal(str(near))
        orders.append(Planned(bar["time"] + timedelta(seconds=1), symbol, side, 40 + place, limit))
    return sorted(orders, key=lambda order: order.moment)


async def replay(recorded: Recorded, orders: Sequence[Planned], say: Say) -> list[dict[str, object]]:
    """Play the recording at 60x in a home of its own and send the orders, each at its moment; returns the fills."""
    with DeskHome() as home:
        words = ("replay", recorded.day, "--in-dir", str(recorded.folder), "--speed", f"{SPEED}")
        async with ibdesk(home, *words, "--paused", "--port", "0", "--json") as player:
            ready, _ = await heard(player, "ready", PATIENCE)
            patience = PATIENCE + 2 * recorded.bars.frame.height / SPEED
            core = await CoreProcess(home, {"profile": "replay", "port": str(ready["port"])}).start()
            fills: list[dict[str, object]] = []
            async with await core.attach() as watcher:
                for symbol in SYMBOLS:
                    await watcher.ready_for(symbol)
                for order in orders:
                    fills += await _until(player, order.moment, patience)
                    await _send(watcher, order)
                _type(player, "play")
                fills += (await heard(player, "over", patience))[1]
                filled = [one.exec_id for one in (await watcher.client.snapshot()).executions]
            await core.stop()
            _type(player, "quit")
            assert await asyncio.wait_for(player.wait(), PATIENCE) == 0
    assert sorted(filled) == sorted(str(fill.pop("exec_id")) for fill in fills), "core heard of every fill"
    for fill in fills:
        del fill["order_ref"]
    say(f"{len(fills)} fills of {len(orders)} orders")
    return fills


async def _until(player: Process, moment: datetime, patience: float) -> list[dict[str, object]]:
    """Let the market go to a second; the fills on the way."""
    _type(player, f"until {clock_of(moment)[:8]}")
    told, fills = await heard(player, "paused", patience)
    assert datetime.fromisoformat(str(told["time"])) >= moment.replace(microsecond=0).astimezone(UTC)
    return fills


async def _send(watcher: Watcher, order: Planned) -> None:
    request = request_for(watcher.snapshot, order.symbol, order.side, order.quantity, order.limit)
    ack = await watcher.send(PlaceOrder(request=request, short=True))
    assert ack.ok, ack.denied
    await answered(watcher.client, request.order_ref, PATIENCE)


def _type(player: Process, line: str) -> None:
    assert player.stdin is not None
    player.stdin.write(f"{line}\n".encode())


async def run(seconds: float, say: Say) -> list[dict[str, object]]:
    """All of it; returns the fills, which both replays had."""
    with tempfile.TemporaryDirectory(prefix="ibdhour") as name:
        recorded = await record(Path(name), seconds, say)
        check_recording(recorded)
        say(f"recorded {recorded.bars.frame.height:,} seconds, {recorded.bars.frame['gap'].sum()} marked as gaps")
        orders = plan(recorded)
        first, second = [await replay(recorded, orders, say) for _ in range(2)]
    assert first, "nothing filled"
    assert first == second, "the second replay filled otherwise"
    return first


def main() -> None:
    """Run it and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0, help="of the market (default 3600)")
    fills = asyncio.run(run(parser.parse_args().seconds, print))
    print(json.dumps({"fills": len(fills), "identical": True}))


if __name__ == "__main__":
    main()
