"""What every bus must keep to: the same rules for the one in memory and the one on a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from core.orderplane.bus import Claim, Delivery, IntentBus, Position, Settlement, Standing, StrategyBus

LEASE = 0.2
"""Seconds."""
LONG = 30.0
WAIT = 5.0


class World(Protocol):
    """One empty bus with as many ends as wanted, on which a message counts as abandoned after `LEASE` seconds."""

    async def consumer(self) -> IntentBus:
        """A further consumer, open."""

    async def strategy(self) -> StrategyBus:
        """A strategy's end."""


Rule = Callable[[World], Awaitable[None]]


async def _taken(bus: IntentBus) -> Delivery:
    return (await bus.take(1, WAIT))[0]


def _claim(delivery: Delivery, digest: str = "one", note: bytes = b"note") -> Claim:
    return Claim(delivery, "intent", digest, note)


async def _reports(strategy: StrategyBus, count: int, after: str = "0") -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(WAIT):
        async for _, body in strategy.reports(after):
            found.append(body)
            if len(found) == count:
                break
    return found


async def takes_oldest_first_and_each_once(world: World) -> None:
    strategy, one, two = await world.strategy(), await world.consumer(), await world.consumer()
    for number in range(4):
        await strategy.ask(b"%d" % number)

    first, second = await one.take(2, WAIT), await two.take(10, WAIT)

    assert [one.body for one in first] == [b"0", b"1"]
    assert [one.body for one in second] == [b"2", b"3"]
    assert await one.take(10, 0.01) == []


async def waits_for_a_message(world: World) -> None:
    strategy, bus = await world.strategy(), await world.consumer()
    taking = asyncio.create_task(bus.take(10, WAIT))
    await asyncio.sleep(0)

    await strategy.ask(b"late")

    assert [one.body for one in await taking] == [b"late"]


async def hands_what_is_abandoned_to_another(world: World) -> None:
    strategy, one, two = await world.strategy(), await world.consumer(), await world.consumer()
    await strategy.ask(b"body")
    first = await _taken(one)
    await asyncio.sleep(LEASE * 1.2)

    second = await _taken(two)

    assert (second.id, second.body, second.attempts) == (first.id, b"body", 2)


async def hands_what_is_given_back_to_another_at_once(world: World) -> None:
    strategy, one, two = await world.strategy(), await world.consumer(), await world.consumer()
    await strategy.ask(b"body")
    first = await _taken(one)

    await one.give_back([first])

    assert (await _taken(two)).id == first.id


async def settles_once_with_its_reports(world: World) -> None:
    strategy, bus = await world.strategy(), await world.consumer()
    await strategy.ask(b"body")
    delivery = await _taken(bus)
    assert list(await bus.hold([_claim(delivery)], LONG)) == [(Standing.OURS, b"note", False)]
    settlement = Settlement(delivery, "intent", (b"refused",))

    assert list(await bus.settle([settlement])) == [True]
    assert list(await bus.settle([settlement])) == [True]

    other = await world.consumer()
    await asyncio.sleep(LEASE * 1.2)
    assert await other.take(10, 0.01) == []
    await other.publish("ABC123", None, Position("s", 1), [b"next"], {})
    assert await _reports(strategy, 2) == [b"refused", b"next"]


async def lets_one_message_work_on_an_intent(world: World) -> None:
    strategy, one, two = await world.strategy(), await world.consumer(), await world.consumer()
    await strategy.ask(b"body")
    await strategy.ask(b"body")
    first, second = await _taken(one), await _taken(two)
    await one.hold([_claim(first, note=b"first")], LEASE)

    held = (await two.hold([_claim(second, note=b"second")], LEASE))[0]
    assert held == (Standing.HELD, b"first", True)
    await asyncio.sleep(LEASE * 1.2)
    taken_over = (await two.hold([_claim(second, note=b"second")], LONG))[0]

    assert taken_over == (Standing.OURS, b"first", True)
    assert list(await one.settle([Settlement(first, "intent", (b"too late",))])) == [False]
    assert list(await two.settle([Settlement(second, "intent", (b"in time",))])) == [True]
    assert (await one.hold([_claim(first)], LEASE))[0].standing is Standing.SETTLED
    assert await _reports(strategy, 1) == [b"in time"]


