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
from pathlib import Path
from statistics import median

from core.domain.connection import LinkState
from core.domain.entries import FactRecorded
from core.domain.events import ConnectionChanged
from core.journal.recovery import read_entries
from tests.bench.prepared_gateway import prepared_gateway
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
            (journal,) = Path(home.folder).glob("**/journal.db")
            facts = (entry.fact for _, entry in read_entries(journal) if isinstance(entry, FactRecorded))
            states = [fact.connection for fact in facts if isinstance(fact, ConnectionChanged)]
    ready = next(one for one in states if one.state is LinkState.READY)
    begun = next(one for one in states if one.state is LinkState.CONNECTING)
    assert ready.since is not None
    assert begun.since is not None
    return (ready.since - begun.since).total_seconds()
