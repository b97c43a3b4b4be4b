"""Times of day as the desk shows them: New York, because a US trading day is counted there."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache


@cache
def _zone() -> tuple[tzinfo, str]:
    # Imported at the first use: the first frame shows no time.
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo("America/New_York"), "ET"
    except ZoneInfoNotFoundError:
        return UTC, "UTC"


def zone_name() -> str:
    """What stands after a time: `ET`; `UTC` on a machine without a time zone database."""
    return _zone()[1]


def time_of_day(moment: datetime | None) -> str:
    """An aware moment as `10:31:07` in the desk's zone; `—` for None."""
    return "—" if moment is None else f"{moment.astimezone(_zone()[0]):%H:%M:%S}"


def seconds_since(moment: datetime | None, now: datetime) -> float | None:
    """Seconds from an aware moment to `now`, never negative; None for None."""
    return None if moment is None else max(0.0, (now - moment).total_seconds())
