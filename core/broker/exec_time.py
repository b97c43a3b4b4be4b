"""When a fill happened: the broker's text for it read into UTC, whatever zone it is in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_TEXT = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})([ -]+)(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?\s*(.*)")
_QUARTER = timedelta(minutes=15)
"""Every zone in use lies a whole number of these from UTC."""
_FRESH = timedelta(minutes=5)
"""A live fill is reported within this."""

_NOT_IANA = {
    "AUS Eastern Standard Time": "Australia/Sydney",
    "Central European Standard Time": "Europe/Warsaw",
    "Central European Time": "Europe/Paris",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central Standard Time": "America/Chicago",
    "Eastern Standard Time": "America/New_York",
    "GMT Standard Time": "Europe/London",
    "Hong Kong Time": "Asia/Hong_Kong",
    "India Standard Time": "Asia/Kolkata",
    "Japan Standard Time": "Asia/Tokyo",
    "MET": "Europe/Paris",
    "Mountain Standard Time": "America/Denver",
    "Pacific Standard Time": "America/Los_Angeles",
    "Romance Standard Time": "Europe/Paris",
    "Singapore Standard Time": "Asia/Singapore",
    "Tokyo Standard Time": "Asia/Tokyo",
    "W. Europe Standard Time": "Europe/Berlin",
    "CDT": "America/Chicago",
    "CEST": "Europe/Paris",
    "CET": "Europe/Paris",
    "EDT": "America/New_York",
    "EET": "Europe/Athens",
    "EST": "America/New_York",
    "JST": "Asia/Tokyo",
    "PDT": "America/Los_Angeles",
    "PST": "America/Los_Angeles",
}
"""Names that Windows and Java give zones, as far as each means one place; EST means New York, in summer too."""


def parse_exec_time(text: str, received: datetime, *, live: bool) -> tuple[datetime, str]:
    """The UTC time of a fill, and why it is a guess (empty if it is not).

    TWS writes `20261120 10:00:00 US/Eastern`, `20261120-15:00:00` for UTC, epoch seconds, or no zone at all, meaning
    the one that it is set to. Without a usable zone this machine's is taken, unless that would put a `live` fill away
    from `received`: then the zone is the one that makes the fill just now. A text that is no time gives `received`.
    """
    if text.isdigit() and len(text) >= 9:
        return datetime.fromtimestamp(int(text), UTC), ""
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        return received, f"{text!r} is no time; the time of its arrival is taken"
    year, month, day, gap, hour, minute, second, name = match.groups()
    try:
        wall = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return received, f"{text!r} is no time; the time of its arrival is taken"
    if not name and "-" in gap:
        return wall, ""
    zone = _zone(name) if name else None
    if zone is not None:
        return _in_utc(wall, zone), ""
    said = f"time zone {name!r} is not known" if name else "the time has no zone"
    local = wall.replace(tzinfo=None).astimezone(UTC)
    if not live or abs(local - received) <= _FRESH:
        return local, f"{said}; this machine's is taken"
    ahead = round((wall - received) / _QUARTER) * _QUARTER
    return wall - ahead, f"{said}; the one that makes it just now is taken"


def _in_utc(wall: datetime, zone: tzinfo) -> datetime:
    return wall.replace(tzinfo=zone).astimezone(UTC)


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(_NOT_IANA.get(name, name))
    except (KeyError, ValueError, OSError):
        return None
