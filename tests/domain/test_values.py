"""What orders, quotes, instruments, positions and connections say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.connection import Connection, Endpoint, FarmStatus, LinkState, Mode
from core.domain.entries import (
    CancelAsked,
    Entry,
    FactRecorded,
    InstrumentKnown,
    Intent,
    ModifyIntent,
    Refused,
    order_ref_of,
)
from core.domain.events import ExecutionAdded, Incident, OrderChanged, Severity
from core.domain.instruments import Instrument, SecType
from core.domain.orders import (
    TERMINAL_STATES,
    Order,
    OrderRequest,
    OrderState,
    OrderType,
    Pending,
    Side,
    Terms,
    TimeInForce,
)
from core.domain.positions import Position, open_pnl
from core.domain.quotes import DataType, Quote
from tests.domain.test_executions import fill

D = Decimal
TIME = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ORDER = Order(
    order_ref="ref",
    number=7,
    account="DU1234567",
    con_id=1,
    label="NVDA",
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.LMT,
    type_text="LMT",
    limit_price=D("141.20"),
    tif=TimeInForce.DAY,
    state=OrderState.WORKING,
    order_id=5,
    client_id=17,
    created=TIME,
    changed=TIME,
)
REQUEST = OrderRequest(
    order_ref="ref", account="DU1234567", con_id=1, side=Side.BUY, quantity=D(100), order_type=OrderType.MKT
)


def test_an_order_in_words() -> None:
    assert ORDER.text == "BUY 100 NVDA @ 141.20"
    market = replace(ORDER, side=Side.SELL, quantity=D("50.00"), limit_price=None, type_text="MKT")
    assert market.text == "SELL 50 NVDA MKT"
    assert replace(ORDER, quantity=D("1E+3")).text == "BUY 1000 NVDA @ 141.20"


@pytest.mark.parametrize("state", OrderState)
def test_what_may_still_fill(state: OrderState) -> None:
    order = replace(ORDER, state=state, filled=D(30))

    assert order.is_live == (state not in TERMINAL_STATES)
    assert order.remaining == (70 if order.is_live else 0)


@pytest.mark.parametrize(("new", "whole"), [(50, 100), (200, 200)])
def test_a_change_that_is_not_answered_may_fill_by_either_terms(new: int, whole: int) -> None:
    terms = Terms(quantity=D(100), limit_price=None)
    order = replace(ORDER, quantity=D(new), pending=Pending.MODIFY, previous=terms, filled=D(60))

    assert order.whole == whole
    assert order.remaining == whole - 60


def test_an_overfilled_order_has_nothing_remaining() -> None:
    assert replace(ORDER, filled=D(130)).remaining == 0


def test_sides() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert [side.opposite for side in Side] == [Side.SELL, Side.BUY]


LIVE = Quote(con_id=1, bid=D("9.98"), ask=D("10.02"), last=D("10.01"), close=D("8.00"))


@pytest.mark.parametrize(
    "change",
    [
        {"bid": None},
        {"ask": None},
        {"bid": D("10.03")},
        {"halted": True},
        {"stale": True},
        *({"data_type": kind} for kind in DataType if kind is not DataType.LIVE),
    ],
)
def test_quotes_that_nothing_may_be_priced_from(change: dict[str, object]) -> None:
    assert LIVE.tradable
    assert not replace(LIVE, **change).tradable


@pytest.mark.parametrize(
    ("change", "mark"),
    [
        ({}, "10.01"),
        ({"last": D("11.00")}, "10.02"),
        ({"last": D("9.00")}, "9.98"),
        ({"last": None}, "10.00"),
        ({"bid": None, "last": D("11.00")}, "11.00"),
        ({"bid": D("10.05"), "last": D("11.00")}, "11.00"),
        ({"bid": None, "ask": None, "last": None}, "8.00"),
        ({"bid": None, "ask": None, "last": None, "close": None}, None),
    ],
)
def test_what_values_a_position(change: dict[str, object], mark: str | None) -> None:
    assert replace(LIVE, **change).mark == (None if mark is None else D(mark))


def test_change_and_spread_are_unknown_without_both_ends() -> None:
    assert (LIVE.change, LIVE.change_percent, LIVE.spread) == (D("2.01"), D("25.125"), D("0.04"))
    assert replace(LIVE, close=None).change is None
    assert replace(LIVE, close=D(0)).change_percent is None
    assert replace(LIVE, last=None).change_percent is None
    assert replace(LIVE, bid=None).spread is None


@pytest.mark.parametrize(
    ("instrument", "label"),
    [
        (Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART"), "AAPL"),
        (Instrument(con_id=1, symbol="ES", sec_type=SecType.FUT, exchange="CME", local_symbol="ESZ6"), "/ESZ6"),
        (Instrument(con_id=1, symbol="ES", sec_type=SecType.FUT, exchange="CME"), "/ES"),
        (Instrument(con_id=1, symbol="EUR", sec_type=SecType.CASH, exchange="IDEALPRO"), "EUR.USD"),
        (
            Instrument(
                con_id=1,
                symbol="AAPL",
                sec_type=SecType.OPT,
                exchange="SMART",
                last_trade_date="20261218",
                strike=D("250.0"),
                right="C",
            ),
            "AAPL 261218c250",
        ),
    ],
)
def test_labels(instrument: Instrument, label: str) -> None:
    assert instrument.label == label


def test_open_pnl_is_flat_zero_and_unknown_without_a_price() -> None:
    short = Position(account="DU1", con_id=1, label="TSLA", quantity=D(-50), average_price=D("412.10"))

    assert open_pnl(short, D("413.78"), D(1)) == D("-84.00")
    assert open_pnl(short, D("413.78"), D(100)) == D("-8400.00")
    assert open_pnl(short, None, D(1)) is None
    assert open_pnl(replace(short, quantity=D(0)), None, D(1)) == 0


@pytest.mark.parametrize("state", LinkState)
@pytest.mark.parametrize("ibkr", FarmStatus)
def test_orders_may_leave_only_when_synchronised_and_ibkr_is_not_known_to_be_down(
    state: LinkState, ibkr: FarmStatus
) -> None:
    connection = Connection(
        mode=Mode.PAPER, profile="paper", endpoint=Endpoint("h", 7497), client_id=1, state=state, ibkr=ibkr
    )

    assert connection.can_trade == (state is LinkState.READY and ibkr is not FarmStatus.DOWN)
    assert str(connection.endpoint) == "h:7497"


def test_rows_know_which_order_they_are_about() -> None:
    instrument = Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
    denial = Denial(code=DenialCode.TICK, message="")
    about: list[Entry] = [
        Intent(order=ORDER, request=REQUEST),
        ModifyIntent(order=ORDER, previous=Terms(quantity=D(1), limit_price=None)),
        CancelAsked(order_ref="ref"),
        Refused(request=REQUEST, denial=denial),
        FactRecorded(fact=OrderChanged(order=ORDER)),
        FactRecorded(fact=ExecutionAdded(execution=fill("a.01", 1))),
        FactRecorded(fact=Incident(severity=Severity.INFO, text="", time=TIME, order_ref="ref")),
    ]

    assert [order_ref_of(entry) for entry in about] == ["ref"] * len(about)
    assert order_ref_of(InstrumentKnown(instrument=instrument)) == ""
