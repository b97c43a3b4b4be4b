"""What the broker says twice, late, in another order, wrongly or not at all, over a real wire."""

from __future__ import annotations

import asyncio
import resource
from decimal import Decimal

import pytest

from core.domain.connection import LinkState
from core.domain.orders import OrderState
from tests.faults.wire import CANCEL
from tests.faults.world import STILL, world
from tests.warp.loop import warping

_S = OrderState


@pytest.mark.row(37, 38, 39, 43)
@pytest.mark.parametrize(
    "faults",
    [
        ("duplicate=3",),
        ("shuffle",),
        ("shuffle", "duplicate=5"),
        ("late-submitted=0.2",),
        ("no-order-status",),
        ("no-order-status", "no-open-order"),
        ("no-open-order", "late-exec=1"),
        ("duplicate=2", "shuffle", "late-submitted", "late-commission=1"),
    ],
    ids=" ".join,
)
@warping
async def test_however_the_reports_come_the_end_is_the_same(faults: tuple[str, ...]) -> None:
    async with world(STILL) as made:
        core = made.now
        for fault in faults:
            made.gateway.arm(fault)
        filled = (await core.placed(core.request(), _S.FILLED)).order_ref
        ended = core.request(away=30)
        assert (await core.place(ended)).ok
        await asyncio.sleep(12)
        assert (await core.cancel(ended.order_ref)).ok
        await asyncio.sleep(12)
        await made.converged()
        states = core.states(filled)
        assert set(states[states.index(_S.FILLED) :]) == {_S.FILLED}, "nothing takes a fill back"
        order = core.order(filled)
        assert (order.state, order.filled) == (_S.FILLED, Decimal(100))
        assert core.state(ended.order_ref) is _S.CANCELLED
        assert len(core.snapshot.executions) == len(made.gateway.ledger.executions)


@pytest.mark.row(40)
@warping
async def test_a_fill_after_the_cancel_was_confirmed_wins_and_alarms() -> None:
    async with world(STILL) as made:
        core = made.now
        made.gateway.arm("fill-after-cancel*1")
        order_ref = (await core.resting()).order_ref
        assert (await core.cancel(order_ref)).ok
        await core.until_state(order_ref, _S.FILLED)
        await made.converged()
        assert any("after it was cancelled" in text for text in core.told)


@pytest.mark.row(41)
@warping
async def test_a_corrected_execution_replaces_the_wrong_one() -> None:
    async with world(STILL) as made:
        core = made.now
        made.gateway.arm("exec-correction*1")
        order_ref = (await core.placed(core.request(), _S.FILLED)).order_ref
        await made.converged()
        (fill,) = core.snapshot.executions
        assert fill.revision == 2
        assert (fill.quantity, fill.price) == (Decimal(100), made.gateway.ledger.executions[0].price)
        assert core.order(order_ref).average_price == fill.price


@pytest.mark.row(42)
@warping
async def test_an_overfill_alarms_and_is_counted() -> None:
    async with world(STILL) as made:
        core = made.now
        made.gateway.arm("overfill=7*1")
        order_ref = (await core.placed(core.request(), _S.FILLED)).order_ref
        await made.converged()
        assert core.order(order_ref).filled == 107
        assert any("7 too many" in text for text in core.told)


@pytest.mark.row(44)
@pytest.mark.parametrize(("fault", "end"), [("silent-order*1", _S.WORKING), ("lost-order*1", _S.UNKNOWN)])
@warping
async def test_an_order_of_which_nothing_is_ever_said_is_unknown_in_time_and_never_refused(
    fault: str, end: OrderState
) -> None:
    async with world(STILL) as made:
        core = made.now
        made.gateway.arm(fault)
        request = await core.placed(core.request(away=30), _S.UNKNOWN)
        await asyncio.sleep(120)
        assert _S.REJECTED not in core.states(request.order_ref)
        assert core.state(request.order_ref) is end
        await made.converged()
        assert len(made.wire.placements()) == 1


