"""The practice gateway by itself: ticks to a client that only counts frames, and a market order to Filled.

`ticks_per_s`: one client with 100 lines on a gateway whose market goes as fast as that client reads. The gateway is a
process of its own; the time is the wall's. `place_to_filled_ms`: from the first byte of placeOrder to the status
Filled, one order after the other, on a gateway that keeps its state on disk; the median. `listening_ms`: from the start
of the process to its word that it listens; the median, and its ratio to a bare interpreter that imports asyncio.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from core.practice.tables import Record
from tests.architecture.sources import ROOT
from tests.bench.practice_process import Counter, flooding_gateway
from tests.bench.result import BenchResult
from tests.practice.raw_client import RawClient

LINES = 100
STEPS, SHORT_STEPS = 2000, 50
ROUNDS, SHORT_ROUNDS = 5, 1
ORDERS, SHORT_ORDERS = 500, 20
STARTS, SHORT_STARTS = 7, 1
SPY = Record(symbol="SPY", secType="STK", exchange="SMART", currency="USD")


def run(short: bool) -> BenchResult:
    """Medians of rounds, orders and starts."""
    starts = [(start(), bare_start()) for _ in range(SHORT_STARTS if short else STARTS)]
    listening, bare = (median(times) for times in zip(*starts, strict=True))
    return BenchResult(
        values={
            "ticks_per_s": ticks_per_second(SHORT_STEPS if short else STEPS, SHORT_ROUNDS if short else ROUNDS),
            "place_to_filled_ms": place_to_filled(SHORT_ORDERS if short else ORDERS),
            "listening_ms": listening,
            "listening_ratio": listening / bare,
        },
        baseline={"bare_ms": bare},
    )


def ticks_per_second(steps: int, rounds: int) -> float:
    """The median rate of some rounds of market steps."""
    rates = []
    with flooding_gateway() as gateway:
        client = Counter(gateway.port, 1)
        client.subscribe(gateway.con_ids[:LINES])
        gateway.walk(20, [client])
        for _ in range(rounds):
            before, began = client.ticks, time.perf_counter()
            gateway.walk(steps, [client])
            rates.append((client.ticks - before) / (time.perf_counter() - began))
        client.close()
    return median(rates)


def place_to_filled(orders: int) -> float:
    """The median in milliseconds."""
    with tempfile.TemporaryDirectory() as state, gateway_process("--state", state) as port:
        return median(asyncio.run(_orders(port, orders)))


async def _orders(port: int, count: int) -> list[float]:
    client = await RawClient.connect(port)
    times = []
    for turn in range(count):
        began = time.perf_counter()
        order_id = client.place(SPY, action="BUY" if turn % 2 == 0 else "SELL")
        while True:
            fields = await client.read_fields()
            if fields[:3] == ["3", str(order_id), "Filled"]:
                break
        times.append((time.perf_counter() - began) * 1000)
    await client.close()
    return times


def start() -> float:
    """Milliseconds from the start of a gateway to its word that it listens."""
    began = time.perf_counter()
    with gateway_process():
        return (time.perf_counter() - began) * 1000


def bare_start() -> float:
    """Milliseconds that a bare interpreter takes to import asyncio and end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import asyncio"], check=True)
    return (time.perf_counter() - began) * 1000


@contextmanager
def gateway_process(*arguments: str) -> Iterator[int]:
    """Run a gateway on a free port until the end of the block; gives the port."""
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "core.practice", "--port", "0", "--ready-fd", str(writing), *arguments]
    with subprocess.Popen(command, cwd=ROOT, pass_fds=(writing,), stdout=subprocess.DEVNULL) as process:
        os.close(writing)
        try:
            with os.fdopen(reading, "rb") as ready:
                yield int(json.loads(ready.readline())["port"])
        finally:
            process.kill()
