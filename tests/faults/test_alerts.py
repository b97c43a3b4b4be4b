"""Through the practice gateway: each fault makes its alert appear once, and a killed core has them all."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.alerts import Alert, AlertKind, Comparison
from core.domain.commands import AddAlert, CancelOrder, Denial, PlaceOrder
from core.domain.events import AlertChanged, Snapshot
from core.domain.orders import OrderState, OrderType, Side
from core.ids import mint_order_ref
from tests.faults.world import STILL, Core, world
from tests.warp.loop import warping

_S = OrderState


def of(core: Core, kind: AlertKind) -> list[Alert]:
    """The alerts of one kind, oldest first."""
    return [alert for alert in core.snapshot.alerts if alert.kind is kind]


def calls(core: Core, kind: AlertKind) -> int:
    """How often a person was called for one kind in this run of core."""
    events = (envelope.event for envelope in core.events)
    return sum(isinstance(event, AlertChanged) and event.rings and event.alert.kind is kind for event in events)


async def once(core: Core, kind: AlertKind) -> Alert:
    """The one alert of a kind, which has called once."""
    await core.until(lambda snapshot: any(alert.kind is kind for alert in snapshot.alerts))
    await asyncio.sleep(3)
    (alert,) = of(core, kind)
    assert calls(core, kind) == 1
    return alert


@pytest.mark.covers("D4.9")
@warping
async def test_a_link_that_flaps_a_hundred_times_and_a_gateway_that_goes_are_one_alert_each() -> None:
    async with world(STILL) as made:
        for _ in range(100):
            made.gateway.link.lose()
            await asyncio.sleep(0.1)
            made.gateway.link.restore(data_lost=False)
            await asyncio.sleep(0.1)
        link = await once(made.now, AlertKind.CONNECTION)
        assert (link.cause, link.count, link.holds) == ("ibkr", 100, False)

        await made.restart_gateway()
        await made.now.ready()
        await asyncio.sleep(3)
        _, gateway = of(made.now, AlertKind.CONNECTION)
        assert (gateway.cause, gateway.count, gateway.holds) == ("gateway", 1, False)
        assert calls(made.now, AlertKind.CONNECTION) == 2


@pytest.mark.covers("D4.9")
@warping
async def test_refused_changes_held_orders_and_orders_in_doubt_are_one_alert_each() -> None:
    async with world(STILL) as made:
        core = made.now
        order_ref = (await core.resting()).order_ref
        made.gateway.arm("modify-refused")
        for step in (1, 2, 3):
            price = core.order(order_ref).limit_price
            assert price is not None
            assert (await core.modify(order_ref, price=price - Decimal(step) / 100)).ok
            await asyncio.sleep(2)
        refused = await once(core, AlertKind.REJECTION)
        assert (refused.count, refused.order_ref) == (3, order_ref)

        made.gateway.arm("silent-order*2")
        for _ in range(2):
            assert (await core.place(core.request(away=30))).ok
        doubt = await once(core, AlertKind.ORDER)
        assert doubt.count >= 1


@pytest.mark.covers("D4.9")
@warping
async def test_a_farm_that_breaks_again_and_again_degrades_once() -> None:
    async with world(STILL) as made:
        core = made.now
        made.gateway.arm("farm-lost=1,5")
        await core.until(lambda snapshot: any("2103" in alert.text for alert in snapshot.alerts))
        await asyncio.sleep(30)

        farm = next(alert for alert in of(core, AlertKind.DEGRADATION) if "2103" in alert.text)
        assert farm.count >= 3
        assert calls(core, AlertKind.DEGRADATION) == 1


async def with_stop(core: Core) -> str:
    """A position that was opened with a stop attached, which works; the reference of the stop."""
    entry = core.request()
    bid = next(quote.bid for quote in core.snapshot.quotes if quote.con_id == entry.con_id)
    assert bid is not None
    stop = replace(
        entry,
        order_ref=mint_order_ref(core.service.instance),
        side=Side.SELL,
        order_type=OrderType.STP,
        limit_price=None,
        stop_price=(bid * Decimal("0.95")).quantize(Decimal("0.01")),
        parent_ref=entry.order_ref,
    )
    ack = await core.service.execute(PlaceOrder(request=entry, children=(stop,)), "desk")
    assert ack.ok, ack.denied
    await core.until_state(entry.order_ref, _S.FILLED)
    await core.until_state(stop.order_ref, _S.WORKING)
    return stop.order_ref


@pytest.mark.covers("D4.9")
@warping
async def test_a_position_without_its_stop_and_a_price_that_is_waited_for_survive_a_killed_core() -> None:
    async with world(STILL) as made:
        core = made.now
        stop = await with_stop(core)
        await asyncio.sleep(10)
        assert of(core, AlertKind.POSITION) == []
        con_id = core.order(stop).con_id
        ack = await core.service.execute(
            AddAlert(con_id=con_id, comparison=Comparison.ABOVE, price=Decimal(100_000)), "ibdesk alerts"
        )
        assert ack.ok, _said(ack.denied)

        assert (await core.service.execute(CancelOrder(order_ref=stop), "desk")).ok
        naked = await once(core, AlertKind.POSITION)
        assert naked.holds
        waiting = core.snapshot.price_alerts
        assert len(waiting) == 1

        await made.settle()
        await made.crash()
        again = await made.start()
        assert of(again, AlertKind.POSITION) == [naked]
        assert again.snapshot.price_alerts == waiting
        await again.ready()
        await asyncio.sleep(10)
        (still,) = of(again, AlertKind.POSITION)
        assert (still.count, still.holds) == (1, True)
        assert calls(again, AlertKind.POSITION) == 0, "what was told before the crash calls nobody again"

        held = await again.placed(again.request(side=Side.SELL), _S.FILLED)
        await again.until(lambda snapshot: _is_over(snapshot, still.number))
        assert held.filled == 100


def _is_over(snapshot: Snapshot, number: int) -> bool:
    return any(alert.number == number and alert.over is not None for alert in snapshot.alerts)


def _said(denied: Denial | None) -> str:
    return "" if denied is None else denied.message
