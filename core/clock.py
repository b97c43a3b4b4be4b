"""Time, from one place: monotonic through the event loop, wall time in UTC, the trading day."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Protocol
from zoneinfo import ZoneInfo

DAY_ROLL = time(17, 0)
"""New York wall time at which a trading day ends: budgets, order numbers and summaries follow it."""


class Clock(Protocol):
    """What the rooms may know of time."""

    def mono(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""

    def utc(self) -> datetime:
        """The wall time, timezone-aware in UTC."""


class LoopClock:
    """The clock of a running event loop, so that a loop whose time jumps takes every age and timer with it."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """`loop` None means the running one."""
        self._loop = loop or asyncio.get_running_loop()

    def mono(self) -> float:
        """Seconds of the loop's own clock."""
        return self._loop.time()

    def utc(self) -> datetime:
        """The wall time, timezone-aware in UTC."""
        return datetime.now(UTC)


@cache
def _new_york() -> ZoneInfo:
    return ZoneInfo("America/New_York")


def trading_day(moment: datetime, roll: time = DAY_ROLL) -> date:
    """The trading day to which an aware `moment` belongs: from `roll` in New York on it is the next date's day."""
    local = moment.astimezone(_new_york())
    return local.date() + timedelta(days=1) if local.time() >= roll else local.date()


class DailyMoment:
    """A time of day in some zone, as text: `23:45`, of New York, or `23:45 Europe/Vienna`."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for anything else."""
        clock, _, zone = text.partition(" ")
        try:
            self._time = time.fromisoformat(clock).replace(tzinfo=None)
            self._zone = ZoneInfo(zone) if zone else _new_york()
        except (ValueError, KeyError) as error:
            raise ValueError(f"{text!r} is no time of day: write 23:45, or 23:45 Europe/Vienna") from error
        self._text = text

    def __str__(self) -> str:
        return self._text

    def seconds_from(self, now: datetime) -> float:
        """Seconds from the nearest such moment to an aware `now`, negative while it is ahead."""
        local = now.astimezone(self._zone)
        days = (local.date() + timedelta(days=shift) for shift in (-1, 0, 1))
        moments = (datetime.combine(day, self._time, self._zone) for day in days)
        return min(((now - moment).total_seconds() for moment in moments), key=abs)


def broker_day(moment: datetime) -> date:
    """The day to which an aware `moment` belongs in the broker's lists of the day, which begin at midnight.

    IBKR does not say whose midnight; New York's, where its books are kept, is taken.
    """
    return moment.astimezone(_new_york()).date()


def trading_day_span(day: date, roll: time = DAY_ROLL) -> tuple[datetime, datetime]:
    """The first moment of a trading day and the first of the next one, in UTC: many moments are compared quickly."""
    begin = datetime.combine(day - timedelta(days=1), roll, _new_york())
    return begin.astimezone(UTC), datetime.combine(day, roll, _new_york()).astimezone(UTC)
