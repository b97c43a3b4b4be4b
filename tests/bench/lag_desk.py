"""A desk that draws into nothing, run as a process: `python -m tests.bench.lag_desk SOCKET` attaches to the core there.

`lag_desk SOCKET PORT BEATS` has no core to attach to: core shares the desk's loop, and a heartbeat of that loop is
noted in the file BEATS; SOCKET is where that core would listen, PORT that of its gateway. It says ``ready`` once it
watches everything that the line of its standard input names.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from core.api import DeskClient
from core.bootstrap.gateway import OutsideGateway
from core.bootstrap.serve import RunOptions, assemble, ib_broker
from core.clock import LoopClock
from core.domain.commands import Watch
from core.domain.connection import Endpoint, LinkState, Mode
from core.domain.limits import Limits
from core.execution.service import ExecutionService
from core.ids import mint_ulid
from core.link.client import SocketClient
from core.link.inproc import InProcessClient
from tests.bench.heartbeat import beat
from tests.limits import FixedLimits
from tui.app import DeskApp

SIZE = (160, 50)
UNTHROTTLED = 1_000_000
LINES = 500


async def main() -> None:
    """Run until ended from outside."""
    path = Path(sys.argv[1])
    if len(sys.argv) == 2:
        await DeskApp(lambda: SocketClient.attach(path, "desk")).run_async(headless=True, size=SIZE)
        return
    await _share(path, int(sys.argv[2]), Path(sys.argv[3]))


async def _share(path: Path, port: int, beats: Path) -> None:
    endpoint = Endpoint("127.0.0.1", port)
    options = RunOptions(
        session=mint_ulid(),
        profile="shared",
        mode=Mode.PRACTICE,
        endpoint=endpoint,
        client_id=18,
        account="",
        timeout=10.0,
        read_only=False,
        symbols=(),
        lines=LINES,
        limits=FixedLimits(Limits()),
        pace=UNTHROTTLED,
        journal=path.with_suffix(".db"),
        socket=path,
    )
    parts = await assemble(options, OutsideGateway(endpoint), LoopClock(), ib_broker)
    service = parts.service

    async def connect() -> DeskClient:
        return InProcessClient(service, "desk")

    app = DeskApp(connect)
    async with asyncio.TaskGroup() as group:
        group.create_task(beat(beats))
        group.create_task(service.run())
        group.create_task(app.run_async(headless=True, size=SIZE))
        await _watch(service)
        print("ready", flush=True)


async def _watch(service: ExecutionService) -> None:
    con_ids = json.loads(await asyncio.to_thread(sys.stdin.readline))
    client = InProcessClient(service, "watching")
    events = client.events()
    while service.connection.state is not LinkState.READY:
        await anext(events)
    for con_id in con_ids:
        await client.send(Watch(con_id=con_id))
    await client.close()


if __name__ == "__main__":
    asyncio.run(main())