@pytest.mark.row(45)
@warping
async def test_a_completed_order_without_id_and_fills_is_matched_by_its_names() -> None:
    async with world(STILL) as made:
        core = made.now
        made.gateway.arm("completed-unfilled")
        request = core.request()
        cancelled = (await core.resting()).order_ref
        made.gateway.arm("no-order-status")
        made.gateway.arm("late-exec=900")
        assert (await core.place(request)).ok
        assert (await core.cancel(cancelled)).ok
        await asyncio.sleep(1)
        await made.crash()
        core = await made.start()
        await core.until_state(request.order_ref, _S.FILLED)
        await made.converged()
        assert core.order(request.order_ref).filled == 100
        assert core.state(cancelled) is _S.CANCELLED


@pytest.mark.row(46)
@pytest.mark.parametrize(
    ("end", "book"),
    [
        ("openOrderEnd", "open orders"),
        ("completedOrdersEnd", "completed"),
        ("execDetailsEnd", "fills"),
        ("positionEnd", "positions"),
    ],
)
@warping
async def test_a_book_that_never_ends_keeps_orders_off_and_is_named(end: str, book: str) -> None:
    async with world(STILL, start=False) as made:
        made.gateway.arm(f"no-message={end}")
        core = await made.start()
        named = False
        for _ in range(60):
            await asyncio.sleep(1)
            assert not core.snapshot.connection.can_trade
            said = [core.snapshot.connection.problem, *core.told]
            named = named or any(book in text for text in said)
        assert named, said
        made.gateway.hub.faults.clear()
        await made.converged()


@pytest.mark.row(47)
@pytest.mark.parametrize("message", ["execDetails", "openOrder", "orderStatus", "commissionReport"])
@warping
async def test_a_message_about_orders_that_cannot_be_read_stops_orders_until_the_books_are_read(message: str) -> None:
    async with world(STILL) as made:
        core = made.now
        made.gateway.arm(f"bad-frame={message}*1")
        request = core.request()
        read = core.snapshot.connection.reconciled
        assert (await core.place(request)).ok
        await core.until(lambda s: s.connection.state is LinkState.SYNCING)
        await made.converged()
        assert core.snapshot.connection.reconciled != read
        assert core.order(request.order_ref).filled == 100
        assert any("could not be read" in text for text in core.told)


@pytest.mark.row(47)
@warping
async def test_messages_that_nobody_knows_are_passed_over() -> None:
    async with world(STILL) as made:
        made.gateway.arm("unknown-message")
        await asyncio.sleep(10)
        await made.now.placed(made.now.request(), _S.FILLED)
        await made.converged()


@pytest.mark.row(48)
@warping
async def test_a_length_of_four_gigabytes_ends_the_connection_and_costs_no_memory() -> None:
    async with world(STILL) as made:
        core = made.now
        order_ref = (await core.resting()).order_ref
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        made.gateway.arm("huge-frame*1")
        await core.until(lambda s: s.connection.state is not LinkState.READY)
        assert "4,294,967,295" in core.snapshot.connection.problem
        await made.converged()
        assert core.state(order_ref) is _S.WORKING
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


@pytest.mark.row(50)
@pytest.mark.parametrize("code", ["10148", "10147"])
@warping
async def test_a_refused_cancel_is_looked_up(code: str) -> None:
    async with world(STILL) as made:
        core = made.now
        order_ref = (await core.resting()).order_ref
        made.gateway.arm(f"cancel-refused={code}*1")
        assert (await core.cancel(order_ref)).ok
        await asyncio.sleep(5)
        await made.converged()
        assert core.state(order_ref) is _S.WORKING
        assert (await core.cancel(order_ref)).ok
        await core.until_state(order_ref, _S.CANCELLED)
        assert len(made.wire.sent(CANCEL)) == 2


@pytest.mark.row(53)
@warping
async def test_a_refused_change_leaves_the_old_terms() -> None:
    async with world(STILL) as made:
        core = made.now
        order_ref = (await core.resting()).order_ref
        made.gateway.arm("modify-refused*1")
        assert (await core.modify(order_ref, quantity=40)).ok
        await core.until(lambda _: core.order(order_ref).previous is None)
        await made.converged()
        assert core.order(order_ref).quantity == Decimal(100)
