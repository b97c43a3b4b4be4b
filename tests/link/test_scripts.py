"""What scripts wait for: a connection, an answer, an end; and what is tried again."""

from __future__ import annotations

import asyncio

import pytest

from core.api import answered, ended, ensure_connected, place
from core.domain.commands import CancelOrder, DenialCode, PlaceOrder
from core.domain.connection import LinkState, Mode
from core.domain.orders import OrderState
from core.errors import ConnectError, OrderUnknownError
from core.link.inproc import InProcessClient
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import D, buy, filled, ref, status
from tests.execution.rig import Rig, rig, settle

NOTHING_LISTENS = ConnectError("Nothing listens on 127.0.0.1:7497.")


def unreachable(broker: FakeBroker) -> None:
    """A gateway that is not there."""
    broker.open_error = NOTHING_LISTENS


def script(desk: Rig) -> InProcessClient:
    """A client without a screen."""
    return InProcessClient(desk.service, "script")


@pytest.mark.covers("D1.2")
@jumping
async def test_a_script_gets_the_connection_that_is_there() -> None:
    async with rig() as desk:
        connection = await ensure_connected(script(desk), 1.0)

        assert connection.can_trade


@pytest.mark.covers("D1.2")
@jumping
async def test_a_script_waits_for_the_connection_and_cuts_a_pause_short() -> None:
    async with rig(ready=False, prepare=unreachable, first_wait=300.0) as desk:
        await desk.until_state(LinkState.WAITING)
        desk.broker.open_error = None
        begun = desk.clock.mono()
        connection = await ensure_connected(script(desk), 30.0)

        assert connection.can_trade
        assert desk.clock.mono() - begun < 5


@pytest.mark.covers("D1.2")
@jumping
async def test_a_script_is_told_what_is_wrong_when_its_time_is_up() -> None:
    async with rig(ready=False, prepare=unreachable) as desk:
        with pytest.raises(ConnectError, match=r"Not connected within 20 s: Nothing listens on 127\.0\.0\.1:7497\."):
            await ensure_connected(script(desk), 20.0)


@jumping
async def test_a_script_does_not_wait_for_what_only_a_person_can_do() -> None:
    async with rig(mode=Mode.LIVE, account="U7890456", ready=False) as desk:
        await desk.until_state(LinkState.AWAITING_CONFIRMATION)
        begun = desk.clock.mono()
        with pytest.raises(ConnectError, match="LIVE account"):
            await ensure_connected(script(desk), 60.0)
        assert desk.clock.mono() == pytest.approx(begun, abs=0.1)


@pytest.mark.covers("D1.6")
@jumping
async def test_an_order_that_nobody_answers_is_a_timeout_for_the_script_and_unknown_for_core() -> None:
    async with rig() as desk:
        client = script(desk)
        assert (await place(client, PlaceOrder(request=buy()))).ok
        with pytest.raises(TimeoutError) as caught:
            await answered(client, ref(1), 30.0)

        assert isinstance(caught.value, OrderUnknownError)
        assert "Don't send it again" in str(caught.value)
        assert desk.order().state is OrderState.UNKNOWN
        assert len(desk.broker.placed) == 1


@pytest.mark.covers("D0.4")
@jumping
async def test_answer_and_end() -> None:
    async with rig() as desk:
        client = script(desk)
        await place(client, PlaceOrder(request=buy()))
        waiting = asyncio.ensure_future(answered(client, ref(1), 5.0))
        await asyncio.sleep(0.1)
        desk.say(status(1))
        assert (await waiting).state is OrderState.WORKING
        assert await ended(client, ref(1), 2.0) is None, "it lives"

        assert (await client.send(CancelOrder(order_ref=ref(1)))).ok
        ending = asyncio.ensure_future(ended(client, ref(1), 5.0))
        await asyncio.sleep(0.1)
        desk.say(filled())
        order = await ending
        assert order is not None
        assert (order.state, order.filled) == (OrderState.FILLED, D(100)), "the fill won"
        assert await ended(client, ref(7), 1.0) is None


@pytest.mark.covers("D2.3")
@jumping
async def test_an_order_refused_before_it_began_is_tried_again_after_one_two_and_four_seconds() -> None:
    async with rig(ready=False, prepare=unreachable, first_wait=6.0) as desk:
        await desk.until_state(LinkState.WAITING)
        begun = desk.clock.mono()
        ack = await place(script(desk), PlaceOrder(request=buy()), (1.0, 2.0, 4.0))
        assert ack.denied is not None
        assert desk.clock.mono() - begun == pytest.approx(7, abs=0.1)

        desk.broker.open_error = None
        trying = asyncio.ensure_future(place(script(desk), PlaceOrder(request=buy()), (1.0, 2.0, 4.0, 8.0, 8.0)))
        await desk.until_state(LinkState.READY)
        await asyncio.sleep(0.5)
        desk.quote()
        ack = await trying
        assert ack.ok, ack.denied
        assert len(desk.broker.placed) == 1


@pytest.mark.covers("D2.3")
@jumping
async def test_nothing_else_is_tried_again() -> None:
    async with rig() as desk:
        client, waits = script(desk), (1.0, 2.0, 4.0)
        begun = desk.clock.mono()
        refused = await place(client, PlaceOrder(request=buy(1, quantity="1000000000")), waits)
        assert refused.denied is not None
        assert (await place(client, PlaceOrder(request=buy(2)), waits)).ok
        desk.journal.held = True
        placing = asyncio.ensure_future(place(client, PlaceOrder(request=buy(3)), waits))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        desk.broker.lose()
        await settle()
        desk.journal.release()
        lost = await placing

        assert lost.denied is not None
        assert lost.denied.code is DenialCode.NOT_CONNECTED
        assert lost.order is not None, "it was recorded: the script must look it up"
        assert desk.clock.mono() - begun < 1
