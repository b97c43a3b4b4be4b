"""Control 21: what may be sent while a market is closed or halted, or after a contract's last trade day."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.instruments import Instrument, SecType
from core.domain.limits import Limits
from core.domain.order_types import RULES
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce, terms_of
from core.domain.quotes import Quote
from core.risk.circumstances import Circumstances
from core.risk.sessions import in_session, unexpired

D = Decimal
AAPL = Instrument(
    con_id=265598,
    symbol="AAPL",
    sec_type=SecType.STK,
    exchange="SMART",
    time_zone="US/Eastern",
    trading_hours="20261120:0400-20261120:2000;20261121:CLOSED;20261122:CLOSED;20261123:0400-20261123:2000",
    liquid_hours="20261120:0930-20261120:1600;20261121:CLOSED;20261122:CLOSED;20261123:0930-20261123:1600",
)
AROUND = Circumstances(
    instrument=AAPL,
    quote=Quote(con_id=265598, bid=D("233.33"), ask=D("233.34")),
    accounts=("DU1234567",),
    limits=Limits(),
)
MARKET = OrderRequest(
    order_ref="ibd-AAAAAA-1",
    account="DU1234567",
    con_id=265598,
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.MKT,
)
LIMIT = replace(MARKET, order_type=OrderType.LMT, limit_price=D(233))
OPEN, BEFORE, FRIDAY_EVENING, EARLY = "20T10:00", "20T09:29:59", "20T16:00", "20T05:00"


def at(text: str) -> Circumstances:
    """The circumstances at a time of New York in November."""
    return replace(AROUND, now=datetime.fromisoformat(f"2026-11-{text}-05:00").astimezone(UTC))


def code(denial: Denial | None) -> DenialCode | None:
    """Why not; None if all is well."""
    return None if denial is None else denial.code


@pytest.mark.parametrize(
    ("when", "passes"), [(BEFORE, False), ("20T09:30", True), ("20T15:59:59", True), (FRIDAY_EVENING, False)]
)
def test_a_market_order_needs_the_open_market(when: str, passes: bool) -> None:
    assert (in_session(MARKET, at(when)) is None) is passes


def test_a_resting_order_waits_for_the_open_and_a_modification_into_a_market_order_does_not() -> None:
    closed = at(FRIDAY_EVENING)

    assert in_session(LIMIT, closed) is None
    assert in_session(replace(LIMIT, tif=TimeInForce.GTC), closed) is None
    assert code(in_session(MARKET, replace(closed, before=terms_of(LIMIT)))) is DenialCode.CLOSED


@pytest.mark.parametrize("kind", tuple(RULES))
def test_by_type_only_what_trades_blind_is_refused_outside_the_hours(kind: OrderType) -> None:
    refused = kind in (OrderType.MKT, OrderType.MTL)

    assert code(in_session(replace(MARKET, order_type=kind), at(BEFORE))) == (DenialCode.CLOSED if refused else None)


@pytest.mark.parametrize("tif", [TimeInForce.IOC, TimeInForce.FOK])
def test_what_can_not_wait_needs_a_market(tif: TimeInForce) -> None:
    assert code(in_session(replace(LIMIT, tif=tif), at(EARLY))) is DenialCode.CLOSED
    assert in_session(replace(LIMIT, tif=tif, outside_rth=True), at(EARLY)) is None
    assert in_session(replace(LIMIT, tif=tif), at(OPEN)) is None


def test_an_opening_auction_and_a_later_start_wait() -> None:
    closed = at(BEFORE)
    assert closed.now is not None

    assert in_session(replace(MARKET, tif=TimeInForce.OPG), closed) is None
    assert in_session(replace(MARKET, good_after=closed.now + timedelta(hours=1)), closed) is None
    assert in_session(MARKET, replace(closed, attached=True)) is None


def test_the_words() -> None:
    early, weekend = in_session(MARKET, at(BEFORE)), in_session(MARKET, at(FRIDAY_EVENING))
    at_once = in_session(replace(LIMIT, tif=TimeInForce.IOC), at(EARLY))

    assert early is not None
    assert weekend is not None
    assert at_once is not None
    assert early.message == (
        "AAPL is closed until 09:30 EST: a market order can't trade now. Use a limit price with DAY, which waits."
    )
    assert "closed until 2026-11-23 09:30 EST" in weekend.message
    assert at_once.message.endswith("an IOC order can't trade now. Use DAY or GTC, which waits, or add ext.")
    night = in_session(replace(LIMIT, tif=TimeInForce.FOK), at("20T02:00"))
    assert night is not None
    assert night.message == (
        "AAPL is closed until 09:30 EST: a FOK order can't trade now. Use DAY or GTC, which waits."
    )


def test_no_clock_no_session() -> None:
    assert in_session(MARKET, AROUND) is None
    assert unexpired(LIMIT, AROUND) is None
    assert unexpired(LIMIT, replace(AROUND, instrument=replace(AAPL, last_trade_date="20200101"))) is None
    assert unexpired(LIMIT, replace(at(OPEN), instrument=None)) is None
    assert in_session(MARKET, replace(at(BEFORE), instrument=None)) is None


def test_the_day_of_the_open_is_told_by_the_exchange_s_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        evening = in_session(MARKET, at("19T20:00"))
    finally:
        monkeypatch.undo()
        time.tzset()

    assert evening is not None
    assert "closed until 2026-11-20 09:30 EST" in evening.message, "in New York it is Thursday still"


def test_without_hours_the_quote_is_the_word() -> None:
    nowhere = replace(at(BEFORE), instrument=replace(AAPL, time_zone="", trading_hours="", liquid_hours=""))

    assert in_session(MARKET, nowhere) is None


def test_a_halted_instrument() -> None:
    assert AROUND.quote is not None
    halted = replace(at(OPEN), quote=replace(AROUND.quote, halted=True))
    denied = in_session(MARKET, halted)

    assert denied is not None
    assert denied.code is DenialCode.HALTED_MARKET
    assert denied.message == (
        "AAPL is halted: a market order can't trade now. Use a limit price with DAY, which waits for the reopening."
    )
    assert code(in_session(replace(LIMIT, tif=TimeInForce.IOC), halted)) is DenialCode.HALTED_MARKET
    assert in_session(LIMIT, halted) is None


@pytest.mark.parametrize(
    ("last", "when", "passes"),
    [
        ("20261120", "20T23:59:59", True),
        ("20261120", "21T00:00", False),
        ("20261119", OPEN, False),
        ("20261218 09:30:00 EST", OPEN, True),
        ("", OPEN, True),
        ("2026", OPEN, True),
        ("NOV 2026", OPEN, True),
    ],
)
def test_the_last_trade_day(last: str, when: str, passes: bool) -> None:
    around = replace(at(when), instrument=replace(AAPL, symbol="ES", sec_type=SecType.FUT, last_trade_date=last))
    denied = unexpired(LIMIT, around)

    assert (denied is None) is passes
    if denied is not None:
        assert denied.code is DenialCode.EXPIRED
        assert denied.message == (
            f"/ES traded last on 2026-11-{last[6:8]}. Not sent; choose a contract that still trades."
        )


@pytest.mark.parametrize(
    ("zone", "when", "passes"),
    [
        ("", "20T23:59:59", True),
        ("", "21T00:00", False),
        ("Asia/Tokyo", "20T09:59:59", True),
        ("Asia/Tokyo", "20T10:00", False),
        ("No/Where", "20T18:59:59", True),
        ("No/Where", "20T19:00", False),
    ],
)
def test_the_last_day_ends_where_it_trades_else_in_new_york(zone: str, when: str, passes: bool) -> None:
    future = replace(AAPL, sec_type=SecType.FUT, last_trade_date="20261120", time_zone=zone)

    assert (unexpired(LIMIT, replace(at(when), instrument=future)) is None) is passes
