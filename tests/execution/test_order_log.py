"""What core logs of its orders: each step once, under the order's reference; nothing of other clients."""

from __future__ import annotations

import logging

import pytest

from core.execution.order_log import OrderLog
from tests.execution.clockwork import jumping
from tests.execution.reports import buy, filled, open_order, ref, status
from tests.execution.rig import rig


def said(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Reference and words of each line."""
    return [(vars(record)["order_ref"], record.getMessage()) for record in caplog.records if "order_log" in record.name]


@pytest.mark.covers("D4.11")
def test_each_step_is_logged_once_and_strangers_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    @jumping
    async def trade() -> None:
        async with rig() as desk:
            desk.service.add_sink(OrderLog())
            order = await desk.working(buy(1))
            desk.say(status(order.order_id, perm_id=order.perm_id or 0))
            desk.say(open_order("", order_id=0, perm_id=77, client_id=5))
            desk.say(filled(perm_id=order.perm_id or 0, quantity="40"))
            desk.say(filled("0002.01.01", perm_id=order.perm_id or 0, quantity="60"))

    trade()

    name = "#1 BUY 100 AAPL @ 233.33"
    assert said(caplog) == [
        (ref(1), text)
        for text in (
            f"{name} is INTENT",
            f"{name} is SENT",
            f"{name} is WORKING",
            "filled 40 @ 233.30",
            f"{name} is WORKING",
            "filled 60 @ 233.30",
            f"{name} is FILLED",
        )
    ]
    last = vars([record for record in caplog.records if "order_log" in record.name][-1])
    assert (last["details"]["state"], last["details"]["filled"]) == ("FILLED", 100)
