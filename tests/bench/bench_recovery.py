"""The start of core with a long journal behind it and many orders at work.

The journal has 1,000,000 rows of fifty days; its last checkpoint is 49,999 rows old, as after the worst moment to be
killed. 1,000 orders in it still work, at a practice gateway that runs already and holds them. `seconds` is from the
start of core's process until an attached client is told that orders can be sent: every row behind the checkpoint read
and verified, the broker's books compared. `rows_per_s` is how fast rows are read back, verified and folded by
themselves. Core is killed after each round and gets its old checkpoint again. Medians. Making the journal takes half a
minute.
"""

from __future__ import annotations

import asyncio
import os
import time
from statistics import median
from unittest import mock

from core.domain.events import TradingState
from core.domain.orders import OrderState
from core.execution.recorded import Recorded
from core.journal.files import checkpoint_path
from core.journal.recovery import recover
from core.link.paths import state_dir
from tests.bench.holding_gateway import holding_gateway
from tests.bench.long_journal import write_journal
from tests.bench.result import BenchResult
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome

ROWS, SHORT_ROWS = 1_000_000, 20_000
BEHIND, SHORT_BEHIND = 49_999, 4_999
WORKING, SHORT_WORKING = 1000, 50
ROUNDS, SHORT_ROUNDS = 3, 1
CLIENT_ID = 17


def run(short: bool) -> BenchResult:
    """Medians of rounds."""
    if short:
        return asyncio.run(_run(SHORT_ROWS, SHORT_BEHIND, SHORT_WORKING, SHORT_ROUNDS))
    return asyncio.run(_run(ROWS, BEHIND, WORKING, ROUNDS))


async def _run(rows: int, behind: int, working: int, rounds: int) -> BenchResult:
    with DeskHome() as home, mock.patch.dict(os.environ, home.env, clear=True):
        journal = state_dir("practice") / "journal.db"
        async with holding_gateway(home, working, CLIENT_ID) as resting:
            write_journal(journal, rows=rows, behind=behind, resting=resting)
            checkpoint = checkpoint_path(journal).read_bytes()
            began = time.perf_counter()
            recovered = recover(journal, Recorded)
            reading = time.perf_counter() - began
            if recovered.damage or recovered.tail.seq - recovered.since != behind:
                raise RuntimeError(f"the journal of the benchmark is not what it should be: {recovered[1:]}")
            starts = []
            for _ in range(rounds):
                checkpoint_path(journal).write_bytes(checkpoint)
                starts.append(await _start(home, working))
    return BenchResult(values={"seconds": median(starts), "rows_per_s": behind / reading})


async def _start(home: DeskHome, working: int) -> float:
    """Seconds from the start of core's process until orders can be sent; all orders must be known to work."""
    began = time.perf_counter()
    core = await CoreProcess(home).start()
    async with await core.attach() as watcher:
        snapshot = await watcher.ready()
        took = time.perf_counter() - began
        states = [order.state for order in snapshot.orders if order.is_live]
        if states != [OrderState.WORKING] * working or snapshot.trading_state is not TradingState.ACTIVE:
            raise RuntimeError(f"core does not know what works: {len(states)} live orders, {snapshot.trading_reason}")
        core.kill()
    return took
