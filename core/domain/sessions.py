"""When an instrument trades, from the hours that its contract details name.

Source: TWS API, ContractDetails.tradingHours and liquidHours: `20261120:0930-20261120:1600;20261121:CLOSED`, days
split by semicolons, times in the time zone of the contract.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
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
    try:
        zone = ZoneInfo(instrument.time_zone)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return None
    hours = instrument.liquid_hours if regular else instrument.trading_hours
    ahead = [max(begin, now) for begin, end in _sessions(hours, zone) if end > now]
    return min(ahead).astimezone(zone) if ahead else None


def _sessions(hours: str, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    for day in hours.split(";"):
        if day.endswith(_CLOSED):
            continue
        for session in day.split(","):
            begin, _, end = session.partition("-")
            try:
                yield (
                    datetime.strptime(begin, _FORMAT).replace(tzinfo=zone),
                    datetime.strptime(end, _FORMAT).replace(tzinfo=zone),
                )
            except ValueError:
                continue
