"""Two screens at one core, and a screen whose link breaks right after Enter: never one order too many."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from core.clock import LoopClock
from core.domain.commands import ClosePosition, DenialCode, PlaceOrder
from core.domain.orders import Order, OrderRequest, OrderType, Side
from core.errors import LinkError
from core.ids import mint_order_ref
from core.link.client import SocketClient
from core.link.wire import Request, frame
from tests.warp.books import differences
from tests.warp.cutting import CuttingLink, Way
from tests.warp.harness import WAIT, Floor, FloorOptions, Screen, trading_floor
from tests.warp.leaks import no_leaks
from tests.warp.loop import warping
from tui.bridge import Bridge
from tui.hands.lookups import Lookup, look_up
from tui.messages import DeskMessage, SnapshotLoaded, StartFailed
from tui.replica import Replica

CUTS = 500
PLACE_ORDER = 3
CLOSED_ALREADY = {DenialCode.CLOSE_PENDING, DenialCode.NO_POSITION, DenialCode.POSITION_CHANGED}


def an_order(screen: Screen) -> PlaceOrder:
    return market_order(screen.replica, mint_order_ref(screen.client.instance))


def market_order(replica: Replica, order_ref: str, side: Side = Side.BUY, symbol: str = "AAPL") -> PlaceOrder:
    con_id = next(one.con_id for one in replica.instruments.values() if one.symbol == symbol)
    return PlaceOrder(
        request=OrderRequest(
            order_ref=order_ref,
            account=replica.account,
            con_id=con_id,
            side=side,
            quantity=Decimal(100),
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
        command = an_order(first)
        con_id = command.request.con_id
        for _ in range(20):
            await first.send(an_order(first))
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
@warping
async def test_a_second_close_never_doubles_the_first_whenever_it_comes(latency: str) -> None:
    """Between the fill and the position that follows from it the position still stands as it was."""
    async with trading_floor(FloorOptions(latency=latency)) as floor:
        first, second = await floor.attach("first"), await floor.attach("second")
        con_id = an_order(first).request.con_id
        for wait in range(40):
            await first.send(an_order(first))
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


class _Hand:
    """A person at a desk whose link breaks: looks what became of the order, and sends another if it is not there."""

    def __init__(self, floor: Floor, link: CuttingLink, random: Random) -> None:
        self._floor = floor
        self._link = link
        self._random = random
        self._news = asyncio.Event()
        self._loaded = 0
        self.replica = Replica()
        self.bridge = Bridge(
            lambda: SocketClient.attach(link.path, "cut"), self.replica, self._hear, utc=floor.clock.utc
        )
        self.seen: Counter[str] = Counter()
        self.sent: list[set[str]] = []
        """Of everything that was wanted once, the references under which it was sent."""

    def _hear(self, message: DeskMessage) -> None:
        assert not isinstance(message, StartFailed), message.text
        self._loaded += isinstance(message, SnapshotLoaded)
        self._news.set()

    async def attached(self, loads: int = 1) -> None:
        """Wait until the desk has had so many snapshots, and is attached."""
        async with asyncio.timeout(WAIT):
            while self._loaded < loads or not self.bridge.is_attached:
                self._news.clear()
                await self._news.wait()

    async def place(self, side: Side, symbol: str) -> None:
        """Until the order is there, once. Fails if what the desk found out was not so."""
        references: set[str] = set()
        self.sent.append(references)
        found: Lookup | None = None
        while found is None or found.order is None:
            await self.attached()
            command = market_order(self.replica, self.bridge.mint_order_ref(), side, symbol=symbol)
            references.add(command.request.order_ref)
            found = await self._send(command)

    async def _send(self, command: PlaceOrder) -> Lookup:
        request = len(frame(Request(id=1, body=command)))
        way = self._random.choice(list(Way))
        loads, order_ref = self._loaded, command.request.order_ref
        sent = LoopClock(asyncio.get_running_loop()).utc()
        # Core answers with the events of the order and the Ack, some hundred bytes each.
        self._link.arm(way, self._random.randint(0, request if way is Way.TO_CORE else 4000))
        if self._random.random() < 0.3:
            self._link.arm_next(self._random.choice(list(Way)), self._random.randint(0, 30_000))
        try:
            ack = await self.bridge.send(command)
        except LinkError:
            self.seen[f"cut {way.value}"] += 1
        else:
            assert ack.ok, ack.denied
            self.seen["answered"] += 1
            return Lookup(order_ref, self.replica.orders.get(order_ref) or self._at_core(order_ref), "")
        await self.attached(loads + 1)
        found = look_up(order_ref, "", self.replica.orders, sent=sent, since=self.replica.since)
        if found.order is not None:
            self.seen["was there"] += 1
            assert found.was_sent, found.text
            assert self._at_core(order_ref) is not None
        else:
            self.seen["was not there"] += 1
            await asyncio.sleep(self._random.choice((0.0, 0.5)))
            assert self._at_core(order_ref) is None, "it came after all"
        return found

    def _at_core(self, order_ref: str) -> Order | None:
        return next((order for order in self._floor.snapshot.orders if order.order_ref == order_ref), None)


@pytest.mark.row(65)
@pytest.mark.timeout(120)
@warping
async def test_a_desk_that_lost_its_link_after_enter_finds_its_order_and_never_doubles_it() -> None:
    async with no_leaks(), trading_floor() as floor:
        busy = await floor.attach("busy")
        async with CuttingLink(floor.socket, floor.socket.with_name("cut.sock")) as link:
            hand = _Hand(floor, link, Random(4))
            desk = asyncio.create_task(hand.bridge.run(), name="cut desk")
            number = 0
            while sum(hand.seen[f"cut {way.value}"] for way in Way) < CUTS:
                number += 1
                # Another screen is at work, so that ours may have to wait for its turn.
                others = [busy.send(an_order(busy)) for _ in range(number % 3)]
                await asyncio.gather(hand.place(Side.BUY if number % 2 else Side.SELL, "SPY"), *others)
                await asyncio.sleep(0.05)
            link.arm(Way.TO_CORE, 0)
            await floor.settle()
            await hand.attached()
            assert hand.replica.orders == {order.order_ref: order for order in floor.snapshot.orders}
            await hand.bridge.leave(stop=False)
            desk.cancel()
            await asyncio.gather(desk, return_exceptions=True)
        await floor.settle()

        assert differences(floor.gateway.ledger, floor.snapshot) == []
        booked = Counter(order.sent.text("orderRef") for order in floor.gateway.ledger.orders.values())
        assert [sum(booked[one] for one in references) for references in hand.sent] == [1] * len(hand.sent)
        assert placed(floor) == len(floor.gateway.ledger.orders)
        assert min(hand.seen[what] for what in ("was there", "was not there", "answered")) > CUTS / 10
