"""Where one cell of the table of controls is tried: a core of its own, a gateway, and the clients that ask."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from core.domain.authority import is_desk
from core.domain.commands import Ack, ModifyOrder, PlaceOrder
from core.domain.events import TradingState
from core.domain.limit_changes import SetLimit
from core.domain.orders import Order, OrderRequest, OrderState, OrderType, Pending, Side
from core.domain.quotes import Quote
from core.ids import mint_order_ref
from tests.controls.plane_door import PLANE, Answer, PlaneDoor
from tests.warp.harness import Floor, FloorOptions, Screen, trading_floor
from tests.warp.loop import warp_loop

T = TypeVar("T")

STAGE = FloorOptions(symbols=("AAPL",), start=datetime(2024, 11, 15, 15, 0, tzinfo=UTC))
"""10:00 in New York on a Friday. Long ago, for the order plane's claims end by the real clock."""

AAPL = 265598
RESTS_AT = Decimal("100.00")
"""A price at which a buy of AAPL rests."""
PATIENCE = 20.0
"""Seconds of warp time after which something that did not happen counts as failed."""
QUIET = 0.05
"""Seconds of warp time in which a frame of an order that was refused would be at the gateway."""
PLACE_ORDER = 3


class Case(StrEnum):
    """Where a cell lies."""

    INSIDE = "inside"
    ON = "on"
    OUTSIDE = "outside"


class Way(StrEnum):
    """What is asked for."""

    NEW = "new"
    MODIFY = "modify"


class Door(StrEnum):
    """Through what, by the name under which core knows the client."""

    DESK = "desk"
    SCRIPT = "table"
    PLANE = PLANE
    """The order plane, which places new orders only."""


