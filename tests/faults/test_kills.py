"""SIGKILL of a real core at every moment of an order's way, and what the next core makes of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.commands import CancelOrder, ModifyOrder
from core.domain.entries import CancelAsked, FactRecorded, Heard, Intent, ModifyIntent
from core.domain.events import ExecutionAdded, OrderChanged
from core.domain.orders import OrderState, Pending
from core.domain.reports import ExecutionReport
from core.journal.recovery import read_entries
from tests.faults.killing import Stage, in_state, reach, resting, send_in_vain, stage
from tests.faults.scale import scaled

_S = OrderState
NOT_FOUND = "in open orders: no · executions: no · completed: no"
ROUNDS = scaled(4, 10, 10)
"""How often core is killed while it recovers: the row demands ten."""

pytestmark = pytest.mark.timeout(120)


def entries(there: Stage) -> list[object]:
    """Everything on disk."""
    return [entry for _, entry in read_entries(there.journal)]


def known_states(there: Stage, order_ref: str) -> list[OrderState]:
    """The states of an order that are on disk, in order."""
    facts = [entry.fact for entry in entries(there) if isinstance(entry, FactRecorded)]
    return [fact.order.state for fact in facts if isinstance(fact, OrderChanged) and fact.order.order_ref == order_ref]


def fills_written(there: Stage) -> list[str]:
    """The executions on disk, once for each row that has one."""
    facts = [entry.fact for entry in entries(there) if isinstance(entry, FactRecorded)]
    return [fact.execution.exec_id for fact in facts if isinstance(fact, ExecutionAdded)]


@pytest.mark.row(1)
async def test_before_the_intent_is_on_disk_there_is_no_order_anywhere() -> None:
    async with stage() as there:
        await there.killed_over("K0")
        assert not [entry for entry in entries(there) if isinstance(entry, Intent)]
        async with there.healthy() as watcher:
            assert watcher.snapshot.orders == ()
        assert there.wire.placements() == []
        assert there.gateway.ledger.orders == {}


@pytest.mark.row(2)
@pytest.mark.parametrize("point", ["K1", "K2a"])
async def test_between_intent_and_frame_the_order_is_unknown_and_never_sent(point: str) -> None:
    async with stage() as there:
        command = await there.killed_over(point)
        async with there.healthy() as watcher:
            (order,) = watcher.snapshot.orders
            assert (order.order_ref, order.state) == (command.request.order_ref, _S.UNKNOWN)
            assert order.note == NOT_FOUND
            assert order.remaining == 100, "it counts as exposure"
            # The same command again is the same order, not another one.
            assert (await watcher.send(command)).order == order
        assert there.placements(command.request.order_ref) == 0


@pytest.mark.row(3)
@pytest.mark.parametrize("below", ["", "5"])
async def test_a_frame_without_a_row_is_found_by_its_reference(below: str) -> None:
    async with stage() as there:
        command = await there.killed_over("K2", below=below)
        order_ref = command.request.order_ref
        assert known_states(there, order_ref) == []
        async with there.healthy() as watcher:
            order = await reach(watcher, order_ref, in_state(_S.WORKING if below else _S.FILLED))
            assert order.filled == (0 if below else 100)
        assert there.placements(order_ref) == 1


@pytest.mark.row(4)
async def test_sent_and_not_acknowledged_counts_as_exposure_until_it_is_found() -> None:
    async with stage(latency="ibkr") as there:
        command = await there.killed_over("K3")
        order_ref = command.request.order_ref
        assert known_states(there, order_ref) == [_S.SENT]
        async with there.healthy() as watcher:
            await reach(watcher, order_ref, in_state(_S.FILLED))
        states = known_states(there, order_ref)
        assert states[:2] == [_S.SENT, _S.UNKNOWN], "UNKNOWN, which counts, until the books are read"
        assert there.placements(order_ref) == 1


@pytest.mark.row(5)
async def test_an_acknowledgement_that_nobody_wrote_down_is_learnt_again() -> None:
    async with stage() as there:
        command = await there.killed_over("K4", below="5")
        order_ref = command.request.order_ref
        async with there.healthy() as watcher:
            order = await reach(watcher, order_ref, in_state(_S.WORKING))
            (booked,) = there.gateway.ledger.orders.values()
            assert order.perm_id == booked.perm_id
        assert there.placements(order_ref) == 1


@pytest.mark.row(6)
async def test_a_fill_that_nobody_wrote_down_is_recovered_once() -> None:
    async with stage() as there:
        command = await there.killed_over("K5")
        heard = [entry.report for entry in entries(there) if isinstance(entry, Heard)]
        assert not [report for report in heard if isinstance(report, ExecutionReport)]
        async with there.healthy() as watcher:
            order = await reach(watcher, command.request.order_ref, in_state(_S.FILLED))
            assert order.filled == 100
            assert len((await watcher.client.snapshot()).executions) == len(there.gateway.ledger.executions)


@pytest.mark.row(7)
async def test_a_commission_that_never_came_is_none_until_it_is_asked_for() -> None:
    async with stage("late-commission=30") as there:
        await there.killed_over("K6")
        facts = [entry.fact for entry in entries(there) if isinstance(entry, FactRecorded)]
        fills = [fact.execution for fact in facts if isinstance(fact, ExecutionAdded)]
        assert fills
        assert {fill.commission for fill in fills} == {None}
        async with there.healthy() as watcher:
            await watcher.until(lambda s: bool(s.executions) and all(fill.commission for fill in s.executions))
            snapshot = await watcher.client.snapshot()
            told = sum(fill.commission or Decimal(0) for fill in snapshot.executions)
            assert told == sum(fill.commission for fill in there.gateway.ledger.executions)
            assert len(snapshot.executions) == len(there.gateway.ledger.executions)


@pytest.mark.row(8)
@pytest.mark.parametrize(("point", "state"), [("K7a", _S.WORKING), ("K7b", _S.CANCELLED)])
async def test_a_cancel_under_way_is_what_the_broker_says(point: str, state: OrderState) -> None:
    async with stage() as there:
        async with there.doomed(point) as watcher:
            order_ref = (await resting(watcher)).order_ref
            await send_in_vain(watcher, CancelOrder(order_ref=order_ref))
        async with there.healthy() as watcher:
            order = await reach(watcher, order_ref, in_state(state))
            assert order.pending is Pending.NONE
            if order.is_live:
                assert (await watcher.send(CancelOrder(order_ref=order_ref))).ok
                await reach(watcher, order_ref, in_state(_S.CANCELLED))


@pytest.mark.row(8)
async def test_a_fill_wins_over_the_cancel_under_way() -> None:
    async with stage("fill-after-cancel") as there:
        async with there.doomed("K7b") as watcher:
            order_ref = (await resting(watcher)).order_ref
            await send_in_vain(watcher, CancelOrder(order_ref=order_ref))
        async with there.healthy() as watcher:
            order = await reach(watcher, order_ref, in_state(_S.FILLED))
            assert order.filled == 100
        assert not [entry for entry in entries(there) if isinstance(entry, CancelAsked)] or order.filled == 100


@pytest.mark.row(9)
@pytest.mark.parametrize(("point", "left"), [("K8c", 1), ("K8a", 1), ("K8b", 2)])
async def test_a_change_under_way_has_the_brokers_terms(point: str, left: int) -> None:
    async with stage() as there:
        async with there.doomed(point) as watcher:
            order = await resting(watcher)
            order_ref = order.order_ref
            await send_in_vain(
                watcher, ModifyOrder(order_ref=order_ref, revision=order.revision, quantity=Decimal(150))
            )
        assert [entry for entry in entries(there) if isinstance(entry, ModifyIntent)]
        async with there.healthy() as watcher:
            order = await reach(watcher, order_ref, lambda one: one.pending is Pending.NONE)
            (booked,) = there.gateway.ledger.orders.values()
            assert order.quantity == booked.quantity == (150 if left == 2 else 100)
            assert order.previous is None
        assert there.placements(order_ref) == left


@pytest.mark.row(10)
@pytest.mark.parametrize("point", ["K9a", "K9b", "K9c"])
async def test_killed_time_and_again_while_it_recovers_it_ends_the_same(point: str) -> None:
    """While the books are read; and inside the recovery's own writes, at another write each time."""
    async with stage() as there:
        command = await there.killed_over("K5")
        order_ref = command.request.order_ref
        for number in range(ROUNDS):
            await there.start_doomed(point if point == "K9a" else f"{point}={1 + number % 2}")
        async with there.healthy() as watcher:
            order = await reach(watcher, order_ref, in_state(_S.FILLED))
            assert order.filled == 100
            fills = (await watcher.client.snapshot()).executions
            assert len({fill.exec_id for fill in fills}) == len(fills) == len(there.gateway.ledger.executions)
        added = fills_written(there)
        # Once as the fill, once more with its commission.
        assert all(added.count(exec_id) <= 2 for exec_id in added)
        async with there.healthy():
            pass
        assert fills_written(there) == added, "what is known is not written down again"
        assert there.placements(order_ref) == 1
