"""The breakers at the service: what opens them, what still passes, and how they close."""

from __future__ import annotations

import pytest

from core.domain.commands import DenialCode, Resume
from core.domain.connection import LinkState
from core.domain.events import Severity, TradingState
from core.domain.limits import Limits
from core.domain.orders import OrderState, Side
from core.domain.reports import ErrorClass
from core.domain.trading import BreakerState
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import buy, error, position, session_error
from tests.execution.rig import Rig, rig, settle

LIMITS = Limits(breaker_failures=3, breaker_seconds=60, breaker_pause=30, duplicate_seconds=0)


def trading(desk: Rig) -> TradingState:
    """What core lets through."""
    return desk.snapshot.trading_state


def shown(desk: Rig, name: str) -> BreakerState:
    """A breaker as desks see it."""
    return next(one.state for one in desk.snapshot.health.breakers if one.name == name)


def long(broker: FakeBroker) -> None:
    """100 AAPL are held."""
    broker.book_positions.append(position("100"))


async def refused(desk: Rig, number: int) -> None:
    """A new order that IBKR refuses."""
    ack = await desk.place(buy(number))
    assert ack.order is not None
    desk.say(error(ack.order.order_id, 201, ErrorClass.REJECTED, text="no trading permission"))
    assert desk.order(number).state is OrderState.REJECTED
    await settle()


async def unanswered(desk: Rig, number: int) -> None:
    """A new order of which nothing is heard."""
    ack = await desk.place(buy(number))
    assert ack.ok, ack.denied
    await desk.until(lambda: desk.order(number).state is OrderState.UNKNOWN)
    await settle()


@pytest.mark.covers("D4.2")
@jumping
async def test_refusals_open_it_exits_and_cancels_pass_and_one_order_that_is_taken_closes_it() -> None:
    async with rig(limits=LIMITS, prepare=long) as desk:
        works = await desk.working(buy(9))
        for number in (1, 2, 3):
            assert trading(desk) is TradingState.ACTIVE
            await refused(desk, number)

        assert trading(desk) is TradingState.REDUCING
        assert shown(desk, "orders") is BreakerState.OPEN
        assert "IBKR refused or left unanswered 3 orders in 60 s, last #4" in desk.told(Severity.ALARM)[-1]
        denied = (await desk.place(buy(4))).denied
        assert denied is not None
        assert denied.code is DenialCode.REDUCING
        assert "Breaker on orders" in denied.message
        assert (await desk.cancel(9)).ok
        assert desk.broker.cancelled == [works.order_id]
        await desk.working(buy(5, side=Side.SELL, quantity="100", price="233.33"))
        refusal = (await desk.send(Resume())).denied
        assert refusal is not None, "no word ends it"

        await desk.pass_time(31)
        assert shown(desk, "orders") is BreakerState.HALF_OPEN
        assert trading(desk) is TradingState.ACTIVE
        await desk.working(buy(6))
        await settle()
        assert shown(desk, "orders") is BreakerState.CLOSED


@pytest.mark.covers("D4.2")
@jumping
async def test_an_attempt_that_is_refused_too_opens_it_for_twice_as_long() -> None:
    async with rig(limits=LIMITS) as desk:
        for number in (1, 2, 3):
            await refused(desk, number)
        await desk.pass_time(31)
        await refused(desk, 4)

        assert trading(desk) is TradingState.REDUCING
        assert "it failed again" in desk.snapshot.trading_reason
        await desk.pass_time(59)
        assert shown(desk, "orders") is BreakerState.OPEN
        await desk.pass_time(2)
        assert shown(desk, "orders") is BreakerState.HALF_OPEN


@jumping
async def test_orders_without_an_answer_open_it_and_those_lost_together_are_one_failure() -> None:
    async with rig(limits=LIMITS) as desk:
        for number in range(1, 6):
            await desk.place(buy(number))
        desk.broker.lose()
        await desk.until(lambda: not desk.connection.accounts)
        await desk.until_state(LinkState.READY)
        await settle()
        assert desk.order(1).state is OrderState.UNKNOWN
        assert trading(desk) is TradingState.ACTIVE

        desk.quote()
        for number in (6, 7):
            await unanswered(desk, number)
        await settle()
        assert trading(desk) is TradingState.REDUCING


@jumping
async def test_a_connection_that_comes_and_goes_opens_its_own_until_it_has_held() -> None:
    async with rig(limits=LIMITS) as desk:
        for _ in range(3):
            desk.say(session_error(1100, ErrorClass.LINK_DOWN))
            desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
            await desk.until(lambda: desk.connection.can_trade)
        await settle()

        assert shown(desk, "connection") is BreakerState.OPEN
        assert "the connection was lost 3 times in 60 s" in desk.snapshot.trading_reason
        assert not (await desk.place()).ok
        await desk.pass_time(31)
        assert shown(desk, "connection") is BreakerState.CLOSED, "it has held for the whole pause"
        assert (await desk.place(buy(2))).ok


@jumping
async def test_a_profile_may_have_none() -> None:
    async with rig(limits=Limits(breaker_failures=None, duplicate_seconds=0)) as desk:
        for number in range(1, 20):
            await refused(desk, number)

        assert trading(desk) is TradingState.ACTIVE
        assert desk.snapshot.health.breakers == ()


@jumping
async def test_what_opens_and_waits_is_taken_back_when_it_opens() -> None:
    async with rig(limits=LIMITS) as desk:
        desk.broker.sending = "waits"
        await desk.place(buy(9))
        desk.broker.sending = "sent"
        for number in (1, 2, 3):
            await refused(desk, number)
        await settle()

        assert desk.broker.cancelled == [1], "the one whose frame had not left"