class Spot:
    """One case, one way, one door."""

    def __init__(
        self,
        floor: Floor,
        way: Way,
        case: Case,
        text: str,
        desk: Screen,
        door: Screen,
        plane: PlaneDoor | None = None,
    ) -> None:
        """`text` is what the table says of the case; `desk` serves to set the scene; `plane` asks, else `door`."""
        self.floor = floor
        self.way = way
        self.case = case
        self.text = text
        self.desk = desk
        self.door = door
        """Who asks; for the order plane another client of the same name."""
        self._plane = plane
        self._base: dict[str, object] = {}
        self._order: OrderRequest | None = None

    @property
    def number(self) -> Decimal:
        """The case as a number."""
        return Decimal(self.text)

    @property
    def is_desk(self) -> bool:
        """True for a person's door."""
        return is_desk(self.door.client.name)

    def pick(self, inside: T, on: T, outside: T) -> T:
        """What belongs to the case."""
        return {Case.INSIDE: inside, Case.ON: on, Case.OUTSIDE: outside}[self.case]

    @property
    def is_plane(self) -> bool:
        """True for the order plane's door."""
        return self._plane is not None

    @property
    def asker(self) -> str:
        """The name under which core knows who asks."""
        return self.door.client.name if self._plane is None else self._plane.client

    @property
    def count(self) -> int:
        """The case as a whole number."""
        return int(self.text)

    @property
    def account(self) -> str:
        """The account that the connection verified first."""
        return self.floor.service.connection.account

    @property
    def order(self) -> Order:
        """The order that is changed."""
        assert self._order is not None
        return self.known(self._order)

    def quote(self, con_id: int = AAPL) -> Quote:
        """Its market as it stands."""
        return next(one for one in self.floor.snapshot.quotes if one.con_id == con_id)

    @property
    def market_ask(self) -> Decimal:
        """What AAPL is offered at."""
        ask = self.quote().ask
        assert ask is not None
        return ask

    def held(self, con_id: int = AAPL) -> Decimal:
        """What core knows to be held."""
        positions = self.floor.snapshot.positions or ()
        return sum((one.quantity for one in positions if one.con_id == con_id), Decimal(0))

    def known(self, request: OrderRequest) -> Order:
        """An order as core knows it."""
        return next(one for one in self.floor.snapshot.orders if one.order_ref == request.order_ref)

    def request(self, **terms: object) -> OrderRequest:
        """A buy of one share that rests, but for what `terms` say. Without a limit for `limit_price=None`."""
        given: dict[str, object] = {
            "order_ref": mint_order_ref(self.desk.client.instance),
            "account": self.account,
            "con_id": AAPL,
            "side": Side.BUY,
            "quantity": Decimal(1),
            "order_type": OrderType.LMT,
            "limit_price": RESTS_AT,
            **terms,
        }
        # Cases name fields freely; msgspec does not check types at construction.
        make: Callable[..., OrderRequest] = OrderRequest
        return make(**given)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until core's state is so, looked at after each piece of news."""
        await self.desk.until(lambda _: true())

    async def place(self, screen: Screen | None = None, **terms: object) -> OrderRequest:
        """Set the scene by an order that core must take and the gateway answer."""
        request = self.request(**terms)
        await (screen or self.door).place(request)
        await self.until(lambda: self.known(request).state not in (OrderState.INTENT, OrderState.SENT))
        return request

    async def hold(self, quantity: int) -> None:
        """Set the scene by so many units more of a position, in one trade."""
        wanted = self.held() + quantity
        await self.place(quantity=Decimal(quantity), order_type=OrderType.MKT, limit_price=None)
        await self.until(lambda: self.held() == wanted)

    async def limit(self, name: str, value: object, word: str = "", by: Screen | None = None) -> Ack:
        """A person, or `by`, gives a limit another value."""
        return await (by or self.desk).send(SetLimit(name=name, value=str(value), word=word))

    async def tighten(self, name: str, value: object) -> None:
        """The same, to one that counts at once."""
        ack = await self.limit(name, value)
        assert ack.ok, ack.denied

    async def only_reducing(self) -> None:
        """Set the scene by a day's loss that is at its limit."""
        await self.tighten("daily_loss", "0.01")
        await self.until(lambda: self.floor.snapshot.trading_state is TradingState.REDUCING)

    async def base(self, by: Screen | None = None, **terms: object) -> None:
        """What is asked for is like this but for what `ask` says; to be changed, it must work first, sent by `by`."""
        self._base = terms
        if self.way is Way.MODIFY:
            self._order = await self.place(by, **terms)
            await self.settled()

    async def settled(self) -> None:
        """Wait until the order that is changed works as it stands."""
        await self.until(lambda: self.order.state is OrderState.WORKING and self.order.pending is Pending.NONE)

    async def ask(
        self,
        given_terms: Mapping[str, object] | None = None,
        /,
        *,
        said: Mapping[str, object] | None = None,
        revision: int | None = None,
        **terms: object,
    ) -> Answer:
        """Ask, through the door, and see that a frame left exactly if core took it. `said` belongs to the command."""
        before = self.frames
        terms.update(given_terms or {})
        make: Callable[..., PlaceOrder | ModifyOrder] = PlaceOrder
        given: dict[str, object] = {"request": self.request(**self._base | terms)}
        if self.way is Way.MODIFY:
            order, make = self.order, ModifyOrder
            given = {"order_ref": order.order_ref, "revision": order.revision if revision is None else revision}
            given |= terms
        if self._plane is None:
            ack = await self.door.send(make(**given, **(said or {})))
            code = "" if ack.denied is None else ack.denied.code.value
            answer = Answer(ok=ack.ok, code=code, order_ref="" if ack.order is None else ack.order.order_ref)
        else:
            assert self.way is Way.NEW
            answer = await self._plane.ask(self.request(**self._base | terms), said or {})
        if answer.ok:
            await self.floor.gateway.wait_for(lambda: self.frames == before + 1, PATIENCE)
            return answer
        await asyncio.sleep(QUIET)
        assert self.frames == before, f"refused ({answer.code}), and a frame left"
        return answer

    @property
    def frames(self) -> int:
        """The placeOrder frames that the gateway had."""
        return sum(one.message_id == PLACE_ORDER for one in self.floor.gateway.received)

    async def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        await asyncio.sleep(seconds)

    async def turns(self) -> None:
        """Let core do all that it does at this moment."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def later(self, seconds: float) -> None:
        """Wait so long, exactly; from a whole second on."""
        await self.at(warp_loop().time() + seconds)

    async def whole_second(self) -> float:
        """Wait until the loop's time is a whole number, so that times from there on are exact."""
        whole = math.floor(warp_loop().time()) + 1.0
        await self.at(whole)
        return whole

    async def at(self, when: float) -> None:
        """Wait until a time of the loop, exactly."""
        loop = warp_loop()
        # A timer comes up to a nanosecond early where another one ends the loop's sleep.
        while loop.time() < when:
            reached = asyncio.Event()
            loop.call_at(when, reached.set)
            await reached.wait()


@asynccontextmanager
async def spot(options: FloorOptions, way: Way, door: Door, case: Case, text: str) -> AsyncIterator[Spot]:
    """A core, a gateway and clients, for one cell; where a person must connect first, that is left to the case."""
    async with trading_floor(options, ready=options.mode is FloorOptions().mode) as floor:
        desk = await floor.attach(Door.DESK)
        asks = desk if door is Door.DESK else await floor.attach(door)
        if door is not Door.PLANE:
            yield Spot(floor, way, case, text, desk, asks)
            return
        async with PlaneDoor(floor) as plane:
            yield Spot(floor, way, case, text, desk, asks, plane)
