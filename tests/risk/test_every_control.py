"""Every control stands in the way of an order: for each, an order that it alone refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec import Struct
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.instructions import Conditions, Oca, Twap
from core.domain.instruments import Instrument, SecType
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.domain.permissions import Permissions
from core.domain.quotes import Quote
from core.ports import Approved
from core.risk.behaviour import Asked, Day, Recent
from core.risk.circumstances import Circumstances
from core.risk.controls import judge
from core.risk.facts import Elsewhere
from core.risk.registry import CONTROLS
from tests.risk.room import FLAT, RICH

D = Decimal
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
HOURS = "20261120:0930-20261120:1600;20261123:0930-20261123:1600"
AAPL = Instrument(
    con_id=265598,
    symbol="AAPL",
    sec_type=SecType.STK,
    exchange="SMART",
    order_types=("DAY", "GTC", "GTD", "IOC", "LMT", "MKT", "STP", "OCA", "COND", "ICE"),
    time_zone="US/Eastern",
    trading_hours=HOURS,
    liquid_hours=HOURS,
)
ORDINARY = Circumstances(
    instrument=AAPL,
    quote=Quote(con_id=265598, bid=D("99.99"), ask=D(100), last=D(100)),
    accounts=("DU1234567",),
    limits=Limits(portfolio_risk=D(1), order_value=D(20_000)),
    now=NOW,
    exposure=FLAT,
    funds=replace(RICH, told=NOW),
    elsewhere=Elsewhere(value=D(0)),
    recent=Recent(),
    day=Day(orders=0, trades=0, value=D(0)),
)
BUY = OrderRequest(
    order_ref="ibd-AAAAAA-1",
    account="DU1234567",
    con_id=265598,
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.LMT,
    limit_price=D(100),
)
REDUCING = Denial(code=DenialCode.REDUCING, message="Only orders that reduce a position are sent.")
LIMITS, SCRIPT = ORDINARY.limits, Asked(script="place")


class Case(Struct, frozen=True):
    """What makes one control refuse an ordinary order."""

    code: DenialCode
    order: dict[str, object] = {}
    around: dict[str, object] = {}
    limit: str = ""


CASES = {
    "Texts that can be sent": Case(DenialCode.BAD_COMMAND, {"order_ref": "a\0"}),
    "Account": Case(DenialCode.ACCOUNT, {"account": "DU7654321"}),
    "Qualified contract": Case(DenialCode.INCOMPLETE, {}, {"instrument": replace(AAPL, untold=("tick",))}),
    "Permissions": Case(
        DenialCode.PERMISSION,
        {},
        {"permissions": Permissions(forbidden_symbols=("AAPL",))},
        "permissions.forbidden_symbols",
    ),
    "No short sales": Case(
        DenialCode.PERMISSION,
        {"side": Side.SELL},
        {"permissions": Permissions(short=False), "asked": Asked(short=True)},
        "permissions.short",
    ),
    "Order quantity": Case(
        DenialCode.QUANTITY_MAX, {}, {"limits": replace(LIMITS, order_quantity=D(99))}, "order_quantity"
    ),
    "Reducing only": Case(DenialCode.REDUCING, {}, {"exposure": replace(FLAT, only_reducing=REDUCING)}),
    "Turn on the wire": Case(DenialCode.THROTTLED, {}, {"queue_wait": 2.5}, "queue_seconds"),
    "Type and time in force": Case(DenialCode.TIF, {"tif": TimeInForce.FOK}),
    "Prices that belong to the type": Case(DenialCode.PRICE_MISSING, {"limit_price": None}),
    "Prices on a tick": Case(DenialCode.TICK, {"limit_price": D("99.995")}),
    "Times": Case(DenialCode.TIME, {"tif": TimeInForce.GTD, "good_till": NOW}),
    "Instructions that the contract takes": Case(DenialCode.INSTRUCTION, {"all_or_none": True}),
    "Iceberg": Case(DenialCode.INSTRUCTION, {"display_size": D(100)}),
    "OCA group": Case(DenialCode.INSTRUCTION, {"oca": Oca(group="")}),
    "Conditions": Case(DenialCode.INSTRUCTION, {"conditions": Conditions(items=())}),
    "Algorithm": Case(DenialCode.TIME, {"algo": Twap(end=NOW)}),
    "Last trade day": Case(DenialCode.EXPIRED, {}, {"instrument": replace(AAPL, last_trade_date="20261119")}),
    "Session and halt": Case(DenialCode.CLOSED, {"tif": TimeInForce.IOC}, {"now": NOW + timedelta(hours=12)}),
    "Stop on its side of the market": Case(
        DenialCode.TRIGGERS_NOW, {"order_type": OrderType.STP, "limit_price": None, "stop_price": D(100)}
    ),
    "Collar": Case(DenialCode.COLLAR, {"limit_price": D("110.01")}, {}, "price_band_percent"),
    "Order value": Case(
        DenialCode.VALUE_MAX,
        {},
        {
            "limits": replace(LIMITS, order_value=D(9_999)),
            "asked": Asked(confirms=(DenialCode.UNUSUAL_VALUE,), typed_quantity=D(100)),
        },
        "order_value",
    ),
    "Open orders": Case(DenialCode.OPEN_ORDERS, {}, {"exposure": replace(FLAT, open_here=10)}, "open_orders_side"),
    "Unexecuted value": Case(
        DenialCode.UNEXECUTED_MAX, {}, {"exposure": replace(FLAT, unexecuted=D(5_000_000))}, "unexecuted_value"
    ),
    "Position": Case(
        DenialCode.POSITION_MAX, {}, {"limits": replace(LIMITS, position_quantity=D(99))}, "position_quantity"
    ),
    "Whole portfolio": Case(
        DenialCode.PORTFOLIO_MAX, {}, {"limits": replace(LIMITS, portfolio_risk=D("1E-9"))}, "portfolio_risk"
    ),
    "Margin": Case(DenialCode.MARGIN, {}, {"funds": replace(RICH, initial_margin=D(10**12))}, "margin_percent"),
    "Collar over a period": Case(DenialCode.WALKED, {}, {"recent": Recent(first_level=D(90))}, "walk_percent"),
    "Budgets of the day": Case(
        DenialCode.DAY_ORDERS, {}, {"day": Day(orders=1000, trades=0, value=D(0))}, "day_orders"
    ),
    "Repeated automated orders": Case(
        DenialCode.SCRIPT_DISABLED, {}, {"recent": Recent(fired=200), "asked": SCRIPT}, "script_repeats"
    ),
    "Usual quantity": Case(DenialCode.UNUSUAL_QUANTITY, {}, {"recent": Recent(usual=D(10))}, "unusual_times"),
    "Usual value": Case(
        DenialCode.UNUSUAL_VALUE, {}, {"limits": replace(LIMITS, order_value=D(13_000))}, "unusual_value_percent"
    ),
    "Duplicate order": Case(DenialCode.DUPLICATE, {}, {"recent": Recent(twin="#7")}, "duplicate_seconds"),
    "Repeats by a key": Case(DenialCode.REPEATED, {}, {"recent": Recent(repeats=5)}),
    "Short sale": Case(DenialCode.SHORT_SALE, {"side": Side.SELL}, {}, "ask_short"),
}
"""By the name of the control, in the order in which they are asked."""


def test_an_ordinary_order_passes_all_of_them() -> None:
    assert isinstance(judge(BUY, ORDINARY), Approved)


def test_there_is_a_case_for_every_control_in_their_order() -> None:
    assert list(CASES) == [rule.name for rule in CONTROLS]


@pytest.mark.parametrize("name", CASES)
def test_each_control_refuses_what_no_other_does(name: str) -> None:
    case = CASES[name]
    request, around = replace(BUY, **case.order), replace(ORDINARY, **case.around)

    denied = judge(request, around)

    assert isinstance(denied, Denial)
    assert (denied.code, denied.limit) == (case.code, case.limit)
    assert [rule.name for rule in CONTROLS if rule.check(request, around) is not None] == [name]
    assert case.code in next(rule for rule in CONTROLS if rule.name == name).codes
