"""A practice gateway whose market goes as fast as its clients read: one line of JSON a command, one a reply.

Run as a process by the benchmarks. It says ``{"port": ..., "con_ids": [...]}`` first. ``{"steps": N}`` walks N market
steps, never with more than a few hundred KiB unread, and replies with the processor seconds that took.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from decimal import Decimal

from core.practice.hub import Hub
from core.practice.options import GatewayOptions
from core.practice.server import PracticeGateway

UNREAD = 512 * 1024
INSTRUMENTS = 120
"""Enough for a hundred lines on different contracts."""


async def main() -> None:
    """Serve until standard input ends."""
    async with PracticeGateway(GatewayOptions(seed=1, cash=Decimal(1_000_000), instruments=INSTRUMENTS)) as gateway:
        say({"port": gateway.port, "con_ids": lines(gateway)})
        loop = asyncio.get_running_loop()
        while command := await loop.run_in_executor(None, sys.stdin.readline):
            began = time.process_time()
            await walk(gateway, int(json.loads(command)["steps"]))
            say({"cpu": time.process_time() - began, "clients": len(gateway.hub.clients)})


def lines(gateway: PracticeGateway) -> list[int]:
    """The contract ids that a client may subscribe to, those of stocks first."""
    instruments = sorted(gateway.hub.catalogue.instruments, key=lambda one: one.sec_type != "STK")
    return [one.con_id for one in instruments if one.sec_type in {"STK", "FUT", "CASH"}]


async def walk(gateway: PracticeGateway, steps: int) -> None:
    """Walk market steps, and wait until they are written."""
    hub = gateway.hub
    for _ in range(steps):
        hub.advance()
        await drain(hub, UNREAD)
    await drain(hub, 0)


async def drain(hub: Hub, unread: int) -> None:
    """Let the loop go round, until no client has more than so many bytes unread."""
    wait = 0.0
    while True:
        await asyncio.sleep(wait)
        if all(connection.unsent <= unread for connection in hub.connections):
            return
        wait = 0.0002


def say(record: dict[str, object]) -> None:
    """Reply."""
    print(json.dumps(record), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
