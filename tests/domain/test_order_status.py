"""The words of records for an order's life."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.domain.order_status import ORDER_STATUS, OrderStatus, order_status
from core.domain.orders import TERMINAL_STATES, Order, OrderState, OrderType, Side


def order(state: OrderState, filled: int = 0) -> Order:
    now = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
    return Order(
        order_ref="ibd-ABC123-1", number=1, account="DU1", con_id=1, label="AAPL", order_type=OrderType.MKT,
        type_text="MKT", side=Side.BUY, quantity=Decimal(10), state=state, filled=Decimal(filled), order_id=5,
        client_id=17, created=now, changed=now,
    )  # fmt: skip


@pytest.mark.parametrize("state", OrderState)
def test_nothing_that_may_fill_looks_ended(state: OrderState) -> None:
    ends = {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.ERROR}
    assert (ORDER_STATUS[state] in ends) is (state in TERMINAL_STATES)


@pytest.mark.parametrize(
    ("state", "filled", "word"),
    [
        (OrderState.WORKING, 0, "Submitted"),
        (OrderState.WORKING, 3, "PartiallyFilled"),
        (OrderState.HELD, 3, "PartiallyFilled"),
        (OrderState.UNKNOWN, 3, "Unknown"),
        (OrderState.CANCELLED, 3, "Cancelled"),
        (OrderState.FILLED, 10, "Filled"),
    ],
)
def test_a_part_that_has_filled_shows_while_the_rest_works(state: OrderState, filled: int, word: str) -> None:
    assert order_status(order(state, filled)) == word
