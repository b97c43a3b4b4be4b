"""Times as the gateway spells them, the trading day, which ends at 17:00 in New York, and the days without one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_ROLL_HOUR = 17


def stamp(epoch: float) -> str:
    """Spell a time for execDetails and completedOrder; the zone is one that every time zone database knows."""
    return f"{datetime.fromtimestamp(epoch, UTC):%Y%m%d %H:%M:%S} UTC"


def calendar_day(epoch: float) -> date:
    """Return a date on which it was still or is that day in every American time zone that instruments use."""
    return (datetime.fromtimestamp(epoch, UTC) - timedelta(hours=6)).date()


def trading_day(epoch: float) -> str:
    """Return the trading day of a time as YYYYMMDD: from 17:00 New York time on it is the next date."""
    local = new_york(epoch)
    return f"{local + timedelta(hours=24 - _ROLL_HOUR):%Y%m%d}"


def new_york(epoch: float) -> datetime:
    """Return the wall clock of New York, spelt as if it were UTC."""
    return datetime.fromtimestamp(epoch, UTC) + timedelta(hours=_new_york_offset(epoch))


def new_york_epoch(day: date, hours: float) -> float:
    """Return when it is so many hours past midnight in New York, in seconds since the epoch."""
    local = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hours)
    guess = local.timestamp() + 5 * 3600
    return local.timestamp() - 3600 * _new_york_offset(guess)


@lru_cache(maxsize=64)
def _holidays(year: int) -> frozenset[date]:
    """Return the days of a year on which US stock exchanges are closed (NYSE rule 7.2)."""
    fixed = [date(year, 1, 1), date(year, 6, 19), date(year, 7, 4), date(year, 12, 25)]
    days = {
        _weekday(year, 1, 0, 3),  # Martin Luther King
        _weekday(year, 2, 0, 3),  # Washington
        _easter(year) - timedelta(days=2),
        _weekday(year, 6, 0, 1) - timedelta(days=7),  # Memorial Day
        _weekday(year, 9, 0, 1),  # Labor Day
        _weekday(year, 11, 3, 4),  # Thanksgiving
    }
    for day in fixed:
        # A Saturday is kept on Friday, but not on the last day of a year; a Sunday on Monday.
        if day.weekday() == 5 and day.month != 1:
            days.add(day - timedelta(days=1))
        elif day.weekday() != 5:
            days.add(day + timedelta(days=1 if day.weekday() == 6 else 0))
    return frozenset(days)


def is_holiday(day: date) -> bool:
    """Whether US stock exchanges are closed on a day that is not of the weekend."""
    return day in _holidays(day.year)


def is_session(day: date) -> bool:
    """Whether US stock exchanges have a session on a day."""
    return day.weekday() < 5 and not is_holiday(day)


def close_hour(day: date) -> int:
    """Return when a session ends in New York: at 13 on the eves of holidays and after Thanksgiving, else at 16."""
    eve = (day.month, day.day) in {(7, 3), (12, 24)}
    return 13 if eve or day == _weekday(day.year, 11, 3, 4) + timedelta(days=1) else 16


def _easter(year: int) -> date:
    """Return Easter Sunday by the anonymous Gregorian rule."""
    golden, century = year % 19, year // 100
    moon = (19 * golden + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    moon -= moon // 28 * (1 - moon // 28 * (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    offset = moon - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))


def _weekday(year: int, month: int, weekday: int, count: int) -> date:
    """Return the so-manieth Monday (0) to Sunday (6) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _new_york_offset(epoch: float) -> int:
    """Return hours from UTC by the rule in force since 2007, so that no time zone database is needed."""
    now = datetime.fromtimestamp(epoch, UTC)
    begins = datetime.combine(_weekday(now.year, 3, 6, 2), datetime.min.time(), UTC) + timedelta(hours=7)
    ends = datetime.combine(_weekday(now.year, 11, 6, 1), datetime.min.time(), UTC) + timedelta(hours=6)
    return -4 if begins <= now < ends else -5
