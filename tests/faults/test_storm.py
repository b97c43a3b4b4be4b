"""A few rounds of what `python -m tests.faults --kills 100` does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.scale import FULL
from tests.faults.storm import storm

KILLS = 100 if FULL else 5


@pytest.mark.row(3, 4, 5, 6)
@pytest.mark.timeout(1800 if FULL else 180)
async def test_killed_with_fifty_orders_working_every_order_and_fill_counts_once(
    record_property: Callable[[str, object], None],
) -> None:
    made = await storm(KILLS, seed=3)

    record_property("cases", made.split["kills"])
    assert made.split["working"] >= made.split["kills"] * 40
    assert made.struck >= KILLS * 6 // 10
