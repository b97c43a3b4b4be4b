"""When an order came where on its way, by what core told of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from core.domain.orders import Order, OrderState

_TAKEN = frozenset({OrderState.WORKING, OrderState.HELD})


class Stages(Struct, frozen=True, kw_only=True):
    """UTC of each stage; None where the order has not come, or that was not heard."""

    submitted: datetime | None = None
    acknowledged: datetime | None = None
    filled: datetime | None = None
    """Whole."""

    def after(self, order: Order) -> Stages:
        """With one more change of the order."""
        if order.state is OrderState.SENT and self.submitted is None:
            return replace(self, submitted=order.changed)
        if order.state in _TAKEN and self.acknowledged is None:
            return replace(self, acknowledged=order.changed)
        if order.state is OrderState.FILLED and self.filled is None:
            return replace(self, filled=order.changed)
        return self
