"""Messages about one order for 100 AAPL, written by the practice gateway's tables."""

from __future__ import annotations

from decimal import Decimal

from core.domain.reports import Report
from core.practice.tables import Value
from core.practice.tables_order import OPEN_ORDER
from core.practice.tables_out import EXECUTION, ORDER_STATUS
from tests.broker.scripted import AAPL, Desk

UNSET = "1.7976931348623157E308"

CONTRACT: dict[str, Value] = {
    "conId": AAPL.con_id,
    "symbol": "AAPL",
    "secType": "STK",
    "right": "?",
    "exchange": "SMART",
    "currency": "USD",
    "localSymbol": "AAPL",
    "tradingClass": "NMS",
}
STATUS: dict[str, Value] = {
    "orderId": 5,
    "status": "Submitted",
    "filled": Decimal(0),
    "remaining": Decimal(100),
    "permId": 77,
    "clientId": 7,
}
ORDER: dict[str, Value] = CONTRACT | {
    "orderId": 5,
    "action": "BUY",
    "totalQuantity": Decimal(100),
    "orderType": "LMT",
    "lmtPrice": Decimal("233.33"),
    "tif": "DAY",
    "account": "DU1234567",
    "orderRef": "ibd-AAAAAA-01",
    "clientId": 7,
    "permId": 77,
    "deltaNeutralOrderType": "None",
    "status": "Submitted",
}
FILL: dict[str, Value] = CONTRACT | {
    "reqId": -1,
    "orderId": 5,
    "execId": "0000e0d5.67.01.01",
    "time": "20261120 10:00:00 US/Eastern",
    "account": "DU1234567",
    "venue": "IEX",
    "side": "BOT",
    "shares": Decimal(100),
    "price": Decimal("233.33"),
    "permId": 77,
    "clientId": 7,
    "orderRef": "ibd-AAAAAA-01",
}


async def heard(desk: Desk, *frames: bytes, count: int = 1) -> list[Report]:
    """What the listener is told when the gateway says these in one piece."""
    desk.peer.send(*frames)
    await desk.ear.wait_for(lambda: len(desk.ear.reports) >= count)
    return desk.ear.reports


def status(**changes: Value) -> bytes:
    """An orderStatus."""
    return ORDER_STATUS.encode(STATUS | changes)


def order(**changes: Value) -> bytes:
    """An openOrder."""
    return OPEN_ORDER.encode(ORDER | changes)


def fill(**changes: Value) -> bytes:
    """An execDetails."""
    return EXECUTION.encode(FILL | changes)
