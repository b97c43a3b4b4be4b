"""Clocks that jump, loops that stand still, computers that sleep."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta

import pytest

from core.domain.commands import DenialCode
from core.domain.connection import LinkState
from core.domain.events import Incident
from core.domain.orders import OrderState
from core.journal.recovery import read_entries
from tests.faults.killing import SYMBOL, in_state, order_for, reach, resting, stage
from tests.faults.world import STILL, world
from tests.warp.loop import warp_loop, warping
from tests.warp.session import busiest_second

_S = OrderState
HOUR = 3600.0


def jump(seconds: float) -> None:
    """The loop's time goes on at once, as after a sleep: everything that was due is due together."""
    warp_loop()._warping.now += seconds


@pytest.mark.row(61, 62)
@pytest.mark.parametrize("seconds", [10.0, 8 * HOUR])
@warping
async def test_after_standing_still_everything_is_old_and_no_order_leaves_before_the_books_are_read(
    seconds: float,
) -> None:
    async with world(STILL) as made:
        core = made.now
        resting = await core.resting()
        await made.settle()
        read, frames = core.snapshot.connection.reconciled, len(made.wire.frames)
        jump(seconds)
        # As after a real pause: the loop looks at sockets and timers before it goes on with what came meanwhile.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert core.snapshot.connection.state is LinkState.SYNCING
        assert all(quote.stale for quote in core.snapshot.quotes)
        refused = await core.place(core.request())
        assert refused.denied is not None
        assert refused.denied.code is DenialCode.NOT_RECONCILED
        assert any("stood still" in text for text in core.told)
        await core.until(lambda s: s.connection.can_trade)
        assert core.snapshot.connection.reconciled != read
        assert not [frame for frame in made.wire.frames[frames:] if frame.fields[0] == "3"]
        assert busiest_second(frame.at for frame in made.wire.frames[frames:]) < 20, "no burst of timers"
        await made.converged()
        assert core.state(resting.order_ref) is _S.WORKING


@pytest.mark.row(61, 62)
@pytest.mark.timeout(90)
async def test_a_core_that_was_stopped_reads_the_books_before_an_order_leaves() -> None:
    """SIGSTOP of a real core, a fill meanwhile, SIGCONT with an order waiting in its socket."""
    async with stage() as there, there.running() as core, await core.attach() as watcher:
        await watcher.ready_for(SYMBOL)
        try:
            order = await resting(watcher)
            os.kill(core.pid, signal.SIGSTOP)
            late = asyncio.ensure_future(watcher.send(order_for(watcher.snapshot)))
            await asyncio.sleep(7.0)
            (booked,) = there.gateway.ledger.live_orders()
            there.gateway.hub.desk.fill_now(booked)
            there.gateway.hub.end_turn()
            os.kill(core.pid, signal.SIGCONT)
            refused = (await late).denied
            assert refused is not None
            assert refused.code is DenialCode.NOT_RECONCILED
            await reach(watcher, order.order_ref, in_state(_S.FILLED))
            snapshot = await there.agrees(watcher)
            assert any("stood still" in incident.text for incident in snapshot.incidents)
        finally:
            os.kill(core.pid, signal.SIGCONT)


@pytest.mark.row(60)
@pytest.mark.parametrize("hours", [-1.0, 1.0, 24.0, -25.0])
@warping
async def test_a_wall_clock_that_jumps_changes_neither_order_nor_pace(hours: float) -> None:
    async with world(STILL) as made:
        core = made.now
        requests = [core.request(away=30) for _ in range(30)]
        for request in requests:
            assert (await core.place(request)).ok
        await made.settle(3)
        made.clock._start += timedelta(hours=hours)
        await made.settle(5)
        await core.until(lambda s: s.connection.can_trade)
        more = [core.request(away=30) for _ in range(30)]
        assert all([(await core.place(request)).ok for request in more])
        await made.settle(5)
        assert busiest_second(frame.at for frame in made.wire.frames) <= 45
        numbers = [core.order(request.order_ref).order_id for request in [*requests, *more]]
        assert numbers == sorted(numbers)
        rows = [number for number, _ in read_entries(made.journal)]
        assert rows == list(range(1, len(rows) + 1))
        assert not [one for one in core.events if isinstance(one.event, Incident) and "UNKNOWN" in one.event.text]
        await made.converged()
        assert {core.state(request.order_ref) for request in [*requests, *more]} == {_S.WORKING}
