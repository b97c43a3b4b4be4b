"""500 instruments watched with the 100 lines of an account: what is in sight ticks, what is at stake comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from random import Random

import pytest

from core.domain.commands import SetViewers, Watch
from core.practice.hub import ReceivedFrame
from tests.warp.harness import Floor, FloorOptions, Screen, trading_floor
from tests.warp.leaks import no_leaks
from tests.warp.loop import warping
from tests.warp.session import MOST_A_SECOND, busiest_second

LISTED = 500
LINES = 100
IN_SIGHT = 40
SCROLLS = 50
DATA_FRAMES = 30
"""What core allows itself of the 45 frames a second for swapping lines."""
ASK_DATA, END_DATA = 1, 2
MAX_TICKERS = 101
SHOWN = 4.0
"""Seconds within which a screenful of other rows is fresh: 80 frames, 30 a second."""
TICKING = 60.0
"""Seconds within which every row moves again, the quietest stock of the market too."""


async def buy(screen: Screen, con_id: int, *, far: bool) -> None:
    """Buy at the market, or too low to be filled, once there is a quote."""
    await screen.until(lambda replica: con_id in replica.quotes and replica.quotes[con_id].tradable)
    bid = screen.replica.quotes[con_id].bid
    assert bid is not None
    await screen.place(screen.buying(con_id, 10, (bid * Decimal("0.9")).quantize(Decimal("0.1")) if far else None))


async def watch_all(floor: Floor, screen: Screen) -> list[int]:
    """Put everything that the market lists on the watchlist, stocks last; the contract numbers."""
    listed = sorted(floor.gateway.hub.catalogue.instruments, key=lambda one: one.sec_type == "STK")
    for one in listed:
        ack = await screen.send(Watch(con_id=one.con_id))
        assert ack.ok, ack.denied
    return [one.con_id for one in listed]


def quoted_since(screen: Screen, con_ids: Sequence[int], since: datetime) -> bool:
    """True if the screen shows all of these fresh, and something of each came after a moment."""
    quotes = [screen.replica.quotes.get(con_id) for con_id in con_ids]
    return all(one and not one.stale and one.updated and one.updated > since for one in quotes)


async def moves(floor: Floor, screen: Screen, con_ids: Sequence[int], seconds: float) -> None:
    """Fails if one of these does not tick on the screen within so many seconds from now."""
    since = floor.clock.utc()
    async with asyncio.timeout(seconds):
        await screen.until(lambda _: quoted_since(screen, con_ids, since))


async def see(screen: Screen, con_ids: Sequence[int]) -> None:
    """Have these in sight."""
    assert (await screen.send(SetViewers(con_ids=tuple(con_ids)))).ok


def subscribed(floor: Floor) -> set[int]:
    """What the gateway quotes to core now."""
    return {con_id for con_id, _ in floor.gateway.hub.feed.quotes.readers.by_contract()}


def asked_for(received: Sequence[ReceivedFrame], con_id: int) -> int:
    """How often a line was asked for."""
    return sum(one.message_id == ASK_DATA and one.fields[3] == str(con_id) for one in received)


@pytest.mark.timeout(180)
@warping
async def test_what_is_in_sight_ticks_and_what_is_at_stake_comes_first() -> None:
    async with no_leaks(), trading_floor(FloorOptions(instruments=LISTED, lines=LINES)) as floor:
        screen, random = await floor.attach(), Random(4)
        watched = await watch_all(floor, screen)
        assert len(watched) >= LISTED
        held, working = watched[-1], watched[-2]
        for con_id, far in ((held, False), (working, True)):
            await screen.send(Watch(con_id=con_id))
            await buy(screen, con_id, far=far)
        at_stake = {held, working}
        await screen.until(lambda replica: replica.held(held) == 10)
        await asyncio.sleep(5)
        scrolling = len(floor.gateway.received)

        # Fast and slow: what is at stake keeps its line all the time.
        for _ in range(SCROLLS):
            first = random.randrange(len(watched) - IN_SIGHT)
            await see(screen, watched[first : first + IN_SIGHT])
            await asyncio.sleep(random.choice([0.02, 0.1, 0.4, 2.0]))
            assert floor.broker.lines <= LINES
            assert at_stake <= subscribed(floor)

        # Wherever it stops, all that is in sight is fresh soon, and goes on ticking.
        for first in (0, 200, 450, 0):
            rest = watched[first : first + IN_SIGHT]
            await see(screen, rest)
            await moves(floor, screen, rest, SHOWN)
        await moves(floor, screen, [*rest, *at_stake], TICKING)
        assert floor.broker.lines == len(subscribed(floor)) == LINES
        old = [quote for quote in screen.replica.quotes.values() if quote.con_id not in subscribed(floor)]
        assert old
        assert all(quote.stale and quote.updated for quote in old)
        received = floor.gateway.received[scrolling:]
        swaps = [one.at for one in received if one.message_id in (ASK_DATA, END_DATA)]
        assert len(swaps) > 2 * IN_SIGHT, "lines changed hands"
        assert busiest_second(swaps) <= DATA_FRAMES
        assert [asked_for(received, con_id) for con_id in at_stake] == [0, 0]
        assert all(asked_for(floor.gateway.received, con_id) for con_id in at_stake)
        assert busiest_second(one.at for one in floor.gateway.received) <= MOST_A_SECOND
        assert floor.broker.codes[MAX_TICKERS] == 0


@pytest.mark.timeout(120)
@warping
async def test_more_in_sight_than_there_are_lines_takes_none_from_what_is_at_stake() -> None:
    async with no_leaks(), trading_floor(FloorOptions(instruments=LISTED, lines=LINES)) as floor:
        one, two = await floor.attach("one"), await floor.attach("two")
        watched = await watch_all(floor, one)
        at_stake = watched[-20:]
        await see(two, at_stake)
        for number, con_id in enumerate(at_stake):
            await buy(two, con_id, far=number % 2 == 0)
        await two.until(lambda replica: all(replica.held(con_id) == 10 for con_id in at_stake[1::2]))
        bought = len(floor.gateway.received)

        await see(one, watched[:60])
        await see(two, watched[60:100])
        await asyncio.sleep(SHOWN)
        assert set(at_stake) <= subscribed(floor)
        assert len(subscribed(floor) & set(watched[:100])) == LINES - len(at_stake)

        # With the second screen gone its rows make room, as far as they are needed.
        await floor.detach(two)
        await see(one, watched[10:90])
        await moves(floor, one, [*watched[10:90], *at_stake], TICKING)
        assert floor.broker.lines == len(subscribed(floor)) == LINES
        received = floor.gateway.received[bought:]
        assert not any(asked_for(received, con_id) for con_id in at_stake)
        swaps = [frame.at for frame in received if frame.message_id in (ASK_DATA, END_DATA)]
        assert busiest_second(swaps) <= DATA_FRAMES
        assert busiest_second(frame.at for frame in floor.gateway.received) <= MOST_A_SECOND
        assert floor.broker.codes[MAX_TICKERS] == 0
