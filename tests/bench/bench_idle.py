"""What core costs while nothing happens: 100 subscriptions of a market that stands still, one client that only listens.

`cpu_percent` is processor time of core's process over time that passed, in per cent of one processor.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from core.domain.commands import Watch
from tests.bench.prepared_gateway import prepared_gateway
from tests.bench.result import BenchResult
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome

LINES = 100
SECONDS, SHORT_SECONDS = 30.0, 1.0
CALM_SECONDS, SHORT_CALM_SECONDS = 2.0, 0.5
"""After the market stopped: what it still brought is done."""


def run(short: bool) -> BenchResult:
    """One stretch of time."""
    return asyncio.run(_run(SHORT_SECONDS, SHORT_CALM_SECONDS) if short else _run(SECONDS, CALM_SECONDS))


async def _run(seconds: float, calm: float) -> BenchResult:
    with DeskHome() as home:
        async with prepared_gateway(home, instruments=LINES + 20) as gateway:
            core = await CoreProcess(home).start()
            async with await core.attach() as watcher:
                await watcher.ready()
                for con_id in gateway.con_ids[:LINES]:
                    await watcher.send(Watch(con_id=con_id))
                gateway.stop_market()
                await asyncio.sleep(calm)
                before, began = _cpu_seconds(core.pid), time.perf_counter()
                await asyncio.sleep(seconds)
                used, passed = _cpu_seconds(core.pid) - before, time.perf_counter() - began
                lines = (await watcher.client.snapshot()).health.lines
            await core.stop()
    return BenchResult(values={"cpu_percent": 100 * used / passed}, baseline={"lines": float(lines)})


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, from /proc (proc(5): the 14th and the 15th field of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
