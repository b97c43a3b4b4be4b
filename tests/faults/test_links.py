"""Orders while the way to the broker goes, comes back, is flooded or answers with other numbers."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal

import pytest

from core.domain.commands import DenialCode, SearchSymbols
from core.domain.connection import LinkState
from core.domain.entries import Intent
from core.domain.orders import OrderState
from core.journal.recovery import read_entries
from tests.faults.wire import CANCEL, Frame, How, placed
from tests.faults.world import CLIENT_ID, STILL, World, WorldOptions, world
from tests.warp.loop import warp_loop, warping
from tests.warp.session import busiest_second

_S = OrderState
OPEN_ORDERS = "16"
BURST = 60
PACE = 45


def refs_on_wire(made: World) -> list[str]:
    """The references of all placeOrder messages, in order."""
    return [placed(frame).text("orderRef") for frame in made.wire.placements()]


@pytest.mark.row(26)
@pytest.mark.parametrize("how", [How.FIN, How.RST])
@warping
async def test_orders_that_wait_for_their_turn_when_the_line_goes_are_named_as_not_sent(how: How) -> None:
    async with world(STILL) as made:
        core = made.now
        requests = [core.request(away=30) for _ in range(BURST)]
        acks = await asyncio.gather(*(core.place(request) for request in requests))
        assert all(ack.ok for ack in acks)
        left = set(refs_on_wire(made))
        assert 0 < len(left) < BURST
        made.wire.cut(how)
        await core.until(lambda s: s.connection.state is not LinkState.READY)
        await made.converged()
        states = {request.order_ref: core.state(request.order_ref) for request in requests}
        assert {ref for ref, state in states.items() if state is _S.DENIED} == states.keys() - left
        assert all(states[ref] in (_S.WORKING, _S.UNKNOWN) for ref in left)
        assert set(refs_on_wire(made)) == left, "nothing was sent later"


@pytest.mark.row(27)
@warping
async def test_a_cancel_behind_a_flood_of_requests_leaves_at_once() -> None:
    async with world(STILL) as made:
        core = made.now
        request = await core.resting()
        async with core.flooded():
            asked = warp_loop().time()
            assert (await core.cancel(request.order_ref)).ok
            await core.until_state(request.order_ref, _S.CANCELLED)
            cancel = made.wire.sent(CANCEL)[0]
            assert cancel.at - asked < 0.1
            assert busiest_second(frame.at for frame in made.wire.frames) <= PACE


@pytest.mark.row(28)
@warping
async def test_after_1100_no_order_leaves_not_even_one_that_waited_for_its_turn() -> None:
    async with world(STILL) as made:
        core = made.now
        requests = [core.request(away=30) for _ in range(BURST)]
        await asyncio.gather(*(core.place(request) for request in requests))
        made.gateway.link.lose()
        await core.until(lambda s: not s.connection.can_trade)
        left = set(refs_on_wire(made))
        assert len(left) < BURST
        intents = sum(isinstance(entry, Intent) for _, entry in read_entries(made.journal))

        late = await core.place(core.request(away=30))

        assert late.denied is not None
        assert late.denied.code is DenialCode.NOT_CONNECTED
        await asyncio.sleep(10)
        assert set(refs_on_wire(made)) == left
        assert sum(isinstance(entry, Intent) for _, entry in read_entries(made.journal)) == intents
        denied = {request.order_ref for request in requests if core.state(request.order_ref) is _S.DENIED}
        assert denied == {request.order_ref for request in requests} - left
        made.gateway.link.restore()
        await made.converged()


@pytest.mark.row(29)
@pytest.mark.parametrize("data_lost", [False, True])
@warping
async def test_fills_while_the_link_was_lost_are_recovered_once(data_lost: bool) -> None:
    async with world(STILL) as made:
        core = made.now
        requests = [core.request(10, away=away) for away in (0, 1, 2, 200)]
        for request in requests:
            await core.place(request)
            await core.until_state(request.order_ref, _S.WORKING, _S.FILLED)
        made.gateway.link.lose()
        await core.until(lambda s: not s.connection.can_trade)
        known = len(core.snapshot.executions)
        for _ in range(400):
            made.gateway.hub.advance()
        assert len(made.gateway.ledger.executions) > known
        assert len(core.snapshot.executions) == known
        made.gateway.link.restore(data_lost=data_lost)
        await made.converged()
        fills = core.snapshot.executions
        assert len({fill.exec_id for fill in fills}) == len(fills) == len(made.gateway.ledger.executions)


@pytest.mark.row(30)
@warping
async def test_after_1101_prices_are_old_until_a_fresh_tick_and_the_books_are_read_first() -> None:
    async with world(STILL) as made:
        core = made.now
        made.gateway.link.lose()
        await core.until(lambda s: all(quote.stale for quote in s.quotes))
        read = core.snapshot.connection.reconciled
        frames = len(made.wire.frames)
        made.gateway.link.restore(data_lost=True)
        await core.until(lambda s: s.connection.can_trade)
        assert core.snapshot.connection.reconciled != read
        asked = [frame.fields[0] for frame in made.wire.frames[frames:]]
        assert OPEN_ORDERS in asked
        await core.ready()
        assert "1" in [frame.fields[0] for frame in made.wire.frames[frames:]], "market data was asked for anew"


@pytest.mark.row(31)
@warping
async def test_a_link_that_flaps_a_hundred_times_brings_no_storm() -> None:
    async with world(STILL) as made:
        core = made.now
        before, began = len(made.wire.frames), warp_loop().time()
        for number in range(100):
            made.gateway.link.lose()
            await asyncio.sleep(0.1)
            made.gateway.link.restore(data_lost=number % 2 == 0)
            await asyncio.sleep(0.1)
        await core.ready()
        seconds = warp_loop().time() - began
        frames = made.wire.frames[before:]
        asked = Counter(frame.fields[0] for frame in frames)
        assert asked[OPEN_ORDERS] <= seconds / 3 + 2
        assert busiest_second(frame.at for frame in frames) <= PACE
        assert len([text for text in core.told if "1100" in text or "link is down" in text]) == 1
        await made.converged()


@pytest.mark.row(32)
@pytest.mark.parametrize("turns", [0, 1, 2, 4, 8])
@warping
async def test_a_gateway_that_restarts_in_the_same_second_as_an_order(turns: int) -> None:
    async with world(WorldOptions(moves=False, keeps=True)) as made:
        core = made.now
        request = core.request(away=30)
        placing = asyncio.ensure_future(core.place(request))
        for _ in range(turns):
            await asyncio.sleep(0)
        await made.restart_gateway()
        await placing
        await made.converged()
        await core.resting()
        ids = [placed(frame).integer("orderId") for frame in made.wire.placements()]
        assert len(set(ids)) == len(ids)
        assert ids == sorted(ids)


@pytest.mark.row(33)
@warping
async def test_ids_go_on_above_the_journals_whatever_the_gateway_says() -> None:
    async with world(STILL) as made:
        used: list[int] = []
        for _ in range(3):
            core = made.now
            for _ in range(3):
                await core.resting()
            await made.crash()
            made.gateway.arm("next-id-rollback=1000*1")
            core = await made.start()
            await core.ready()
        used = [placed(frame).integer("orderId") for frame in made.wire.placements()]
        assert len(used) == 9
        assert used == sorted(set(used))
        await made.converged()


@pytest.mark.row(36)
@warping
async def test_a_client_id_in_use_is_explained_and_never_changed() -> None:
    async with world(STILL, start=False) as made:
        made.gateway.arm("id-in-use*3")
        core = await made.start()
        await core.until(lambda s: "326" in s.connection.problem or str(CLIENT_ID) in s.connection.problem)
        refused = await core.service.execute(SearchSymbols(pattern="A"), "desk")
        assert not refused.ok
        await core.ready()
        hellos = [frame.fields for frame in made.wire.sent("71")]
        assert {fields[2] for fields in hellos} == {str(CLIENT_ID)}
        assert len(hellos) >= 4


@pytest.mark.row(9, 25)
@pytest.mark.parametrize("arrives", [False, True])
@warping
async def test_an_order_that_fills_while_its_change_is_unanswered_shows_the_size_that_filled(arrives: bool) -> None:
    """The wire goes with the change, then all of the order fills: which size it had, the fills tell."""
    async with world(STILL) as made:
        core = made.now
        request = await core.placed(core.request(100, away=30), _S.WORKING)

        def cut(frame: Frame) -> None:
            made.watch.on_frame(frame)
            made.wire.on_frame = made.watch.on_frame
            if arrives:
                asyncio.get_running_loop().call_soon(made.wire.cut)
            else:
                made.wire.cut(How.RST)

        made.wire.on_frame = cut
        await core.modify(request.order_ref, quantity=40)
        await asyncio.sleep(0.1)
        (booked,) = made.gateway.ledger.orders.values()
        assert booked.quantity == (40 if arrives else 100)
        made.gateway.hub.desk.fill_now(booked)
        made.gateway.hub.end_turn()
        await made.converged()
        order = core.order(request.order_ref)
        assert (order.state, order.filled) == (_S.FILLED, Decimal(booked.quantity))
        assert order.quantity == order.filled
        assert len(made.wire.placements()) == 2
