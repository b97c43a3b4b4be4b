"""Keys at the real desk, core and the practice gateway behind it: every type and time in force of the ticket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from textual import events
from textual.pilot import Pilot

from core.domain.instructions import Trail
from core.domain.instruments import Instrument
from core.domain.order_types import RULES
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.domain.prices import increment_at
from core.link.inproc import InProcessClient
from core.practice.orders import Order as BookedOrder
from core.practice.tables import Record
from core.practice.tables_order import PLACE_ORDER
from tests.orders.floor import AAPL, ACCOUNT, Floor, floor
from tests.orders.wanted import said, wanted
from tests.tui.desk_pilot import settle, words_of
from tests.tui.hands_desk import TurnedClock
from tui.app import DeskApp
from tui.hands.order_kinds import KINDS, TIFS, Field, fields_of
from tui.panes.order_entry import OrderEntry
from tui.screens.desk import DeskScreen

D = Decimal
PATIENCE = 10.0
PAUSE = 0.002
_KEYS = {"-": "minus", ".": "full_stop", "%": "percent_sign"}
LAST_DAY = (datetime.now(UTC) + timedelta(days=30)).date()
END_OF_IT = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 23, 59, 59, tzinfo=ZoneInfo("America/New_York"))
REFUSED_TIMES = {
    kind: [tif for tif in TIFS if tif not in RULES[kind].times] for kind in KINDS if set(TIFS) - RULES[kind].times
}
"""What IBKR does not take, by type."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person types for a type, and the order that must come of it."""

    price: str
    """Into the price field; empty leaves it as it is."""
    trigger: str
    """Into the stop, touch, trailing or offset field."""
    prices: Mapping[str, object]
    """The prices of the order."""


