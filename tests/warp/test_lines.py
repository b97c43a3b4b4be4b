"""500 instruments watched with the 100 lines of an account: what is in sight ticks, what is at stake comes first."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from core.domain.commands import PlaceOrder, SetViewers, Watch
from core.domain.orders import OrderRequest, OrderType, Side
from core.ids import mint_order_ref
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
MARKET_DATA = (1, 2)
MAX_TICKERS = 101
FRESH = timedelta(seconds=10)


def order(screen: Screen, con_id: int, price: Decimal | None = None) -> PlaceOrder:
    """Buy 10, at the market or at a price that does not fill."""
    return PlaceOrder(
        request=OrderRequest(
            order_ref=mint_order_ref(screen.client.instance),
            account=screen.replica.account,
            con_id=con_id,
            side=Side.BUY,
            quantity=Decimal(10),
            order_type=OrderType.MKT if price is None else OrderType.LMT,
            limit_price=price,
        )
    )


async def buy(screen: Screen, con_id: int, *, far: bool) -> None:
    """Buy at the market, or too low to be filled, once there is a quote."""
    await screen.until(lambda replica: con_id in replica.quotes and replica.quotes[con_id].tradable)
    bid = screen.replica.quotes[con_id].bid
    assert bid is not None
    ack = await screen.send(order(screen, con_id, (bid * Decimal("0.9")).quantize(Decimal("0.1")) if far else None))
    assert ack.ok, ack.denied


async def watch_all(floor: Floor, screen: Screen) -> list[int]:
    """Put everything that the market lists on the watchlist, stocks last; the contract numbers."""
    listed = sorted(floor.gateway.hub.catalogue.instruments, key=lambda one: one.sec_type == "STK")
    for one in listed:
        ack = await screen.send(Watch(con_id=one.con_id))
        assert ack.ok, ack.denied
    return [one.con_id for one in listed]


def ticking(floor: Floor, screen: Screen, con_ids: list[int]) -> bool:
    """True if all of these are fresh on the screen."""
    quotes = [screen.replica.quotes.get(con_id) for con_id in con_ids]
    now = floor.clock.utc()
    return all(one and not one.stale and one.updated and now - one.updated < FRESH for one in quotes)


@pytest.mark.timeout(120)
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
        await screen.until(lambda replica: replica.held(held) == 10)

        await asyncio.sleep(5)
        scrolling = asyncio.get_running_loop().time()
        for _ in range(SCROLLS):
            first = random.randrange(len(watched) - IN_SIGHT)
            await screen.send(SetViewers(con_ids=tuple(watched[first : first + IN_SIGHT])))
            await asyncio.sleep(random.choice([0.02, 0.1, 0.4, 2.0]))
            assert floor.broker.lines <= LINES
            assert {held, working} <= subscribed(floor)
        rest = watched[first : first + IN_SIGHT]
        await screen.send(SetViewers(con_ids=tuple(rest)))
        await asyncio.sleep(15)

        assert ticking(floor, screen, [*rest, held, working])
        assert set(rest) | {held, working} <= subscribed(floor)
        assert floor.broker.lines == LINES
        old = [quote for quote in screen.replica.quotes.values() if quote.con_id not in subscribed(floor)]
        assert old
        assert all(quote.stale and quote.updated for quote in old)

        received = floor.gateway.received
        swaps = [one.at for one in received if one.at >= scrolling and one.message_id in MARKET_DATA]
        assert len(swaps) > 2 * IN_SIGHT, "lines changed hands"
        assert busiest_second(swaps) <= DATA_FRAMES
        assert busiest_second(one.at for one in received) <= MOST_A_SECOND
        assert floor.broker.codes[MAX_TICKERS] == 0


def subscribed(floor: Floor) -> set[int]:
    """What the gateway quotes to core now."""
    return {con_id for con_id, _ in floor.gateway.hub.feed.quotes.readers.by_contract()}
