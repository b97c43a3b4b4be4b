"""Orders with a time limit: cancelled when it is up, whatever happened to core meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from core.domain.commands import Ack, DenialCode, PlaceOrder, SettleOrder, Verdict
from core.domain.entries import Entry, Refused
from core.domain.events import Severity
from core.domain.orders import OrderState, Pending
from core.domain.reports import ErrorClass, RequestKind
from core.errors import ConnectError
from tests.execution.clockwork import START, jumping
from tests.execution.reports import D, buy, error, filled, open_order, ref, status
from tests.execution.rig import Rig, rig

GONE = "The time of #1 BUY 100 AAPL @ 233.33 is up: its cancel was sent."


async def limited(desk: Rig, seconds: str = "30") -> Ack:
    """An order with a time limit, taken by the broker."""
    ack = await desk.send(PlaceOrder(request=buy(), ttl=Decimal(seconds)))
    if ack.ok:
        desk.say(status(1))
        desk.broker.book_open = [open_order()]
    return ack


@pytest.mark.covers("D3.3")
@jumping
async def test_it_is_cancelled_when_its_time_is_up_and_not_before() -> None:
    async with rig() as desk:
        await limited(desk)
        await desk.pass_time(29)
        assert desk.broker.cancelled == []
        await desk.pass_time(2)

        assert desk.broker.cancelled == [1]
        assert desk.order().pending is Pending.CANCEL
        desk.say(status(1, "Cancelled"))
        assert desk.order().state is OrderState.CANCELLED
        assert desk.told() == [GONE]


@jumping
async def test_a_command_that_comes_too_late_is_never_taken_and_one_that_came_in_time_always_is() -> None:
    async with rig() as desk:
        until = START + timedelta(seconds=10)
        in_time = PlaceOrder(request=buy(), not_after=until)
        assert (await desk.send(in_time)).ok
        await desk.pass_time(11)

        again = await desk.send(in_time)
        late = await desk.send(PlaceOrder(request=buy(2), not_after=until))
        unzoned = await desk.send(PlaceOrder(request=buy(2), not_after=until.replace(tzinfo=None)))

        assert again.ok
        assert again.order is not None
        for ack in (late, unzoned):
            assert ack.denied is not None
            assert ack.denied.code is DenialCode.TIME
        assert [placed.order_id for placed in desk.broker.placed] == [1]
        refused = [row for row in desk.journal.rows if isinstance(row, Refused)]
        assert [row.request.order_ref for row in refused] == [buy(2).order_ref] * 2


@jumping
async def test_what_has_filled_is_left_alone() -> None:
    async with rig() as desk:
        await limited(desk)
        desk.say(filled())
        await desk.pass_time(60)

        assert desk.broker.cancelled == []


async def killed(after: float) -> Sequence[Entry]:
    """The journal of a core that died so many seconds after it had sent an order with 30 seconds to live."""
    async with rig() as desk:
        await limited(desk)
        await desk.pass_time(after)
        return list(desk.journal.rows)


@pytest.mark.parametrize(("away", "waits"), [(10, 20), (600, 0), (86_400, 0)])
@jumping
async def test_the_limit_survives_a_crash_of_core(away: int, waits: int) -> None:
    rows = await killed(1)
    start = START + timedelta(seconds=away)
    async with rig(entries=rows, start=start, prepare=lambda broker: broker.book_open.append(open_order())) as desk:
        if waits:
            await desk.pass_time(waits - 2)
            assert desk.broker.cancelled == []
        await desk.pass_time(3)

        assert desk.broker.cancelled == [1]
        assert desk.broker.placed == []


@jumping
async def test_without_a_connection_it_says_so_and_cancels_as_soon_as_there_is_one() -> None:
    async with rig() as desk:
        await limited(desk)
        desk.broker.open_error = ConnectError("Nothing listens on 127.0.0.1:7497.")
        desk.broker.lose()
        await desk.pass_time(60)
        assert desk.broker.cancelled == []
        assert any("can't be sent yet: The cancel of BUY 100 AAPL" in text for text in desk.told(Severity.ALARM))

        desk.broker.open_error = None
        await desk.until(lambda: desk.connection.can_trade)
        await desk.pass_time(2)

        assert desk.broker.cancelled == [1]


@jumping
async def test_a_cancel_that_was_refused_is_asked_for_again() -> None:
    async with rig() as desk:
        await limited(desk)
        await desk.pass_time(31)
        desk.say(error(1, 10148, ErrorClass.CANCEL_REFUSED, kind=RequestKind.CANCEL))
        assert desk.order().pending is Pending.NONE
        await desk.pass_time(20)

        assert desk.broker.cancelled == [1, 1]


@jumping
async def test_a_read_only_profile_says_that_it_can_not_cancel() -> None:
    rows = await killed(1)
    async with rig(entries=rows, start=START + timedelta(minutes=5), read_only=True) as desk:
        await desk.pass_time(5)

        assert desk.broker.cancelled == []
        (told,) = [text for text in desk.told(Severity.ALARM) if text.startswith("The time")]
        assert "its cancel can't be sent yet: This profile is read-only" in told


@pytest.mark.parametrize("seconds", ["0", "-1", "NaN", "Infinity", "604801"])
@jumping
async def test_impossible_limits_are_denied(seconds: str) -> None:
    async with rig() as desk:
        ack = await limited(desk, seconds)

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.TIME
        assert desk.broker.placed == []


@jumping
async def test_an_order_without_a_limit_has_none() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.book_open = [open_order()]
        await desk.pass_time(600)

        assert (desk.order().cancel_at, desk.broker.cancelled, desk.order().remaining) == (None, [], D(100))


@jumping
async def test_a_doubt_is_cancelled_once_in_the_dark_and_again_as_soon_as_something_is_heard() -> None:
    async with rig() as desk:
        await desk.send(PlaceOrder(request=buy(), ttl=D(30)))
        await desk.until(lambda: desk.broker.cancelled == [1])
        assert desk.order().state is OrderState.UNKNOWN
        desk.say(error(1, 10147, ErrorClass.CANCEL_REFUSED, kind=RequestKind.CANCEL))
        await desk.pass_time(600)
        assert desk.broker.cancelled == [1], "nobody is told every quarter of a minute that there is no such order"

        desk.broker.book_open = [open_order()]
        desk.say(open_order())
        await desk.pass_time(1)
        assert desk.broker.cancelled == [1, 1]


@jumping
async def test_an_order_that_lives_after_all_when_its_time_is_up_is_cancelled() -> None:
    async with rig() as desk:
        await desk.send(PlaceOrder(request=buy(), ttl=D(100)))
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN and desk.order().checks == 2)
        assert (await desk.send(SettleOrder(order_ref=ref(1), verdict=Verdict.NOT_PLACED))).ok
        await desk.pass_time(200)
        assert desk.broker.cancelled == []

        desk.broker.book_open = [open_order()]
        desk.say(open_order())
        await desk.pass_time(1)
        assert desk.broker.cancelled == [1]
