"""What a script may register to be told of, and how it is told: one handler that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from core.domain.events import Event, ExecutionAdded, OrderChanged
from core.domain.executions import Execution
from core.domain.orders import Order, OrderState

log = logging.getLogger(__name__)

REFUSED_STATES = frozenset({OrderState.REJECTED, OrderState.DENIED})
"""States in which an order was refused: by IBKR, or on our side after it was recorded."""


class OrderEventHandler(Protocol):
    """Hears of orders. Called on the loop of the script: it must not block."""

    def on_order_status(self, order: Order) -> None:
        """An order has changed: its state, its terms, or what has filled."""

    def on_fill(self, fill: Execution) -> None:
        """A part of an order has filled, or an earlier report of that was corrected (the same `stem`)."""

    def on_order_rejected(self, order: Order, reason: str) -> None:
        """An order was refused after it was recorded; `on_order_status` has just told it too."""


class ConnectionEventHandler(Protocol):
    """Hears whether orders can be sent. Called on the loop of the script: it must not block."""

    def on_connected(self) -> None:
        """Core is attached, and synchronised with IBKR."""

    def on_disconnected(self) -> None:
        """Core or IBKR can't be reached. Core tries by itself to reach IBKR again; what works there works on."""


class _Listening(NamedTuple):
    handler: OrderEventHandler
    everyone: bool


class Handlers:
    """Those that are registered."""

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        """`is_own` says whether an order_ref is one of the script's own orders."""
        self._is_own = is_own
        self._order_handlers: list[_Listening] = []
        self._connection_handlers: list[ConnectionEventHandler] = []
        self._heard: set[str] = set()
        self._refused: set[str] = set()

    def add_order_handler(self, handler: OrderEventHandler, *, everyone: bool) -> None:
        """Tell `handler` of the script's own orders, or of those of everyone."""
        self._order_handlers.append(_Listening(handler, everyone))

    def add_connection_handler(self, handler: ConnectionEventHandler) -> None:
        """Tell `handler` of the way to the broker."""
        self._connection_handlers.append(handler)

    def remove(self, handler: OrderEventHandler | ConnectionEventHandler) -> None:
        """Tell it no more; does nothing for one that is not registered."""
        self._order_handlers = [one for one in self._order_handlers if one.handler is not handler]
        self._connection_handlers = [one for one in self._connection_handlers if one is not handler]

    def tell(self, event: Event) -> None:
        """Tell whom it concerns."""
        match event:
            case OrderChanged(order=order):
                # IBKR says a refusal more than once, as an error and as a status.
                refused = order.state in REFUSED_STATES and order.order_ref not in self._refused
                if refused:
                    self._refused.add(order.order_ref)
                for handler in self._concerned(order.order_ref):
                    _safely(handler.on_order_status, order)
                    if refused:
                        _safely(handler.on_order_rejected, order, order.note)
            case ExecutionAdded(execution=execution) if execution.exec_id not in self._heard:
                # The same report comes once more with its commission.
                self._heard.add(execution.exec_id)
                for handler in self._concerned(execution.order_ref):
                    _safely(handler.on_fill, execution)

    def tell_connected(self, *, connected: bool) -> None:
        """Orders can be sent now, or can't any more."""
        for handler in tuple(self._connection_handlers):
            _safely(handler.on_connected if connected else handler.on_disconnected)

    def know(self, executions: list[Execution]) -> None:
        """These fills are old: nobody is told of them."""
        self._heard.update(one.exec_id for one in executions)

    def _concerned(self, order_ref: str) -> list[OrderEventHandler]:
        own = self._is_own(order_ref)
        return [one.handler for one in self._order_handlers if own or one.everyone]


def _safely(call: Callable[..., None], *arguments: object) -> None:
    try:
        call(*arguments)
    except Exception:
        log.exception("%r failed; the other handlers go on", call)
