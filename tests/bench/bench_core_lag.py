"""How late core's loop is, by a heartbeat of 5 ms in it, with a desk attached; against a core in the loop of its desk.

The market moves 500 instruments ten times a second, which is 5,000 quotes a second, and core watches all of them.
`p99_ms` is the 99th percentile of the lateness; `idle_p99_ms` is that of the same core with the market stopped, which a
timer of the system has by itself. `shared_loop_ratio` divides the lateness of the shared loop by `p99_ms`.
`sync_max_ms` is the greatest lateness while core reads 1,000 open orders and 10,000 executions at its start. They run
one after the other; gateways and desks are processes of their own.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from core.domain.commands import Watch
from tests.architecture.sources import ROOT
from tests.bench.heartbeat import lags_ms, percentile
from tests.bench.prepared_gateway import Prepared, prepared_gateway
from tests.bench.result import BenchResult
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome


class Span(NamedTuple):
    """One look, in seconds."""

    warm_up: float
    """That a desk has for its first pictures."""
    seconds: float
    instruments: int
    """That are watched."""


ORDERS, SHORT_ORDERS = 1000, 50
FILLS = 10
SPAN = Span(warm_up=2.0, seconds=8.0, instruments=500)
SHORT_SPAN = Span(warm_up=0.5, seconds=1.0, instruments=100)
SETTINGS = "messages_per_second = 1000000\nmarket_data_lines = {}\n"


class Lateness(NamedTuple):
    """Milliseconds."""

    p99: float
    idle: float
    sync: float
    shared: float


def run(short: bool) -> BenchResult:
    """Each for some seconds, one after the other."""
    span, orders = (SHORT_SPAN, SHORT_ORDERS) if short else (SPAN, ORDERS)
    p99, idle, sync, shared = asyncio.run(_measure(span, orders))
    return BenchResult(
        values={"p99_ms": p99, "shared_loop_ratio": shared / p99, "idle_p99_ms": idle, "sync_max_ms": sync},
        baseline={"shared_p99_ms": shared},
    )


async def _measure(span: Span, orders: int) -> Lateness:
    with DeskHome(records=True) as home:
        async with prepared_gateway(home, instruments=span.instruments + 20, lines=span.instruments) as gateway:
            shared = await _shared(home, gateway, span)
            p99, idle = await _separate(home, gateway, span)
    return Lateness(p99, idle, await _sync(span.instruments, orders), shared)


async def _sync(instruments: int, orders: int) -> float:
    """The greatest lateness while core reads the books at its start."""
    with DeskHome(records=True) as home:
        async with prepared_gateway(home, instruments=instruments, orders=orders, fills=FILLS) as gateway:
            gateway.stop_market()
            beats = home.folder / "core.beats"
            began = time.perf_counter()
            core = await _core(home, beats)
            async with await core.attach() as watcher:
                snapshot = await watcher.ready()
                synced = time.perf_counter()
                if (len(snapshot.orders), len(snapshot.executions)) != (orders, orders * FILLS):
                    raise RuntimeError(
                        f"core read {len(snapshot.orders)} orders, {len(snapshot.executions)} executions"
                    )
                await asyncio.sleep(1.0)
            await core.stop()
            return lags_ms(beats, began, synced)[-1]


async def _core(home: DeskHome, beats: Path) -> CoreProcess:
    return await CoreProcess(home, command=("-m", "tests.bench.beating_core", str(beats))).start()


async def _separate(home: DeskHome, gateway: Prepared, span: Span) -> tuple[float, float]:
    """Core as it is: the lateness under quotes, and without."""
    profile = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/profiles/practice.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(SETTINGS.format(span.instruments))
    beats = home.folder / "core.beats"
    core = await _core(home, beats)
    async with await core.attach() as watcher:
        await watcher.ready()
        for con_id in gateway.con_ids[: span.instruments]:
            await watcher.send(Watch(con_id=con_id))
    with _desk(home, core.socket):
        busy = await _window(span)
        gateway.stop_market()
        idle = await _window(span)
    await core.stop()
    return percentile(lags_ms(beats, *busy), 0.99), percentile(lags_ms(beats, *idle), 0.99)


async def _shared(home: DeskHome, gateway: Prepared, span: Span) -> float:
    """Core in the loop of its desk: the lateness under quotes."""
    beats = home.folder / "shared.beats"
    with _desk(home, home.folder / "shared.sock", str(gateway.port), str(beats)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(gateway.con_ids[: span.instruments]) + "\n")
        process.stdin.flush()
        await asyncio.to_thread(process.stdout.readline)
        busy = await _window(span)
        await asyncio.sleep(1.0)
    return percentile(lags_ms(beats, *busy), 0.99)


async def _window(span: Span) -> tuple[float, float]:
    """A stretch of time: its beginning and end."""
    await asyncio.sleep(span.warm_up)
    began = time.perf_counter()
    await asyncio.sleep(span.seconds)
    return began, time.perf_counter()


@contextmanager
def _desk(home: DeskHome, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.lag_desk", *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, env=home.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()
