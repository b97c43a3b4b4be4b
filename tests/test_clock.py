"""The trading day, and the clock of a loop."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import DailyMoment, LoopClock, broker_day, trading_day, trading_day_span


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        # Winter: 17:00 in New York is 22:00 UTC.
        (datetime(2026, 11, 20, 21, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 22, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 4, 59, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2026, 11, 21, 5, 1, tzinfo=UTC), date(2026, 11, 21)),
        # Summer: 21:00 UTC.
        (datetime(2026, 7, 1, 20, 59, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2026, 7, 1, 21, 0, tzinfo=UTC), date(2026, 7, 2)),
        # The nights of the change.
        (datetime(2026, 3, 8, 20, 59, tzinfo=UTC), date(2026, 3, 8)),
        (datetime(2026, 3, 8, 21, 0, tzinfo=UTC), date(2026, 3, 9)),
        (datetime(2026, 11, 1, 21, 59, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 12, 31, 22, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_trading_day_rolls_at_five_in_new_york(moment: datetime, day: date) -> None:
    assert trading_day(moment) == day


def test_the_roll_is_a_parameter() -> None:
    assert trading_day(datetime(2026, 11, 20, 23, 0, tzinfo=UTC), time(18, 0)) == date(2026, 11, 21)
    assert trading_day(datetime(2026, 11, 20, 22, 59, tzinfo=UTC), time(18, 0)) == date(2026, 11, 20)


@given(
    st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_trading_days_never_run_backwards(moment: datetime, later: timedelta) -> None:
    assert trading_day(moment) <= trading_day(moment + later)


@pytest.mark.parametrize(
    ("text", "moment", "seconds"),
    [
        ("23:45", datetime(2026, 11, 21, 4, 44, tzinfo=UTC), -60),
        ("23:45", datetime(2026, 11, 21, 4, 46, tzinfo=UTC), 60),
        ("00:01", datetime(2026, 11, 21, 4, 59, 30, tzinfo=UTC), -90),
        ("23:59", datetime(2026, 11, 21, 5, 1, tzinfo=UTC), 120),
        ("23:45 Europe/Vienna", datetime(2026, 11, 20, 22, 45, tzinfo=UTC), 0),
        # The night in which New York's clocks go back.
        ("01:30", datetime(2026, 11, 1, 5, 30, tzinfo=UTC), 0),
    ],
)
def test_the_nearest_time_of_day(text: str, moment: datetime, seconds: float) -> None:
    assert DailyMoment(text).seconds_from(moment) == seconds
    assert str(DailyMoment(text)) == text


@pytest.mark.parametrize("text", ["", "24:00", "9pm", "23:45 Mars/Olympus", "23:45 ../x"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError, match="is no time of day"):
        DailyMoment(text)


def test_the_brokers_day_begins_at_midnight_in_new_york() -> None:
    assert broker_day(datetime(2026, 11, 21, 4, 59, tzinfo=UTC)) == date(2026, 11, 20)
    assert broker_day(datetime(2026, 11, 21, 5, 0, tzinfo=UTC)) == date(2026, 11, 21)


async def test_the_loop_is_the_clock() -> None:
    clock = LoopClock()

    assert clock.mono() == pytest.approx(asyncio.get_running_loop().time(), abs=1)
    assert clock.utc().tzinfo is UTC
    assert abs(clock.utc() - datetime.now(UTC)) < timedelta(seconds=5)


@given(st.integers(946_684_800, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)))
def test_the_span_of_a_trading_day_holds_its_moments_and_no_other(moment: datetime) -> None:
    begin, end = trading_day_span(trading_day(moment))
    assert begin <= moment < end
    assert trading_day(begin) == trading_day(end - timedelta(microseconds=1)) == trading_day(moment)
    assert trading_day(end) > trading_day(moment)
