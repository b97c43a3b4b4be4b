"""Answers to what-ifs on their way to a slow desk: only the last one waits."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.what_ifs import WhatIfAnswered
from core.link.unread import UnreadStreams

REQUEST = OrderRequest(
    order_ref="ibd-AAAAAA-01",
    account="DU1234567",
    con_id=265598,
    side=Side.BUY,
    quantity=Decimal(100),
    order_type=OrderType.MKT,
)


def test_only_the_last_answer_waits_and_is_given_once() -> None:
    unread = UnreadStreams()
    first = WhatIfAnswered(request=REQUEST, what_if=None)
    last = WhatIfAnswered(request=replace(REQUEST, quantity=Decimal(200)), what_if=None, problem="no")
    unread.put(first)
    unread.put(last)

    assert unread
    assert unread.take() == [last]
    assert not unread
    assert unread.take() == []
