"""Intents through Redis or Valkey, risk, journal and gateway to the report, against each stage by itself.

Stages are core alone (the same orders from one client of it, to Filled), and the bus alone (a message put on it, taken,
claimed and settled with a report that is read). The ratio divides by the slower one: it says how much of what that one
can do is left once everything runs at the same time, on the same cores. Beside it bare streams do the least that a bus
could: a message added, read by a group, acknowledged, and a second one added and read.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from typing import TypeVar
from uuid import uuid4

from msgspec import convert

from core.domain.commands import PlaceOrder
from core.domain.events import OrderChanged, Snapshot
from core.domain.orders import OrderState, Side
from core.domain.published import PublishedStatus
from core.link.client import SocketClient
from core.orderplane.bus import Claim, Settlement
from core.orderplane.contracts import ExecutionReport, IntentType, OrderIntent
from core.orderplane.redis_bus import RedisBus, RedisStrategy
from core.orderplane.redis_link import RedisLink
from core.orderplane.tasks import end
from core.scripting.tickets import REPEAT
from tests.architecture.sources import ROOT
from tests.bench.result import BenchResult
from tests.core_process import CoreProcess
from tests.desk_home import DeskHome
from tests.processes.orders import write_profile
from tests.redis_server import running_redis
from tests.requests import request_for
from tests.wide import WIDE_PROFILE

T = TypeVar("T")

SYMBOL = "AAPL"
ROUNDS, SHORT_ROUNDS = 4, 1
INTENTS, SHORT_INTENTS = 400, 20
WARM_UP = 20
AT_ONCE = 64
"""Under way at the same time while it is measured how many a second pass."""
FEW = 4
"""The same while it is measured how long each takes."""
BODY = b"x" * 300


def run(short: bool) -> BenchResult:
    """Medians over rounds in which all are measured in turn."""
    return asyncio.run(_run(SHORT_ROUNDS if short else ROUNDS, SHORT_INTENTS if short else INTENTS))


async def _run(rounds: int, count: int) -> BenchResult:
    whole: list[float] = []
    core_alone: list[float] = []
    bus_alone: list[float] = []
    bare: list[float] = []
    waited: list[float] = []
    with DeskHome() as home:
        write_profile(home, "practice", f"messages_per_second = 1000000\n{WIDE_PROFILE}")
        core = await CoreProcess(home).start()
        # The bus alone is another server: the order plane would take its intents.
        async with running_redis() as server, running_redis() as other:
            async with await core.attach() as watcher:
                await watcher.ready_for(SYMBOL)
            plane = subprocess.Popen(
                [sys.executable, "-P", "-m", "tui", "order-plane"],
                env={**home.env, "PYTHONPATH": str(ROOT), "IBDESK_BUS": server.url},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            strategy = _Strategy(server.url)
            await strategy.orders(WARM_UP, FEW)
            for _ in range(rounds):
                whole.append(await _per_second(count, strategy.orders, AT_ONCE))
                client = await _Client.attach(core.socket)
                core_alone.append(await _per_second(count, client.orders, AT_ONCE))
                await client.close()
                bus_alone.append(await _per_second(count, _Bus(other.url).messages, AT_ONCE))
                bare.append(await _per_second(count, _Bare(other.url).messages, AT_ONCE))
                waited += await strategy.orders(count // 2, FEW)
            await strategy.close()
            plane.terminate()
            await asyncio.to_thread(plane.wait)
        await core.stop()
    slowest = min(median(core_alone), median(bus_alone))
    return BenchResult(
        values={
            "intents_per_s": median(whole),
            "p99_ms": quantiles(waited, n=100)[98],
            "bound_ratio": median(whole) / slowest,
        },
        baseline={
            "core_per_s": median(core_alone),
            "bus_per_s": median(bus_alone),
            "bare_redis_per_s": median(bare),
        },
    )


async def _per_second(count: int, work: Callable[[int, int], Awaitable[object]], at_once: int) -> float:
    began = time.perf_counter()
    await work(count, at_once)
    return count / (time.perf_counter() - began)


async def _all(ones: Sequence[Awaitable[T]], at_once: int) -> list[T]:
    """Results of what is done so many at a time, begun in order."""
    room = asyncio.Semaphore(at_once)

    async def limited(one: Awaitable[T]) -> T:
        async with room:
            return await one

    return list(await asyncio.gather(*(limited(one) for one in ones)))


class _Strategy:
    """Asks for market orders and waits for the report that each is filled."""

    def __init__(self, url: str) -> None:
        self._asking, self._reading = RedisStrategy(url), RedisStrategy(url)
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._reader = asyncio.create_task(self._read())

    async def orders(self, count: int, at_once: int) -> list[float]:
        """Milliseconds of each from asking to the report."""
        return await _all([self._order(turn) for turn in range(count)], at_once)

    async def _order(self, turn: int) -> float:
        intent = OrderIntent(
            intent_id=uuid4(),
            symbol=SYMBOL,
            direction=Side.SELL if turn % 2 else Side.BUY,
            quantity=Decimal(1),
            order_type=IntentType.MARKET,
            timestamp=datetime.now(UTC),
            strategy_id="bench",
            short=True,
            repeat=True,
        )
        filled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[str(intent.intent_id)] = filled
        began = time.perf_counter()
        await self._asking.ask(intent.model_dump_json().encode())
        await filled
        return (time.perf_counter() - began) * 1000

    async def _read(self) -> None:
        async for _, body in self._reading.reports():
            report = ExecutionReport.model_validate_json(body)
            if report.status is PublishedStatus.REJECTED:
                raise RuntimeError(f"an intent of the benchmark was refused: {report.reject_reason}")
            filled = self._waiting.get(str(report.intent_id))
            if report.status is PublishedStatus.FILLED and filled is not None and not filled.done():
                filled.set_result(None)

    async def close(self) -> None:
        """Leave the bus."""
        await end([self._reader])
        await self._asking.close()
        await self._reading.close()


class _Client:
    """Places the same orders at core itself, and hears of their end from core."""

    @classmethod
    async def attach(cls, socket: Path) -> _Client:
        """One that nothing else hears through, so that it costs nothing while others are measured."""
        client = await SocketClient.attach(socket, "bench")
        return cls(client, await client.snapshot())

    def __init__(self, client: SocketClient, snapshot: Snapshot) -> None:
        self._client = client
        self._snapshot = snapshot
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._reader = asyncio.create_task(self._read())

    async def orders(self, count: int, at_once: int) -> list[float]:
        """Milliseconds of each from sending to Filled."""
        return await _all([self._order(turn) for turn in range(count)], at_once)

    async def _order(self, turn: int) -> float:
        request = request_for(self._snapshot, SYMBOL, Side.SELL if turn % 2 else Side.BUY, 1)
        filled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[request.order_ref] = filled
        began = time.perf_counter()
        ack = await self._client.send(PlaceOrder(request=request, short=True, confirms=REPEAT))
        if not ack.ok:
            raise RuntimeError(f"core denied an order of the benchmark: {ack.denied}")
        await filled
        return (time.perf_counter() - began) * 1000

    async def _read(self) -> None:
        async for envelope in self._client.events(self._snapshot.number):
            event = envelope.event
            if not isinstance(event, OrderChanged) or event.order.state is not OrderState.FILLED:
                continue
            filled = self._waiting.get(event.order.order_ref)
            if filled is not None and not filled.done():
                filled.set_result(None)

    async def close(self) -> None:
        """Detach."""
        await self._client.close()
        await end([self._reader])


class _Bus:
    """Both ends of a bus of ours, with nothing between them."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def messages(self, count: int, at_once: int) -> None:
        """Each put on the bus, taken, claimed, settled with a report, and the report read."""
        bus, strategy, reading = RedisBus(self._url), RedisStrategy(self._url), RedisStrategy(self._url)
        await bus.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._settle(bus, count, at_once))
            group.create_task(_all([strategy.ask(BODY) for _ in range(count)], at_once))
            left = count
            async for _ in reading.reports():
                left -= 1
                if not left:
                    break
        for one in (bus, strategy, reading):
            await one.close()

    async def _settle(self, bus: RedisBus, count: int, at_once: int) -> None:
        while count:
            taken = await bus.take(at_once, 1)
            claims = [Claim(one, uuid4().hex, "digest", one.body) for one in taken]
            await bus.hold(claims, 30)
            await bus.settle([Settlement(one.delivery, one.intent_id, (one.note,)) for one in claims])
            count -= len(taken)


