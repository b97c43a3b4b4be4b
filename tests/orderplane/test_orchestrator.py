"""The order plane at a core: what strategies ask for is placed once or refused with a reason, and reported."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from core.domain.orders import OrderState
from core.domain.published import PublishedStatus
from core.orderplane.participation import PovLimit
from core.orderplane.placing import PlacingOptions
from tests.orderplane.plane import Planes, body, intent


@pytest.mark.covers("D0.12", "D0.7", "D0.11")
async def test_an_intent_is_placed_and_each_change_reported(planes: Planes) -> None:
    planes.start()
    one = intent(quantity=100)

    await planes.ask(one)
    await planes.until(lambda: any(report.commission for report in planes.of(one)))

    reports = planes.of(one)
    statuses = list(dict.fromkeys(report.status for report in reports))
    assert statuses[:2] == [PublishedStatus.PENDING, PublishedStatus.SUBMITTED]
    assert statuses[-1] is PublishedStatus.FILLED
    assert [report.sequence for report in reports] == sorted({report.sequence or 0 for report in reports})
    assert reports[0].order_id is None
    last = reports[-1]
    (order,) = await planes.orders(one)
    assert last.order_id == f"IBKR_{order.perm_id}"
    assert {last.filled_quantity, last.quantity, last.requested_quantity} == {Decimal(100)}
    assert last.average_fill_price == order.average_price
    assert (last.strategy_id, order.strategy) == ("COMPOSITE", "COMPOSITE")
    metrics = last.latency_metrics
    stages = (metrics.intent_to_submit_ms, metrics.submit_to_ack_ms, metrics.ack_to_fill_ms)
    assert all(stage is not None and stage >= 0 for stage in stages)
    assert metrics.total_latency_ms == pytest.approx(sum(stage or 0 for stage in stages), abs=0.01)


@pytest.mark.covers("D0.8", "D0.9")
async def test_every_documented_type_and_time_works_at_the_broker(planes: Planes) -> None:
    planes.start()
    kinds = [
        intent(order_type="LIMIT", limit_price=100, time_in_force="GTC"),
        intent(order_type="STOP", stop_price=400, time_in_force="DAY"),
        intent(order_type="STOP_LIMIT", stop_price=400, limit_price=401),
        intent(order_type="ADAPTIVE", limit_price=100, urgency="LOW"),
        intent(order_type="LIMIT", limit_price=100, time_in_force="IOC"),
        intent(order_type="LIMIT", limit_price=100, time_in_force="FOK"),
    ]
    await planes.ask(*kinds)

    resting, at_once = kinds[:4], kinds[4:]
    await planes.until(
        lambda: all(planes.of(one) and planes.of(one)[-1].status is PublishedStatus.ACKNOWLEDGED for one in resting)
    )
    ended = await planes.whole(*at_once)

    assert [report.status for report in ended] == [PublishedStatus.CANCELED] * 2
    orders = [(await planes.orders(one))[0] for one in kinds]
    assert [order.type_text for order in orders] == ["LMT", "STP", "STP LMT", "LMT", "LMT", "LMT"]
    assert [order.tif for order in orders] == ["GTC", "DAY", "DAY", "DAY", "IOC", "FOK"]


@pytest.mark.covers("D0.12")
async def test_what_core_refuses_is_reported_with_its_reason(planes: Planes) -> None:
    planes.start()
    too_much, unknown, ahead = (
        intent(quantity=90_000_000),
        intent("NOSUCH"),
        intent(timestamp=datetime.now(UTC) + timedelta(hours=2)),
    )

    await planes.ask(too_much, unknown, ahead)
    reports = await planes.whole(too_much, unknown, ahead)

    assert [report.status for report in reports] == [PublishedStatus.REJECTED] * 3
    reasons = [report.reject_reason or "" for report in reports]
    assert reasons[0].startswith("QUANTITY_MAX: ")
    assert reasons[1].startswith("UNKNOWN_INSTRUMENT: ")
    assert reasons[2].startswith("TIME: ")
    assert await planes.orders(too_much) == []


async def test_poison_is_set_aside_by_name_and_holds_nothing_up(planes: Planes) -> None:
    planes.start()
    good = intent()
    words = json.loads(body(intent(order_type="LIMIT", limit_price=100)))
    poison = {
        "stop_los: Extra inputs are not permitted": json.dumps(words | {"stop_los": 90}),
        "limit_price: Input should be a finite number": json.dumps(words | {"limit_price": float("nan")}),
        "timestamp: Input should have timezone info": json.dumps(words | {"timestamp": "2026-01-05T15:00:00"}),
        "Invalid JSON": "{",
    }

    for text in poison.values():
        await planes.strategy.ask(text.encode())
    await planes.ask(good)
    await planes.whole(good)

    asides = await planes.asides(len(poison))
    assert sorted(one.body for one in asides) == sorted(text.encode() for text in poison.values())
    for named, text in poison.items():
        (reason,) = [one.reason for one in asides if one.body == text.encode()]
        assert named in reason
    told = [report for report in planes.reports if str(report.intent_id) == words["intent_id"]]
    assert {report.status for report in told} == {PublishedStatus.REJECTED}
    assert len(told) == 3


async def test_the_same_intent_twice_is_one_order_and_other_content_is_named(planes: Planes) -> None:
    planes.start()
    one = intent()
    other = one.model_copy(update={"quantity": Decimal(7)})

    await planes.ask(one, one, other)
    await planes.whole(one)

    (aside,) = await planes.asides(1)
    assert f"intent_id {one.intent_id} stands for another intent" in aside.reason
    assert len(await planes.orders(one)) == 1
    assert {report.quantity for report in planes.of(one)} == {Decimal(1)}
    assert PublishedStatus.REJECTED not in {report.status for report in planes.of(one)}


async def test_other_content_is_known_where_the_bus_has_lost_the_first(planes: Planes) -> None:
    planes.start()
    one = intent()
    await planes.ask(one)
    await planes.whole(one)

    async with Planes(planes.socket, planes._journal) as anew:
        anew.start()
        await anew.ask(one.model_copy(update={"quantity": Decimal(7)}))
        (aside,) = await anew.asides(1)

        assert "stands for another order" in aside.reason
        assert len(await anew.orders(one)) == 1


async def test_a_bus_that_has_lost_all_is_told_again_under_the_same_names(planes: Planes) -> None:
    planes.start()
    one = intent()
    await planes.ask(one)
    await planes.until(lambda: any(report.commission for report in planes.of(one)))

    async with Planes(planes.socket, planes._journal) as anew:
        plane = anew.start()
        await anew.ask(one)
        await anew.until(lambda: any(report.commission for report in anew.of(one)))

        assert [report.report_id for report in anew.of(one)] == [report.report_id for report in planes.of(one)]
        next_one = intent()
        await anew.ask(next_one)
        await anew.whole(next_one)
        await anew.stop()
        assert (plane.counts.placed, plane.counts.refused) == (2, 0)
        assert len(await anew.orders(one)) == 1


async def test_an_old_intent_is_refused_and_never_placed_later(planes: Planes) -> None:
    planes.start(placing=PlacingOptions(max_age=timedelta(seconds=30)))
    old = intent(timestamp=datetime.now(UTC) - timedelta(seconds=90))

    await planes.ask(old)
    (report,) = await planes.whole(old)

    assert (report.reject_reason or "").startswith("STALE: it was decided on 9")
    assert await planes.orders(old) == []


@pytest.mark.covers("D0.12", "D0.15")
async def test_participation_scales_down_and_says_so(planes: Planes) -> None:
    planes.start(pov=PovLimit(percent=Decimal("0.1")))
    one = intent(quantity=900_000, order_type="LIMIT", limit_price=100)

    await planes.ask(one)
    await planes.until(lambda: any(r.status is PublishedStatus.ACKNOWLEDGED for r in planes.of(one)))

    report = planes.of(one)[-1]
    assert report.requested_quantity == 900_000
    assert 0 < report.quantity < 900_000
    assert (report.scaled or "").startswith("PARTICIPATION: 0.1 % of the ")
    (order,) = await planes.orders(one)
    assert order.quantity == report.quantity

    small, large = intent(quantity=1), intent(quantity=900_000)
    await planes.ask(large, small)
    await planes.whole(large, small)
    # What the first one has taken of the volume the second can't have.
    placed = [*await planes.orders(large), *await planes.orders(small)]
    assert sum(found.quantity for found in placed) < report.quantity / 2


async def test_two_planes_place_each_intent_once(planes: Planes) -> None:
    plane, other = planes.start(), planes.start()
    intents = [intent(direction="BUY" if turn % 2 else "SELL", short=True) for turn in range(40)]

    await planes.ask(*intents)
    reports = await planes.whole(*intents)

    assert {report.status for report in reports} == {PublishedStatus.FILLED}
    assert len({report.order_id for report in reports}) == len(intents)
    assert len({report.report_id for report in planes.reports}) == len(planes.reports)
    await planes.stop()
    assert plane.counts.placed + other.counts.placed == len(intents)


async def test_what_a_killed_plane_had_begun_another_ends(planes: Planes) -> None:
    intents = [intent(direction="BUY" if turn % 2 else "SELL", short=True) for turn in range(30)]
    await planes.ask(*intents)
    for _ in range(3):
        plane = planes.start()
        await planes.until(lambda: len(planes.reports) > 5)
        await planes.kill(plane)

    planes.start()
    reports = await planes.whole(*intents)

    assert {report.status for report in reports} == {PublishedStatus.FILLED}
    for one in intents:
        (order,) = await planes.orders(one)
        assert order.state is OrderState.FILLED
        numbers = {report.report_id: report.sequence for report in planes.of(one)}
        assert len(set(numbers.values())) == len(numbers)


async def test_a_stopped_plane_leaves_nothing_half_done(planes: Planes) -> None:
    intents = [intent(direction="BUY" if turn % 2 else "SELL", short=True) for turn in range(30)]
    plane = planes.start()
    await planes.ask(*intents)
    await planes.until(lambda: bool(planes.reports))

    plane.stop()
    await asyncio.sleep(0)
    planes.start()
    reports = await planes.whole(*intents)

    assert {report.status for report in reports} == {PublishedStatus.FILLED}
