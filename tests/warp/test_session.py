"""Five minutes of market with everything that an hour has; `python -m tests.warp` trades the hour."""

from __future__ import annotations

import pytest

from tests.warp.loop import warping
from tests.warp.session import busiest_second, trade
from tests.warp.trading import Plan


@pytest.mark.timeout(120)
@warping
async def test_five_minutes_of_trading_leave_equal_books_and_nothing_behind() -> None:
    plan = Plan(seconds=300, orders=240, instruments=40, at_a_time=20, turns=2, comings=20, bursts=2)
    outcome = await trade(plan, listed=0)

    assert outcome.done["PlaceOrder"] >= 300
    assert outcome.done["traded"] >= 35
    assert outcome.done["ModifyOrder"] > 5
    assert outcome.done["ClosePosition"] > 5
    assert outcome.done["came"] > 3
    assert outcome.states["FILLED"] > 100
    assert outcome.states["CANCELLED"] > 50
    # The bursts met the limit, so it was tried.
    assert outcome.busiest_second >= 40


def test_the_busiest_second_is_found_wherever_it_lies() -> None:
    assert busiest_second([0.0, 0.5, 0.9, 1.0, 1.4, 1.45, 1.49, 5.0]) == 6
    assert busiest_second([]) == 0
