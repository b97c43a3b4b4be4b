"""What core counts and times of its orders, as desks see it."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.metrics import Metrics, Stage
from core.domain.orders import OrderState
from core.domain.reports import ErrorClass
from core.errors import ConnectError
from tests.execution.clockwork import JumpingLoop, jumping
from tests.execution.reports import buy, error, filled, ref, session_error, status
from tests.execution.rig import Rig, rig, settle
from tests.limits import UNASKED

D = Decimal


def hold(seconds: float) -> None:
    """The loop stands still."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    loop.hold(seconds)


async def figures(desk: Rig) -> Metrics:
    """The metrics a moment later, when they were renewed."""
    await desk.pass_time(1.5)
    return desk.snapshot.health.metrics


@pytest.mark.covers("D0.11")
@jumping
async def test_an_order_is_timed_stage_by_stage_from_its_intent_to_its_last_fill() -> None:
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.create_task(desk.place())
        await desk.pass_time(0.25)
        desk.journal.release()
        assert (await placing).ok
        await settle()
        await desk.pass_time(0.5)
        desk.say(status(1))
        await desk.pass_time(2.0)
        desk.say(filled("0001.01.01", "40"))
        await desk.pass_time(1.0)
        desk.say(filled("0002.01.01", "60"))
        assert desk.order().state is OrderState.FILLED

        latencies = (await figures(desk)).latencies

        assert {one.stage: one.p50_ms for one in latencies} == {
            Stage.INTENT_TO_SUBMIT: D(250),
            Stage.SUBMIT_TO_ACK: D(500),
            Stage.ACK_TO_FILL: D(3000),
            Stage.TOTAL: D(3750),
        }
        assert {one.count for one in latencies} == {1}


@pytest.mark.covers("D0.11")
@jumping
async def test_percentiles_are_of_all_orders_of_a_stage() -> None:
    async with rig(limits=replace(UNASKED, open_orders_side=20)) as desk:
        for number in range(1, 21):
            ack = await desk.place(buy(number, price=f"{233 - number}.00"))
            assert ack.order is not None
            await desk.pass_time(number / 100)
            desk.say(status(ack.order.order_id, perm_id=900_000 + number))

        found = {one.stage: one for one in (await figures(desk)).latencies}

        taken = found[Stage.SUBMIT_TO_ACK]
        assert taken.count == 20
        assert (taken.p50_ms, taken.p95_ms, taken.p99_ms, taken.max_ms) == (D(100), D(190), D(200), D(200))
        assert Stage.ACK_TO_FILL not in found, "none has filled"


@jumping
async def test_what_was_in_doubt_is_counted_and_not_timed() -> None:
    async with rig() as desk:
        await desk.place()
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)
        doubted = await figures(desk)
        assert (doubted.counters.sent, doubted.counters.unanswered, doubted.counters.success_rate) == (1, 1, D(0))

        desk.say(status(1))
        known = await figures(desk)

        assert (known.counters.unanswered, known.counters.taken, known.counters.success_rate) == (0, 1, D(100))
        assert [one.stage for one in known.latencies] == [Stage.INTENT_TO_SUBMIT]


@pytest.mark.covers("D4.10")
@jumping
async def test_orders_are_counted_by_what_became_of_them() -> None:
    async with rig() as desk:
        for number in (1, 2, 3):
            await desk.working(buy(number, price=f"{230 + number}.00"))
        desk.say(filled(order_ref=ref(1), order_id=1, perm_id=900_001))
        desk.say(error(2, 201, ErrorClass.REJECTED))
        await desk.cancel(3)
        desk.say(status(3, "Cancelled", perm_id=900_003))
        assert not (await desk.place(buy(4, quantity="100000000"))).ok

        found = (await figures(desk)).counters

        assert (found.sent, found.taken, found.refused, found.unanswered) == (3, 2, 1, 0)
        assert (found.filled, found.cancelled, found.denied) == (1, 1, 1)
        assert found.success_rate is not None
        assert round(found.success_rate, 1) == D("66.7")
        assert found.calls == 3


@pytest.mark.covers("D4.10")
@jumping
async def test_errors_and_lost_connections_are_counted_and_notices_are_not() -> None:
    async with rig() as desk:
        before = await figures(desk)
        desk.say(session_error(2104, ErrorClass.FARM_UP), session_error(2103, ErrorClass.FARM_DOWN))
        desk.broker.lose()
        await desk.pass_time(30.0)

        after = await figures(desk)

        assert (before.counters.errors, before.counters.disconnects) == (0, 0)
        assert (after.counters.errors, after.counters.disconnects) == (1, 1)


@pytest.mark.covers("D4.10")
@jumping
async def test_uptime_goes_on_while_the_connection_is_away() -> None:
    async with rig() as desk:
        before = await figures(desk)
        await desk.pass_time(9.0)
        desk.broker.open_error = ConnectError("Nobody listens there.")
        desk.broker.lose()
        await desk.pass_time(10.0)

        after = await figures(desk)

        assert after.uptime_s - before.uptime_s in (20, 21)
        assert after.connected_s - before.connected_s in (9, 10)
        assert after.connected_percent is not None
        assert after.connected_percent < 60


@jumping
async def test_a_loop_that_was_held_shows_for_a_minute() -> None:
    async with rig() as desk:
        assert (await figures(desk)).loop_lag_ms == 0
        hold(3.0)
        assert (await figures(desk)).loop_lag_ms == D(3000)
        await desk.pass_time(58.0)
        assert desk.snapshot.health.metrics.loop_lag_ms == D(3000)
        await desk.pass_time(4.0)
        assert desk.snapshot.health.metrics.loop_lag_ms == 0
