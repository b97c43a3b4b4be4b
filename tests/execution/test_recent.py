"""What was sent lately: looking for an order of the same content takes no longer the more of them there are."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from core.domain.limits import Limits
from core.domain.orders import Order, OrderState
from core.execution.recent import TWINS, RecentOrders
from core.risk.behaviour import PERSON
from tests.execution.clockwork import START
from tests.journal.values import order, request


def test_of_many_orders_of_one_content_only_the_last_ones_are_looked_at() -> None:
    asked: list[str] = []
    rejected = [
        replace(order(number), state=OrderState.REJECTED, created=START + timedelta(milliseconds=number))
        for number in range(1, 5 * TWINS)
    ]
    by_ref = {one.order_ref: one for one in rejected}

    def find(order_ref: str) -> Order | None:
        asked.append(order_ref)
        return by_ref.get(order_ref)

    recent = RecentOrders(find)
    recent.recover(rejected, START + timedelta(seconds=1), mono=1000.0)
    wanted = request(5 * TWINS)
    assert recent.facts(wanted, PERSON, Limits(), mono=1000.0).twin == ""
    assert asked == [one.order_ref for one in rejected[: -TWINS - 1 : -1]]

    by_ref[rejected[-TWINS].order_ref] = works = replace(rejected[-TWINS], state=OrderState.WORKING)
    assert recent.facts(wanted, PERSON, Limits(), mono=1000.0).twin == works.name
    asked.clear()
    assert recent.facts(wanted, PERSON, Limits(), mono=1061.0).twin == ""
    assert asked == [], "what is older than the window is gone"
