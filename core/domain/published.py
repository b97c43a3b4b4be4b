"""The one word that programs read of an order: a view of its state and of what has filled.

Source of the words: the document "Order Execution System", section "Order Status Flow".
"""

from __future__ import annotations

from enum import StrEnum

from core.domain.orders import Order, OrderState


class PublishedStatus(StrEnum):
    """What reports say of an order."""

    PENDING = "PENDING"
    """Recorded; not sent yet."""
    SUBMITTED = "SUBMITTED"
    """Sent; the broker has said nothing of it."""
    ACKNOWLEDGED = "ACKNOWLEDGED"
    """The broker holds it; nothing has filled."""
    PARTIAL_FILL = "PARTIAL_FILL"
    """Some of it has filled, the rest works."""
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    """The rest is cancelled or has expired; parts may have filled before."""
    REJECTED = "REJECTED"
    """Refused: by the broker, or by our own controls, and then it was never sent."""
    TIMEOUT = "TIMEOUT"
    """Nobody knows its outcome: it may be working, and is never sent again. Not the end: news may still come."""
    ERROR = "ERROR"
    """A person has said that it never reached the market."""

    @property
    def final(self) -> bool:
        """True when nothing more is expected of the order; a late fill or correction may come all the same."""
        return self in _FINAL


_FINAL = frozenset({PublishedStatus.FILLED, PublishedStatus.CANCELED, PublishedStatus.REJECTED, PublishedStatus.ERROR})

_STATUS: dict[OrderState, PublishedStatus] = {
    OrderState.INTENT: PublishedStatus.PENDING,
    OrderState.SENT: PublishedStatus.SUBMITTED,
    OrderState.WORKING: PublishedStatus.ACKNOWLEDGED,
    OrderState.HELD: PublishedStatus.ACKNOWLEDGED,
    OrderState.UNKNOWN: PublishedStatus.TIMEOUT,
    OrderState.FILLED: PublishedStatus.FILLED,
    OrderState.CANCELLED: PublishedStatus.CANCELED,
    OrderState.REJECTED: PublishedStatus.REJECTED,
    OrderState.EXPIRED: PublishedStatus.CANCELED,
    OrderState.PRESUMED_NOT_PLACED: PublishedStatus.ERROR,
    OrderState.DENIED: PublishedStatus.REJECTED,
}


def published_status(order: Order) -> PublishedStatus:
    """The word for an order as it stands. What an order in doubt has filled stands beside TIMEOUT, not in it."""
    status = _STATUS[order.state]
    return PublishedStatus.PARTIAL_FILL if status is PublishedStatus.ACKNOWLEDGED and order.filled else status
