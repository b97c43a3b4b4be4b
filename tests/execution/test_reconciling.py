"""After a restart and after doubts: the broker's books decide, and what they do not show stays unknown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from core.domain.entries import Entry
from core.domain.events import Severity
from core.domain.orders import OrderState, Pending
from core.domain.reports import ErrorClass
from core.errors import NotConnectedError
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import buy, completed, filled, open_order, session_error, status
from tests.execution.rig import rig, settle

NOWHERE = "in open orders: no · executions: no · completed: no"


async def killed_after_intent() -> Sequence[Entry]:
    """The journal of a core that died between the durable intent and the frame."""
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.create_task(desk.place())
        await settle()
        rows = list(desk.journal.rows)
        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)
        return rows


async def killed_while_working() -> Sequence[Entry]:
    """The journal of a core that died with an order at the broker."""
    async with rig() as desk:
        await desk.working()
        return list(desk.journal.rows)


@jumping
async def test_an_intent_without_a_frame_is_unknown_and_stays_so() -> None:
    async with rig(entries=await killed_after_intent()) as desk:
        order = desk.order()
        assert (order.state, order.note) == (OrderState.UNKNOWN, NOWHERE)
        assert order.remaining == 100, "it counts as exposure"
        since, readings = order.changed, desk.broker.readings

        await desk.pass_time(3600)

        order = desk.order()
        assert (order.state, order.note, order.changed) == (OrderState.UNKNOWN, NOWHERE, since)
        assert desk.broker.readings >= readings + 200, "the books are read again and again"
        assert desk.broker.placed == []
        assert not desk.service.told_to_stop
        assert desk.service.has_live_orders


@jumping
async def test_a_doubt_is_told_once_with_what_it_means() -> None:
    async with rig() as desk:
        await desk.place()
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)
        await desk.pass_time(600)

        assert desk.told(Severity.ALARM) == [
            "#1 BUY 100 AAPL @ 233.33: no answer from IBKR. It may be working. It counts as 100 bought. "
            "Don't send it again; it is being looked up."
        ]


@jumping
async def test_an_order_that_waits_too_long_for_its_turn_is_taken_back_instead_of_doubted() -> None:
    async with rig() as desk:
        desk.broker.sending, desk.broker.withdraws = "waits", True
        await desk.place()
        await desk.until(lambda: "withdraw 1" in desk.trace)
        assert desk.order().state is OrderState.INTENT
        desk.broker.waiting[0].set_exception(NotConnectedError("Withdrawn. Nothing was sent."))
        await settle()

        assert desk.order().state is OrderState.DENIED
        assert desk.told() == ["#1 BUY 100 AAPL @ 233.33 was not sent: Withdrawn. Nothing was sent."]


@pytest.mark.parametrize(
    ("book", "state"),
    [
        ("book_open", OrderState.WORKING),
        ("book_executions", OrderState.FILLED),
        ("book_completed", OrderState.CANCELLED),
    ],
)
@jumping
async def test_an_intent_is_found_in_any_book_by_its_reference(book: str, state: OrderState) -> None:
    found = {"book_open": open_order(), "book_executions": filled(live=False), "book_completed": completed()}

    def prepare(broker: FakeBroker) -> None:
        getattr(broker, book).append(found[book])

    async with rig(entries=await killed_after_intent(), prepare=prepare) as desk:
        assert desk.order().state is state
        assert desk.broker.placed == []


@jumping
async def test_an_order_that_ended_by_the_books_without_its_fills_is_unknown() -> None:
    """Completed as filled, but the fills are older than the broker's list: nobody knows how much filled."""

    def prepare(broker: FakeBroker) -> None:
        broker.book_completed.append(completed(word="Filled"))

    async with rig(entries=await killed_while_working(), prepare=prepare) as desk:
        order = desk.order()
        assert order.state is OrderState.UNKNOWN
        assert order.note == "in open orders: no · executions: no · completed: yes"
        readings = desk.broker.readings
        await desk.pass_time(60)
        assert desk.broker.readings <= readings + 5, "and the gateway is not stormed with questions"


@jumping
async def test_reading_the_books_again_changes_nothing() -> None:
    def prepare(broker: FakeBroker) -> None:
        broker.book_open.append(open_order())
        broker.book_executions.append(filled(quantity="40", live=False))

    async with rig(entries=await killed_while_working(), prepare=prepare) as desk:
        before = desk.snapshot
        assert before.orders[0].state is OrderState.WORKING
        assert before.orders[0].filled == 40
        for _ in range(10):
            desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
            await desk.pass_time(5)

        assert desk.broker.readings >= 10
        assert (desk.snapshot.orders, desk.snapshot.executions) == (before.orders, before.executions)


@jumping
async def test_an_order_that_left_while_the_books_were_read_is_not_missed_in_them() -> None:
    async with rig() as desk:
        desk.broker.answering.clear()
        await desk.working(buy(1))
        desk.say(status(1, "Dreaming"))
        readings = desk.broker.readings
        await desk.pass_time(4)
        assert desk.broker.readings == readings + 1, "the list of open orders is answered"
        await desk.working(buy(2))
        await desk.place(buy(3))
        desk.broker.answering.set()
        await settle()

        assert desk.order(2).state is OrderState.WORKING
        assert desk.order(3).state is OrderState.SENT
        assert desk.order(1).state is OrderState.UNKNOWN, "this one stood still and is in no book"


@jumping
async def test_an_answer_that_overtakes_the_books_stands() -> None:
    async with rig() as desk:
        await desk.place()
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)
        desk.broker.answering.clear()
        readings = desk.broker.readings
        await desk.pass_time(20)
        assert desk.broker.readings == readings + 1
        desk.say(status(1))
        desk.broker.answering.set()
        await settle()

        assert desk.order().state is OrderState.WORKING


@jumping
async def test_a_cancel_asked_for_before_the_kill_is_settled_by_the_books() -> None:
    async with rig() as first:
        await first.working()
        await first.cancel()
        rows = list(first.journal.rows)

    def still_open(broker: FakeBroker) -> None:
        broker.book_open.append(open_order())

    async with rig(entries=rows, prepare=still_open) as desk:
        order = desk.order()
        assert (order.state, order.pending) == (OrderState.WORKING, Pending.NONE)
        assert order.note == "the cancel asked for before the connection was lost was not made"
        assert (await desk.cancel()).ok


@jumping
async def test_orders_of_others_that_vanish_are_not_ours_to_worry_about() -> None:
    def prepare(broker: FakeBroker) -> None:
        broker.book_open.append(open_order("theirs", perm_id=5, client_id=0, order_id=9))

    async with rig(prepare=prepare) as desk:
        desk.broker.book_open.clear()
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: desk.snapshot.orders[0].state is OrderState.UNKNOWN)

        assert desk.told(Severity.ALARM) == []
        assert not desk.service.has_live_orders
        desk.broker.book_completed.append(completed("theirs", perm_id=5))
        await desk.until(lambda: desk.snapshot.orders[0].state is OrderState.CANCELLED)
