"""The soak in its short form: one order plane of two is killed in the middle."""

from __future__ import annotations

from tests.orderplane.soak import Plan, soak
from tests.redis_server import needs_server


@needs_server
async def test_each_intent_is_placed_once_and_each_report_delivered() -> None:
    found = await soak(Plan(intents=60, strategies=1, kill_every=1.5, restart_server=False))

    assert found.wrong == []
    assert (found.intents, found.filled) == (60, 60)
