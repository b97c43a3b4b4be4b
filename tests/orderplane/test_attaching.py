"""An order plane looks for a core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from core.api import DeskClient
from core.domain.commands import Ack, Command
from core.domain.events import Envelope, Snapshot
from core.errors import LinkError
from core.orderplane.memory_bus import MemoryHub
from core.orderplane.orchestrator import OrderPlane, OrderPlaneOptions
from tests.core_process import PATIENCE


class Gone:
    """A core that takes a client and goes away before it shows anything."""

    instance = "I"
    name = "order-plane-1"

    async def send(self, command: Command) -> Ack:
        raise LinkError("Core is gone.")

    async def snapshot(self) -> Snapshot:
        raise LinkError("Core is gone.")

    def events(self, after: int | None = None) -> AsyncIterator[Envelope]:
        raise LinkError("Core is gone.")

    async def close(self) -> None:
        """There is nothing to close."""


async def test_a_core_that_goes_at_once_is_left_before_another_one_is_looked_for() -> None:
    attached: list[DeskClient] = []
    again = asyncio.Event()

    async def connect() -> DeskClient:
        if attached:
            again.set()
            raise LinkError("There is no core.")
        attached.append(Gone())
        return attached[0]

    left: list[DeskClient] = []

    async def part(client: DeskClient) -> None:
        left.append(client)

    plane = OrderPlane(MemoryHub().consumer(), connect, part, OrderPlaneOptions(drain_seconds=0.1))
    running = asyncio.create_task(plane.run())
    await asyncio.wait_for(again.wait(), PATIENCE)
    plane.stop()
    await asyncio.wait_for(running, PATIENCE)

    assert left == attached
