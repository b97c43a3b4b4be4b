"""A person's word on an order in doubt: only after two full readings, written down first, and never above evidence."""

from __future__ import annotations

import asyncio

import pytest

from core.domain.commands import DenialCode, SettleOrder, Verdict
from core.domain.entries import Settled
from core.domain.events import Severity
from core.domain.orders import OrderState
from core.domain.reports import ErrorClass
from core.errors import SendUnknownError
from tests.execution.clockwork import jumping
from tests.execution.reports import D, buy, completed, error, filled, open_order, ref, session_error, status
from tests.execution.rig import Rig, rig

NOT_PLACED = SettleOrder(order_ref=ref(1), verdict=Verdict.NOT_PLACED)
ENDED = SettleOrder(order_ref=ref(1), verdict=Verdict.ENDED)


async def in_doubt(desk: Rig, *, checks: int = 0) -> None:
    """An order that was sent and of which nothing was heard."""
    await desk.place()
    await desk.until(lambda: desk.order().state is OrderState.UNKNOWN and desk.order().checks >= checks)


@pytest.mark.row(2, 44)
@jumping
async def test_it_is_presumed_not_placed_after_two_checks_half_a_minute_apart_and_a_persons_word() -> None:
    async with rig() as desk:
        await in_doubt(desk)
        since = desk.clock.mono()
        early = await desk.send(NOT_PLACED, "desk-1")
        assert early.denied is not None
        assert early.denied.code is DenialCode.NOT_SETTLED
        assert early.denied.message == (
            "#1 BUY 100 AAPL @ 233.33: 0 of 2 full checks have found nothing of it so far. Wait for the rest, and look "
            "into TWS meanwhile. Not settled."
        )

        await desk.until(lambda: desk.order().checks == 2)
        assert desk.clock.mono() - since >= 30
        await desk.pass_time(600)
        assert (desk.order().state, desk.order().remaining) == (OrderState.UNKNOWN, D(100)), "never by itself"
        ack = await desk.send(NOT_PLACED, "desk-1")

        assert ack.ok
        assert desk.order().state is OrderState.PRESUMED_NOT_PLACED
        assert desk.order().remaining == 0
        (said,) = [row for row in desk.journal.rows if isinstance(row, Settled)]
        assert (said.order_ref, said.verdict, said.client, said.checks) == (ref(1), Verdict.NOT_PLACED, "desk-1", 2)
        assert desk.trace[-2:] == ["commit Settled", "durable"]
        assert desk.broker.placed[1:] == []
        assert desk.told(Severity.INFO) == [
            "#1 BUY 100 AAPL @ 233.33 was settled as never placed at desk-1 after 2 full checks. It counts no longer. "
            "If it fills after all, the fill counts."
        ]


@pytest.mark.row(40)
@jumping
async def test_a_fill_after_the_word_still_wins_and_alarms() -> None:
    async with rig() as desk:
        await in_doubt(desk, checks=2)
        assert (await desk.send(NOT_PLACED)).ok

        desk.say(filled())

        assert (desk.order().state, desk.order().filled) == (OrderState.FILLED, D(100))
        assert desk.told(Severity.ALARM)[-1] == (
            "#1 BUY 100 AAPL @ 233.33: filled 100 after it was presumed not placed."
        )


@pytest.mark.row(40)
@jumping
async def test_an_order_that_is_open_after_the_word_counts_again_and_alarms() -> None:
    async with rig() as desk:
        await in_doubt(desk, checks=2)
        assert (await desk.send(NOT_PLACED)).ok

        desk.say(open_order())

        assert (desk.order().state, desk.order().remaining) == (OrderState.WORKING, D(100))
        assert "although it was presumed not placed" in desk.told(Severity.ALARM)[-1]


@jumping
async def test_the_word_stands_after_a_restart() -> None:
    async with rig() as first:
        await in_doubt(first, checks=2)
        assert (await first.send(NOT_PLACED)).ok
        rows = list(first.journal.rows)

    async with rig(entries=rows) as desk:
        assert desk.order().state is OrderState.PRESUMED_NOT_PLACED


@jumping
async def test_what_was_not_written_down_is_not_settled() -> None:
    async with rig() as desk:
        await in_doubt(desk, checks=2)
        desk.journal.fail("The disk is full.")

        ack = await desk.send(NOT_PLACED)

        assert ack.denied is not None
        assert ack.denied.message == "Not settled: The disk is full."
        assert desk.order().state is OrderState.UNKNOWN


@jumping
async def test_evidence_that_comes_while_the_word_is_written_outranks_it() -> None:
    async with rig() as desk:
        await in_doubt(desk, checks=2)
        desk.journal.held = True
        word = desk.send(NOT_PLACED)
        settling = asyncio.ensure_future(word)
        await desk.pass_time(0.1)
        desk.say(open_order())
        desk.journal.release()
        ack = await settling

        assert ack.denied is not None
        assert desk.order().state is OrderState.WORKING


