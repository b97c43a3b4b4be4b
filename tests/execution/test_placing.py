"""A new order: what happens at the journal and at the wire, in which order, and what each failure makes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode, PlaceOrder, Seen
from core.domain.entries import Intent, Refused
from core.domain.events import OrderChanged, Severity, TradingState
from core.domain.orders import OrderState, Pending, Side
from core.domain.reports import ErrorClass
from core.errors import NotConnectedError, SendUnknownError
from tests.execution.clockwork import START, jumping
from tests.execution.reports import AAPL, D, buy, filled, open_order, ref, session_error, status
from tests.execution.rig import rig, settle


@pytest.mark.covers("D0.2")
@jumping
async def test_the_intent_is_durable_before_the_frame_exists() -> None:
    async with rig() as desk:
        desk.journal.held = True
        desk.trace.clear()
        placing = asyncio.create_task(desk.place())
        await settle()
        assert desk.trace == ["commit Intent"]
        assert desk.order().state is OrderState.INTENT

        desk.journal.release()
        ack = await placing

        assert desk.trace == ["commit Intent", "durable", "place 1"]
        assert ack.ok
        assert ack.order == desk.order()
        assert desk.states() == ["INTENT", "SENT"]


@jumping
async def test_the_frame_says_what_the_intent_says() -> None:
    async with rig() as desk:
        await desk.place()

        (intent,) = [row for row in desk.journal.rows if isinstance(row, Intent)]
        (placed,) = desk.broker.placed
        assert placed.request == intent.request == buy()
        assert (placed.order_id, placed.modify) == (intent.order.order_id, False)
        assert intent.order.perm_id is None


@jumping
async def test_a_journal_that_fails_lets_nothing_out() -> None:
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.create_task(desk.place())
        await settle()

        desk.journal.fail("the disk is full")
        ack = await placing

        assert desk.broker.placed == []
        assert not ack.ok
        assert ack.denied is not None
        assert (ack.denied.code, ack.denied.message) == (DenialCode.HALTED, "Not sent: the disk is full")
        assert desk.states() == ["INTENT", "DENIED"]
        assert desk.order().note == "Not sent: the disk is full"


@jumping
async def test_a_halted_core_takes_no_order_and_still_cancels() -> None:
    async with rig() as desk:
        await desk.working()
        desk.service.halt("the journal can't be written")

        ack = await desk.place(buy(2))
        changed = await desk.modify(price="233.00")

        for refused in (ack, changed):
            assert refused.denied is not None
            assert refused.denied.code is DenialCode.HALTED
            assert refused.denied.message == "Trading is halted: the journal can't be written"
        assert len(desk.broker.placed) == 1
        assert desk.snapshot.trading_state is TradingState.HALTED
        assert (await desk.cancel()).ok
        assert desk.broker.cancelled == [1]


@jumping
async def test_certainly_unsent_is_denied_and_says_so() -> None:
    async with rig() as desk:
        desk.broker.sending = NotConnectedError("The socket is gone. Nothing was sent.")

        ack = await desk.place()
        await settle()

        assert ack.ok, "the intent was durable"
        assert desk.states() == ["INTENT", "DENIED"]
        assert desk.order().note == "not sent: The socket is gone. Nothing was sent."
        assert desk.told() == ["#1 BUY 100 AAPL @ 233.33 was not sent: The socket is gone. Nothing was sent."]


@jumping
async def test_a_frame_that_may_have_left_is_unknown() -> None:
    async with rig() as desk:
        desk.broker.sending = SendUnknownError("half of it left")

        await desk.place()
        await settle()

        order = desk.order()
        assert desk.states() == ["INTENT", "UNKNOWN"]
        assert order.note == "the connection broke while it was being sent"
        assert order.remaining == 100, "it counts as exposure"
        assert any("is being looked up" in text for text in desk.told(Severity.ALARM))


@jumping
async def test_a_send_that_nobody_waits_for_any_more_is_unknown() -> None:
    async with rig() as desk:
        desk.broker.sending = "waits"
        await desk.place()

        desk.broker.waiting[0].cancel()
        await settle()

        assert desk.order().state is OrderState.UNKNOWN


@jumping
async def test_what_the_adapter_refuses_to_write_was_never_sent() -> None:
    async with rig() as desk:
        desk.broker.refuses = ValueError("'é' can't be sent to the broker. Nothing was sent.")

        ack = await desk.place()

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.BAD_COMMAND
        assert ack.denied.message == "Not sent: 'é' can't be sent to the broker. Nothing was sent."
        assert desk.order().state is OrderState.DENIED


@jumping
async def test_a_connection_that_changed_during_the_commit_gets_no_frame() -> None:
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.create_task(desk.place())
        await settle()
        verified = desk.connection.verified
        desk.broker.lose()
        await desk.until(lambda: desk.connection.can_trade and desk.connection.verified != verified)

        desk.journal.release()
        ack = await placing

        assert desk.broker.placed == []
        assert ack.denied is not None
        assert ack.denied.code is DenialCode.NOT_CONNECTED
        assert desk.order().state is OrderState.DENIED


@jumping
async def test_a_link_that_was_lost_during_the_commit_gets_no_frame() -> None:
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.create_task(desk.place())
        await settle()
        desk.say(session_error(1100, ErrorClass.LINK_DOWN, "Connectivity lost"))

        desk.journal.release()
        ack = await placing

        assert desk.broker.placed == []
        assert not ack.ok
        assert desk.states() == ["INTENT", "UNKNOWN", "DENIED"]


@jumping
async def test_an_order_that_took_too_long_to_record_is_not_sent_any_more() -> None:
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.create_task(desk.place())
        await settle()
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)

        desk.journal.release()
        ack = await placing

        assert desk.broker.placed == []
        assert ack.denied is not None
        assert "took too long" in ack.denied.message
        assert desk.order().state is OrderState.DENIED


@jumping
async def test_whoever_asked_may_go_away_during_the_commit() -> None:
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.create_task(desk.place())
        await settle()

        placing.cancel()
        await asyncio.gather(placing, return_exceptions=True)
        desk.journal.release()

        assert desk.broker.placed == []
        assert desk.order().state is OrderState.DENIED
        assert (await desk.place(buy(2))).ok, "the next one has its turn"


@pytest.mark.covers("D2.2")
@jumping
async def test_the_same_reference_twice_is_one_order() -> None:
    async with rig() as desk:
        desk.journal.held = True
        both = [asyncio.create_task(desk.send(PlaceOrder(request=buy()), client)) for client in ("one", "two")]
        await settle()
        desk.journal.release()

        first, second = await asyncio.gather(*both)
        third = await desk.place()

        assert (first.ok, second.ok, third.ok) == (True, True, True)
        assert len(desk.broker.placed) == 1
        assert len([row for row in desk.journal.rows if isinstance(row, Intent)]) == 1


@jumping
async def test_a_reference_stands_for_one_order_only() -> None:
    async with rig() as desk:
        await desk.place()

        for other in (replace(buy(), side=Side.SELL), replace(buy(), con_id=76792991)):
            ack = await desk.place(other)
            assert ack.denied is not None
            assert ack.denied.code is DenialCode.DUPLICATE_REF
            assert ack.denied.message == (
                f"The reference {ref(1)} stands for BUY 100 AAPL @ 233.33. Not sent; mint a new one."
            )
        assert len(desk.broker.placed) == 1


@jumping
async def test_an_order_that_was_never_sent_is_not_reported_as_placed_when_asked_again() -> None:
    async with rig() as desk:
        desk.broker.sending = NotConnectedError("Nothing was sent.")
        await desk.place()
        await settle()
        desk.broker.sending = "sent"

        again = await desk.place()

        assert not again.ok
        assert again.denied is not None
        assert again.denied.code is DenialCode.NOT_LIVE
        assert again.denied.message == ("#1 BUY 100 AAPL @ 233.33 has ended: denied (not sent: Nothing was sent.).")
        assert len(desk.broker.placed) == 1


@jumping
async def test_a_reference_of_an_earlier_day_is_never_sent_again() -> None:
    async with rig() as first:
        await first.working()
        first.say(filled())
        rows = list(first.journal.rows)

    async with rig(entries=rows, start=START + timedelta(days=1)) as desk:
        assert desk.snapshot.orders == ()
        ack = await desk.place()

        assert desk.broker.placed == []
        assert ack.denied is not None
        assert ack.denied.code is DenialCode.DUPLICATE_REF


@jumping
async def test_the_controls_are_asked_and_their_refusal_is_recorded() -> None:
    async with rig() as desk:
        ack = await desk.place(buy(price="233.337"))

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.TICK
        assert desk.snapshot.orders == ()
        assert desk.broker.placed == []
        (refused,) = [row for row in desk.journal.rows if isinstance(row, Refused)]
        assert (refused.request, refused.denial) == (buy(price="233.337"), ack.denied)


@jumping
async def test_a_market_that_moved_since_it_was_painted_sends_nothing() -> None:
    async with rig() as desk:
        seen = Seen(bid=D("233.00"), ask=D("233.01"))

        ack = await desk.send(PlaceOrder(request=buy(), seen=seen))

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.PRICE_MOVED
        assert desk.broker.placed == []
        assert (await desk.send(PlaceOrder(request=buy(), seen=Seen(bid=D("233.33"), ask=D("233.34"))))).ok


@jumping
async def test_a_read_only_profile_sends_neither_orders_nor_cancels() -> None:
    async with rig(read_only=True) as desk:
        ack = await desk.place()
        desk.say(open_order(ref(5), order_id=5))
        cancel = await desk.cancel(5)

        assert ack.denied is not None
        assert cancel.denied is not None
        assert ack.denied.code is cancel.denied.code is DenialCode.READ_ONLY
        assert (desk.broker.placed, desk.broker.cancelled) == ([], [])


@jumping
async def test_nothing_is_queued_without_a_connection() -> None:
    async with rig() as desk:
        desk.broker.open_error = NotConnectedError("Nothing listens there.")
        desk.broker.lose()
        await desk.until(lambda: not desk.connection.accounts)

        ack = await desk.place()
        desk.broker.open_error = None
        await desk.until(lambda: desk.connection.can_trade)

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.NOT_CONNECTED
        assert ack.denied.message.startswith("Not sent, nothing is queued: ")
        assert desk.broker.placed == []


@jumping
async def test_an_order_or_change_that_would_wait_long_for_its_turn_is_refused_and_a_cancel_passes() -> None:
    async with rig() as desk:
        order = await desk.working()
        desk.broker.order_wait = 2.1

        refused = [await desk.place(buy(2)), await desk.modify(price="233.30")]

        assert [ack.denied and ack.denied.code for ack in refused] == [DenialCode.THROTTLED] * 2
        assert (await desk.cancel()).ok
        assert desk.broker.cancelled == [order.order_id]


@jumping
async def test_a_contract_known_from_messages_alone_is_not_ordered() -> None:
    async with rig() as desk:
        strange = replace(AAPL, con_id=4391, symbol="AMD")
        desk.say(open_order("manual", perm_id=5, client_id=0, order_id=9, instrument=strange))
        desk.quote("168.02", "168.04", 4391)

        ack = await desk.place(buy(instrument=strange, price="168.02"))
        assert ack.denied is not None
        assert ack.denied.code is DenialCode.UNKNOWN_INSTRUMENT

        desk.broker.instruments[4391] = strange
        desk.broker.book_open = [open_order("manual", perm_id=5, client_id=0, order_id=9, instrument=strange)]
        desk.say(session_error(1102, ErrorClass.LINK_UP_DATA_KEPT))
        await desk.until(lambda: 4391 in desk.broker.subscribed)
        await desk.until(lambda: desk.connection.can_trade)

        assert (await desk.place(buy(instrument=strange, price="168.02"))).ok


@jumping
async def test_numbers_and_ids_rise_and_are_never_given_twice() -> None:
    async with rig() as desk:
        for number in (1, 2, 3):
            await desk.place(buy(number))

        orders = [desk.order(number) for number in (1, 2, 3)]
        assert [order.number for order in orders] == [1, 2, 3]
        assert [order.order_id for order in orders] == [1, 2, 3]


@jumping
async def test_facts_are_numbered_by_their_rows_in_the_order_of_publication() -> None:
    async with rig(head=41) as desk:
        await desk.place()
        desk.say(status(1), filled(), status(1, "Filled"))
        await desk.place(buy(2))
        await desk.cancel(2)

        numbers = [envelope.number for envelope in desk.envelopes if envelope.number is not None]
        facts = [envelope.event for envelope in desk.envelopes if envelope.number is not None]
        assert numbers == sorted(set(numbers))
        for number, fact in zip(numbers, facts, strict=True):
            row = desk.journal.rows[number - 42]
            if isinstance(row, Intent):
                assert fact == OrderChanged(order=row.order)
            else:
                assert getattr(row, "fact", None) == fact
        assert desk.snapshot.number == numbers[-1]
        assert desk.order(2).pending is Pending.CANCEL
