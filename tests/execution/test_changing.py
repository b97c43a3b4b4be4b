"""Modifications: journalled before they leave, an overlay until the broker answers, the old terms where it refuses."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode, ModifyOrder
from core.domain.entries import ModifyIntent
from core.domain.events import Severity
from core.domain.orders import OrderState, OrderType, Pending, Terms
from core.domain.reports import ErrorClass, RequestKind
from core.errors import NotConnectedError, SendUnknownError
from tests.execution.clockwork import jumping
from tests.execution.reports import D, buy, commission, error, filled, open_order, ref, status
from tests.execution.rig import Rig, rig, settle


def terms(desk: Rig) -> tuple[str, str]:
    """Quantity and price of the order, as texts."""
    order = desk.order()
    return f"{order.quantity:f}", f"{order.limit_price:f}"


@jumping
async def test_the_change_is_durable_before_its_frame_exists() -> None:
    async with rig() as desk:
        await desk.working()
        desk.journal.held = True
        desk.trace.clear()
        changing = asyncio.create_task(desk.modify(price="233.00", quantity="200"))
        await settle()
        assert desk.trace == ["commit ModifyIntent"]

        desk.journal.release()
        ack = await changing

        assert desk.trace == ["commit ModifyIntent", "durable", "modify 1"]
        (placed,) = [one for one in desk.broker.placed if one.modify]
        arrived = replace(buy(), arrival_price=D("233.335"))
        assert placed.request == replace(arrived, quantity=D(200), limit_price=D("233.00"))
        (row,) = [row for row in desk.journal.rows if isinstance(row, ModifyIntent)]
        assert row.previous == Terms(quantity=D(100), limit_price=D("233.33"))
        assert ack.order == desk.order()
        order = desk.order()
        assert (order.state, order.pending, order.revision) == (OrderState.WORKING, Pending.MODIFY, 1)


@jumping
async def test_the_broker_confirms_with_the_new_terms() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(price="233.00")

        desk.say(open_order(price="233.33"))
        assert desk.order().pending is Pending.MODIFY, "the old terms prove nothing yet"
        desk.say(open_order(price="233.00"))

        order = desk.order()
        assert (order.pending, order.previous, terms(desk)) == (Pending.NONE, None, ("100", "233.00"))


@jumping
async def test_the_broker_takes_other_terms_than_asked_for() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(quantity="200")

        desk.say(open_order(quantity="150"))

        order = desk.order()
        assert (order.pending, order.previous, terms(desk)) == (Pending.NONE, None, ("150", "233.33"))
        assert order.note == "terms as the broker holds them"


@pytest.mark.parametrize("error_class", [ErrorClass.REJECTED, ErrorClass.INVALID, ErrorClass.CANCEL_REFUSED])
@jumping
async def test_a_refused_change_leaves_the_order_at_its_old_terms(error_class: ErrorClass) -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(price="233.00")
        readings = desk.broker.readings
        desk.broker.book_open = [open_order()]

        desk.say(error(1, 201, error_class, kind=RequestKind.MODIFY, text="no margin"))

        order = desk.order()
        assert (order.state, order.pending, order.previous) == (OrderState.WORKING, Pending.NONE, None)
        assert terms(desk) == ("100", "233.33")
        assert (order.note, order.code) == ("no margin", 201)
        assert desk.told() == [
            "IBKR refused the change of #1 BUY 100 AAPL @ 233.00; its terms are being read again: no margin [201]"
        ]
        await desk.until(lambda: desk.broker.readings > readings)


@pytest.mark.parametrize("error_class", [ErrorClass.AMBIGUOUS, ErrorClass.UNLISTED])
@jumping
async def test_an_answer_that_says_nothing_of_a_change_leaves_it_pending(error_class: ErrorClass) -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(price="233.00")

        desk.say(error(1, 10328, error_class, kind=RequestKind.MODIFY))

        assert (desk.order().pending, terms(desk)) == (Pending.MODIFY, ("100", "233.00"))
        assert desk.told() == [
            "IBKR about the change of #1 BUY 100 AAPL @ 233.00, which may or may not be made; it is being read again: "
            "the reason [10328]"
        ]


@jumping
async def test_a_change_refused_after_it_was_confirmed_never_rejects_the_order() -> None:
    """The broker echoes the new terms at once; then the venue refuses them."""
    async with rig() as desk:
        await desk.working()
        await desk.modify(price="233.00")
        desk.say(open_order(price="233.00"))
        desk.broker.book_open = [open_order(price="233.33")]
        readings = desk.broker.readings

        desk.say(error(1, 201, ErrorClass.REJECTED, kind=RequestKind.MODIFY))
        assert desk.order().state is OrderState.WORKING
        await desk.until(lambda: desk.broker.readings > readings)
        await settle()

        assert desk.order().state is OrderState.WORKING
        assert terms(desk) == ("100", "233.33")


@jumping
async def test_a_smaller_quantity_is_no_fill_of_the_whole_until_it_is_confirmed() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(quantity="50")

        desk.say(filled(quantity="50"))

        order = desk.order()
        assert (order.state, order.filled, order.remaining) == (OrderState.WORKING, D(50), D(50))
        desk.say(filled("0002.01.01", "50"))
        assert desk.order().state is OrderState.FILLED
        assert desk.told(Severity.ALARM) == []


@jumping
async def test_a_smaller_quantity_that_is_confirmed_may_be_filled_already() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(quantity="50")
        desk.say(filled(quantity="50"))

        desk.say(open_order(quantity="50", word="Submitted"))

        assert desk.order().state is OrderState.FILLED


@jumping
async def test_a_larger_quantity_that_is_refused_leaves_a_filled_order_filled() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(quantity="200")
        desk.say(filled())
        assert desk.order().state is OrderState.WORKING

        desk.say(error(1, 104, ErrorClass.CANCEL_REFUSED, kind=RequestKind.MODIFY))

        order = desk.order()
        assert (order.state, order.quantity, order.filled) == (OrderState.FILLED, D(100), D(100))


@jumping
async def test_a_fill_during_the_commit_keeps_the_change_back() -> None:
    async with rig() as desk:
        await desk.working()
        desk.journal.held = True
        changing = asyncio.create_task(desk.modify(quantity="200"))
        await settle()
        desk.say(filled())

        desk.journal.release()
        ack = await changing

        assert len(desk.broker.placed) == 1
        assert not ack.ok
        assert desk.order().state is OrderState.FILLED
        assert ack.order == desk.order()


@jumping
async def test_a_cancel_during_the_commit_keeps_the_change_back() -> None:
    """A modify behind its own cancel could reach the broker as a new order."""
    async with rig() as desk:
        await desk.working()
        desk.journal.held = True
        changing = asyncio.create_task(desk.modify(price="233.00"))
        await settle()
        assert (await desk.cancel(client="other")).ok

        desk.journal.release()
        ack = await changing

        assert len(desk.broker.placed) == 1
        assert desk.broker.cancelled == [1]
        assert ack.denied is not None
        assert ack.denied.code is DenialCode.NOT_LIVE
        order = desk.order()
        assert (order.pending, order.previous, terms(desk)) == (Pending.CANCEL, None, ("100", "233.33"))


@jumping
async def test_a_connection_that_changed_during_the_commit_keeps_the_change_back() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.book_open = [open_order(perm_id=900_001)]
        desk.journal.held = True
        changing = asyncio.create_task(desk.modify(price="233.00"))
        await settle()
        desk.broker.lose()
        await desk.until(lambda: not desk.connection.accounts)
        await desk.until(lambda: desk.connection.can_trade)

        desk.journal.release()
        ack = await changing

        assert len(desk.broker.placed) == 1
        assert ack.denied is not None
        order = desk.order()
        assert (order.state, order.pending, terms(desk)) == (OrderState.WORKING, Pending.NONE, ("100", "233.33"))


@jumping
async def test_a_journal_that_fails_keeps_the_old_terms() -> None:
    async with rig() as desk:
        await desk.working()
        desk.journal.held = True
        changing = asyncio.create_task(desk.modify(price="233.00"))
        await settle()

        desk.journal.fail("the disk is full")
        ack = await changing

        assert len(desk.broker.placed) == 1
        assert ack.denied is not None
        assert ack.denied.code is DenialCode.HALTED
        assert (desk.order().pending, terms(desk)) == (Pending.NONE, ("100", "233.33"))


@jumping
async def test_a_change_that_certainly_never_left() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.sending = NotConnectedError("Nothing was sent.")

        await desk.modify(price="233.00")
        await settle()

        order = desk.order()
        assert (order.pending, terms(desk)) == (Pending.NONE, ("100", "233.33"))
        assert order.note == "the change was not sent: Nothing was sent."


@pytest.mark.parametrize(("held", "price"), [("233.33", "233.33"), ("233.00", "233.00")])
@jumping
async def test_a_change_that_may_have_left_is_what_the_broker_holds_after_a_new_connection(
    held: str, price: str
) -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.sending = SendUnknownError("half of it left")
        await desk.modify(price="233.00")
        await settle()
        assert desk.order().pending is Pending.MODIFY
        desk.broker.sending = "sent"
        desk.broker.book_open = [open_order(price=held)]

        desk.broker.lose()
        await desk.until(lambda: not desk.connection.accounts)
        await desk.until(lambda: desk.connection.can_trade)

        order = desk.order()
        assert (order.state, order.pending, order.previous) == (OrderState.WORKING, Pending.NONE, None)
        assert terms(desk) == ("100", price)
        assert (await desk.modify(price="232.00")).ok, "it can be changed again"


@jumping
async def test_what_can_not_be_changed() -> None:
    async with rig() as desk:
        await desk.working()

        async def code(command: ModifyOrder) -> DenialCode:
            ack = await desk.send(command)
            assert ack.denied is not None
            return ack.denied.code

        order_ref = ref(1)
        assert await code(ModifyOrder(order_ref="nobody", revision=0)) is DenialCode.UNKNOWN_ORDER
        assert await code(ModifyOrder(order_ref=order_ref, revision=5, quantity=D(7))) is DenialCode.REVISION
        assert await code(ModifyOrder(order_ref=order_ref, revision=0)) is DenialCode.NOTHING_TO_CHANGE
        assert await code(ModifyOrder(order_ref=order_ref, revision=0, quantity=D(100))) is DenialCode.NOTHING_TO_CHANGE
        assert await code(ModifyOrder(order_ref=order_ref, revision=0, limit_price=D("1.001"))) is DenialCode.TICK
        assert await code(ModifyOrder(order_ref=order_ref, revision=0, quantity=D("NaN"))) is DenialCode.QUANTITY
        assert await code(ModifyOrder(order_ref=order_ref, revision=0, quantity=D(10_001))) is DenialCode.QUANTITY_MAX
        desk.say(filled(quantity="40"))
        assert await code(ModifyOrder(order_ref=order_ref, revision=0, quantity=D(40))) is DenialCode.QUANTITY
        desk.say(open_order("theirs", perm_id=5, client_id=0, order_id=9))
        assert await code(ModifyOrder(order_ref="ext-5", revision=0, quantity=D(7))) is DenialCode.EXTERNAL
        desk.say(status(1, "Cancelled"))
        assert await code(ModifyOrder(order_ref=order_ref, revision=0, quantity=D(90))) is DenialCode.NOT_LIVE
        assert len(desk.broker.placed) == 1


@jumping
async def test_an_order_without_an_answer_waits_for_it() -> None:
    async with rig() as desk:
        await desk.place()
        assert not (await desk.modify(price="233.00")).ok
        desk.say(status(1))
        assert (await desk.modify(price="233.00")).ok
        ack = await desk.modify(price="232.00")

        assert ack.denied is not None
        assert ack.denied.message == (
            "BUY 100 AAPL @ 233.00 waits for an answer of IBKR. Change it when the answer is there."
        )


@jumping
async def test_two_screens_can_not_cross() -> None:
    async with rig() as desk:
        await desk.working()
        command = ModifyOrder(order_ref=ref(1), revision=0, limit_price=D("233.00"))
        await desk.send(command, "one")
        desk.say(open_order(price="233.00"))

        second = await desk.send(replace(command, limit_price=D("234.00")), "two")

        assert second.denied is not None
        assert second.denied.code is DenialCode.REVISION
        assert second.denied.message == (
            "BUY 100 AAPL @ 233.00 was changed at another screen meanwhile. Look at it, then change it again."
        )


@jumping
async def test_a_market_order_takes_no_price() -> None:
    async with rig() as desk:
        await desk.working(buy(price=None))

        ack = await desk.modify(price="233.00")

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.PRICE_NOT_TAKEN
        assert desk.order().order_type is OrderType.MKT


@jumping
async def test_commissions_and_stragglers_do_not_touch_a_pending_change() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(quantity="40"))
        await desk.modify(price="233.00")

        desk.say(commission(), status(1), status(1, "PreSubmitted"))

        assert desk.order().pending is Pending.MODIFY
