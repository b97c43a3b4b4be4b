"""The hours of contract details: when an instrument trades next."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from core.domain.instruments import Instrument, SecType
from core.domain.sessions import next_open

STOCK = Instrument(
    con_id=1,
    symbol="AAPL",
    sec_type=SecType.STK,
    exchange="SMART",
    time_zone="US/Eastern",
    trading_hours="20261120:0400-20261120:2000;20261121:CLOSED;20261122:CLOSED;20261123:0400-20261123:2000",
    liquid_hours="20261120:0930-20261120:1600;20261121:CLOSED;20261122:CLOSED;20261123:0930-20261123:1600",
    multiplier=Decimal(1),
)


def eastern(text: str) -> datetime:
    """A moment of New York in November, in UTC."""
    return datetime.fromisoformat(f"2026-11-{text}-05:00").astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "regular", "opens"),
    [
        ("20T10:00", True, "20T10:00"),
        ("20T09:29", True, "20T09:30"),
        ("20T09:30", True, "20T09:30"),
        ("20T16:00", True, "23T09:30"),
        ("20T08:00", False, "20T08:00"),
        ("20T03:00", False, "20T04:00"),
        ("20T20:30", False, "23T04:00"),
    ],
)
def test_when_it_trades_next(now: str, regular: bool, opens: str) -> None:
    found = next_open(STOCK, eastern(now), regular=regular)

    assert found == eastern(opens)
    assert f"{found:%dT%H:%M}" == opens


def test_a_day_may_have_two_sessions() -> None:
    twice = Instrument(
        con_id=1,
        symbol="7203",
        sec_type=SecType.STK,
        exchange="TSEJ",
        time_zone="Asia/Tokyo",
        liquid_hours="20261120:0900-20261120:1130,20261120:1230-20261120:1530",
    )
    noon = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

    assert f"{next_open(twice, noon, regular=True):%H:%M}" == "12:30"


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("", STOCK.liquid_hours),
        ("Middle/Earth", STOCK.liquid_hours),
        ("../etc/passwd", STOCK.liquid_hours),
        ("US/Eastern", ""),
        ("US/Eastern", "20261121:CLOSED"),
        ("US/Eastern", "today-tomorrow;;20261120-0930"),
        ("US/Eastern", "20261119:0930-20261119:1600"),
    ],
)
def test_what_can_not_be_read_is_not_known(zone: str, hours: str) -> None:
    odd = Instrument(con_id=1, symbol="X", sec_type=SecType.STK, exchange="SMART", time_zone=zone, liquid_hours=hours)

    assert next_open(odd, eastern("20T08:00"), regular=True) is None
