"""How soon orders can be sent: from the start of core, and from its TCP connect.

`ready_ratio` is the time from the start of `python -m core`, which starts its practice gateway, to the moment at which
an attached client is told that orders can be sent, over that of `python -c "import ib_async"`, run in turn. `seconds`
is from the TCP connect to that moment, as core itself recorded both, with a gateway that runs already. Medians.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from statistics import median

from tests.bench.prepared_gateway import prepared_gateway
from tests.bench.recorded import seconds_to_ready
from tests.bench.result import BenchResult
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome

ROUNDS, SHORT_ROUNDS = 9, 1


def run(short: bool) -> BenchResult:
    """Medians of rounds."""
    rounds = SHORT_ROUNDS if short else ROUNDS
    starts, imports, syncs = [], [], []
    _import()
    for _ in range(rounds):
        starts.append(asyncio.run(_start()))
        imports.append(_import())
        syncs.append(asyncio.run(_sync()))
    ready, bare = median(starts), median(imports)
    return BenchResult(
        values={"ready_ms": 1000 * ready, "ready_ratio": ready / bare, "seconds": median(syncs)},
        baseline={"import_ms": 1000 * bare},
    )


def _import() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import ib_async"], check=True)
    return time.perf_counter() - began


async def _start() -> float:
    """Seconds from the start of core's process until orders can be sent, gateway started with it."""
    with DeskHome() as home:
        began = time.perf_counter()
        core = await CoreProcess(home).start()
        async with await core.attach() as watcher:
            await watcher.ready()
            took = time.perf_counter() - began
        await core.stop()
    return took


async def _sync() -> float:
    """Seconds from the TCP connect until orders can be sent, by core's own record."""
    with DeskHome() as home:
        async with prepared_gateway(home):
            core = await CoreProcess(home).start()
            async with await core.attach() as watcher:
                await watcher.ready()
            await core.stop()
            return seconds_to_ready(home)
