"""When an instrument trades, from the hours that its contract details name.

Source: TWS API, ContractDetails.tradingHours and liquidHours: `20261120:0930-20261120:1600;20261121:CLOSED`, days
split by semicolons, times in the time zone of the contract.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.domain.instruments import Instrument

_CLOSED = "CLOSED"
_FORMAT = "%Y%m%d:%H%M"


def next_open(instrument: Instrument, now: datetime, *, regular: bool) -> datetime | None:
    """When the instrument trades next, aware, in its own zone: `now` itself while it trades.

    None where nobody knows: no hours, no zone, or none of the sessions that are named lies ahead.

    Args:
        instrument: Whose hours count.
        now: Aware.
        regular: True for the regular sessions alone.
    """
    hours = instrument.liquid_hours if regular else instrument.trading_hours
    ahead = [max(begin, now) for begin, end in _sessions(hours, instrument.time_zone) if end > now]
    return min(ahead).astimezone(ZoneInfo(instrument.time_zone)) if ahead else None


@lru_cache(maxsize=1024)
def _sessions(hours: str, time_zone: str) -> tuple[tuple[datetime, datetime], ...]:
    """The sessions that the text names; kept, for every order and every preview asks for them again."""
    try:
        zone = ZoneInfo(time_zone)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return ()
    found = []
    for day in hours.split(";"):
        if day.endswith(_CLOSED):
            continue
        for session in day.split(","):
            begin, _, end = session.partition("-")
            try:
                times = [datetime.strptime(time, _FORMAT).replace(tzinfo=zone) for time in (begin, end)]
            except ValueError:
                continue
            found.append((times[0], times[1]))
    return tuple(found)
