"""The sessions that history is made of: regular hours, and the hours before and after them, day by day.

All times are of New York: stocks trade from 09:30 to 16:00 and also from 04:00 to 20:00, futures from 18:00 of the eve
to 17:00 with the regular hours from 09:30, currencies from 17:15 of the eve to 17:00.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple

from core.practice.days import close_hour, is_session, new_york, new_york_epoch
from core.practice.instruments import Instrument


class Stretch(NamedTuple):
    """A part of a trading day; times in seconds since the epoch."""

    begin: int
    end: int
    #: Whether it belongs to the regular hours.
    regular: bool
    #: Share of the day's volume.
    volume: float


_HOUR: Final = 3600


def trades_on(instrument: Instrument, day: date) -> bool:
    """Whether an instrument has a session on a day; futures and currencies keep no holidays but the weekend."""
    return day.weekday() < 5 if _is_global(instrument) else is_session(day)


def _is_global(instrument: Instrument) -> bool:
    return instrument.sec_type in {"FUT", "CASH"}


def regular_hours(instrument: Instrument, day: date) -> tuple[int, int]:
    """Return begin and end of the regular hours of a day, whether it has a session or not."""
    if instrument.sec_type == "CASH":
        return int(new_york_epoch(day, -6.75)), int(new_york_epoch(day, 17))
    end = 17 if instrument.is_future else close_hour(day)
    return int(new_york_epoch(day, 9.5)), int(new_york_epoch(day, end))


def before_hours(instrument: Instrument, day: date) -> list[Stretch]:
    """Return the stretches that trade between the last regular hours and those of a day, in order."""
    begin, _ = regular_hours(instrument, day)
    if instrument.sec_type == "CASH" or instrument.is_option:
        return []
    if instrument.is_future:
        return [Stretch(int(new_york_epoch(day, -6)), begin, False, 0.2)]
    eve = session_before(instrument, day)
    _, closed = regular_hours(instrument, eve)
    return [
        Stretch(closed, int(new_york_epoch(eve, 20)), False, 0.02),
        Stretch(int(new_york_epoch(day, 4)), begin, False, 0.015),
    ]


def session_before(instrument: Instrument, day: date) -> date:
    """Return the last day with a session before a day."""
    day -= timedelta(days=1)
    while not trades_on(instrument, day):
        day -= timedelta(days=1)
    return day


def last_session(instrument: Instrument, epoch: float) -> date:
    """Return the day of the last regular hours that were over at a time."""
    day = new_york(epoch).date() + timedelta(days=1)
    while not (trades_on(instrument, day) and regular_hours(instrument, day)[1] <= epoch):
        day -= timedelta(days=1)
    return day


def session_now(instrument: Instrument, epoch: float) -> date | None:
    """Return the day of the regular hours that a time is in, None outside of them."""
    today = new_york(epoch).date()
    for day in (today, today + timedelta(days=1)):
        begin, end = regular_hours(instrument, day)
        if trades_on(instrument, day) and begin <= epoch < end:
            return day
    return None
