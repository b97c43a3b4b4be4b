"""The status of an order in records, logs and the synchronous API: another view of the order's axes.

Source of the words: the document "Order Execution Module", sections "Order Status Lifecycle" and "Log Format". Whoever
only knows these words must never take an order for dead that may fill: an UNKNOWN one has a word of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from core.domain.orders import Order, OrderState


class OrderStatus(StrEnum):
    """What records say of an order."""

    PENDING = "Pending"
    """Recorded, not yet sent."""
    SUBMITTED = "Submitted"
    """Sent, or held by the broker."""
    PARTIALLY_FILLED = "PartiallyFilled"
    """It works, and a part has filled."""
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    """What has not filled is cancelled, or its time is over."""
    ERROR = "Error"
    """Refused, by the broker or by a control of ours, or never placed: nothing of it works."""
    UNKNOWN = "Unknown"
    """The outcome is not known, and it may be working. Never send it again."""


ORDER_STATUS: Mapping[OrderState, OrderStatus] = {
    OrderState.INTENT: OrderStatus.PENDING,
    OrderState.SENT: OrderStatus.SUBMITTED,
    OrderState.WORKING: OrderStatus.SUBMITTED,
    OrderState.HELD: OrderStatus.SUBMITTED,
    OrderState.UNKNOWN: OrderStatus.UNKNOWN,
    OrderState.FILLED: OrderStatus.FILLED,
    OrderState.CANCELLED: OrderStatus.CANCELLED,
    OrderState.EXPIRED: OrderStatus.CANCELLED,
    OrderState.REJECTED: OrderStatus.ERROR,
    OrderState.DENIED: OrderStatus.ERROR,
    OrderState.PRESUMED_NOT_PLACED: OrderStatus.ERROR,
}
"""The word for each state; a part that has filled changes SUBMITTED to PARTIALLY_FILLED."""


def order_status(order: Order) -> OrderStatus:
    """The status of an order as it stands."""
    status = ORDER_STATUS[order.state]
    return OrderStatus.PARTIALLY_FILLED if order.filled and status is OrderStatus.SUBMITTED else status