@jumping
async def test_what_ibkr_had_taken_was_placed_and_can_only_have_ended() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN and desk.order().checks == 2)

        ack = await desk.send(NOT_PLACED)
        assert ack.denied is not None
        assert ack.denied.message == (
            "#1 BUY 100 AAPL @ 233.33 was placed (IBKR's number 900001). Look into TWS; once it works no longer there, "
            "type: ended. Not settled."
        )
        assert (await desk.send(ENDED)).ok
        assert (desk.order().state, desk.order().remaining) == (OrderState.CANCELLED, D(0))
        assert desk.order().note.startswith("ended, by your word; ")


@jumping
async def test_an_order_that_a_book_speaks_of_is_not_counted_as_looked_for() -> None:
    async with rig() as desk:
        desk.broker.book_completed.append(completed(word="Filled"))
        await in_doubt(desk)
        await desk.pass_time(120)

        assert (desk.order().state, desk.order().checks) == (OrderState.UNKNOWN, 0)
        assert not (await desk.send(ENDED)).ok


@jumping
async def test_readings_while_ibkrs_own_link_is_down_prove_nothing() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(session_error(1100, ErrorClass.LINK_DOWN))
        await desk.pass_time(300)
        assert (desk.order().state, desk.order().checks) == (OrderState.UNKNOWN, 0)

        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: desk.order().checks == 2)


@jumping
async def test_a_new_doubt_is_looked_into_anew() -> None:
    async with rig() as desk:
        await in_doubt(desk, checks=2)
        desk.say(open_order())
        assert desk.order().checks == 0
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)

        assert desk.order().checks <= 1
        assert not (await desk.send(ENDED)).ok


@pytest.mark.parametrize("verdict", Verdict)
@jumping
async def test_nothing_but_a_doubt_is_settled(verdict: Verdict) -> None:
    async with rig() as desk:
        unheard = await desk.send(SettleOrder(order_ref=ref(9), verdict=verdict))
        assert unheard.denied is not None
        assert unheard.denied.code is DenialCode.UNKNOWN_ORDER
        await desk.working(buy())
        ack = await desk.send(SettleOrder(order_ref=ref(1), verdict=verdict))
        assert ack.denied is not None
        assert ack.denied.message == "#1 BUY 100 AAPL @ 233.33 is working, not unknown: there is nothing to settle."
        desk.say(error(1, 201, ErrorClass.REJECTED))
        assert not (await desk.send(SettleOrder(order_ref=ref(1), verdict=verdict))).ok


@pytest.mark.row(56)
@jumping
async def test_other_clients_orders_are_not_settled_here() -> None:
    async with rig(
        prepare=lambda broker: broker.book_open.append(open_order("theirs", perm_id=5, client_id=0))
    ) as desk:
        (order,) = desk.snapshot.orders

        ack = await desk.send(SettleOrder(order_ref=order.order_ref, verdict=Verdict.ENDED))

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.EXTERNAL


@pytest.mark.row(40)
@pytest.mark.parametrize("restarted", [False, True])
@jumping
async def test_an_order_that_is_open_after_it_was_called_ended_counts_again_and_alarms(*, restarted: bool) -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN and desk.order().checks == 2)
        assert (await desk.send(ENDED)).ok
        rows = list(desk.journal.rows)
        if not restarted:
            desk.say(open_order())

            assert (desk.order().state, desk.order().remaining) == (OrderState.WORKING, D(100))
            assert "although it was cancelled" in desk.told(Severity.ALARM)[-1]
            assert not desk.order().by_word

    async with rig(entries=rows, prepare=lambda broker: broker.book_open.append(open_order())) as desk:
        assert (desk.order().state, desk.order().remaining) == (OrderState.WORKING, D(100))


@jumping
async def test_once_the_broker_says_that_it_ended_a_straggler_no_longer_brings_it_back() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN and desk.order().checks == 2)
        assert (await desk.send(ENDED)).ok
        desk.say(completed())
        desk.say(open_order())

        assert (desk.order().state, desk.order().by_word) == (OrderState.CANCELLED, False)


@jumping
async def test_the_rest_of_an_order_that_filled_in_part_can_be_called_ended() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="40"))
        desk.broker.book_executions.append(filled(quantity="40", live=False))
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN and desk.order().checks == 2)

        assert not (await desk.send(NOT_PLACED)).ok
        assert (await desk.send(ENDED)).ok
        assert (desk.order().state, desk.order().filled, desk.order().remaining) == (OrderState.CANCELLED, D(40), D(0))


@jumping
async def test_a_reading_that_had_begun_before_the_order_left_is_no_check_of_it() -> None:
    async with rig() as desk:
        desk.broker.answering.clear()
        readings = desk.broker.readings
        desk.say(status(99, perm_id=900_099))
        await desk.pass_time(4)
        assert desk.broker.readings == readings + 1
        desk.broker.sending = SendUnknownError("The connection went while the frame was leaving.")
        await desk.place()
        assert desk.order().state is OrderState.UNKNOWN
        desk.broker.answering.set()
        await desk.pass_time(1)

        reading = desk.snapshot.reading
        assert reading is not None
        assert reading.time >= desk.order().changed, "it ended behind the send"
        assert desk.order().checks == 0
        await desk.until(lambda: desk.order().checks == 1)
