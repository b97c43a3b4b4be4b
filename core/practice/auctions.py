"""When instruments trade: opening and closing auctions, and the regular hours between them.

Stocks and options open at 09:30 and close at 16:00 New York time, at 13:00 on short days; for everything else the
trading day, which ends at 17:00 New York time, is the session. A market that never closes holds its auctions all the
same, at those times.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from core.practice.days import close_hour, is_session, new_york, new_york_epoch
from core.practice.instruments import Instrument

#: Hours past midnight in New York.
_OPEN, _ROLL, _REOPEN, _EARLY, _LATE = 9.5, 17, 18, 4, 20
_HAVE_AUCTIONS: Final = frozenset({"STK", "OPT", "BAG"})


def next_open(instrument: Instrument, after: float) -> float:
    """Return when the next opening auction is, in seconds since the epoch."""
    return _next(instrument, after, opening=True)


def next_close(instrument: Instrument, after: float) -> float:
    """Return when the session ends, in seconds since the epoch."""
    return _next(instrument, after, opening=False)


def is_regular(instrument: Instrument, now: float) -> bool:
    """Whether an instrument is in its regular hours by the clock of its exchange."""
    day, hour = _wall(now)
    if instrument.sec_type in _HAVE_AUCTIONS:
        return is_session(day) and _OPEN <= hour < close_hour(day)
    return _trades_around_the_clock(day, hour)


def is_open(instrument: Instrument, now: float) -> bool:
    """Whether an instrument trades at all: stocks also from 04:00 and until 20:00."""
    day, hour = _wall(now)
    if instrument.sec_type == "STK":
        return is_session(day) and _EARLY <= hour < _LATE
    return is_regular(instrument, now)


def _wall(now: float) -> tuple[date, float]:
    """Return the date and the hours past midnight in New York."""
    local = new_york(now)
    return local.date(), local.hour + local.minute / 60 + local.second / 3600


def _trades_around_the_clock(day: date, hour: float) -> bool:
    """Whether futures and currencies trade: from Sunday 18:00 to Friday 17:00 but for an hour each evening."""
    weekday = day.weekday()
    if weekday == 5 or (weekday == 4 and hour >= _ROLL) or (weekday == 6 and hour < _REOPEN):
        return False
    return not _ROLL <= hour < _REOPEN


def _next(instrument: Instrument, after: float, *, opening: bool) -> float:
    stocks = instrument.sec_type in _HAVE_AUCTIONS
    day = _wall(after)[0]
    while True:
        if stocks:
            held, hour = is_session(day), _OPEN if opening else float(close_hour(day))
        else:
            held, hour = day.weekday() < 5, float(_ROLL)
        found = new_york_epoch(day, hour)
        if held and found > after:
            return found
        day += timedelta(days=1)


def hours(instrument: Instrument, today: date, days: int = 6) -> tuple[str, str]:
    """Return the trading hours and the regular hours of the next days, as contract details spell them."""
    spans = [_spans(instrument, today + timedelta(days=ahead)) for ahead in range(days)]
    return ";".join(span[0] for span in spans), ";".join(span[1] for span in spans)


def _spans(instrument: Instrument, day: date) -> tuple[str, str]:
    closed = f"{day:%Y%m%d}:CLOSED"
    if instrument.sec_type in _HAVE_AUCTIONS:
        if not is_session(day):
            return closed, closed
        regular = f"{day:%Y%m%d}:0930-{day:%Y%m%d}:{close_hour(day)}00"
        return f"{day:%Y%m%d}:0400-{day:%Y%m%d}:2000" if instrument.sec_type == "STK" else regular, regular
    if day.weekday() > 4:
        return closed, closed
    # Chicago's clock is an hour behind, so its day turns from 16 to 17.
    ends = _ROLL - (instrument.time_zone == "America/Chicago")
    around = f"{day - timedelta(days=1):%Y%m%d}:{ends + 1}00-{day:%Y%m%d}:{ends}00"
    return around, around
