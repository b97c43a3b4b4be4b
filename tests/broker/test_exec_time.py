"""The time of a fill, from every spelling that gateways were seen to use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.broker.exec_time import parse_exec_time

RECEIVED = datetime(2026, 11, 20, 15, 0, 2, tzinfo=UTC)
FILLED = datetime(2026, 11, 20, 15, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "20261120 10:00:00 US/Eastern",
        "20261120 10:00:00 America/New_York",
        "20261120  10:00:00 EST",
        "20261120 10:00:00 Eastern Standard Time",
        "20261120 16:00:00 Central European Standard Time",
        "20261120 16:00:00 MET",
        "20261120 15:00:00 UTC",
        "20261120-15:00:00",
        "2026-11-20 15:00:00.0 UTC",
        "1795186800",
    ],
)
@pytest.mark.parametrize("live", [True, False])
def test_known_zones_are_exact(text: str, live: bool) -> None:
    assert parse_exec_time(text, RECEIVED, live=live) == (FILLED, "")


def test_summer_counts() -> None:
    assert parse_exec_time("20260720 10:00:00 EST", RECEIVED, live=False)[0].hour == 14


@pytest.mark.parametrize("wall", ["20261120 10:00:00", "20261120 20:45:00", "20261121 05:00:00"])
def test_live_fill_without_a_known_zone_was_just_now(wall: str) -> None:
    found, why = parse_exec_time(f"{wall} Mitteleuropaeische Zeit", RECEIVED, live=True)

    assert found == FILLED
    assert "not known" in why


def test_old_fill_without_a_zone_is_in_this_machines() -> None:
    found, why = parse_exec_time("20261120  09:30:00", RECEIVED, live=False)

    assert found == datetime(2026, 11, 20, 9, 30).astimezone(UTC)
    assert why


@pytest.mark.parametrize("text", ["", "yesterday", "20269999 99:99:99 UTC", "20261120", "12:00:00"])
def test_no_time_at_all_is_the_time_of_arrival(text: str) -> None:
    found, why = parse_exec_time(text, RECEIVED, live=True)

    assert (found, bool(why)) == (RECEIVED, True)


@pytest.mark.parametrize("zone", ["../../etc/passwd", "/etc/localtime", "America", "a" * 5000, "\x1b[31m"])
def test_hostile_zones_are_only_unknown(zone: str) -> None:
    found, why = parse_exec_time(f"20261120 10:00:00 {zone}", RECEIVED, live=True)

    assert abs(found - FILLED) < timedelta(seconds=1)
    assert why