class _Bare:
    """Two streams and a group, without anything of ours."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def messages(self, count: int, at_once: int) -> None:
        """Each added, read by a group, acknowledged, and answered by another one that is read."""
        link, asking = RedisLink(self._url), RedisLink(self._url)
        await link.ask("FLUSHALL")
        await link.ask("XGROUP", "CREATE", "asked", "group", "0", "MKSTREAM")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._answer(count, at_once))
            added = [asking.ask("XADD", "asked", "*", "body", BODY) for _ in range(count)]
            group.create_task(_all(added, at_once))
            last, left = b"0", count
            while left:
                found = _messages(await link.ask("XREAD", "COUNT", 1000, "BLOCK", 1000, "STREAMS", "answers", last))
                left -= len(found)
                last = found[-1] if found else last
        await link.ask("FLUSHALL")
        await link.close()
        await asking.close()

    async def _answer(self, count: int, at_once: int) -> None:
        link = RedisLink(self._url)
        words = ("XREADGROUP", "GROUP", "group", "one", "COUNT", at_once, "BLOCK", 1000, "STREAMS", "asked", ">")
        while count:
            found = _messages(await link.ask(*words))
            answers = [("XADD", "answers", "*", "body", BODY) for _ in found]
            await link.ask_all([("XACK", "asked", "group", *found), *answers] if found else [])
            count -= len(found)
        await link.close()


def _messages(answer: object) -> list[bytes]:
    """The ids of the messages of the one stream that was read."""
    streams = convert(answer or [], list[tuple[bytes, list[tuple[bytes, object]]]])
    return [name for _, messages in streams for name, _ in messages]
