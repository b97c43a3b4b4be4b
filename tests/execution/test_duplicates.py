"""One order under two numbers at the broker, and one address used by two orders."""

from __future__ import annotations

import pytest

from core.domain.commands import CancelOrder, DenialCode
from core.domain.events import Severity
from core.domain.orders import OrderState, Side
from tests.execution.clockwork import jumping
from tests.execution.reports import AAPL, ACCOUNT, D, buy, completed, filled, open_order, ref, status
from tests.execution.rig import Rig, rig

SECOND = "dup-900002"


def live(desk: Rig) -> dict[str, OrderState]:
    """Every live order by its reference."""
    return {order.order_ref: order.state for order in desk.snapshot.orders if order.is_live}


async def twice(desk: Rig) -> None:
    """An order that is live under two numbers."""
    await desk.working()
    desk.say(open_order(perm_id=900_002, price="233.00"))


@pytest.mark.row(35)
@jumping
async def test_a_second_live_order_under_one_reference_is_named_shown_and_counted() -> None:
    async with rig() as desk:
        await twice(desk)

        assert live(desk) == {ref(1): OrderState.WORKING, SECOND: OrderState.WORKING}
        second = next(order for order in desk.snapshot.orders if order.order_ref == SECOND)
        assert (second.number, second.twin_of, second.perm_id, second.limit_price) == (2, ref(1), 900_002, D("233.00"))
        assert (second.note, desk.order().note) == ("one order too many", "")
        assert desk.order().limit_price == D("233.33")
        assert desk.told(Severity.ALARM) == [
            "DUPLICATE: #1 BUY 100 AAPL @ 233.33 is live twice at IBKR, as 900001 and 900002; that one is shown as #2. "
            "Both count. Cancel the one too many."
        ]
        desk.say(open_order(perm_id=900_002, price="233.00"), open_order())
        assert len(desk.told(Severity.ALARM)) == 1, "told once"
        assert desk.service._state.book.working.tally(ACCOUNT, AAPL.con_id, Side.BUY).units == 200


@pytest.mark.row(35)
@jumping
async def test_what_is_said_of_either_goes_to_that_one() -> None:
    async with rig() as desk:
        await twice(desk)

        desk.say(filled(perm_id=900_002), status(1, "Filled", perm_id=900_002), status(1, perm_id=900_001))
        assert live(desk) == {ref(1): OrderState.WORKING}
        assert desk.order().filled == 0
        desk.say(filled("0002.01.01", perm_id=900_001))
        assert live(desk) == {}
        assert desk.order().filled == 100


@pytest.mark.row(35)
@jumping
async def test_a_cancel_that_may_end_either_is_asked_for_again() -> None:
    async with rig() as desk:
        await twice(desk)

        for command in (CancelOrder(order_ref=ref(1)), CancelOrder(order_ref=SECOND)):
            first = await desk.send(command)
            assert first.denied is not None
            assert first.denied.code is DenialCode.AMBIGUOUS
        assert desk.broker.cancelled == []
        await desk.pass_time(31)
        assert not (await desk.cancel()).ok, "that was too long ago"
        assert (await desk.cancel()).ok
        assert desk.broker.cancelled == [1]

        desk.say(status(1, "Cancelled", perm_id=900_002))
        assert (await desk.cancel()).ok, "one is left: nothing to ask"


@pytest.mark.row(35)
@jumping
async def test_one_that_only_a_status_speaks_of_is_looked_up() -> None:
    async with rig() as desk:
        await desk.working()
        desk.broker.book_open = [open_order(), open_order(perm_id=900_002)]

        desk.say(status(1, perm_id=900_002))
        await desk.until(lambda: SECOND in live(desk))


@pytest.mark.row(35)
@jumping
async def test_the_first_one_gone_from_the_books_is_in_doubt_though_its_reference_is_there() -> None:
    async with rig() as desk:
        await twice(desk)
        desk.broker.book_open = [open_order(perm_id=900_002)]
        await desk.until(lambda: desk.order().state is OrderState.UNKNOWN)

        assert live(desk)[SECOND] is OrderState.WORKING


@pytest.mark.row(35)
@jumping
async def test_both_are_there_after_a_restart() -> None:
    async with rig() as first:
        await twice(first)
        rows = list(first.journal.rows)

    async with rig(
        entries=rows,
        prepare=lambda broker: broker.book_open.extend([open_order(), open_order(perm_id=900_002)]),
    ) as desk:
        assert live(desk) == {ref(1): OrderState.WORKING, SECOND: OrderState.WORKING}
        assert len(desk.broker.placed) == 0


@pytest.mark.row(34)
@jumping
async def test_another_permanent_number_at_an_old_address_is_another_order() -> None:
    async with rig() as first:
        await first.working()
        rows = list(first.journal.rows)

    async with rig(entries=rows) as desk:
        assert desk.order().state is OrderState.UNKNOWN
        desk.say(status(1, perm_id=777), status(1, "Cancelled", perm_id=777))
        desk.say(filled("0009.01.01", order_ref="", perm_id=777))

        assert (desk.order().state, desk.order().filled, desk.order().perm_id) == (OrderState.UNKNOWN, D(0), 900_001)
        assert (await desk.place(buy(2))).ok
        assert desk.broker.placed[-1].order_id == 2


@pytest.mark.row(35)
@jumping
async def test_the_end_of_a_second_one_that_was_never_seen_ends_nothing_else() -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(completed(perm_id=900_777))
        desk.say(completed(perm_id=900_777))

        desk.say(open_order(perm_id=900_777, word="Cancelled"))

        assert live(desk) == {ref(1): OrderState.WORKING}
        assert desk.told(Severity.ALARM)[:1] == [
            "DUPLICATE: a second order under the reference of #1 BUY 100 AAPL @ 233.33 ended as Cancelled, as 900777; "
            "#1 is 900001. Look into TWS."
        ]


@pytest.mark.row(35)
@pytest.mark.parametrize("quantity", ["40", "100"])
@jumping
async def test_a_fill_of_a_second_one_that_was_never_seen_fills_nothing_else(quantity: str) -> None:
    async with rig() as desk:
        await desk.working()
        desk.say(filled(perm_id=900_002, quantity=quantity))
        desk.say(filled(perm_id=900_002, quantity=quantity, live=False))

        assert live(desk) == {ref(1): OrderState.WORKING}
        assert (desk.order().filled, desk.order().remaining) == (D(0), D(100))
        (told,) = desk.executions()
        assert told.execution.order_ref == SECOND
        (alarm,) = desk.told(Severity.ALARM)
        assert f"under the reference of #1 BUY 100 AAPL @ 233.33 filled {quantity}, as 900002" in alarm


@pytest.mark.row(35)
@jumping
async def test_a_second_one_has_its_fill_when_it_is_seen_later_and_after_a_restart() -> None:
    async with rig() as first:
        await first.working()
        first.say(filled(perm_id=900_002, quantity="40"), open_order(perm_id=900_002))
        rows = list(first.journal.rows)

    async with rig(
        entries=rows,
        prepare=lambda broker: broker.book_open.extend([open_order(), open_order(perm_id=900_002)]),
    ) as desk:
        desk.say(filled("0008.01.01", perm_id=900_002, quantity="5"))
        assert {order.order_ref: order.filled for order in desk.snapshot.orders} == {ref(1): D(0), SECOND: D(45)}
