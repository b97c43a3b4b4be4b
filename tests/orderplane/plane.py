"""Order planes on a bus in memory, at a core in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from core.api import DeskClient, attach
from core.domain.events import Snapshot
from core.domain.orders import Order
from core.domain.published import PublishedStatus
from core.orderplane.bus import Aside, BusError, IntentBus, StrategyBus
from core.orderplane.contracts import ExecutionReport, OrderIntent
from core.orderplane.memory_bus import MemoryHub
from core.orderplane.notes import order_ref_of
from core.orderplane.orchestrator import OrderPlane, OrderPlaneOptions
from core.orderplane.participation import PovLimit
from core.orderplane.patience import Patience
from core.orderplane.placing import PlacingOptions
from tests.core_process import PATIENCE

DRAIN = 1.0
"""Seconds."""
WHOLE = {PublishedStatus.FILLED, PublishedStatus.CANCELED, PublishedStatus.REJECTED}


def intent(symbol: str = "AAPL", **changes: object) -> OrderIntent:
    """A market order for one share, as the document writes it."""
    words: dict[str, object] = {
        "intent_id": str(uuid4()),
        "symbol": symbol,
        "direction": "BUY",
        "quantity": 1,
        "order_type": "MARKET",
        "timestamp": datetime.now(UTC),
        "strategy_id": "COMPOSITE",
        "repeat": True,
    }
    return OrderIntent.model_validate(words | changes)


def body(one: OrderIntent) -> bytes:
    """As it goes over the bus."""
    return one.model_dump_json().encode()


class Planes:
    """One bus, one core that runs at `socket`, and the order planes that are started on both."""

    def __init__(
        self,
        socket: Path,
        journal: Path,
        consumer: Callable[[], IntentBus] | None = None,
        strategy: StrategyBus | None = None,
    ) -> None:
        """`consumer` and `strategy` are the ends of another bus than one in memory."""
        self.socket = socket
        hub = MemoryHub(abandoned=0.5)
        self._consumer = consumer or hub.consumer
        self.strategy: StrategyBus = strategy or hub
        self._journal = journal
        self._running: list[tuple[OrderPlane, asyncio.Task[None]]] = []
        self.reports: list[ExecutionReport] = []
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every plane."""
        await self.stop()
        self._reading.cancel()

    async def stop(self) -> None:
        """Stop every plane. Raises what one of them raised."""
        running, self._running = self._running, []
        for plane, _ in running:
            plane.stop()
        for _, task in running:
            await asyncio.wait_for(task, PATIENCE)

    def start(
        self,
        pov: PovLimit | None = None,
        placing: PlacingOptions | None = None,
    ) -> OrderPlane:
        """One more."""
        options = OrderPlaneOptions(
            journal=self._journal, pov=pov, placing=placing or PlacingOptions(lease=0.5), drain_seconds=DRAIN
        )
        plane = OrderPlane(self._consumer(), self.connect, lambda client: client.close(), options)
        self._running.append((plane, asyncio.create_task(plane.run())))
        return plane

    async def connect(self) -> DeskClient:
        """What a plane does."""
        return await attach(self.socket, "order-plane")

    async def attached(self, plane: OrderPlane) -> None:
        """Wait until core knows a plane."""
        await asyncio.wait_for(plane._sessions.get(), PATIENCE)

    async def settled(self, plane: OrderPlane, count: int) -> None:
        """Wait until a plane has brought so many messages to their end."""
        for _ in range(round(PATIENCE * 100)):
            counts = plane.counts
            if counts.placed + counts.refused + counts.repeated + counts.aside >= count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(plane.counts)

    async def kill(self, plane: OrderPlane) -> None:
        """End a plane in the middle of whatever it does, as SIGKILL would."""
        (task,) = [task for one, task in self._running if one is plane]
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self._running.remove((plane, task))

    async def ask(self, *intents: OrderIntent) -> None:
        """Put them on the bus, in order, as often as it takes."""
        for one in intents:
            await Patience()(partial(self.strategy.ask, body(one)))

    async def until(self, found: Callable[[], bool]) -> None:
        """Wait until the reports say so."""
        async with asyncio.timeout(PATIENCE), self._news:
            while not found():
                await self._news.wait()

    async def whole(self, *intents: OrderIntent) -> list[ExecutionReport]:
        """The last report of each, once each has ended."""
        ids = [one.intent_id for one in intents]
        await self.until(lambda: all(self._last(one) is not None for one in ids))
        return [report for one in ids if (report := self._last(one)) is not None]

    def of(self, one: OrderIntent) -> list[ExecutionReport]:
        """Every report of an intent."""
        return [report for report in self.reports if report.intent_id == one.intent_id]

    async def asides(self, count: int) -> Sequence[Aside]:
        """What was set aside, once it is so much."""
        for _ in range(round(PATIENCE * 100)):
            asides = await self.strategy.aside()
            if len(asides) == count:
                return asides
            await asyncio.sleep(0.01)
        raise AssertionError(asides)

    async def snapshot(self) -> Snapshot:
        """Core as it stands."""
        client = await attach(self.socket, "test")
        try:
            return await client.snapshot()
        finally:
            await client.close()

    async def orders(self, one: OrderIntent) -> list[Order]:
        """What core has of an intent."""
        snapshot = await self.snapshot()
        ref = order_ref_of(snapshot.instance, one.intent_id)
        return [order for order in snapshot.orders if order.order_ref == ref or str(one.intent_id) in order.tag]

    def _last(self, intent_id: object) -> ExecutionReport | None:
        ended = [report for report in self.reports if report.intent_id == intent_id and report.status in WHOLE]
        return ended[-1] if ended else None

    async def _read(self) -> None:
        last = "0"
        while True:
            try:
                async for name, text in self.strategy.reports(last):
                    last = name
                    async with self._news:
                        self.reports.append(ExecutionReport.model_validate_json(text))
                        self._news.notify_all()
            except BusError:
                await asyncio.sleep(0.05)
