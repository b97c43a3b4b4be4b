"""Cancels: never held up, settled by evidence alone."""

from __future__ import annotations

import asyncio

import pytest

from core.domain.commands import CancelEntries, Cancelled, CancelOrder, ClosePosition, DenialCode, Kill, PlaceOrder
from core.domain.entries import CancelAsked
from core.domain.events import Severity
from core.domain.orders import OrderState, Pending, Side
from core.domain.reports import AccountsReport, ErrorClass, RequestKind
from core.domain.trading import KillScope
from core.errors import NotConnectedError, SendUnknownError
from tests.execution.clockwork import jumping
from tests.execution.reports import AAPL, ACCOUNT, TSLA, D, buy, error, filled, open_order, position, ref, status
from tests.execution.rig import rig, settle


@pytest.mark.covers("D0.4")
@jumping
async def test_a_cancel_settles_on_evidence() -> None:
    async with rig() as desk:
        await desk.working()

        ack = await desk.cancel()
        assert ack.order is not None
        assert (ack.order.state, ack.order.pending) == (OrderState.WORKING, Pending.CANCEL)
        assert CancelAsked(order_ref=ref(1)) in desk.journal.rows
        desk.say(status(1, "PendingCancel"))
        assert desk.order().pending is Pending.CANCEL
        desk.say(status(1, "Cancelled"), error(1, 202, ErrorClass.CANCELLED, text="Order Canceled - reason:"))

        order = desk.order()
        assert (order.state, order.pending, order.code) == (OrderState.CANCELLED, Pending.NONE, None)
        assert desk.told() == []


@pytest.mark.covers("D0.4")
@jumping
async def test_a_fill_wins_over_its_cancel() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.cancel()

        desk.say(filled(), status(1, "Filled"))

        assert (desk.order().state, desk.order().pending) == (OrderState.FILLED, Pending.NONE)


@jumping
async def test_a_cancel_never_waits_for_the_journal_or_a_turn() -> None:
    async with rig() as desk:
        await desk.working()
        desk.journal.held = True
        placing = asyncio.create_task(desk.place(buy(2)))
        await settle()

        ack = await asyncio.wait_for(desk.cancel(client="other"), 1)

        assert ack.ok
        assert desk.broker.cancelled == [1]
        desk.journal.release()
        assert (await placing).ok


@jumping
async def test_an_order_cancelled_while_it_is_recorded_is_never_sent() -> None:
    async with rig() as desk:
        desk.journal.held = True
        placing = asyncio.create_task(desk.place())
        await settle()
        cancel = await desk.cancel(client="other")
        assert cancel.ok

        desk.journal.release()
        ack = await placing

        assert (desk.broker.placed, desk.broker.cancelled) == ([], [])
        assert ack.denied is not None
        assert ack.denied.message == "Not sent: BUY 100 AAPL @ 233.33 was cancelled while it was being recorded."
        assert (desk.order().state, desk.order().pending) == (OrderState.DENIED, Pending.NONE)


@pytest.mark.parametrize("code", [161, 10147, 10148])
@jumping
async def test_a_refused_cancel_clears_the_overlay_and_reads_the_books(code: int) -> None:
    async with rig() as desk:
        await desk.working()
        await desk.cancel()
        readings = desk.broker.readings
        desk.broker.book_open = [open_order()]

        desk.say(error(1, code, ErrorClass.CANCEL_REFUSED, kind=RequestKind.CANCEL, text="not cancellable"))

        order = desk.order()
        assert (order.state, order.pending, order.code) == (OrderState.WORKING, Pending.NONE, code)
        assert desk.told() == [
            f"IBKR refused to cancel #1 BUY 100 AAPL @ 233.33; its state is being read again: not cancellable [{code}]"
        ]
        await desk.until(lambda: desk.broker.readings > readings)
        await settle()
        assert desk.order().state is OrderState.WORKING


@jumping
async def test_a_cancel_refused_because_it_filled_ends_filled() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.cancel()
        desk.broker.book_executions = [filled(live=False)]

        desk.say(error(1, 10148, ErrorClass.CANCEL_REFUSED, kind=RequestKind.CANCEL, text="state: Filled"))
        await desk.until(lambda: desk.order().state is OrderState.FILLED)

        assert desk.order().filled == 100


@jumping
async def test_a_rejection_code_for_a_cancel_rejects_nothing() -> None:
    async with rig() as desk:
        await desk.working()
        await desk.cancel()
        desk.broker.book_open = [open_order()]

        desk.say(error(1, 201, ErrorClass.REJECTED, kind=RequestKind.CANCEL))

        assert desk.order().state is OrderState.WORKING


