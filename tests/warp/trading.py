"""Hours of trading by several hands, decided by a seed: orders, changes, cancels, closes, screens that come and go."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import count
from random import Random

from msgspec import Struct

from core.domain.commands import (
    Ack,
    CancelOrder,
    ClosePosition,
    Command,
    DenialCode,
    ModifyOrder,
    OrderPreview,
    PlaceOrder,
    PreviewClose,
    SearchSymbols,
    Unwatch,
    Watch,
)
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.prices import step_ticks
from core.domain.quotes import Quote
from core.ids import mint_order_ref
from tests.warp.harness import Floor, Screen
from tests.warp.loop import warp_loop
from tui.replica import Replica

_SOME_WAIT = (2.0, 45.0)
"""Seconds after which a resting order is changed or cancelled."""

_RACES = frozenset({DenialCode.NOT_LIVE, DenialCode.REVISION, DenialCode.NO_POSITION, DenialCode.CLOSE_PENDING})
"""What may meet a change, a cancel or a close when the market was quicker."""

BURST = 60
"""Orders that a burst begins with."""

Deed = Callable[[], Awaitable[None]]


class Plan(Struct, frozen=True, kw_only=True):
    """How much is to happen."""

    seconds: float
    orders: int
    instruments: int
    """How many are traded in turn."""
    at_a_time: int
    """How many of them are watched at once."""
    turns: int
    """How often others come to be watched."""
    screens: int = 3
    comings: int = 60
    """How often a screen comes or goes."""
    bursts: int = 0
    """How often far more is asked at once than may leave in a second."""
    seed: int = 1


class Trading:
    """One plan on one floor."""

    def __init__(self, floor: Floor, plan: Plan) -> None:
        self._floor = floor
        self._plan = plan
        self._random = Random(plan.seed)
        self._deeds: list[tuple[float, int, Deed]] = []
        self._numbers = count()
        self._watched: list[int] = []
        self._next = 0
        self._con_ids = _usual(floor)[: plan.instruments]
        self.done: Counter[str] = Counter()
        """What was done, by the name of the command, and `traded` instruments."""
        self.refused: list[str] = []
        """Commands that were refused for another reason than that the market was quicker."""
        self._traded: set[int] = set()
        self.most_screens = 0
        """Screens that were attached at once."""
        self.cancels: list[tuple[float, str]] = []
        """Loop time at which a screen asked to cancel, and the order."""

    async def run(self) -> None:
        """From the first screen to the last cancel; some screens stay, and so do positions."""
        plan, loop = self._plan, warp_loop()
        began, ends = loop.time(), loop.time() + plan.seconds
        await self._come()
        await self._watch(plan.at_a_time)
        for number in range(plan.orders):
            self._at(began + 10 + (plan.seconds - 20) * number / plan.orders, self._order)
        for number in range(1, plan.turns):
            self._at(began + plan.seconds * number / plan.turns, self._turn)
        for _ in range(plan.comings):
            self._at(self._random.uniform(began, ends), self._come_or_go)
        for _ in range(plan.bursts):
            self._at(self._random.uniform(began + 15, ends), self._burst)
        while self._deeds:
            when, _, deed = heapq.heappop(self._deeds)
            if when > loop.time():
                await _sleep_until(when)
            await deed()
        for order in self._desk.replica.live_orders():
            await self._do(CancelOrder(order_ref=order.order_ref))
        await self._floor.settle()
        self.done["traded"] = len(self._traded)

    @property
    def _desk(self) -> Screen:
        """One of the screens that are attached."""
        return self._random.choice(self._floor.screens)

    def _at(self, when: float, deed: Deed) -> None:
        heapq.heappush(self._deeds, (when, next(self._numbers), deed))

    def _later(self, deed: Deed) -> None:
        self._at(warp_loop().time() + self._random.uniform(*_SOME_WAIT), deed)

    async def _do(self, command: Command) -> Ack:
        if isinstance(command, CancelOrder):
            self.cancels.append((warp_loop().time(), command.order_ref))
        ack = await self._desk.send(command)
        self.done[type(command).__name__] += 1
        if ack.denied is not None and ack.denied.code not in _RACES:
            self.refused.append(f"{type(command).__name__}: {ack.denied.message}")
        return ack

    async def _come_or_go(self) -> None:
        if len(self._floor.screens) < 2 or (
            len(self._floor.screens) < self._plan.screens and self._random.random() < 0.5
        ):
            await self._come()
        else:
            screen = self._desk
            await agree(screen, self._floor)
            await self._floor.detach(screen)
            self.done["went"] += 1

    async def _come(self) -> None:
        await self._floor.attach(f"screen{next(self._numbers)}")
        self.done["came"] += 1
        self.most_screens = max(self.most_screens, len(self._floor.screens))

    async def _turn(self) -> None:
        """Watch others: what was traded so far is closed first."""
        leaving, self._watched = self._watched, []
        for order in self._desk.replica.live_orders():
            await self._do(CancelOrder(order_ref=order.order_ref))
        await _sleep_until(warp_loop().time() + 1)
        for con_id in leaving:
            await self._close(con_id)
        await _sleep_until(warp_loop().time() + 3)
        for con_id in leaving:
            await self._do(Unwatch(con_id=con_id))
        await self._watch(self._plan.at_a_time)

    async def _watch(self, number: int) -> None:
        for _ in range(number):
            con_id = self._con_ids[self._next % len(self._con_ids)]
            self._next += 1
            ack = await self._do(Watch(con_id=con_id))
            if ack.ok:
                self._watched.append(con_id)
        watched = set(self._watched)
        await self._desk.until(lambda replica: watched <= {c for c, quote in replica.quotes.items() if quote.tradable})
        # The other screens are shown the same within the same twentieth of a second.
        await _sleep_until(warp_loop().time() + 0.1)

    async def _close(self, con_id: int) -> None:
        desk = self._desk
        if not desk.replica.held(con_id):
            return
        account, whole = desk.replica.account, Decimal(1)
        asked = await self._do(PreviewClose(account=account, con_id=con_id, fraction=whole))
        if isinstance(asked.result, OrderPreview):
            await self._do(
                ClosePosition(
                    order_ref=mint_order_ref(desk.client.instance),
                    account=account,
                    con_id=con_id,
                    quantity=asked.result.request.quantity,
                    fraction=whole,
                )
            )

    async def _order(self) -> None:
        desk = self._desk
        quotes = (desk.replica.quote(con_id) for con_id in self._random.sample(self._watched, len(self._watched)))
        quote = next((quote for quote in quotes if quote is not None and quote.tradable), None)
        if quote is None:
            self.refused.append("nothing that is watched is quoted")
            return
        request = self._request(desk.replica, quote, mint_order_ref(desk.client.instance))
        self._traded.add(quote.con_id)
        ack = await self._do(PlaceOrder(request=request))
        if ack.ok and request.order_type is OrderType.LMT:
            if self._random.random() < 0.6:
                self._later(lambda: self._change(request.order_ref))
            self._later(lambda: self._cancel(request.order_ref))

    async def _burst(self) -> None:
        """Orders, searches and, while they wait for their turn, the cancels of all that rests."""
        await asyncio.gather(*(self._order() for _ in range(BURST)))
        await _sleep_until(warp_loop().time() + 0.1)
        resting = [order.order_ref for order in self._desk.replica.live_orders()]
        searches = (self._do(SearchSymbols(pattern="A")) for _ in range(BURST // 4))
        orders = (self._order() for _ in range(BURST // 4))
        await asyncio.gather(*searches, *orders, *(self._cancel(order_ref) for order_ref in resting))

    def _request(self, replica: Replica, quote: Quote, order_ref: str) -> OrderRequest:
        side = self._random.choice((Side.BUY, Side.SELL))
        held = replica.held(quote.con_id) or Decimal(0)
        if abs(held) > 2000:
            side = Side.SELL if held > 0 else Side.BUY
        is_market = self._random.random() < 0.35
        ticks = self._random.randint(-3, 8)
        return OrderRequest(
            order_ref=order_ref,
            account=replica.account,
            con_id=quote.con_id,
            side=side,
            quantity=Decimal(self._random.choice((1, 10, 50, 100, 300))),
            order_type=OrderType.MKT if is_market else OrderType.LMT,
            limit_price=None if is_market else _away(replica, quote, side, ticks),
        )

    async def _change(self, order_ref: str) -> None:
        desk = self._desk
        order = desk.replica.orders.get(order_ref)
        quote = None if order is None else desk.replica.quote(order.con_id)
        if order is None or not order.is_live or quote is None or not quote.tradable:
            return
        price = _away(desk.replica, quote, order.side, self._random.randint(-1, 5))
        if price != order.limit_price:
            await self._do(ModifyOrder(order_ref=order_ref, revision=order.revision, limit_price=price))

    async def _cancel(self, order_ref: str) -> None:
        order = self._desk.replica.orders.get(order_ref)
        if order is not None and order.is_live:
            await self._do(CancelOrder(order_ref=order_ref))


async def agree(screen: Screen, floor: Floor) -> None:
    """Wait until a screen has every fact, and see that it shows core's orders and fills."""
    await screen.until(lambda replica: replica.number == floor.snapshot.number)
    snapshot, replica = floor.snapshot, screen.replica
    assert replica.orders == {order.order_ref: order for order in snapshot.orders}
    assert set(replica.executions.values()) == set(snapshot.executions)


def _usual(floor: Floor) -> list[int]:
    """What is traded in dollars: stocks first, then futures."""
    known = [one for one in floor.gateway.hub.catalogue.instruments if one.currency == "USD"]
    return [one.con_id for kind in ("STK", "FUT") for one in known if one.sec_type == kind]


def _away(replica: Replica, quote: Quote, side: Side, ticks: int) -> Decimal:
    """A price so many ticks behind the own side of the market, or through it if negative."""
    near = quote.bid if side is Side.BUY else quote.ask
    assert near is not None
    return step_ticks(near, -side.sign * ticks, replica.instruments[quote.con_id].price_bands)


async def _sleep_until(when: float) -> None:
    await asyncio.sleep(when - warp_loop().time())
