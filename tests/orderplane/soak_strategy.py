"""A strategy process of the soak: asks for orders, so many at a time, and keeps every report that it reads."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from uuid import uuid4

from core.domain.orders import Side
from core.domain.published import PublishedStatus
from core.orderplane.bus import BusError
from core.orderplane.contracts import ExecutionReport, IntentType, OrderIntent
from core.orderplane.patience import Patience
from core.orderplane.redis_bus import RedisStrategy
from core.orderplane.tasks import end

OUTSTANDING = 25
"""Intents of one strategy that wait for their end."""
AGAIN, OTHER = 20, 50
"""Every so manyth intent is sent twice, or a second time with another quantity."""
_ENDED = {PublishedStatus.FILLED, PublishedStatus.REJECTED, PublishedStatus.CANCELED}


@dataclass
class Told:
    """What a strategy saw."""

    asked: list[str] = field(default_factory=list)
    """The identities of its intents."""
    others: int = 0
    """Messages with the identity of one and another content."""
    ends: dict[str, str] = field(default_factory=dict)
    """The last status of each intent that ended."""
    reasons: dict[str, int] = field(default_factory=dict)
    """How often each code of a refusal was given."""
    reports: dict[str, int] = field(default_factory=dict)
    """How often each report was read."""
    bodies: dict[str, str] = field(default_factory=dict)
    """Each report's text."""
    unstable: list[str] = field(default_factory=list)
    """Reports whose text was another one the second time."""
    recorded_ms: list[float] = field(default_factory=list)
    """From asking until the first report."""
    ended_ms: list[float] = field(default_factory=list)
    """From asking until the end."""


class Strategy:
    """One of them."""

    def __init__(self, url: str, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._asking, self._reading = RedisStrategy(url), RedisStrategy(url)
        self._patiently = Patience()
        self._began: dict[str, float] = {}
        self._first: set[str] = set()
        self._room = asyncio.Semaphore(OUTSTANDING)
        self._done = asyncio.Event()
        self.told = Told()

    async def run(self) -> None:
        """Ask for all; ends when each has ended."""
        reading, asking = asyncio.create_task(self._read()), asyncio.create_task(self._ask_all())
        await asyncio.wait((reading, asking), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            # It ends by an error alone.
            reading.result()
        await asking
        await end([reading])
        await self._asking.close()
        await self._reading.close()

    async def _ask_all(self) -> None:
        for turn in range(self._count):
            await self._room.acquire()
            await self._ask(turn)
        await self._done.wait()

    async def _ask(self, turn: int) -> None:
        intent = OrderIntent(
            intent_id=uuid4(),
            symbol="AAPL",
            direction=Side.SELL if turn % 2 else Side.BUY,
            quantity=Decimal(1),
            order_type=IntentType.MARKET,
            timestamp=datetime.now(UTC),
            strategy_id=self._name,
            short=True,
            repeat=True,
        )
        self.told.asked.append(str(intent.intent_id))
        self._began[str(intent.intent_id)] = time.perf_counter()
        bodies = [intent.model_dump_json()]
        if turn % AGAIN == 1:
            bodies.append(bodies[0])
        if turn % OTHER == 2:
            self.told.others += 1
            bodies.append(intent.model_copy(update={"quantity": Decimal(5)}).model_dump_json())
        for body in bodies:
            await self._patiently(partial(self._asking.ask, body.encode()))

    async def _read(self) -> None:
        last = "0"
        while True:
            try:
                async for name, body in self._reading.reports(last):
                    last = name
                    self._hear(ExecutionReport.model_validate_json(body), body.decode())
            except BusError:
                await asyncio.sleep(0.1)

    def _hear(self, report: ExecutionReport, body: str) -> None:
        told, intent_id, report_id = self.told, str(report.intent_id), str(report.report_id)
        if intent_id not in self._began:
            return
        if told.bodies.setdefault(report_id, body) != body:
            told.unstable.append(report_id)
        told.reports[report_id] = told.reports.get(report_id, 0) + 1
        waited = 1000 * (time.perf_counter() - self._began[intent_id])
        if intent_id not in self._first:
            self._first.add(intent_id)
            told.recorded_ms.append(waited)
        if report.status not in _ENDED:
            return
        if intent_id not in told.ends:
            told.ended_ms.append(waited)
            if report.reject_reason is not None:
                code = report.reject_reason.partition(":")[0]
                told.reasons[code] = told.reasons.get(code, 0) + 1
            self._room.release()
        told.ends[intent_id] = report.status
        if len(told.ends) == self._count:
            self._done.set()


async def _main(url: str, name: str, count: int, to: Path) -> None:
    strategy = Strategy(url, name, count)
    await strategy.run()
    to.write_text(json.dumps(asdict(strategy.told)), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])))