@jumping
async def test_a_cancel_that_certainly_never_left() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.sending = NotConnectedError("Nothing was sent.")

        await desk.cancel()
        await settle()

        assert (desk.order().state, desk.order().pending) == (OrderState.WORKING, Pending.NONE)
        assert desk.order().note == "the cancel was not sent: Nothing was sent."
        assert len(desk.told(Severity.ALARM)) == 1


@pytest.mark.parametrize(("word", "pending"), [("Submitted", Pending.NONE), ("PendingCancel", Pending.CANCEL)])
@jumping
async def test_a_cancel_that_may_have_left_is_what_the_broker_shows_after_a_new_connection(
    word: str, pending: Pending
) -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.sending = SendUnknownError("half of it left")
        await desk.cancel()
        await settle()
        assert desk.order().pending is Pending.CANCEL
        desk.broker.book_open = [open_order(word=word)]

        desk.broker.lose()
        await desk.until(lambda: not desk.connection.accounts)
        await desk.until(lambda: desk.connection.can_trade)

        assert (desk.order().state, desk.order().pending) == (OrderState.WORKING, pending)


@jumping
async def test_what_can_not_be_cancelled() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(open_order("theirs", perm_id=5, client_id=0, order_id=9))
        external = next(order for order in desk.snapshot.orders if order.external)

        async def refused(order_ref: str) -> tuple[DenialCode, str]:
            ack = await desk.send(CancelOrder(order_ref=order_ref))
            assert ack.denied is not None
            return ack.denied.code, ack.denied.message

        assert (await refused("nobody"))[0] is DenialCode.UNKNOWN_ORDER
        assert await refused(external.order_ref) == (
            DenialCode.EXTERNAL,
            "BUY 100 AAPL @ 233.33 belongs to another client. Cancel it where it was placed.",
        )
        desk.say(filled())
        assert await refused(ref(1)) == (
            DenialCode.NOT_LIVE,
            "#1 BUY 100 AAPL @ 233.33 has ended: filled, 100 filled.",
        )
        assert desk.broker.cancelled == []


@jumping
async def test_no_cancel_is_promised_without_a_connection() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.open_error = NotConnectedError("Nothing listens there.")
        desk.broker.lose()
        await desk.until(lambda: not desk.connection.accounts)

        ack = await desk.cancel()

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.NOT_CONNECTED
        assert desk.order().pending is Pending.NONE


@jumping
async def test_cancels_pass_while_the_books_are_read_and_while_ibkr_is_away() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(error(-1, 1100, ErrorClass.LINK_DOWN, kind=RequestKind.CONNECTION))
        assert not (await desk.place(buy(2))).ok

        assert (await desk.cancel()).ok
        assert desk.broker.cancelled == [1]


@jumping
async def test_cancelling_entries_keeps_what_protects_a_position() -> None:
    async with rig(prepare=lambda broker: broker.book_positions.append(position("100"))) as desk:
        await desk.working(buy(1))
        await desk.working(buy(2, side=Side.SELL, price="236.00"))
        await desk.working(buy(3, instrument=TSLA, price="413.00"))
        await desk.working(buy(4, instrument=TSLA, price="414.00", side=Side.SELL))
        desk.say(open_order("theirs", perm_id=5, client_id=0, order_id=99))

        here = await desk.send(CancelEntries(con_id=AAPL.con_id))
        assert here.result == Cancelled(asked=(ref(1),), kept=(ref(2),))
        everywhere = await desk.send(CancelEntries(con_id=None))

        assert everywhere.result == Cancelled(asked=(ref(1), ref(3), ref(4)), kept=(ref(2),))
        assert desk.order(2).pending is Pending.NONE
        assert set(desk.broker.cancelled) == {1, 3, 4}


@jumping
async def test_entries_are_not_told_from_exits_before_positions_are_known() -> None:
    async with rig(ready=False, prepare=lambda broker: broker.answering.clear()) as desk:
        await settle()
        desk.say(open_order(ref(5), order_id=5))

        ack = await desk.send(CancelEntries(con_id=None))

        assert ack.denied is not None
        assert ack.denied.code is DenialCode.NOT_RECONCILED
        assert desk.broker.cancelled == []
        assert (await desk.cancel(5)).ok, "one order can be cancelled by name"


@pytest.mark.parametrize(
    ("text", "note", "told"),
    [
        ("Order Canceled - reason:", "", "IBKR cancelled #1 BUY 100 AAPL @ 233.33 [202]"),
        (
            "Order Canceled - reason:We cannot accept an order at this price",
            "We cannot accept an order at this price",
            "IBKR cancelled #1 BUY 100 AAPL @ 233.33: We cannot accept an order at this price [202]",
        ),
    ],
)
@jumping
async def test_a_cancel_that_nobody_here_asked_for_is_told(text: str, note: str, told: str) -> None:
    async with rig() as desk:
        await desk.working()

        desk.say(error(1, 202, ErrorClass.CANCELLED, text=text), status(1, "Cancelled"))

        order = desk.order()
        assert (order.state, order.note, order.code) == (OrderState.CANCELLED, note, 202)
        assert desk.told() == [told]


