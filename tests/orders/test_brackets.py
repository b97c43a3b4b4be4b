"""Brackets: a parent with its target and stop, recorded together, sent together, ended together."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.entries import Intent, ModifyIntent
from core.domain.events import Severity
from core.domain.instruments import Instrument
from core.domain.orders import OrderRequest, OrderState, OrderType, Pending, Side
from tests.orders.floor import AAPL, Floor, floor
from tests.orders.wanted import said, wanted

D = Decimal


def bracket(
    desk: Floor, instrument: Instrument, entry: str = "0.95"
) -> tuple[OrderRequest, OrderRequest, OrderRequest]:
    """A buy with a target above and a stop below it."""
    price = desk.near(instrument, entry)
    parent = desk.request(instrument, limit_price=price)
    target = desk.request(instrument, side=Side.SELL, limit_price=price + 10, parent_ref=parent.order_ref)
    stop = desk.request(instrument, OrderType.STP, side=Side.SELL, stop_price=price - 10, parent_ref=parent.order_ref)
    return parent, target, stop


async def test_all_legs_are_on_disk_before_the_first_byte_and_transmitted_with_the_last() -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        legs = bracket(desk, instrument)
        before = len(desk.gateway.received)
        ack = await desk.place(*legs)

        assert ack.ok, ack.denied
        assert all(frame.fields[0] != "3" for frame in desk.gateway.received[before:])
        intents = [entry.order.order_ref for entry in await desk.entries() if isinstance(entry, Intent)]
        assert intents == [leg.order_ref for leg in legs]
        await desk.until(lambda: all(desk.order(leg).state is OrderState.WORKING for leg in legs))
        parent_id = desk.order(legs[0]).order_id
        for place, leg in enumerate(legs):
            order = desk.order(leg)
            assert order.order_id == parent_id + place
            assert said(desk.frames(leg)[0]) == wanted(
                leg, instrument, order.order_id, parent_id=parent_id if place else 0, transmit=place == 2
            )
        assert desk.order(legs[1]).parent_ref == legs[0].order_ref
        replayed = await desk.replayed()
        assert all(replayed.book.get(leg.order_ref) == desk.order(leg) for leg in legs)


async def test_children_end_with_the_parent_and_nobody_is_alarmed() -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        legs = bracket(desk, instrument)
        await desk.placed(*legs)
        await desk.until(lambda: all(desk.order(leg).state is OrderState.WORKING for leg in legs))
        await desk.cancelled(legs[0])
        await desk.until(lambda: all(desk.order(leg).state is OrderState.CANCELLED for leg in legs))

        assert [one.text for one in desk.snapshot.incidents] == []


async def test_a_filled_entry_starts_its_exits_and_one_exit_ends_the_other() -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        legs = bracket(desk, instrument, "1.005")
        parent, target, stop = legs
        await desk.placed(*legs)
        await desk.until(lambda: desk.order(parent).state is OrderState.FILLED)
        await desk.until(lambda: desk.at_gateway(target).status.value == "Submitted")
        bid = desk.near(instrument, "1")
        await desk.modified(target, limit_price=bid - 1)
        await desk.until(lambda: desk.order(target).state is OrderState.FILLED)
        await desk.until(lambda: desk.order(stop).state is OrderState.CANCELLED)

        assert [one.text for one in desk.snapshot.incidents] == []


async def test_a_new_size_takes_the_exits_along_and_each_leg_changes_alone() -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        legs = bracket(desk, instrument)
        parent, target, stop = legs
        await desk.placed(*legs)
        await desk.until(lambda: all(desk.order(leg).state is OrderState.WORKING for leg in legs))
        await desk.modified(parent, quantity=D(60))
        await desk.until(lambda: all(desk.order(leg).pending is Pending.NONE for leg in legs))

        assert [desk.at_gateway(leg).quantity for leg in legs] == [60, 60, 60]
        assert [desk.order(leg).quantity for leg in legs] == [60, 60, 60]
        changes = [entry for entry in await desk.entries() if isinstance(entry, ModifyIntent)]
        assert [change.order.order_ref for change in changes] == [leg.order_ref for leg in legs]
        assert stop.stop_price is not None
        assert target.limit_price is not None
        await desk.modified(stop, stop_price=stop.stop_price + 5)
        await desk.modified(target, limit_price=target.limit_price + 5)
        parent_id = desk.order(parent).order_id
        last = desk.frames(stop)[-1]
        assert (last.integer("parentId"), last.number("auxPrice"), last.flag("transmit")) == (
            parent_id,
            stop.stop_price + 5,
            True,
        )
        assert desk.order(target).limit_price == target.limit_price + 5
        assert desk.order(stop).note == ""


async def test_a_child_can_be_attached_to_a_working_order() -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        parent, _, stop = bracket(desk, instrument)
        await desk.placed(parent)
        child = await desk.placed(stop)

        assert desk.frames(stop)[0].integer("parentId") == desk.order(parent).order_id
        await desk.cancelled(parent)
        await desk.until(lambda: not desk.order(stop).is_live)
        late = await desk.place(replace(stop, order_ref=f"{child.order_ref}X"))
        assert late.denied is not None
        assert late.denied.code is DenialCode.PARENT


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"side": Side.BUY}, DenialCode.PARENT),
        ({"quantity": D(101)}, DenialCode.PARENT),
        ({"parent_ref": ""}, DenialCode.PARENT),
        ({"parent_ref": "ibd-other"}, DenialCode.PARENT),
        ({"stop_price": D("0.001")}, DenialCode.TICK),
        ({"stop_price": D("999.00")}, DenialCode.TRIGGERS_NOW),
        ({"limit_price": D("1.00")}, DenialCode.PRICE_NOT_TAKEN),
    ],
)
async def test_one_wrong_leg_keeps_all_of_them_here(wrong: dict[str, object], code: DenialCode) -> None:
    async with floor() as desk:
        instrument = await desk.watch(AAPL)
        parent, target, stop = bracket(desk, instrument)
        ack = await desk.place(parent, target, replace(stop, **wrong))

        assert ack.denied is not None
        assert ack.denied.code is code
        assert list(desk.snapshot.orders) == []
        await desk.open_orders()
        assert all(frame.fields[0] != "3" for frame in desk.gateway.received)


async def test_a_refused_parent_takes_its_children_along() -> None:
    async with floor(cash=1000) as desk:
        instrument = await desk.watch(AAPL)
        legs = bracket(desk, instrument)
        await desk.place(*legs)
        await desk.until(lambda: all(not desk.order(leg).is_live for leg in legs))

        assert desk.order(legs[0]).state is OrderState.REJECTED
        assert all(desk.at_gateway(leg).is_live is False for leg in legs)


async def test_a_stop_that_is_not_taken_alarms() -> None:
    async with floor(faults=("child-refused",)) as desk:
        instrument = await desk.watch(AAPL)
        parent, _, stop = bracket(desk, instrument)
        await desk.place(parent, stop)
        await desk.until(lambda: desk.order(stop).state is OrderState.UNKNOWN)
        refused, kept_back = [one.text for one in desk.snapshot.incidents if one.severity is Severity.ALARM]

        assert refused == (
            f"UNPROTECTED: IBKR about #2 {desk.order(stop).text}: Missing parent order. [10006] "
            "The order that it was attached to may work without it: look at that now."
        )
        assert "was never sent on: IBKR keeps it back" in kept_back
        await desk.until(lambda: desk.order(parent).state is OrderState.CANCELLED)
        assert desk.at_gateway(parent).status.value == "Cancelled", "no entry works without its exit"
        assert desk.at_gateway(parent).filled == 0
