"""Reading the broker's books: 1,000 open orders and 10,000 executions of which core knew nothing.

`seconds` is from the TCP connect to the moment at which orders can be sent, as core itself recorded both: the books
are read to their ends, journalled, and matched by then. The baseline is the same with empty books. Medians.
"""

from __future__ import annotations

import asyncio
from statistics import median

from tests.bench.prepared_gateway import prepared_gateway
from tests.bench.recorded import seconds_to_ready
from tests.bench.result import BenchResult
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome

ORDERS, SHORT_ORDERS = 1000, 50
FILLS = 10
ROUNDS, SHORT_ROUNDS = 5, 1


def run(short: bool) -> BenchResult:
    """Rounds of both in turn."""
    rounds, orders = (SHORT_ROUNDS, SHORT_ORDERS) if short else (ROUNDS, ORDERS)
    full, empty = [], []
    for _ in range(rounds):
        full.append(asyncio.run(_reconcile(orders)))
        empty.append(asyncio.run(_reconcile(0)))
    return BenchResult(values={"seconds": median(full)}, baseline={"empty_seconds": median(empty)})


async def _reconcile(orders: int) -> float:
    with DeskHome() as home:
        async with prepared_gateway(home, orders=orders, fills=FILLS) as gateway:
            gateway.stop_market()
            core = await CoreProcess(home).start()
            async with await core.attach() as watcher:
                snapshot = await watcher.ready()
                read = (len(snapshot.orders), len(snapshot.executions))
                if read != (orders, orders * FILLS):
                    raise RuntimeError(f"core read {read[0]} orders, {read[1]} executions")
            await core.stop()
        return seconds_to_ready(home)
