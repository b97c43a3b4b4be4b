"""The answers to requests about orders and executions; placeOrder itself goes to the desk."""

from __future__ import annotations

from datetime import UTC, datetime

from core.practice import tables_out as out
from core.practice import wire
from core.practice.orders import Execution, Status
from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import RefusedError, invalid


def _send_open_orders(session: Session, client_id: int | None) -> None:
    for order in session.hub.ledger.live_orders():
        if order.status is not Status.HELD_BACK and client_id in {None, order.client_id}:
            session.send(wire.open_order(order) + wire.order_status(order))
    session.send(out.OPEN_ORDER_END.encode({}))


def open_orders(session: Session, request: Record) -> None:
    """Answer reqOpenOrders: the client's own."""
    _send_open_orders(session, session.client_id)


def all_open_orders(session: Session, request: Record) -> None:
    """Answer reqAllOpenOrders: those of every client."""
    _send_open_orders(session, None)


def auto_open_orders(session: Session, request: Record) -> None:
    """Answer reqAutoOpenOrders, which only client 0 may ask; nothing comes back."""
    if session.client_id != 0:
        raise RefusedError(327, "Only the default client (i.e 0) can auto bind orders.")


def completed_orders(session: Session, request: Record) -> None:
    """Answer reqCompletedOrders: those of the day."""
    for order in session.hub.ledger.done_orders():
        session.send(wire.completed_order(order))
    session.send(out.COMPLETED_ORDERS_END.encode({}))


def executions(session: Session, request: Record) -> None:
    """Answer reqExecutions: those of the day that pass the filter."""
    request_id = request.integer("reqId")
    for fill in session.hub.ledger.executions:
        instrument = session.hub.catalogue.by_id[fill.con_id]
        names = {
            "symbol": instrument.symbol,
            "secType": instrument.sec_type,
            "account": fill.account,
            "exchange": fill.venue,
        }
        if _passes(request, fill) and all(request.text(name) in {"", value} for name, value in names.items()):
            session.send(wire.execution(fill, instrument, request_id) + wire.commission(fill))
    session.send(out.EXECUTION_END.encode({"reqId": request_id}))


def _passes(request: Record, fill: Execution) -> bool:
    client_id, side = request.integer("clientId"), request.text("side").upper()
    sides = {"BUY": "BOT", "SELL": "SLD", "SSHORT": "SLD"}
    return (
        client_id in {0, fill.client_id}
        and sides.get(side, side) in {"", fill.side}
        and fill.epoch >= _since(request.text("time"))
    )


def _since(text: str) -> float:
    """Read the time of an execution filter, in UTC: 20261120 10:00:00 or 20261120-10:00:00, with a zone or without."""
    digits = "".join(text.replace("-", " ").split(" ")[:2]).replace(":", "")
    if not digits:
        return 0.0
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise invalid(f"Invalid time {text[:40]!r}, the format is yyyymmdd-hh:mm:ss") from None
