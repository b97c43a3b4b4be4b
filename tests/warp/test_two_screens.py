"""Two screens at one core, and a screen whose link breaks right after Enter: never one order too many."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from core.domain.commands import ClosePosition, DenialCode, PlaceOrder
from core.domain.orders import OrderRequest, OrderType, Side
from core.errors import LinkError
from core.ids import mint_order_ref
from core.link.client import SocketClient
from core.link.wire import Request, frame
from tests.warp.books import differences
from tests.warp.cutting import CuttingLink, Way
from tests.warp.harness import Floor, FloorOptions, Screen, trading_floor
from tests.warp.leaks import no_leaks
from tests.warp.loop import warping

CUTS = 500
PLACE_ORDER = 3
CLOSED_ALREADY = {DenialCode.CLOSE_PENDING, DenialCode.NO_POSITION, DenialCode.POSITION_CHANGED}


def market_order(screen: Screen, side: Side = Side.BUY, quantity: int = 100, symbol: str = "AAPL") -> PlaceOrder:
    replica = screen.replica
    con_id = next(one.con_id for one in replica.instruments.values() if one.symbol == symbol)
    return PlaceOrder(
        request=OrderRequest(
            order_ref=mint_order_ref(screen.client.instance),
            account=replica.account,
            con_id=con_id,
            side=side,
            quantity=Decimal(quantity),
            order_type=OrderType.MKT,
        )
    )


def close_all(screen: Screen, con_id: int, quantity: int = 100) -> ClosePosition:
    return ClosePosition(
        order_ref=mint_order_ref(screen.client.instance),
        account=screen.replica.account,
        con_id=con_id,
        quantity=Decimal(quantity),
        fraction=Decimal(1),
    )


def placed(floor: Floor, con_id: int | None = None) -> int:
    """The placeOrder frames that the gateway had, of one instrument or of all."""
    frames = [one for one in floor.gateway.received if one.message_id == PLACE_ORDER]
    return len(frames if con_id is None else [one for one in frames if str(con_id) == one.fields[2]])


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@warping
async def test_two_screens_close_the_same_position_at_once_and_one_order_leaves() -> None:
    async with no_leaks(), trading_floor() as floor:
        first, second = await floor.attach("first"), await floor.attach("second")
        command = market_order(first)
        con_id = command.request.con_id
        for _ in range(20):
            await first.send(market_order(first))
            await second.until(lambda replica: replica.held(con_id) == 100)
            before = placed(floor)
            acks = await asyncio.gather(first.send(close_all(first, con_id)), second.send(close_all(second, con_id)))
            assert sorted(ack.ok for ack in acks) == [False, True]
            (refused,) = [ack.denied for ack in acks if ack.denied is not None]
            assert refused.code in CLOSED_ALREADY
            await second.until(lambda replica: replica.held(con_id) == 0)
            assert placed(floor) == before + 1
        await floor.settle()
        assert differences(floor.gateway.ledger, floor.snapshot) == []


@pytest.mark.parametrize("latency", ["0", "ibkr"])
def test_a_second_close_never_doubles_the_first_whenever_it_comes(latency: str) -> None:
    """Between the fill and the position that follows from it the position still stands as it was."""

    @warping
    async def close_twice() -> None:
        async with trading_floor(FloorOptions(latency=latency)) as floor:
            first, second = await floor.attach("first"), await floor.attach("second")
            con_id = market_order(first).request.con_id
            for wait in range(40):
                await first.send(market_order(first))
                await second.until(lambda replica: replica.held(con_id) == 100)
                await floor.settle()
                going = asyncio.create_task(first.send(close_all(first, con_id)))
                await (turns(wait) if latency == "0" else asyncio.sleep(wait * 0.02))
                again = await second.send(close_all(second, con_id))
                acks = [await going, again]
                assert sorted(ack.ok for ack in acks) == [False, True], f"closed twice after {wait} steps"
                assert [ack.denied.code in CLOSED_ALREADY for ack in acks if ack.denied is not None] == [True]
                await second.until(lambda replica: replica.held(con_id) == 0)
            await floor.settle()
            assert differences(floor.gateway.ledger, floor.snapshot) == []

    close_twice()


class _Hand:
    """A person at a screen whose link breaks: looks, and presses Enter again if nothing is there."""

    def __init__(self, floor: Floor, link: CuttingLink, random: Random) -> None:
        self._floor = floor
        self._link = link
        self._random = random
        self.seen: Counter[str] = Counter()

    async def place(self, command: PlaceOrder) -> None:
        """Until the order is there. Fails if what the screen found out was not so."""
        client = await SocketClient.attach(self._link.path, "cut")
        request = len(frame(Request(id=1, body=command)))
        way = self._random.choice(list(Way))
        # Of core's answers to a command the first is the event of its intent, some hundred bytes long.
        self._link.arm(way, self._random.randint(0, request if way is Way.TO_CORE else 1500))
        try:
            ack = await client.send(command)
        except LinkError:
            self.seen[f"cut {way.value}"] += 1
            await self._look(command)
        else:
            assert ack.ok, ack.denied
            self.seen["answered"] += 1
        await client.close()

    async def _look(self, command: PlaceOrder) -> None:
        order_ref = command.request.order_ref
        again = await SocketClient.attach(self._link.path, "again")
        found = any(order.order_ref == order_ref for order in (await again.snapshot()).orders)
        self.seen["was there" if found else "was not there"] += 1
        if not found and self._random.random() < 0.5:
            await asyncio.sleep(self._random.choice((0.0, 0.5)))
            assert all(order.order_ref != order_ref for order in self._floor.snapshot.orders), "it came after all"
        ack = await again.send(command)
        assert ack.ok, ack.denied
        await again.close()


@pytest.mark.timeout(120)
@warping
async def test_a_screen_that_lost_its_link_after_enter_finds_its_order_and_never_doubles_it() -> None:
    async with no_leaks(), trading_floor() as floor:
        busy = await floor.attach("busy")
        async with CuttingLink(floor.socket, floor.socket.with_name("cut.sock")) as link:
            hand = _Hand(floor, link, Random(4))
            cut: list[str] = []
            for number in range(CUTS):
                command = market_order(busy, Side.BUY if number % 2 else Side.SELL, symbol="SPY")
                cut.append(command.request.order_ref)
                # Another screen is at work, so that ours may have to wait for its turn.
                others = [busy.send(market_order(busy)) for _ in range(number % 3)]
                await asyncio.gather(hand.place(command), *others)
                await asyncio.sleep(0.05)
        await floor.settle()

        assert differences(floor.gateway.ledger, floor.snapshot) == []
        sent = Counter(order.sent.text("orderRef") for order in floor.gateway.ledger.orders.values())
        assert [sent[order_ref] for order_ref in cut] == [1] * CUTS
        assert placed(floor) == len(floor.gateway.ledger.orders)
        assert hand.seen["was there"] > CUTS / 10
        assert hand.seen["was not there"] > CUTS / 10
