"""The audit log's lines: every transition of every order, as the document "Order Execution Module" writes them.

The first nine fields are that document's, in its order; the others stand where they say something. `order_ref` is the
correlation id that the journal, the ledger, reports and logs have too.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec import Struct

from core.domain.order_status import OrderStatus, order_status
from core.domain.orders import Order, OrderRequest, OrderType
from core.text import mask_account

_WORDS = {
    OrderType.MKT: "MARKET",
    OrderType.LMT: "LIMIT",
    OrderType.STP: "STOP",
    OrderType.STP_LMT: "STOP_LIMIT",
}
"""Types that the documents name in words of their own."""


class AuditEvent(StrEnum):
    """What kind of line it is."""

    SUBMISSION = "SUBMISSION"
    """The order has left for the broker."""
    FILL = "FILL"
    """Some of it filled, or a fill was corrected."""
    STATUS_CHANGE = "STATUS_CHANGE"
    """Anything else that changed: recorded, acknowledged, held, a change or cancel asked for, costs, doubt."""
    CANCELLATION = "CANCELLATION"
    """What had not filled was cancelled, or has expired."""
    ERROR = "ERROR"
    """Refused by a control or by the broker, or never sent."""
    RETRY = "RETRY"
    """An order that a control had refused is asked for again, under the same reference."""


class AuditLine(Struct, kw_only=True, omit_defaults=True):
    """One line. Numbers are exact; None of the first nine is null, of the others is left out."""

    timestamp: str
    """UTC: when core recorded it."""
    event_type: AuditEvent
    order_id: int | None
    """The broker's orderId; null for what was never sent, and where the broker gave none."""
    symbol: str
    """The instrument as desks show it; empty if unknown."""
    action: str
    """BUY or SELL."""
    quantity: Decimal | None
    order_type: str
    status: OrderStatus
    submission_time: str | None
    """UTC: when an order that has left was taken, a moment before its SUBMISSION; null until it has left."""
    order_ref: str
    sequence: int
    """Number of the journal's row."""
    instance: str = ""
    """The journal."""
    number: int = 0
    account: str = ""
    """Masked."""
    perm_id: int | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    fill_quantity: Decimal | None = None
    fill_price: Decimal | None = None
    exec_id: str = ""
    filled_quantity: Decimal | None = None
    remaining_quantity: Decimal | None = None
    avg_fill_price: Decimal | None = None
    commission: Decimal | None = None
    commission_currency: str = ""
    pending: str = ""
    """MODIFY or CANCEL, while that is asked and not answered."""
    state: str = ""
    """The order's own state, which is finer than `status`."""
    code: str = ""
    """Of the refusal: a control's word, or IBKR's number."""
    message: str = ""
    tag: str = ""
    strategy: str = ""


def line_of(order: Order, event: AuditEvent, timestamp: str, sequence: int) -> AuditLine:
    """A line about an order as it stands, before anything special to the event."""
    return AuditLine(
        timestamp=timestamp,
        event_type=event,
        order_id=order.order_id or None,
        symbol=order.label,
        action=order.side.value,
        quantity=_finite(order.quantity),
        order_type=_WORDS.get(order.order_type, order.type_text),
        status=order_status(order),
        submission_time=None,
        order_ref=order.order_ref,
        sequence=sequence,
        number=order.number,
        account=mask_account(order.account),
        perm_id=order.perm_id,
        limit_price=_finite(order.limit_price),
        stop_price=_finite(order.stop_price),
        filled_quantity=_finite(order.filled) if order.filled else None,
        remaining_quantity=_finite(order.remaining) if order.filled else None,
        avg_fill_price=_finite(order.average_price),
        pending="" if order.pending.value == "NONE" else order.pending.value,
        state=order.state.value,
        code="" if order.code is None else str(order.code),
        message=order.note,
        tag=order.tag,
        strategy=order.strategy,
    )


def line_of_request(request: OrderRequest, symbol: str, event: AuditEvent, timestamp: str, sequence: int) -> AuditLine:
    """A line about what became no order."""
    return AuditLine(
        timestamp=timestamp,
        event_type=event,
        order_id=None,
        symbol=symbol,
        action=request.side.value,
        quantity=_finite(request.quantity),
        order_type=_WORDS.get(request.order_type, request.order_type.value),
        status=OrderStatus.ERROR,
        submission_time=None,
        order_ref=request.order_ref,
        sequence=sequence,
        account=mask_account(request.account),
        limit_price=_finite(request.limit_price),
        stop_price=_finite(request.stop_price),
        tag=request.tag,
        strategy=request.strategy,
    )


def encode_line(line: AuditLine) -> bytes:
    """The line as JSON, without its end."""
    return _encode(line)


_encode = msgspec.json.Encoder(decimal_format="number").encode


def _finite(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value.is_finite() else None
