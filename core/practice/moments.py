"""Times as clients write them in orders: with a date or without, with a time zone or without."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

_FORM = re.compile(r"(?:(\d{8})(?:(?P<dash>-)| +|$))?(?:(\d{1,2}):(\d\d)(?::(\d\d))?)?(?: +([A-Za-z_/+\-0-9]+))?")
#: Words for American zones that no time zone database knows, or knows without daylight saving.
_AMERICAN = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
}


def zone(name: str) -> tzinfo:
    """Return a time zone by its name. Raises ValueError if nobody knows it."""
    if name in {"UTC", "GMT", ""}:
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(_AMERICAN.get(name, name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name[:40]!r}") from error


def moment(text: str, now: float, home: str, *, end_of_day: bool = False) -> float:
    """Read a time as seconds since the epoch.

    ``20261120 15:59:00 US/Eastern``; without a zone it is of the zone `home`, and ``20261120-15:59:00`` is UTC;
    without a date it is of the day that `now` is in. A date alone is that day's start, or its last second. Raises
    ValueError.
    """
    read = _FORM.fullmatch(text.strip())
    if read is None or not (read[1] or read[3]):
        raise ValueError(f"no time: {text[:40]!r}")
    place = zone(read[6]) if read[6] else UTC if read["dash"] else zone(home)
    if read[1]:
        day = datetime.strptime(read[1], "%Y%m%d").replace(tzinfo=place)
    else:
        day = datetime.fromtimestamp(now, place).replace(hour=0, minute=0, second=0, microsecond=0)
    if read[3]:
        day = day.replace(hour=int(read[3]), minute=int(read[4]), second=int(read[5] or 0))
    elif end_of_day:
        day = day.replace(hour=23, minute=59, second=59)
    return day.timestamp()