async def holds_the_same_message_for_one_consumer(world: World) -> None:
    strategy, one, two = await world.strategy(), await world.consumer(), await world.consumer()
    await strategy.ask(b"body")
    first = await _taken(one)
    await one.hold([_claim(first)], LONG)
    await asyncio.sleep(LEASE * 1.2)
    second = await _taken(two)

    assert (await two.hold([_claim(second)], LONG))[0].standing is Standing.HELD
    assert (await one.hold([_claim(first)], LONG))[0].standing is Standing.OURS
    assert list(await one.settle([Settlement(first, "intent")])) == [True]
    assert (await two.hold([_claim(second)], LONG))[0].standing is Standing.SETTLED
    await two.acknowledge([second])


async def knows_another_content(world: World) -> None:
    strategy, bus = await world.strategy(), await world.consumer()
    await strategy.ask(b"body")
    await strategy.ask(b"other")
    first, second = await _taken(bus), await _taken(bus)

    answers = await bus.hold([_claim(first), _claim(second, "two", b"other")], LONG)

    assert [answer.standing for answer in answers] == [Standing.OURS, Standing.OTHER]
    assert list(await bus.notes(["intent", "unknown"])) == [b"note", None]


async def sets_poison_aside_with_the_reason(world: World) -> None:
    strategy, bus = await world.strategy(), await world.consumer()
    await strategy.ask(b"\xff{}")
    delivery = await _taken(bus)

    await bus.set_aside(delivery, "no intent", [b"told"])

    (aside,) = await strategy.aside()
    assert (aside.body, aside.reason) == (b"\xff{}", "no intent")
    assert await _reports(strategy, 1) == [b"told"]
    await asyncio.sleep(LEASE * 1.2)
    assert await (await world.consumer()).take(10, 0.01) == []


async def publishes_behind_one_position_once(world: World) -> None:
    strategy, one, two = await world.strategy(), await world.consumer(), await world.consumer()
    start, after = (await one.progress("ABC123")).position, Position("s", 7)
    assert start is None

    later = Position("s", 9)
    assert await one.publish("ABC123", None, after, [b"a", b"b"], {"x": b"1", "y": b"2"}) == after
    assert await two.publish("ABC123", None, later, [b"a", b"b", b"c"], {"x": b"3"}) == after
    assert await two.publish("ABC123", after, later, [b"c"], {"x": None}) == later

    progress = await one.progress("ABC123")
    assert (progress.position, dict(progress.tracks)) == (later, {"y": b"2"})
    assert (await one.progress("OTHER1")).position is None
    assert await _reports(strategy, 3) == [b"a", b"b", b"c"]


async def lets_a_reader_go_on_where_it_was(world: World) -> None:
    strategy, bus = await world.strategy(), await world.consumer()
    await bus.publish("ABC123", None, Position("s", 1), [b"a", b"b"], {})
    reader = strategy.reports()
    first, _ = await anext(reader)

    await bus.publish("ABC123", Position("s", 1), Position("s", 2), [b"c"], {})

    assert await _reports(strategy, 2, first) == [b"b", b"c"]


RULES: tuple[Rule, ...] = (
    takes_oldest_first_and_each_once,
    waits_for_a_message,
    hands_what_is_abandoned_to_another,
    hands_what_is_given_back_to_another_at_once,
    settles_once_with_its_reports,
    lets_one_message_work_on_an_intent,
    holds_the_same_message_for_one_consumer,
    knows_another_content,
    sets_poison_aside_with_the_reason,
    publishes_behind_one_position_once,
    lets_a_reader_go_on_where_it_was,
)
"""Every rule."""


rules = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
"""Runs a test with each."""
