"""Five minutes of market with everything that an hour has; `python -m tests.warp` trades the hour."""

from __future__ import annotations

import pytest

from core.practice.hub import ReceivedFrame
from tests.warp.loop import warping
from tests.warp.session import busiest_second, hindered_by_nothing, trade
from tests.warp.trading import Plan


@pytest.mark.covers("D4.8")
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


def test_a_cancel_that_waited_behind_anything_but_cancels_is_found() -> None:
    order, cancel, other = ("3", "7", "8"), ("4", "1", "7", ""), ("4", "1", "8", "")
    frames = [
        ReceivedFrame(float(place), 17, int(fields[0]), fields) for place, fields in enumerate((order, other, cancel))
    ]

    assert hindered_by_nothing([(7, 1), (8, 1)], frames) == {7: 2, 8: 1}
    assert hindered_by_nothing([(9, 0)], frames) == {7: 2, 8: 1}
    with pytest.raises(AssertionError, match="left before the cancel of 7"):
        hindered_by_nothing([(7, 0)], frames)
