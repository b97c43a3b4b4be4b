"""Orders and executions turned into the messages that clients read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.practice import tables_out as out
from core.practice.codec import ascii_text
from core.practice.days import stamp
from core.practice.instruments import Instrument
from core.practice.orders import TRAIL_TYPES, TRIGGER_TYPES, Execution, Order, Status
from core.practice.tables import Record
from core.practice.tables_order import COMPLETED_ORDER, OPEN_ORDER


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The answer to a what-if order, in the base currency."""

    initial_before: Decimal
    initial_after: Decimal
    maintenance_before: Decimal
    maintenance_after: Decimal
    equity_before: Decimal
    equity_after: Decimal
    commission: Decimal
    currency: str


def error(request_id: int, code: int, text: str) -> bytes:
    """Return an error about a request or an order; -1 stands for the connection."""
    return out.ERROR.encode({"reqId": request_id, "code": code, "text": ascii_text(text)})


def _order_record(order: Order) -> Record:
    terms, instrument, sent = order.terms, order.instrument, order.sent
    record = Record(sent)
    record.update(instrument.contract(sent.text("exchange") or instrument.exchanges[0]))
    limit = terms.limit if order.limit is None else order.limit
    stop = order.stop if order.order_type in TRIGGER_TYPES else None
    # Real gateways fill what a plain order leaves empty with these words, and tell where every stop stands twice.
    record.update(
        totalQuantity=order.quantity,
        orderType=order.order_type,
        lmtPrice=None if limit is None else instrument.price(limit),
        trailStopPrice=None if stop is None else instrument.price(stop),
        tif=terms.tif,
        permId=order.perm_id,
        clientId=order.client_id,
        orderId=order.order_id,
        status=order.status.value,
        ocaGroup=order.oca_name,
        ocaType=terms.oca_type,
        parentPermId=order.parent_perm_id,
        deltaNeutralOrderType=sent.text("deltaNeutralOrderType") or "None",
        adjustedOrderType=sent.text("adjustedOrderType") or "None",
        clearingIntent=sent.text("clearingIntent") or "IB",
    )
    if order.order_type not in TRAIL_TYPES and stop is not None:
        record.update(auxPrice=instrument.price(stop))
    if not instrument.right:
        record.update(right=None)
    return record


def open_order(order: Order) -> bytes:
    """Return openOrder for an order as it stands."""
    return OPEN_ORDER.encode(_order_record(order))


def what_if(order: Order, answer: WhatIf) -> bytes:
    """Return the openOrder that answers a what-if order."""
    record = _order_record(order)
    record.update(
        whatIf=True,
        initMarginBefore=answer.initial_before,
        initMarginAfter=answer.initial_after,
        initMarginChange=answer.initial_after - answer.initial_before,
        maintMarginBefore=answer.maintenance_before,
        maintMarginAfter=answer.maintenance_after,
        maintMarginChange=answer.maintenance_after - answer.maintenance_before,
        equityWithLoanBefore=answer.equity_before,
        equityWithLoanAfter=answer.equity_after,
        equityWithLoanChange=answer.equity_after - answer.equity_before,
        commission=answer.commission,
        commissionCurrency=answer.currency,
    )
    return OPEN_ORDER.encode(record)


def completed_order(order: Order) -> bytes:
    """Return completedOrder, which carries neither order id nor client id."""
    record = _order_record(order)
    record.update(
        filledQuantity=order.filled,
        completedTime=order.completed_time,
        completedStatus=order.completed_status,
    )
    return COMPLETED_ORDER.encode(record)


def order_status(order: Order, status: Status | None = None, client_id: int | None = None) -> bytes:
    """Return orderStatus; a status or client id given here stands in for the order's own."""
    instrument = order.instrument
    return out.ORDER_STATUS.encode(
        {
            "orderId": order.order_id,
            "status": (status or order.status).value,
            "filled": order.filled,
            "remaining": max(order.remaining, 0),
            "avgFillPrice": order.average,
            "permId": order.perm_id,
            "parentId": order.sent.integer("parentId"),
            "lastFillPrice": instrument.price(order.last_units),
            "clientId": order.client_id if client_id is None else client_id,
            "whyHeld": order.why_held,
        }
    )


def execution(fill: Execution, instrument: Instrument, request_id: int = -1) -> bytes:
    """Return execDetails; a live fill has no request id."""
    record = instrument.contract(fill.venue)
    record.update(
        reqId=request_id,
        orderId=fill.order_id,
        execId=fill.exec_id,
        time=stamp(fill.epoch),
        account=fill.account,
        venue=fill.venue,
        side=fill.side,
        shares=fill.shares,
        price=fill.price,
        permId=fill.perm_id,
        clientId=fill.client_id,
        cumQty=fill.cumulative,
        avgPrice=fill.average,
        orderRef=fill.order_ref,
        lastLiquidity=fill.liquidity,
    )
    return out.EXECUTION.encode(record)


def commission(fill: Execution) -> bytes:
    """Return the commissionReport of a fill, nothing for a combination; one that closed nothing has no profit."""
    if not fill.charged:
        return b""
    return out.COMMISSION.encode(
        {
            "execId": fill.exec_id,
            "commission": fill.commission,
            "currency": fill.currency,
            "realizedPnl": fill.realized,
        }
    )
