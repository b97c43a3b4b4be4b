"""What a broker may say about an order, in a line each."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from core.domain.executions import Execution
from core.domain.instruments import Instrument, SecType
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.domain.reports import (
    CommissionReport,
    CompletedOrderReport,
    ErrorClass,
    ErrorReport,
    ExecutionReport,
    OpenOrderReport,
    OrderStatusReport,
    PositionReport,
    RequestKind,
)

D = Decimal
ACCOUNT = "DU1234567"
INSTANCE = "AAAAAA"
CLIENT_ID = 17
PERM_ID = 900_001
NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

AAPL = Instrument(con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART", order_types=("LMT", "MKT"))
TSLA = Instrument(con_id=76792991, symbol="TSLA", sec_type=SecType.STK, exchange="SMART", order_types=("LMT", "MKT"))


def ref(number: int) -> str:
    """An order reference of this journal's instance."""
    return f"ibd-{INSTANCE}-{number:026d}"


def buy(
    number: int = 1,
    *,
    quantity: str = "100",
    price: str | None = "233.33",
    side: Side = Side.BUY,
    instrument: Instrument = AAPL,
) -> OrderRequest:
    """A request for a limit order, or without a price for a market order."""
    return OrderRequest(
        order_ref=ref(number),
        account=ACCOUNT,
        con_id=instrument.con_id,
        side=side,
        quantity=D(quantity),
        order_type=OrderType.MKT if price is None else OrderType.LMT,
        limit_price=None if price is None else D(price),
    )


def status(
    order_id: int, word: str = "Submitted", *, perm_id: int = PERM_ID, why: str = "", client_id: int = CLIENT_ID
) -> OrderStatusReport:
    """An orderStatus, whose fill figures say nonsense on purpose."""
    return OrderStatusReport(
        order_id=order_id,
        client_id=client_id,
        perm_id=perm_id,
        status=word,
        filled=D(77),
        remaining=D(7),
        why_held=why,
    )


def open_order(
    order_ref: str = ref(1),
    *,
    order_id: int = 1,
    quantity: str = "100",
    price: str | None = "233.33",
    word: str = "Submitted",
    perm_id: int = PERM_ID,
    client_id: int = CLIENT_ID,
    instrument: Instrument = AAPL,
) -> OpenOrderReport:
    """An openOrder of a buy."""
    return OpenOrderReport(
        order_id=order_id,
        client_id=client_id,
        perm_id=perm_id,
        order_ref=order_ref,
        account=ACCOUNT,
        instrument=instrument,
        side=Side.BUY,
        quantity=D(quantity),
        order_type=OrderType.LMT if price else OrderType.MKT,
        type_text="LMT" if price else "MKT",
        limit_price=D(price) if price else None,
        tif=TimeInForce.DAY,
        outside_rth=False,
        status=word,
    )


def completed(
    order_ref: str = ref(1), word: str = "Cancelled", text: str = "", *, perm_id: int = PERM_ID
) -> CompletedOrderReport:
    """A completedOrder: no order id in it."""
    return CompletedOrderReport(perm_id=perm_id, order_ref=order_ref, account=ACCOUNT, status=word, status_text=text)


def filled(
    exec_id: str = "0001.01.01",
    quantity: str = "100",
    *,
    price: str = "233.30",
    order_ref: str = ref(1),
    order_id: int = 1,
    perm_id: int = PERM_ID,
    client_id: int = CLIENT_ID,
    live: bool = True,
    time: datetime = NOON,
) -> ExecutionReport:
    """An execDetails of a buy of AAPL."""
    return ExecutionReport(
        live=live,
        execution=Execution(
            exec_id=exec_id,
            order_ref=order_ref,
            perm_id=perm_id,
            order_id=order_id,
            client_id=client_id,
            account=ACCOUNT,
            con_id=AAPL.con_id,
            label="AAPL",
            side=Side.BUY,
            quantity=D(quantity),
            price=D(price),
            time=time,
        ),
    )


def commission(exec_id: str = "0001.01.01", fee: str | None = "1.00") -> CommissionReport:
    """A commissionReport."""
    return CommissionReport(
        exec_id=exec_id, commission=None if fee is None else D(fee), currency="USD", realized_pnl=None
    )


def error(
    order_id: int,
    code: int,
    error_class: ErrorClass,
    *,
    kind: RequestKind = RequestKind.NEW_ORDER,
    text: str = "the reason",
) -> ErrorReport:
    """An error message, classified."""
    return ErrorReport(request_id=order_id, kind=kind, code=code, text=text, error_class=error_class)


def session_error(code: int, error_class: ErrorClass, text: str = "the reason") -> ErrorReport:
    """An error message about the session itself."""
    return error(-1, code, error_class, kind=RequestKind.CONNECTION, text=text)


def position(quantity: str, *, instrument: Instrument = AAPL, cost: str = "200") -> PositionReport:
    """A position message."""
    return PositionReport(account=ACCOUNT, instrument=instrument, quantity=D(quantity), average_cost=D(cost))
