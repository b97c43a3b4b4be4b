"""An order as the synchronous API shows it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from core.domain.executions import Execution
from core.domain.order_status import OrderStatus, order_status
from core.domain.orders import Order


class OrderRecord(Struct, frozen=True, kw_only=True):
    """An order at one moment; ask for it again to see it go on.

    Field names of the document "Order Execution Module".
    """

    order_id: int
    """The number that core gave it for IBKR's API: unique within a profile, and that of the audit log."""
    order_ref: str
    """Its identity for ever."""
    symbol: str
    """As rows show it."""
    action: str
    """BUY or SELL."""
    order_type: str
    """IBKR's name of it."""
    total_quantity: Decimal
    filled_quantity: Decimal
    remaining_quantity: Decimal
    """What has not filled, also once it has ended: what a new order would be for."""
    limit_price: Decimal | None
    avg_fill_price: Decimal | None
    """Quantity-weighted; None before the first fill."""
    status: OrderStatus
    fills: tuple[Execution, ...]
    submission_time: datetime
    """UTC."""
    last_update: datetime
    """UTC of the last change of its state."""
    error_message: str
    """Why it was refused or is in doubt; empty if neither."""
    retry_count: int
    """How often it was tried again before core took it."""
    perm_id: int | None
    """IBKR's number; None until IBKR has said it."""
    order: Order
    """All that core knows of it."""


_TROUBLED = (OrderStatus.ERROR, OrderStatus.UNKNOWN)


def record_of(order: Order, fills: list[Execution], retries: int) -> OrderRecord:
    """The record of an order with its fills, after so many retries."""
    status = order_status(order)
    return OrderRecord(
        order_id=order.order_id,
        order_ref=order.order_ref,
        symbol=order.label,
        action=order.side,
        order_type=order.order_type,
        total_quantity=order.quantity,
        filled_quantity=order.filled,
        remaining_quantity=max(Decimal(0), order.quantity - order.filled),
        limit_price=order.limit_price,
        avg_fill_price=order.average_price,
        status=status,
        fills=tuple(fills),
        submission_time=order.created,
        last_update=order.changed,
        error_message=order.note if status in _TROUBLED else "",
        retry_count=retries,
        perm_id=order.perm_id,
        order=order,
    )
