"""The words of reports for an order's life."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.domain.orders import TERMINAL_STATES, Order, OrderState, OrderType, Side
from core.domain.published import PublishedStatus, published_status


def _order(state: OrderState, filled: int = 0) -> Order:
    now = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
    return Order(
        order_ref="ibd-ABC123-1", number=1, account="DU1", con_id=1, label="AAPL", order_type=OrderType.MKT,
        type_text="MKT", side=Side.BUY, quantity=Decimal(10), state=state, filled=Decimal(filled), order_id=5,
        client_id=17, created=now, changed=now,
    )  # fmt: skip


@pytest.mark.parametrize("state", OrderState)
def test_what_may_still_fill_is_never_final(state: OrderState) -> None:
    assert published_status(_order(state)).final is (state in TERMINAL_STATES)


@pytest.mark.parametrize(
    ("state", "filled", "word"),
    [
        (OrderState.INTENT, 0, PublishedStatus.PENDING),
        (OrderState.SENT, 0, PublishedStatus.SUBMITTED),
        (OrderState.WORKING, 0, PublishedStatus.ACKNOWLEDGED),
        (OrderState.WORKING, 3, PublishedStatus.PARTIAL_FILL),
        (OrderState.HELD, 3, PublishedStatus.PARTIAL_FILL),
        (OrderState.UNKNOWN, 3, PublishedStatus.TIMEOUT),
        (OrderState.CANCELLED, 3, PublishedStatus.CANCELED),
        (OrderState.DENIED, 0, PublishedStatus.REJECTED),
        (OrderState.FILLED, 10, PublishedStatus.FILLED),
    ],
)
def test_each_state_has_the_documents_word(state: OrderState, filled: int, word: PublishedStatus) -> None:
    assert published_status(_order(state, filled)) is word
