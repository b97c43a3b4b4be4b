"""Keys at the real desk, core and the practice gateway behind it: every type and time in force of the ticket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from core.domain.instructions import Trail
from core.domain.instruments import Instrument
from core.domain.order_types import RULES
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.domain.prices import increment_at
from core.practice.orders import Order as BookedOrder
from core.practice.tables import Record
from tests.orders.floor import AAPL, ACCOUNT, Floor
from tests.orders.wanted import said, wanted
from tests.tui.person import Person, person
from tui.hands.order_kinds import KINDS, TIFS, Field, fields_of

D = Decimal
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


async def write(
    someone: Person,
    verb: str,
    kind: OrderType,
    tif: TimeInForce,
    typed: Typed,
    *,
    quantity: str = "100",
    ext: bool = False,
) -> None:
    """Open a ticket and fill in every field, from the type to the hours."""
    await someone.press(verb)
    await someone.see(f"{someone.instrument.label}")
    await someone.press("tab", "tab", *["right"] * TIFS.index(tif), "tab")
    if tif is TimeInForce.GTD:
        await someone.press(*LAST_DAY.isoformat(), "tab")
    await someone.press(*["right"] * KINDS.index(kind))
    at = Field.TYPE
    for field, text in (
        (Field.TRIGGER, typed.trigger),
        (Field.RTH, "ext" if ext else ""),
        (Field.PRICE, typed.price),
    ):
        if text:
            at = await _tab(someone, kind, tif, at, field)
            await someone.press(*(["up"] if field is Field.RTH else text))
    await _tab(someone, kind, tif, at, Field.QUANTITY)
    await someone.press(*quantity)


async def _tab(someone: Person, kind: OrderType, tif: TimeInForce, at: Field, to: Field) -> Field:
    fields = fields_of(kind, tif)
    await someone.press(*["tab"] * ((fields.index(to) - fields.index(at)) % len(fields)))
    return to


async def choose_time(someone: Person, kind: OrderType, before: TimeInForce, tif: TimeInForce) -> None:
    """Go from the quantity to the time in force, choose another one and come back."""
    await someone.press("tab", *["right"] * ((TIFS.index(tif) - TIFS.index(before)) % len(TIFS)))
    if tif is TimeInForce.GTD:
        await someone.press("tab", *LAST_DAY.isoformat(), "shift+tab")
    await someone.press("shift+tab")


async def refused(someone: Person, tif: TimeInForce) -> None:
    """The ticket says why not, and Enter says it too."""
    await someone.see("REFUSED", f"does not go with {tif}")
    await someone.press("enter")
    await someone.until(lambda: "REFUSED" not in someone.ticket and f"does not go with {tif}. Use " in someone.ticket)


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
            await write(someone, "b", kind, tif, typed)
            frame = await someone.send()
            request = expected(kind, tif, typed, frame)
            await same_everywhere(someone, request, frame)
        assert len(someone.placed()) == len(times)


@pytest.mark.parametrize("kind", list(REFUSED_TIMES))
async def test_a_time_that_ibkr_does_not_take_is_refused_with_words_and_not_sent(kind: OrderType) -> None:
    async with person() as someone:
        typed = typed_for(kind, someone.behind, someone.instrument)
        first, *others = REFUSED_TIMES[kind]
        await write(someone, "b", kind, first, typed)
        await refused(someone, first)
        for before, tif in zip([first, *others], others, strict=False):
            await choose_time(someone, kind, before, tif)
            await refused(someone, tif)
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
        await write(someone, "s", kind, TimeInForce.GTC, typed, quantity="250", ext=True)
        frame = await someone.send()
        request = expected(kind, TimeInForce.GTC, typed, frame, side=Side.SELL, quantity=D(250), outside_rth=True)
        await same_everywhere(someone, request, frame)
