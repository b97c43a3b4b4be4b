"""Lengths of time as requests for history spell them, and the dates of bars as answers spell them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from core.practice.days import stamp
from core.practice.terms import RefusedError, invalid

DAY: Final = 86_400
WEEK: Final = 7 * DAY
#: Stands for a calendar month, of whatever length.
MONTH: Final = 30 * DAY

#: Every bar size, in seconds; TWS takes the long and the short spelling of weeks and months.
BAR_SIZES: Final = {
    "1 secs": 1,
    "5 secs": 5,
    "10 secs": 10,
    "15 secs": 15,
    "30 secs": 30,
    "1 min": 60,
    "2 mins": 120,
    "3 mins": 180,
    "5 mins": 300,
    "10 mins": 600,
    "15 mins": 900,
    "20 mins": 1200,
    "30 mins": 1800,
    "1 hour": 3600,
    "2 hours": 7200,
    "3 hours": 10800,
    "4 hours": 14400,
    "8 hours": 28800,
    "1 day": DAY,
    "1W": WEEK,
    "1M": MONTH,
}
_ALIASES: Final = {"1 week": WEEK, "1 month": MONTH, "1 secs": 1, "1 sec": 1}

_UNITS: Final = {"S": 1, "D": DAY, "W": WEEK, "M": MONTH, "Y": 365 * DAY}
_DURATION: Final = re.compile(r"(\d{1,6}) ?([SDWMY]?)")
_PERIOD: Final = re.compile(r"(\d{1,5}) (second|day|week|month|year)s?")

#: The most bars that one answer has, and the most of less than a minute; more is refused as too long a time.
MOST_BARS, MOST_SHORT_BARS = 50_000, 20_000
#: The longest time, in seconds, that bars of less than a day are given for.
LONGEST_INTRADAY: Final = 366 * DAY


def bar_seconds(text: str) -> int:
    """Return the length of a bar. Raises RefusedError 321 with the sizes there are."""
    found = BAR_SIZES.get(text) or _ALIASES.get(text)
    if found is None:
        sizes = ", ".join(BAR_SIZES)
        raise invalid(f"Historical data bar size setting is invalid. Legal ones are: {sizes}.")
    return found


def duration_seconds(text: str) -> int:
    """Return a duration in seconds; without a unit it is one. Raises RefusedError 321."""
    read = _DURATION.fullmatch(text.strip())
    if read is None or not int(read[1]):
        raise invalid(
            "Historical data query duration is invalid. It is an integer, a space and S, D, W, M or Y, like 1 D."
        )
    count, unit = int(read[1]), read[2] or "S"
    if unit == "S" and count > DAY:
        raise invalid("Historical data requests for durations longer than 86400 seconds must be made in days.")
    if unit == "D" and count > 365:
        raise invalid("Historical data requests for durations longer than 365 days must be made in years.")
    seconds = count * _UNITS[unit]
    return _bounded(seconds)


def histogram_seconds(text: str) -> int:
    """Return the period of a histogram, like ``3 days``. Raises RefusedError 321."""
    read = _PERIOD.fullmatch(text.strip())
    if read is None or not int(read[1]):
        raise invalid("Histogram period is invalid. It is an integer, a space and second, day, week, month or year.")
    return _bounded(int(read[1]) * _UNITS[read[2][0].upper()])


def _bounded(seconds: int) -> int:
    if seconds > 40 * _UNITS["Y"]:
        raise RefusedError(162, "Historical Market Data Service error message:Time length exceed max.")
    return seconds


def check_size(duration: int, bar: int) -> None:
    """Refuse more bars than one answer has, so that nobody else waits for them. Raises RefusedError 162."""
    most = MOST_SHORT_BARS if bar < 60 else MOST_BARS
    if duration // bar > most or (bar < DAY and duration > LONGEST_INTRADAY):
        raise RefusedError(162, "Historical Market Data Service error message:Time length exceed max.")


def bar_date(epoch: float, bar: int, form: int) -> str:
    """Spell the date of a bar: its start in UTC, or seconds since the epoch for form 2; days, weeks, months by date."""
    if bar >= DAY:
        return f"{datetime.fromtimestamp(epoch, UTC):%Y%m%d}"
    return str(int(epoch)) if form == 2 else stamp(epoch)
