"""The bus on a server keeps to the rules of every bus, and to its own: over restarts, failures and too many intents."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from core.orderplane.bus import BusError, Claim, IntentBus, Position, Settlement, Standing, StrategyBus
from core.orderplane.redis_bus import RedisBus, RedisStrategy
from core.orderplane.redis_link import RedisLink
from tests.orderplane.bus_rules import LEASE, LONG, WAIT, Rule, rules
from tests.redis_server import RedisServer, needs_server, running_redis

pytestmark = needs_server


class RedisWorld:
    """Implements `World`."""

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self._ends: list[IntentBus | StrategyBus] = []

    async def consumer(self) -> IntentBus:
        bus = RedisBus(self.server.url, abandoned=LEASE)
        await bus.open()
        self._ends.append(bus)
        return bus

    async def strategy(self, most_waiting: int = 100) -> StrategyBus:
        strategy = RedisStrategy(self.server.url, most_waiting=most_waiting)
        self._ends.append(strategy)
        return strategy

    async def close(self) -> None:
        for end in self._ends:
            await end.close()


@pytest.fixture
async def world() -> AsyncIterator[RedisWorld]:
    """An empty server and all ends of it."""
    async with running_redis() as server:
        made = RedisWorld(server)
        yield made
        await made.close()


@rules
async def test_rule(rule: Rule, world: RedisWorld) -> None:
    await rule(world)


async def test_what_was_said_outlives_the_server(world: RedisWorld) -> None:
    strategy, bus = await world.strategy(), await world.consumer()
    for body in (b"settled", b"taken", b"waiting"):
        await strategy.ask(body)
    settled, taken = await bus.take(2, WAIT)
    await bus.hold([Claim(settled, "a", "x", b"note"), Claim(taken, "b", "y", b"")], LONG)
    await bus.settle([Settlement(settled, "a", (b"report",))])
    await bus.publish("ABC123", None, Position("s", 7), [b"more"], {"ref": b"track"})

    world.server.kill()
    with pytest.raises(BusError, match=r"bus\.sock.*Is the server running"):
        await bus.take(1, 0.01)
    await world.server.start()

    assert [one.body for one in await bus.take(10, WAIT)] == [b"waiting"]
    assert (await bus.hold([Claim(settled, "a", "x", b"")], LONG))[0] == (Standing.SETTLED, b"note", True)
    assert (await bus.hold([Claim(taken, "b", "y", b"")], LONG))[0].standing is Standing.OURS
    assert await bus.progress("ABC123") == (Position("s", 7), {"ref": b"track"})
    reports = strategy.reports()
    assert [(await anext(reports))[1] for _ in range(2)] == [b"report", b"more"]


async def test_what_was_handed_out_and_never_arrived_is_handed_out_again(world: RedisWorld) -> None:
    """The answer is lost on its way: the server believes that this consumer has the message."""
    strategy, bus = await world.strategy(), await world.consumer()
    waiting = asyncio.create_task(bus.take(1, WAIT))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.wait([waiting])
    await strategy.ask(b"first")
    lost = RedisBus(world.server.url)
    lost._consumer = bus.consumer
    await lost.take(1, WAIT)
    await lost.close()

    (found,) = await bus.take(10, WAIT)

    assert found.body == b"first"
    assert await bus.take(10, 0.01) == []


async def test_a_server_without_memory_gets_its_group_again(world: RedisWorld) -> None:
    strategy, bus = await world.strategy(), await world.consumer()
    client = RedisBus(world.server.url)._link
    await client.ask("FLUSHALL")
    await client.close()
    await strategy.ask(b"body")

    assert [one.body for one in await bus.take(1, WAIT)] == [b"body"]


@pytest.mark.parametrize(
    ("most", "policy", "warned"),
    [("100mb", "volatile-lru", True), ("100mb", "noeviction", False), ("0", "allkeys-lru", False)],
)
async def test_a_server_that_may_forget_what_it_is_told_is_named(
    world: RedisWorld, caplog: pytest.LogCaptureFixture, most: str, policy: str, warned: bool
) -> None:
    link = RedisLink(world.server.url)
    await link.ask("CONFIG", "SET", "maxmemory", most, "maxmemory-policy", policy)

    await link.check()

    await link.close()
    assert ("maxmemory-policy noeviction" in caplog.text) is warned


async def test_too_many_that_wait_are_refused_until_some_are_settled(world: RedisWorld) -> None:
    strategy, bus = await world.strategy(most_waiting=2), await world.consumer()
    await strategy.ask(b"1")
    await strategy.ask(b"2")

    with pytest.raises(BusError, match=r"2 intents wait .* was not taken"):
        await strategy.ask(b"3")

    await bus.acknowledge(await bus.take(1, WAIT))
    await strategy.ask(b"3")
    assert [one.body for one in await bus.take(5, WAIT)] == [b"2", b"3"]


async def test_a_living_consumer_keeps_what_it_works_on(world: RedisWorld) -> None:
    strategy, one, two = await world.strategy(), await world.consumer(), await world.consumer()
    await strategy.ask(b"body")
    (delivery,) = await one.take(1, WAIT)

    for _ in range(6):
        await asyncio.sleep(LEASE / 3)
        await one.hold([Claim(delivery, "a", "x", b"")], LONG)
        assert await two.take(1, 0.01) == []

    await asyncio.sleep(LEASE * 1.2)
    assert [found.id for found in await two.take(1, WAIT)] == [delivery.id]


@pytest.mark.parametrize("password", ["secret", "se/cret", "se#cret", "se?cret", "se@cret", "se:cret"])
def test_an_address_is_told_without_its_password(password: str) -> None:
    try:
        told = RedisLink(f"redis://name:{password}@host:6379/0?protocol=2").address
    except BusError as error:
        told = str(error)
    assert "host:6379/0" in told
    assert not {"se", "cret", "secret", "name", password} & set(re.split(r"\W+", told))


async def test_no_server_is_named_with_what_to_do() -> None:
    bus = RedisBus("redis://someone:secret@127.0.0.1:9/0")
    with pytest.raises(BusError) as told:
        await bus.open()
    await bus.close()

    assert "redis://127.0.0.1:9/0" in str(told.value)
    assert "secret" not in str(told.value)
    with pytest.raises(BusError, match="no address"):
        RedisBus("http://127.0.0.1")
