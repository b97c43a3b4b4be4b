"""The way of our own orders, fact by fact, in core's log."""

from __future__ import annotations

import logging
from decimal import Decimal

from core.domain.events import Envelope, ExecutionAdded, OrderChanged
from core.domain.executions import Execution
from core.domain.orders import Order, OrderState, Pending
from core.domain.subjects import about

log = logging.getLogger(__name__)

_Stand = tuple[OrderState, Pending, Decimal, int | None]


class OrderLog:
    """An event sink. Orders of other clients, and what changes nothing of an order's state, are left out."""

    def __init__(self) -> None:
        self._known: dict[str, _Stand] = {}
        """How each live order stood when it was last logged."""

    def publish(self, *envelopes: Envelope) -> None:
        """Hear every event."""
        for envelope in envelopes:
            match envelope.event:
                case OrderChanged(order=order) if not order.external:
                    self._changed(order)
                case ExecutionAdded(execution=execution) if execution.order_ref in self._known:
                    _filled(execution)
                case _:
                    pass

    def _changed(self, order: Order) -> None:
        stand = order.state, order.pending, order.filled, order.perm_id
        if self._known.get(order.order_ref) == stand:
            return
        if order.is_live:
            self._known[order.order_ref] = stand
        else:
            self._known.pop(order.order_ref, None)
        details: dict[str, object] = {
            "state": order.state.value,
            "pending": order.pending.value,
            "filled": order.filled,
            "quantity": order.quantity,
            "order_id": order.order_id,
            "perm_id": order.perm_id,
        }
        log.info("%s is %s", order.name, order.state.value, extra=about(order.order_ref, **details))


def _filled(execution: Execution) -> None:
    details: dict[str, object] = {
        "exec_id": execution.exec_id,
        "quantity": execution.quantity,
        "price": execution.price,
        "commission": execution.commission,
    }
    words = f"{execution.quantity:f} @ {execution.price:f}"
    log.info("filled %s", words, extra=about(execution.order_ref, **details))
