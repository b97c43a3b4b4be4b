"""One key places once more what the selected order did not fill: a ticket, and Enter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import PlaceOrder
from core.domain.orders import OrderState
from tests.tui import sample
from tests.tui.hands_desk import desk

ENDED = replace(
    next(order for order in sample.ORDERS if order.number == 4), state=OrderState.CANCELLED, filled=Decimal(40)
)


@pytest.mark.covers("D2.9")
async def test_o_opens_a_ticket_with_the_rest_and_enter_sends_it() -> None:
    async with desk(replace(sample.SNAPSHOT, orders=(ENDED,))) as hands:
        await hands.press("w", "w", "o")
        await hands.see("SELL 60 AAPL @ 236.00")
        assert hands.core.sends == []

        await hands.press("enter")
        await hands.until(lambda: hands.core.sends)
        (command,) = hands.core.sends
        assert isinstance(command, PlaceOrder)
        sent = command.request
        assert (sent.side, sent.quantity, sent.limit_price, sent.account) == (
            ENDED.side,
            Decimal(60),
            ENDED.limit_price,
            ENDED.account,
        )
        assert sent.order_ref != ENDED.order_ref


async def test_o_says_why_there_is_nothing_to_place() -> None:
    async with desk() as hands:
        await hands.press("o")
        assert hands.app.said[-1].startswith("o places what the selected order did not fill.")
        await hands.press("w", "w", "o", gap=1.0)
        assert hands.app.said[-1].endswith("still works. Del cancels it; o then places what it has not filled.")
        assert hands.entry.ticket is None
        assert hands.core.sends == []