class SteadyClock(TurnedClock):
    """Every key comes half a second after the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.handled = 0

    def pressed(self, stamp: float) -> float:
        self.time += 0.5
        self.handled += 1
        return self.time

    def has_handled(self, keys: int) -> bool:
        """True once so many keys were handled."""
        return self.handled >= keys


class Person:
    """Somebody at the keyboard, without a sense of time."""

    def __init__(self, app: DeskApp, pilot: Pilot[None], behind: Floor, instrument: Instrument) -> None:
        self.app = app
        self.pilot = pilot
        self.behind = behind
        self.instrument = instrument
        self.clock = SteadyClock()
        self.entry.timing = self.clock

    @property
    def entry(self) -> OrderEntry:
        """The pane of the ticket."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, DeskScreen)
        return screen.query_one(OrderEntry)

    @property
    def ticket(self) -> str:
        """What the ticket pane shows, as running text."""
        return " ".join(self.entry.face.plain.split())

    async def press(self, *keys: str) -> None:
        """Press keys, each once the one before was handled."""
        for key in keys:
            if key == "enter":
                # What it sends must have been painted.
                await self.pilot.pause()
            due = self.clock.handled + 1
            name = _KEYS.get(key, key)
            self.app.post_message(events.Key(name, key if len(key) == 1 else None))
            await self.until(partial(self.clock.has_handled, due))

    async def see(self, *texts: str) -> None:
        """Wait until the ticket pane shows these texts."""
        await self.until(lambda: all(text in self.ticket for text in texts))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, with the desk painting meanwhile."""
        for _ in range(int(PATIENCE / PAUSE)):
            if holds():
                return
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"never came: {self.ticket} · {words_of(self.app)}")

    def placed(self) -> list[Record]:
        """Every placeOrder frame that came to the gateway."""
        return [PLACE_ORDER.decode(frame.fields) for frame in self.behind.gateway.received if frame.fields[0] == "3"]

    async def write(
        self, verb: str, kind: OrderType, tif: TimeInForce, typed: Typed, *, quantity: str = "100", ext: bool = False
    ) -> None:
        """Open a ticket and fill in every field, from the type to the hours."""
        await self.press(verb)
        await self.see(f"{self.instrument.label}")
        await self.press("tab", "tab", *["right"] * TIFS.index(tif), "tab")
        if tif is TimeInForce.GTD:
            await self.press(*LAST_DAY.isoformat(), "tab")
        await self.press(*["right"] * KINDS.index(kind))
        at = Field.TYPE
        for field, text in (
            (Field.TRIGGER, typed.trigger),
            (Field.RTH, "ext" if ext else ""),
            (Field.PRICE, typed.price),
        ):
            if text:
                at = await self._tab(kind, tif, at, field)
                await self.press(*(["up"] if field is Field.RTH else text))
        await self._tab(kind, tif, at, Field.QUANTITY)
        await self.press(*quantity)

    async def _tab(self, kind: OrderType, tif: TimeInForce, at: Field, to: Field) -> Field:
        fields = fields_of(kind, tif)
        await self.press(*["tab"] * ((fields.index(to) - fields.index(at)) % len(fields)))
        return to

    async def choose_time(self, kind: OrderType, before: TimeInForce, tif: TimeInForce) -> None:
        """Go from the quantity to the time in force, choose another one and come back."""
        await self.press("tab", *["right"] * ((TIFS.index(tif) - TIFS.index(before)) % len(TIFS)))
        if tif is TimeInForce.GTD:
            await self.press("tab", *LAST_DAY.isoformat(), "shift+tab")
        await self.press("shift+tab")

    async def refused(self, tif: TimeInForce) -> None:
        """The ticket says why not, and Enter says it too."""
        await self.see("REFUSED", f"does not go with {tif}")
        await self.press("enter")
        await self.until(lambda: "REFUSED" not in self.ticket and f"does not go with {tif}. Use " in self.ticket)

    async def send(self) -> Record:
        """Press Enter; the frame that comes to the gateway. A market that moved meanwhile asks for Enter again."""
        before = len(self.placed())
        for _ in range(5):
            await self.press("enter")
            await self.until(lambda: len(self.placed()) > before or "Not sent" in self.ticket)
            if len(self.placed()) > before:
                return self.placed()[-1]
        raise AssertionError(f"nothing was sent: {self.ticket}")


@asynccontextmanager
async def person() -> AsyncIterator[Person]:
    """A desk on core and gateway, with AAPL in focus, quoted."""
    async with floor() as behind:
        instrument = await behind.watch(AAPL)

        async def connect() -> InProcessClient:
            return InProcessClient(behind.service, "desk")

        app = DeskApp(connect, theme="ibdesk-dark")
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            yield Person(app, pilot, behind, instrument)


def typed_for(kind: OrderType, desk: Floor, instrument: Instrument) -> Typed:
    """Prices of a buy order that rests, whatever the market does meanwhile."""
    low, high = desk.near(instrument, "0.95"), desk.near(instrument, "1.05", Side.SELL)
    tick = increment_at(low, instrument.price_bands)
    limit = Typed(f"{low}", "", {"limit_price": low})
    known = {
        OrderType.LMT: limit,
        OrderType.LOC: limit,
        OrderType.MIDPRICE: limit,
        OrderType.STP: Typed("", f"{high}", {"stop_price": high}),
        OrderType.STP_LMT: Typed(f"{high + tick}", f"{high}", {"stop_price": high, "limit_price": high + tick}),
        OrderType.TRAIL: Typed("", "5.5%", {"trail": Trail(percent=D("5.5"))}),
        OrderType.TRAIL_LIMIT: Typed("0.10", "12", {"trail": Trail(amount=D(12), limit_offset=D("0.10"))}),
        OrderType.MIT: Typed("", f"{low}", {"stop_price": low}),
        OrderType.LIT: Typed(f"{low - tick}", f"{low}", {"stop_price": low, "limit_price": low - tick}),
        OrderType.REL: Typed(f"{low}", "0.02", {"offset": D("0.02"), "limit_price": low}),
    }
    return known.get(kind, Typed("", "", {}))


def expected(
    kind: OrderType, tif: TimeInForce, typed: Typed, frame: Record, *, side: Side = Side.BUY, **terms: object
) -> OrderRequest:
    """The order that was typed, under the reference that it got."""
    given: dict[str, object] = {"quantity": D(100), **typed.prices, **terms}
    # Fields are named freely here; msgspec does not check types at construction.
    make: Callable[..., OrderRequest] = OrderRequest
    return make(
        order_ref=frame.text("orderRef"),
        account=ACCOUNT,
        con_id=AAPL,
        side=side,
        order_type=kind,
        tif=tif,
        good_till=END_OF_IT if tif is TimeInForce.GTD else None,
        **given,
    )


def held(desk: Floor, frame: Record) -> BookedOrder:
    """The order as the gateway holds it."""
    (found,) = [one for one in desk.gateway.ledger.orders.values() if one.order_id == frame.integer("orderId")]
    return found


async def same_everywhere(someone: Person, request: OrderRequest, frame: Record) -> None:
    """The frame, the gateway's order and core's own say what was typed, field by field."""
    await someone.behind.until(lambda: bool(someone.behind.order(request).perm_id))
    fields = wanted(request, someone.instrument, frame.integer("orderId"))
    assert said(frame) == fields
    assert said(held(someone.behind, frame).sent) == fields
    order = someone.behind.order(request)
    for name in ("account", "con_id", "side", "quantity", "order_type", "tif", "good_till", "outside_rth", "offset"):
        assert getattr(order, name) == getattr(request, name), name
    assert (order.limit_price, order.stop_price) == (request.limit_price, request.stop_price)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_typed_is_what_the_gateway_holds(kind: OrderType) -> None:
    async with person() as someone:
        typed = typed_for(kind, someone.behind, someone.instrument)
        times = [tif for tif in TIFS if tif in RULES[kind].times]
        for tif in times:
            await someone.write("b", kind, tif, typed)
            frame = await someone.send()
            request = expected(kind, tif, typed, frame)
            await same_everywhere(someone, request, frame)
        assert len(someone.placed()) == len(times)


@pytest.mark.parametrize("kind", list(REFUSED_TIMES))
async def test_a_time_that_ibkr_does_not_take_is_refused_with_words_and_not_sent(kind: OrderType) -> None:
    async with person() as someone:
        typed = typed_for(kind, someone.behind, someone.instrument)
        first, *others = REFUSED_TIMES[kind]
        await someone.write("b", kind, first, typed)
        await someone.refused(first)
        for before, tif in zip([first, *others], others, strict=False):
            await someone.choose_time(kind, before, tif)
            await someone.refused(tif)
        assert someone.placed() == []


@pytest.mark.parametrize("kind", [OrderType.LMT, OrderType.STP_LMT, OrderType.TRAIL])
async def test_hours_side_and_size_are_what_was_chosen(kind: OrderType) -> None:
    async with person() as someone:
        typed = typed_for(kind, someone.behind, someone.instrument)
        low = someone.behind.near(someone.instrument, "0.95")
        high = someone.behind.near(someone.instrument, "1.05", Side.SELL)
        if kind is OrderType.LMT:
            typed = Typed(f"{high}", "", {"limit_price": high})
        elif kind is OrderType.STP_LMT:
            typed = Typed(f"{low}", f"{low}", {"stop_price": low, "limit_price": low})
        await someone.write("s", kind, TimeInForce.GTC, typed, quantity="250", ext=True)
        frame = await someone.send()
        request = expected(kind, TimeInForce.GTC, typed, frame, side=Side.SELL, quantity=D(250), outside_rth=True)
        await same_everywhere(someone, request, frame)
