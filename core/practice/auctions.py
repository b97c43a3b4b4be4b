"""When instruments trade: opening and closing auctions, and the regular hours between them.

Stocks and options open at 09:30 and close at 16:00 New York time from Monday to Friday; for everything else the
trading day, which ends at 17:00 New York time, is the session. A market that never closes holds its auctions all the
same, at those times.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from core.practice.instruments import Instrument
from core.practice.moments import zone

_NEW_YORK: Final = "America/New_York"
_OPEN, _CLOSE, _ROLL = time(9, 30), time(16), time(17)
_EARLY, _LATE = time(4), time(20)
_HAVE_AUCTIONS: Final = frozenset({"STK", "OPT", "BAG"})


def next_open(instrument: Instrument, after: float) -> float:
    """Return when the next opening auction is, in seconds since the epoch."""
    return _next(_OPEN if instrument.sec_type in _HAVE_AUCTIONS else _ROLL, after)


def next_close(instrument: Instrument, after: float) -> float:
    """Return when the session ends, in seconds since the epoch."""
    return _next(_CLOSE if instrument.sec_type in _HAVE_AUCTIONS else _ROLL, after)


def is_regular(instrument: Instrument, now: float) -> bool:
    """Whether an instrument is in its regular hours by the clock of its exchange."""
    local = datetime.fromtimestamp(now, zone(_NEW_YORK))
    if instrument.sec_type in _HAVE_AUCTIONS:
        return local.weekday() < 5 and _OPEN <= local.time() < _CLOSE
    return _trades_around_the_clock(local)


def is_open(instrument: Instrument, now: float) -> bool:
    """Whether an instrument trades at all: stocks also from 04:00 and until 20:00."""
    local = datetime.fromtimestamp(now, zone(_NEW_YORK))
    if instrument.sec_type == "STK":
        return local.weekday() < 5 and _EARLY <= local.time() < _LATE
    return is_regular(instrument, now)


def _trades_around_the_clock(local: datetime) -> bool:
    """Whether futures and currencies trade: from Sunday 18:00 to Friday 17:00 but for an hour each evening."""
    day, clock = local.weekday(), local.time()
    if day == 5 or (day == 4 and clock >= _ROLL) or (day == 6 and clock < time(18)):
        return False
    return not _ROLL <= clock < time(18)


def _next(clock: time, after: float) -> float:
    place = zone(_NEW_YORK)
    day = datetime.fromtimestamp(after, place).date()
    while True:
        found = datetime.combine(day, clock, place).timestamp()
        if found > after and day.weekday() < 5:
            return found
        day += timedelta(days=1)
