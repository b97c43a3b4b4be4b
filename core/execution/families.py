"""Orders that belong together: what becomes of a parent whose protection is refused, or not there after a restart."""

from __future__ import annotations

from collections.abc import Callable

from core.clock import Clock
from core.domain.alerts import AlertKind
from core.domain.events import Severity
from core.domain.orders import Order, OrderState, Pending
from core.execution.hearing import Hearing
from core.execution.incidents import incident
from core.execution.protection import naked_cause
from core.execution.publisher import Publisher
from core.execution.state import DeskState

_UNHEARD = (OrderState.INTENT, OrderState.SENT, OrderState.UNKNOWN)


class Families:
    """Sees to it that no order is left without what was to protect it and nobody is told."""

    def __init__(
        self,
        state: DeskState,
        publisher: Publisher,
        clock: Clock,
        hearing: Hearing,
        take_back: Callable[[Order], None],
    ) -> None:
        """`take_back` asks the broker to cancel a live order."""
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._take_back = take_back
        self._told: set[str] = set()
        self._kept_back: set[str] = set()
        hearing.on_refused_child = self.refused

    def refused(self, child: Order) -> None:
        """IBKR did not take an attached order.

        The last of a family carries the word to transmit: without it IBKR keeps the others back, silently. They are
        taken back, for nothing of a bracket is to work without the rest.
        """
        parent = self._state.book.get(child.parent_ref)
        if parent is not None:
            self._take_family_back(parent, child)

    def _take_family_back(self, parent: Order, child: Order) -> None:
        """Have a parent cancelled that came with `child`, if that was the last of its family and never got there."""
        family = self._state.book.attached(parent.order_ref)
        if parent.state not in _UNHEARD or parent.perm_id is not None or parent.filled:
            return
        # What was attached later came by itself: the parent had been sent on without it.
        if child.created != parent.created or any(other.order_id > child.order_id for other in family):
            return
        if parent.order_ref in self._kept_back or parent.pending is Pending.CANCEL:
            return
        self._kept_back.add(parent.order_ref)
        self._tell(
            f"#{parent.number} {parent.text} was never sent on: IBKR keeps it back, because #{child.number}, the last "
            "order of its bracket, was not taken. It is being cancelled. Look that it is gone, then send it anew.",
            parent,
        )
        for order in (*self._state.book.children(parent.order_ref), parent):
            if order.order_ref != child.order_ref and not order.external:
                self._take_back(order)

    def look(self) -> None:
        """After a reading: alarm, once each, where an order lives or has filled and an attached one is nowhere.

        Where the last one of a family has not left core the family is taken back, as where IBKR refuses it.
        """
        for entry in self._state.book.live():
            for child in self._state.book.attached(entry.order_ref):
                if child.state is OrderState.DENIED and not entry.external:
                    self._take_family_back(entry, child)
        for child in self._state.book.live():
            if child.state is not OrderState.UNKNOWN or not child.checks or child.order_ref in self._told:
                continue
            parent = self._state.book.get(child.parent_ref) if child.parent_ref else None
            if parent is None or not (parent.filled or parent.state in (OrderState.WORKING, OrderState.HELD)):
                continue
            self._told.add(child.order_ref)
            self._tell(
                f"UNPROTECTED: #{parent.number} {parent.text} works, but its attached #{child.number} {child.text} "
                "is not at IBKR: it may never have left. Protect the position or cancel the order now.",
                child,
                AlertKind.POSITION,
                naked_cause(child.account, child.con_id),
            )

    def _tell(self, text: str, order: Order, kind: AlertKind = AlertKind.ORDER, cause: str = "") -> None:
        told = incident(self._state, self._clock, text, Severity.ALARM, order.order_ref, kind=kind, cause=cause)
        self._publisher.facts([told])
