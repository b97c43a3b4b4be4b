"""The link between two processes: command to Ack, and events to three clients.

`median_us` is the round trip of a command that core answers at once: no commit is in it. `events_per_s` is how many
orders a second a core publishes until each of three clients, in a process of their own, has all of them decoded.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from statistics import median

from core.domain.commands import PreviewClose, Unwatch
from core.link.client import SocketClient
from tests.architecture.sources import ROOT
from tests.bench.link_host import CLIENTS, TOLD_EVERY
from tests.bench.result import BenchResult

TRIPS, SHORT_TRIPS = 5000, 200
EVENTS, SHORT_EVENTS = 100_000, 5_000
WARM_UP = 100
COMMAND = PreviewClose(account="DU1234567", con_id=265598, fraction=Decimal(1))


def run(short: bool) -> BenchResult:
    """The median round trip, then one flood."""
    with tempfile.TemporaryDirectory(prefix="ibl") as folder:
        path = Path(folder) / "run" / "core.sock"
        path.parent.mkdir(mode=0o700)
        with _host(path) as process:
            trips = asyncio.run(_trips(path, SHORT_TRIPS if short else TRIPS))
            rate = asyncio.run(_flood(path, process, SHORT_EVENTS if short else EVENTS))
    return BenchResult(values={"median_us": median(trips) * 1e6, "events_per_s": rate})


async def _trips(path: Path, count: int) -> list[float]:
    client = await SocketClient.attach(path, "bench")
    times = []
    for _ in range(WARM_UP + count):
        began = time.perf_counter()
        await client.send(COMMAND)
        times.append(time.perf_counter() - began)
    await client.close()
    return times[WARM_UP:]


async def _flood(path: Path, process: subprocess.Popen[str], events: int) -> float:
    clients = [await SocketClient.attach(path, f"bench{number}") for number in range(CLIENTS)]
    readers = [asyncio.create_task(_read(client, events)) for client in clients]
    # Each has told of 0 once these are answered.
    await asyncio.gather(*(client.send(Unwatch(con_id=0)) for client in clients))
    assert process.stdin is not None
    began = time.perf_counter()
    process.stdin.write(f"{events}\n")
    process.stdin.flush()
    await asyncio.gather(*readers)
    took = time.perf_counter() - began
    for client in clients:
        await client.close()
    return events / took


async def _read(client: SocketClient, events: int) -> None:
    read = 0
    telling: set[asyncio.Task[object]] = set()
    async for _ in client.events(None):
        read += 1
        if read % TOLD_EVERY == 0:
            task: asyncio.Task[object] = asyncio.create_task(client.send(Unwatch(con_id=read)))
            telling.add(task)
            task.add_done_callback(telling.discard)
        if read == events:
            break
    await asyncio.gather(*telling)


@contextmanager
def _host(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.link_host", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()
