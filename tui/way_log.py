"""What the desk logs of orders: the key that asked for one, and each state of it that the desk was told."""

from __future__ import annotations

import logging
import time

from core.domain.commands import Command
from core.domain.executions import Execution
from core.domain.orders import Order, OrderState
from core.domain.subjects import about, order_ref_of

log = logging.getLogger(__name__)

CLICK = "click"


class WayLog:
    """Remembers the last key alone, and names it only beside an order: what a person types is nobody's business."""

    def __init__(self) -> None:
        self._key = ""
        self._pressed = 0.0
        self._states: dict[str, OrderState] = {}

    def pressed(self, key: str) -> None:
        """A key came, by Textual's name of it; `CLICK` for the mouse."""
        self._key, self._pressed = key, time.perf_counter()

    def asks(self, command: Command) -> None:
        """A command is on its way to core."""
        order_ref = order_ref_of(command)
        if order_ref:
            passed = round(1000 * (time.perf_counter() - self._pressed), 1)
            extra = about(order_ref, key=self._key, key_ms=passed)
            log.info("%s for %s", self._key or "no key", type(command).__name__, extra=extra)

    def told(self, order: Order) -> None:
        """Core told of an order; those of other clients are left out."""
        if order.external or self._states.get(order.order_ref) is order.state:
            return
        if order.is_live:
            self._states[order.order_ref] = order.state
        else:
            self._states.pop(order.order_ref, None)
        log.info("%s is %s", order.name, order.state.value, extra=about(order.order_ref, state=order.state.value))

    def filled(self, execution: Execution) -> None:
        """Core told of a fill."""
        if execution.order_ref in self._states:
            words = f"{execution.quantity:f} @ {execution.price:f}"
            log.info("filled %s", words, extra=about(execution.order_ref, exec_id=execution.exec_id))