@pytest.mark.parametrize("closing", [False, True])
@jumping
async def test_a_cancel_that_overtakes_its_order_calls_it_off(*, closing: bool) -> None:
    async with rig(prepare=lambda broker: broker.book_positions.append(position("100"))) as desk:
        desk.journal.held = True
        first = asyncio.ensure_future(desk.place())
        close = ClosePosition(order_ref=ref(2), account=ACCOUNT, con_id=AAPL.con_id, quantity=D(100), fraction=D(1))
        second = asyncio.ensure_future(desk.send(close) if closing else desk.place(buy(2)))
        await settle()

        assert (await desk.cancel(2)).ok
        desk.journal.release()
        assert (await first).ok
        ack = await second
        assert ack.denied is not None
        assert ack.denied.message == "Not sent: it was cancelled before its turn had come."
        assert [placed.request.order_ref for placed in desk.broker.placed] == [ref(1)]
        assert (await desk.place(buy(2))).ok, "nothing of it was recorded"


@jumping
async def test_cancelling_entries_calls_off_those_that_wait_for_a_slow_disk() -> None:
    async with rig(prepare=lambda broker: broker.book_positions.append(position("100"))) as desk:
        desk.journal.held = True
        requests = [buy(1), buy(2), buy(3, side=Side.SELL, price="236.00"), buy(4, instrument=TSLA, price="413.00")]
        placing = [asyncio.ensure_future(desk.place(request)) for request in requests]
        await settle()

        ack = await desk.send(CancelEntries(con_id=AAPL.con_id))

        assert isinstance(ack.result, Cancelled)
        assert set(ack.result.asked) == {ref(1), ref(2)}, "one is being recorded, one waits for its turn"
        desk.journal.release()
        acks = await asyncio.gather(*placing)
        assert [one.ok for one in acks] == [False, False, True, True]
        assert [placed.request.order_ref for placed in desk.broker.placed] == [ref(3), ref(4)]
        assert desk.broker.cancelled == []


@jumping
async def test_an_order_that_waits_at_the_link_is_called_off_if_it_opens() -> None:
    async with rig(prepare=lambda broker: broker.book_positions.append(position("100"))) as desk:
        by = CancelEntries(con_id=AAPL.con_id)

        entry, exit_ = PlaceOrder(request=buy(1)), PlaceOrder(request=buy(2, side=Side.SELL, price="236.00"))
        other = PlaceOrder(request=buy(3, instrument=TSLA, price="413.00"))

        assert desk.service.call_off(entry, by) is not None
        assert [desk.service.call_off(command, by) for command in (exit_, other, by)] == [None, None, None]


@jumping
async def test_what_ibkr_says_again_of_an_order_that_it_does_not_know_is_told_once() -> None:
    async with rig() as desk:
        await desk.place()
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)
        for _ in range(3):
            assert (await desk.cancel()).ok
            desk.say(error(1, 10147, ErrorClass.CANCEL_REFUSED, kind=RequestKind.CANCEL))
            assert desk.order().pending is Pending.NONE

        assert len(desk.told(Severity.WARNING)) == 1
        assert len(desk.broker.cancelled) == 3


@jumping
async def test_an_order_that_its_cancel_kept_from_leaving_is_no_news() -> None:
    async with rig() as desk:
        desk.broker.sending = "waits"
        await desk.place()
        assert (await desk.cancel()).ok
        desk.broker.waiting[0].set_exception(NotConnectedError("Withdrawn. Nothing was sent."))
        await settle()

        assert desk.order().state is OrderState.DENIED
        assert desk.told() == []


@pytest.mark.row(70)
@jumping
async def test_no_cancel_reaches_a_login_to_which_the_order_does_not_belong() -> None:
    """By its number it could end another order there."""
    async with rig() as desk:
        await desk.working()
        desk.broker.accounts = ("DU7654321",)
        desk.say(AccountsReport(accounts=("DU7654321",)))
        await desk.until(lambda: desk.connection.accounts == ("DU7654321",) and desk.connection.can_trade)

        refused = await desk.cancel()
        assert refused.denied is not None
        assert refused.denied.code is DenialCode.ACCOUNT
        assert refused.denied.message == (
            "BUY 100 AAPL @ 233.33 belongs to DU…567, which is not behind this connection. Its cancel was not sent: "
            "by its number it could end another order. Log in there, or cancel in TWS."
        )
        desk.service.kill(Kill(scope=KillScope.OURS), "desk")
        desk.service._orders.take_back(desk.order())
        await settle()
        assert desk.broker.cancelled == []
        assert desk.order().pending is not Pending.CANCEL
