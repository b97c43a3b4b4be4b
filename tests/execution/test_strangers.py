"""Orders that this journal did not send: other clients', and our own without a record."""

from __future__ import annotations

import pytest

from core.domain.events import Severity
from core.domain.orders import OrderState
from core.domain.reports import Report
from tests.execution.clockwork import jumping
from tests.execution.reports import D, completed, filled, open_order, ref, status
from tests.execution.rig import rig


@jumping
async def test_orders_of_others_are_shown_counted_and_not_ours() -> None:
    async with rig() as desk:
        desk.say(
            filled("0009.01.01", "30", order_ref="theirs", perm_id=5, client_id=0, order_id=9),
            open_order("theirs", perm_id=5, client_id=0, order_id=9),
        )

        (order,) = desk.snapshot.orders
        assert (order.order_ref, order.external, order.number, order.state) == ("ext-5", True, 0, OrderState.WORKING)
        assert (order.note, order.filled) == ("other client (0)", D(30))
        assert [fill.order_ref for fill in desk.snapshot.executions] == ["ext-5"]
        desk.say(open_order("theirs", perm_id=5, client_id=0, order_id=9, quantity="200"))
        desk.say(status(9, "Cancelled", perm_id=5, client_id=0))
        (order,) = desk.snapshot.orders
        assert (order.quantity, order.state) == (D(200), OrderState.CANCELLED)
        assert desk.told() == []


@pytest.mark.parametrize("word", ["Cancelled", "Filled", "Inactive"])
@jumping
async def test_orders_of_others_that_have_ended_are_not_taken_for_working(word: str) -> None:
    async with rig() as desk:
        desk.say(open_order("theirs", perm_id=5, client_id=0, order_id=9, word=word))

        assert [order.state for order in desk.snapshot.orders] == ([OrderState.HELD] if word == "Inactive" else [])


@jumping
async def test_our_order_that_the_journal_does_not_know_alarms_once() -> None:
    async with rig() as desk:
        lost = open_order(ref(7), order_id=70, perm_id=7)

        desk.say(filled("0007.01.01", "10", order_ref=ref(7), perm_id=7, order_id=70), lost, lost)

        (order,) = desk.snapshot.orders
        assert (order.external, order.number, order.filled, order.order_ref) == (False, 1, D(10), ref(7))
        assert desk.told(Severity.ALARM) == [
            "A fill of 10 AAPL is at IBKR under our name, but the journal has no record of it. Check the journal."
        ]


@pytest.mark.parametrize("report", [completed(ref(7)), filled(order_ref=ref(7), order_id=70, live=False)])
@jumping
async def test_what_ended_under_our_name_without_a_record_alarms_too(report: Report) -> None:
    async with rig() as desk:
        desk.say(report, report)

        assert len(desk.told(Severity.ALARM)) == 1
        assert "the journal has no record of it" in desk.told(Severity.ALARM)[0]


@jumping
async def test_an_address_used_again_is_not_our_order() -> None:
    async with rig() as desk:
        await desk.place()

        desk.say(filled(order_ref="somebody else", perm_id=5), open_order("somebody else", perm_id=5))

        assert (desk.order().state, desk.order().filled, desk.order().perm_id) == (OrderState.SENT, D(0), None)
        assert {order.order_ref for order in desk.snapshot.orders} == {ref(1), "ext-5"}
