"""What orders carry beside their prices: every field at the gateway, back in core, changed and cancelled."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.instructions import (
    Adaptive,
    AdaptivePriority,
    Algo,
    ChangeCondition,
    Condition,
    Conditions,
    ExecutionCondition,
    Join,
    MarginCondition,
    Oca,
    OcaType,
    PctVol,
    PriceCondition,
    TimeCondition,
    Trail,
    Twap,
    VolumeCondition,
    Vwap,
)
from core.domain.orders import Order, OrderSpec, OrderState, OrderType, Side, TimeInForce
from core.practice.tables import Value
from tests.orders.floor import AAPL, floor
from tests.orders.wanted import said, stamp, wanted, without

D = Decimal
SOON = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
LATER = SOON + timedelta(hours=2)


def same(one: OrderSpec, other: OrderSpec) -> bool:
    """True if both ask for the same."""
    return all(getattr(one, name) == getattr(other, name) for name in OrderSpec.__struct_fields__)


@pytest.mark.parametrize(
    "terms",
    [
        {"hidden": True},
        {"all_or_none": True},
        {"display_size": D(20)},
        {"outside_rth": True},
        {"good_after": SOON},
        {"good_after": SOON, "good_till": LATER, "tif": TimeInForce.GTD},
        {"oca": Oca(group="breakout", kind=OcaType.CANCEL)},
        {"oca": Oca(group="breakout", kind=OcaType.REDUCE_WITH_BLOCK)},
        {"oca": Oca(group="breakout", kind=OcaType.REDUCE)},
    ],
)
async def test_every_field_there_and_back(terms: dict[str, object]) -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        price = desk.near(instrument, "0.95")
        request = desk.request(instrument, OrderType.LMT, limit_price=price, **terms)
        order = await desk.placed(request)

        assert said(desk.frames(request)[0]) == wanted(request, instrument, order.order_id)
        assert same(order, request)
        (told,) = await desk.open_orders()
        assert same(told, request)
        changed = await desk.modified(request, limit_price=price - 1, quantity=D(200))
        assert (changed.limit_price, changed.quantity, changed.note) == (price - 1, D(200), "")
        first, second = map(said, desk.frames(request))
        assert without(second, "lmtPrice", "totalQuantity") == without(first, "lmtPrice", "totalQuantity")
        assert (await desk.cancelled(request)).state is OrderState.CANCELLED
        assert (await desk.replayed()).book.get(order.order_ref) == desk.order(request)


CONDITIONS: dict[str, tuple[Condition, dict[str, Value]]] = {
    "price": (
        PriceCondition(con_id=AAPL, price=D("300.25"), above=True, method=4),
        {"condType": 1, "isMore": True, "price": D("300.25"), "conId": AAPL, "exch": "SMART", "triggerMethod": 4},
    ),
    "time": (TimeCondition(time=SOON), {"condType": 3, "isMore": True, "time": stamp(SOON)}),
    "margin": (MarginCondition(percent=5, above=False), {"condType": 4, "isMore": False, "percent": 5}),
    "execution": (
        ExecutionCondition(symbol="MSFT"),
        {"condType": 5, "secType": "STK", "exch": "SMART", "symbol": "MSFT"},
    ),
    "volume": (
        VolumeCondition(con_id=AAPL, volume=2_000_000_000),
        {"condType": 6, "isMore": True, "volume": 2_000_000_000, "conId": AAPL, "exch": "SMART"},
    ),
    "change": (
        ChangeCondition(con_id=AAPL, percent=D("-12.5"), above=False),
        {"condType": 7, "isMore": False, "changePercent": D("-12.5"), "conId": AAPL, "exch": "SMART"},
    ),
}


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("cancels", [False, True])
async def test_conditions(name: str, cancels: bool) -> None:
    condition, row = CONDITIONS[name]
    other = PriceCondition(con_id=AAPL, price=D("400"), above=True, join=Join.OR)
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        conditions = Conditions(items=(other, condition), cancels=cancels, outside_rth=True)
        request = desk.request(instrument, limit_price=desk.near(instrument, "0.95"), conditions=conditions)
        order = await desk.placed(request)
        frame = said(desk.frames(request)[0])

        assert without(frame, "conditions", "conditionsIgnoreRth", "conditionsCancelOrder") == wanted(
            request, instrument, order.order_id
        )
        rows = desk.frames(request)[0].rows("conditions")
        assert [one.text("conjunction") for one in rows] == ["o", "a"]
        assert without(rows[1], "conjunction") == row
        assert (bool(frame.get("conditionsCancelOrder")), frame["conditionsIgnoreRth"]) == (cancels, True)
        (told,) = await desk.open_orders()
        assert same(told, request)
        assert (await desk.modified(request, quantity=D(200))).conditions == conditions
        assert (await desk.cancelled(request)).state is OrderState.CANCELLED


async def test_a_condition_starts_an_order_and_another_cancels_one() -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        met = PriceCondition(con_id=AAPL, price=D("1"), above=True)
        starts = desk.request(instrument, OrderType.MKT, conditions=Conditions(items=(met,)))
        ends = desk.request(
            instrument, limit_price=desk.near(instrument, "0.95"), conditions=Conditions(items=(met,), cancels=True)
        )
        await desk.placed(starts)
        await desk.placed(ends)
        await desk.until(lambda: desk.order(starts).state is OrderState.FILLED)
        await desk.until(lambda: desk.order(ends).state is OrderState.CANCELLED)


ALGOS: list[tuple[Algo, str, dict[str, str]]] = [
    (Adaptive(priority=AdaptivePriority.PATIENT), "Adaptive", {"adaptivePriority": "Patient"}),
    (Twap(), "Twap", {"allowPastEndTime": "0"}),
    (
        Twap(start=SOON, end=LATER, past_end=True),
        "Twap",
        {"startTime": stamp(SOON), "endTime": stamp(LATER), "allowPastEndTime": "1"},
    ),
    (
        Vwap(max_percent=D(12), end=LATER, passive=True),
        "Vwap",
        {"maxPctVol": "0.12", "endTime": stamp(LATER), "allowPastEndTime": "0", "noTakeLiq": "1"},
    ),
    (PctVol(percent=D("7.5")), "PctVol", {"pctVol": "0.075", "noTakeLiq": "0"}),
]


@pytest.mark.parametrize(("algo", "name", "parameters"), ALGOS)
async def test_algorithms(algo: Algo, name: str, parameters: dict[str, str]) -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        price = desk.near(instrument, "0.95")
        request = desk.request(instrument, limit_price=price, quantity=D(1000), algo=algo)
        order = await desk.placed(request)
        frame = desk.frames(request)[0]

        assert without(said(frame), "algoStrategy", "algoParams") == wanted(request, instrument, order.order_id)
        assert frame.text("algoStrategy") == name
        assert {one.text("tag"): one.text("value") for one in frame.rows("algoParams")} == parameters
        (told,) = await desk.open_orders()
        assert told.algo == algo
        changed = await desk.modified(request, limit_price=price - 1)
        assert (changed.limit_price, changed.algo, changed.note) == (price - 1, algo, "")
        assert (await desk.cancelled(request)).state is OrderState.CANCELLED


@pytest.mark.parametrize("kind", list(OcaType))
async def test_a_whole_fill_ends_the_rest_of_a_group(kind: OcaType) -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        group = Oca(group="either", kind=kind)
        rests = desk.request(instrument, limit_price=desk.near(instrument, "0.95"), quantity=D(100), oca=group)
        await desk.placed(rests)
        fills = desk.request(instrument, limit_price=desk.near(instrument, "1.01"), quantity=D(100), oca=group)
        await desk.placed(fills)
        await desk.until(lambda: desk.order(fills).state is OrderState.FILLED)
        await desk.until(lambda: desk.order(rests).state is OrderState.CANCELLED)

        assert not [one for one in desk.snapshot.incidents if "IBKR cancelled" in one.text]


@pytest.mark.parametrize(
    ("into", "terms"),
    [
        (OrderType.LMT, {"limit_price": "0.96"}),
        (OrderType.STP_LMT, {"limit_price": "0.93"}),
        (OrderType.TRAIL, {"trail": Trail(percent=D(7))}),
        (OrderType.STP, {"tif": TimeInForce.GTC}),
        (OrderType.STP, {"tif": TimeInForce.GTD, "good_till": LATER}),
        (OrderType.STP, {"outside_rth": True}),
    ],
)
async def test_type_and_time_in_force_change(into: OrderType, terms: dict[str, object]) -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        given = {
            name: desk.near(instrument, value) if isinstance(value, str) and name == "limit_price" else value
            for name, value in terms.items()
        }
        if into is OrderType.LMT:
            given["limit_price"] = desk.near(instrument, "1.05", Side.SELL)
        request = desk.request(
            instrument, OrderType.STP, side=Side.SELL, stop_price=desk.near(instrument, "0.94"), display_size=D(10)
        )
        before = await desk.placed(request)
        after = await desk.modified(request, order_type=into, display_size=D(0), **given)

        assert (after.order_type, after.display_size, after.note) == (into, None, "")
        assert {name: getattr(after, name) for name in given if name != "trail"} == {
            name: value for name, value in given.items() if name != "trail"
        }
        keeps_stop = into in (OrderType.STP, OrderType.STP_LMT)
        assert after.stop_price == (before.stop_price if keeps_stop else None)
        kept = desk.at_gateway(request)
        assert (kept.terms.order_type, kept.terms.tif) == (into.value, after.tif.value)


async def test_an_order_of_another_client_shows_what_it_asks_for() -> None:
    async with floor() as desk, desk.stranger() as other:
        instrument = await desk.watch(AAPL)
        stop = desk.near(instrument, "0.95")
        request = desk.request(
            instrument, OrderType.STP_LMT, side=Side.SELL, stop_price=stop, limit_price=stop - 1, tif=TimeInForce.GTC
        )
        await other.place(replace(request, order_ref="another program"), instrument)
        await desk.open_orders()
        await desk.until(lambda: any(order.external for order in desk.snapshot.orders))
        seen: Order = next(order for order in desk.snapshot.orders if order.external)

        assert same(seen, request)
        assert seen.text == f"SELL 100 AAPL STP {stop:f} LMT {stop - 1:f}"


@pytest.mark.parametrize("kind", [OcaType.REDUCE_WITH_BLOCK, OcaType.REDUCE])
async def test_a_part_filled_reduces_the_rest_of_a_group(kind: OcaType) -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        group = Oca(group="either", kind=kind)
        rests = desk.request(instrument, limit_price=desk.near(instrument, "0.95"), quantity=D(100), oca=group)
        await desk.placed(rests)
        ask = desk.near(instrument, "1", Side.SELL)
        fills = desk.request(instrument, limit_price=ask, quantity=D(50_000), oca=group)
        await desk.placed(fills)
        await desk.until(lambda: desk.order(rests).quantity < 100)

        assert desk.order(rests).is_live
        assert 0 < desk.order(fills).filled < 50_000
        await desk.cancelled(fills)
        await desk.until(lambda: desk.order(rests).quantity == desk.at_gateway(rests).quantity)


async def test_an_order_into_an_auction_stays_there() -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        request = desk.request(instrument, OrderType.LOC, limit_price=desk.near(instrument, "0.95"))
        await desk.placed(request)
        ack = await desk.modify(request, order_type=OrderType.LMT)

        assert ack.denied is not None
        assert (ack.denied.code, ack.denied.message[-5:]) == (DenialCode.ORDER_TYPE, "[329]")
        await asyncio.wait_for(desk.cancelled(request), 5)
