"""Times as the gateway spells them, and the trading day, which ends at 17:00 in New York."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

_ROLL_HOUR = 17


def stamp(epoch: float) -> str:
    """Spell a time for execDetails and completedOrder; the zone is one that every time zone database knows."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y%m%d %H:%M:%S} UTC"


def calendar_day(epoch: float) -> date:
    """Return a date on which it was still or is that day in every American time zone that instruments use."""
    return (datetime.fromtimestamp(epoch, UTC) - timedelta(hours=6)).date()


def trading_day(epoch: float) -> str:
    """Return the trading day of a time as YYYYMMDD: from 17:00 New York time on it is the next date."""
    local = datetime.fromtimestamp(epoch, UTC) + timedelta(hours=_new_york_offset(epoch))
    return f"{local + timedelta(hours=24 - _ROLL_HOUR):%Y%m%d}"


def _new_york_offset(epoch: float) -> int:
    """Return hours from UTC by the rule in force since 2007, so that no time zone database is needed."""
    now = datetime.fromtimestamp(epoch, UTC)
    begins = datetime.combine(_sunday(now.year, 3, 2), datetime.min.time(), UTC) + timedelta(hours=7)
    ends = datetime.combine(_sunday(now.year, 11, 1), datetime.min.time(), UTC) + timedelta(hours=6)
    return -4 if begins <= now < ends else -5


def _sunday(year: int, month: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (count - 1))
