"""A parent and what is attached to it: one batch in the journal, one family at the wire, whatever fails between."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from core.domain.commands import Ack, CancelEntries, CancelOrder, DenialCode, ModifyOrder, PlaceOrder
from core.domain.entries import Refused
from core.domain.events import OrderChanged, Severity
from core.domain.orders import OrderRequest, OrderState, OrderType, Pending, Side
from core.domain.reports import ErrorClass, RequestKind
from core.errors import NotConnectedError
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, D, buy, error, ref, status
from tests.execution.rig import Rig, rig, settle


def legs() -> tuple[OrderRequest, OrderRequest, OrderRequest]:
    """An entry, its target and its stop: orders 1, 2 and 3."""
    entry = buy(1, price="233.00")
    target = replace(buy(2, price="240.00", side=Side.SELL), parent_ref=ref(1))
    stop = replace(target, order_ref=ref(3), order_type=OrderType.STP, limit_price=None, stop_price=D("230.00"))
    return entry, target, stop


async def send(desk: Rig, *family: OrderRequest) -> Ack:
    """Place a parent with what is attached to it."""
    parent, *children = family or legs()
    return await desk.send(PlaceOrder(request=parent, children=tuple(children)))


def stops(broker: FakeBroker) -> None:
    """AAPL takes stop orders too."""
    broker.instruments[AAPL.con_id] = replace(AAPL, order_types=("LMT", "MKT", "STP"))


@jumping
async def test_all_intents_are_durable_before_the_first_frame() -> None:
    async with rig(prepare=stops) as desk:
        desk.journal.held = True
        desk.trace.clear()
        placing = asyncio.create_task(send(desk))
        await settle()
        assert desk.trace == ["commit Intent"] * 3

        desk.journal.release()
        assert (await placing).ok
        assert desk.trace == ["commit Intent"] * 3 + ["durable", "place 1", "place 2", "place 3"]
        assert [(one.parent_id, one.transmit) for one in desk.broker.placed] == [(0, False), (1, False), (1, True)]
        told = [one for one in desk.envelopes if isinstance(one.event, OrderChanged)]
        assert len({one.number for one in told}) == len(told)
        assert [desk.order(number).number for number in (1, 2, 3)] == [1, 2, 3]


@jumping
async def test_a_journal_that_fails_lets_no_leg_out() -> None:
    async with rig(prepare=stops) as desk:
        desk.journal.held = True
        placing = asyncio.create_task(send(desk))
        await settle()
        desk.journal.fail("the disk is full")

        assert (await placing).denied is not None
        assert desk.broker.placed == []
        assert [desk.order(number).state for number in (1, 2, 3)] == [OrderState.DENIED] * 3


@jumping
async def test_a_cancel_while_it_is_recorded_stops_all_of_it() -> None:
    async with rig(prepare=stops) as desk:
        desk.journal.held = True
        placing = asyncio.create_task(send(desk))
        await settle()
        await desk.send(CancelOrder(order_ref=ref(3)))
        desk.journal.release()

        refused = await placing
        assert refused.denied is not None
        assert refused.denied.code is DenialCode.NOT_LIVE
        assert desk.broker.placed == []
        assert desk.broker.cancelled == []


@jumping
async def test_a_leg_that_can_not_leave_takes_the_earlier_ones_back() -> None:
    async with rig(prepare=stops) as desk:
        desk.broker.sendings = ["sent", NotConnectedError("The socket is gone. Nothing was sent.")]
        ack = await send(desk)
        await settle()

        assert ack.denied is not None
        assert desk.broker.cancelled == [1]
        assert [one.transmit for one in desk.broker.placed] == [False, False]
        assert desk.order(2).state is OrderState.DENIED
        assert desk.order(3).state is OrderState.DENIED


@jumping
async def test_a_denied_leg_is_journalled_with_its_family() -> None:
    async with rig() as desk:
        ack = await send(desk)

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.ORDER_TYPE
        assert desk.snapshot.orders == ()
        refused = [row.request.order_ref for row in desk.journal.rows if isinstance(row, Refused)]
        assert refused == [ref(1), ref(2), ref(3)]


@jumping
async def test_a_family_sent_twice_is_one_family() -> None:
    async with rig(prepare=stops) as desk:
        first, second = await send(desk), await send(desk)

        assert first.ok
        assert second.ok
        assert len(desk.broker.placed) == 3
        entry, target, stop = legs()
        again = await send(desk, replace(entry, order_ref=ref(9)), replace(target, parent_ref=ref(9)))
        assert again.denied is not None
        assert again.denied.code is DenialCode.DUPLICATE_REF
        assert stop.parent_ref == ref(1)


@jumping
async def test_cancelling_the_parent_asks_once_and_alarms_nobody() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(*(status(number, perm_id=900 + number) for number in (1, 2, 3)))
        ack = await desk.send(CancelEntries(con_id=None))
        assert ack.ok
        assert desk.broker.cancelled == [1]
        desk.say(
            status(1, "Cancelled", perm_id=901),
            *(error(number, 202, ErrorClass.CANCELLED, kind=RequestKind.NEW_ORDER) for number in (2, 3)),
        )

        assert [desk.order(number).state for number in (1, 2, 3)] == [OrderState.CANCELLED] * 3
        assert desk.told() == []


@jumping
async def test_frames_that_still_wait_are_withdrawn_with_the_parent() -> None:
    async with rig(prepare=stops) as desk:
        desk.broker.sending = "waits"
        placing = asyncio.create_task(send(desk))
        await settle()
        assert (await placing).ok
        await desk.cancel(1)

        assert desk.broker.cancelled == [1, 2, 3]


@jumping
async def test_a_change_of_size_is_one_batch_and_a_refused_one_is_taken_back() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(*(status(number, perm_id=900 + number) for number in (1, 2, 3)))
        desk.trace.clear()
        ack = await desk.modify(quantity="60")

        assert ack.ok, ack.denied
        assert desk.trace == ["commit ModifyIntent"] * 3 + ["durable", "modify 1", "modify 2", "modify 3"]
        assert [one.parent_id for one in desk.broker.placed[3:]] == [0, 1, 1]
        desk.say(error(3, 201, ErrorClass.REJECTED, kind=RequestKind.MODIFY))
        assert (desk.order(3).quantity, desk.order(3).pending) == (D(100), Pending.NONE)
        assert (desk.order(2).quantity, desk.order(2).pending) == (D(60), Pending.MODIFY)


@jumping
async def test_no_new_size_while_an_attached_order_waits_for_an_answer() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(status(1, perm_id=901), status(2, perm_id=902))
        ack = await desk.modify(quantity="60")

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.NOT_LIVE
        assert ack.denied.message.startswith("SELL 100 AAPL STP 230.00, attached to BUY 100 AAPL @ 233.00, waits")
        assert (await desk.modify(price="232.00")).ok


@jumping
async def test_a_change_of_the_type_keeps_what_the_new_one_takes() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(*(status(number, perm_id=900 + number) for number in (1, 2, 3)))
        change = ModifyOrder(order_ref=ref(3), revision=0, order_type=OrderType.LMT, limit_price=D("239.00"))
        ack = await desk.send(change)

        assert ack.order is not None
        assert (ack.order.order_type, ack.order.stop_price, ack.order.limit_price) == (
            OrderType.LMT,
            None,
            D("239.00"),
        )
        assert ack.order.text == "SELL 100 AAPL @ 239.00"
        assert desk.broker.placed[-1].request.stop_price is None
        refused = await desk.send(ModifyOrder(order_ref=ref(2), revision=0, order_type=OrderType.STP))
        assert refused.denied is not None
        assert refused.denied.code is DenialCode.PRICE_MISSING


@jumping
async def test_a_refused_exit_alarms() -> None:
    async with rig(prepare=stops) as desk:
        await send(desk)
        desk.say(status(1, perm_id=901), status(2, perm_id=902))
        desk.say(error(3, 201, ErrorClass.REJECTED))

        assert desk.order(3).state is OrderState.REJECTED
        assert desk.told(Severity.ALARM) == [
            "UNPROTECTED: IBKR refused #3 SELL 100 AAPL STP 230.00: the reason [201] "
            "The order that it was attached to may work without it: look at that now."
        ]


@pytest.mark.parametrize("left", [1, 2])
@jumping
async def test_a_family_of_which_the_last_leg_never_left_is_taken_back(left: int) -> None:
    async with rig(prepare=stops) as desk:
        desk.broker.sendings = ["sent", "sent" if left == 2 else "waits", "waits"]
        assert (await send(desk)).ok
        withdraw(desk)
        await desk.pass_time(300)

        assert desk.order(3).state is OrderState.DENIED
        assert sorted(desk.broker.cancelled) == [1, 2][:left]
        (told,) = [text for text in desk.told(Severity.ALARM) if "keeps it back" in text]
        assert told.startswith("#1 BUY 100 AAPL @ 233.00 was never sent on: IBKR keeps it back, because #3")


@jumping
async def test_a_family_that_was_cut_by_a_lost_connection_is_taken_back_over_the_next_one() -> None:
    async with rig(prepare=stops) as desk:
        desk.broker.sendings = ["sent", "sent", "waits"]
        assert (await send(desk)).ok
        desk.broker.lose()
        await settle()
        assert desk.broker.cancelled == []

        await desk.pass_time(300)
        assert sorted(desk.broker.cancelled) == [1, 2], "once each"


@jumping
async def test_what_was_attached_later_and_never_left_costs_its_parent_nothing() -> None:
    async with rig(prepare=stops) as desk:
        entry, target, _ = legs()
        await desk.place(entry)
        await desk.pass_time(1)
        desk.broker.sendings = ["waits"]
        assert (await desk.send(PlaceOrder(request=target))).ok
        withdraw(desk)
        await desk.pass_time(300)

        assert desk.order(2).state is OrderState.DENIED
        assert desk.broker.cancelled == []


def withdraw(desk: Rig) -> None:
    """Orders may not leave any more: what waits for its turn is taken back."""
    for frame in desk.broker.waiting:
        frame.set_exception(NotConnectedError("IBKR's own link is down. Nothing was sent."))
