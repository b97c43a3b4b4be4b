"""The broker works an order with another size or price than was asked for: its terms are shown and counted."""

from __future__ import annotations

import pytest

from core.domain.orders import OrderState, Side
from core.domain.reports import ErrorClass, RequestKind
from tests.execution.clockwork import jumping
from tests.execution.reports import AAPL, ACCOUNT, D, error, filled, open_order, status
from tests.execution.rig import rig


@pytest.mark.row(52)
@pytest.mark.parametrize(("code", "quantity", "price"), [(481, "50", "233.33"), (202, "100", "230.00")])
@jumping
async def test_the_brokers_size_and_price_are_read_shown_and_counted(code: int, quantity: str, price: str) -> None:
    async with rig() as desk:
        await desk.place()
        desk.broker.book_open = [open_order(quantity=quantity, price=price)]
        desk.say(status(1), error(1, code, ErrorClass.OTHER_TERMS, text="Order size was reduced"))

        assert desk.order().state is OrderState.WORKING
        assert (desk.order().note, desk.order().code) == ("Order size was reduced", code)
        await desk.until(lambda: desk.order().note == "terms as the broker holds them")

        order = desk.order()
        assert (order.quantity, order.limit_price) == (D(quantity), D(price))
        assert desk.service._state.book.working.tally(ACCOUNT, AAPL.con_id, Side.BUY).units == D(quantity)
        desk.say(filled(quantity=quantity))
        assert desk.order().state is OrderState.FILLED, "all of what the broker held"


@pytest.mark.row(41)
@jumping
async def test_a_correction_and_a_bust_restate_fill_average_and_position_money_once() -> None:
    async with rig() as desk:
        await desk.place()
        desk.say(filled("0001.01.01", "40", price="233.00"), filled("0002.01.01", "60", price="233.30"))
        assert (desk.order().filled, desk.order().average_price) == (D(100), D("233.18"))

        desk.say(filled("0002.01.02", "60", price="233.00"))
        assert (desk.order().filled, desk.order().average_price) == (D(100), D("233.00"))
        desk.say(filled("0001.01.02", "0"), filled("0001.01.01", "40", price="233.00"))

        assert (desk.order().filled, desk.order().average_price) == (D(60), D("233.00"))
        assert sum(one.quantity for one in desk.snapshot.executions) == 60
        assert len(desk.snapshot.executions) == 2


@pytest.mark.row(53)
@pytest.mark.parametrize(
    ("code", "error_class"),
    [(110, ErrorClass.INVALID), (201, ErrorClass.REJECTED), (329, ErrorClass.CANCEL_REFUSED)],
)
@jumping
async def test_a_refused_change_is_told_and_the_order_stands_as_it_was(code: int, error_class: ErrorClass) -> None:
    async with rig() as desk:
        await desk.working()
        await desk.modify(price="233.00")
        desk.say(error(1, code, error_class, kind=RequestKind.MODIFY))

        assert (desk.order().state, desk.order().limit_price) == (OrderState.WORKING, D("233.33"))
        assert desk.told()[0].startswith("IBKR refused the change of #1 BUY 100 AAPL @ 233.00")
