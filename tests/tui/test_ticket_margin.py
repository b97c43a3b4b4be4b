"""What-ifs from the ticket to the practice gateway and back: figures come, no order does."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.tui.person import person


async def test_the_margin_comes_from_the_gateway_and_no_order_does() -> None:
    async with person() as someone:
        journalled = len(await someone.behind.entries())
        await someone.press("b", "1", "5", "0", "tab", "2", "5", "0")
        await someone.see("margin after ?", "limits ok")
        await someone.until(lambda: "margin after ?" not in someone.ticket)
        await someone.until(lambda: bool(someone.asked_about()))

        (asked,) = someone.asked_about()
        assert (asked.number("totalQuantity"), asked.number("lmtPrice")) == (Decimal(250), Decimal(150))
        assert asked.flag("transmit")
        assert "%)" in someone.ticket
        assert someone.placed() == []
        assert someone.behind.gateway.ledger.orders == {}
        assert await someone.behind.open_orders() == []
        assert someone.behind.service.snapshot().orders == ()
        # One row of them is that which makes the journal's end durable.
        assert len(await someone.behind.entries()) <= journalled + 1


async def test_what_is_sent_after_a_what_if_is_an_order() -> None:
    async with person() as someone:
        await someone.press("b", "1", "5", "0")
        await someone.until(lambda: "margin after ?" not in someone.ticket and "margin after" in someone.ticket)
        await someone.press("enter")
        await someone.until(lambda: bool(someone.placed()))

        (sent,) = someone.placed()
        (asked,) = someone.asked_about()
        assert sent.integer("orderId") > asked.integer("orderId")
        assert sent.number("lmtPrice") == asked.number("lmtPrice") == 150


@pytest.mark.row(69)
async def test_row_69_a_gateway_that_never_answers_keeps_nothing_from_being_sent() -> None:
    async with person(faults=("lost-what-if",)) as someone:
        await someone.press("b", "1", "5", "0")
        await someone.until(lambda: bool(someone.asked_about()))
        assert "margin after ?" in someone.ticket
        await someone.press("enter")
        await someone.until(lambda: bool(someone.placed()))

        assert len(someone.behind.gateway.ledger.orders) == 1


async def test_another_account_is_asked_about_its_own_margin() -> None:
    async with person(others=("DU7654321",)) as someone:
        await someone.press("b", "1", "5", "0", "shift+tab", "right")
        await someone.see("in DU…321")
        await someone.until(lambda: bool(someone.asked_about()))

        assert [frame.text("account") for frame in someone.asked_about()] == ["DU7654321"]
