"""What the controls of behaviour want to know of an order: what was sent lately and today, by whom."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from core.clock import Clock
from core.domain.events import Envelope, ExecutionAdded
from core.domain.orders import OrderRequest
from core.execution.recent import RecentOrders
from core.execution.state import DeskState
from core.risk.budgets import added_value
from core.risk.circumstances import Circumstances


class Behaviour:
    """Counts every approved order and change, and every execution; implements `core.ports.EventSink` for these."""

    def __init__(self, state: DeskState, clock: Clock) -> None:
        """Both are those of the one service."""
        self._state = state
        self._clock = clock
        self._recent = RecentOrders(state.book.get)

    def recover(self) -> None:
        """Continue with what earlier runs of core have sent."""
        self._recent.recover(self._state.book.orders(), self._clock.utc(), self._clock.mono())

    def around(self, request: OrderRequest, now: Circumstances) -> Circumstances:
        """The circumstances with what was sent lately and today."""
        usage, moment, asked = self._state.usage, self._clock.utc(), now.asked
        recent = self._recent.facts(request, asked, now.limits, self._clock.mono())
        if asked.script:
            fired, disabled = usage.fired(asked.script, request, moment), usage.disabled.get(asked.script, "")
            recent = replace(recent, fired=fired, disabled=disabled)
        return replace(now, recent=recent, day=usage.of(request.account, moment))

    def placed(self, request: OrderRequest, around: Circumstances) -> Decimal:
        """A new order was approved: it counts from now on. What it adds to the day's value, in the base currency.

        What is attached to another order goes with that and counts for nothing.
        """
        if request.parent_ref:
            return Decimal(0)
        self._recent.place(request, around.asked, around, self._clock.mono())
        return added_value(request, around)

    def changed(self, request: OrderRequest, around: Circumstances) -> Decimal:
        """As `placed`, for a change that was approved."""
        if request.parent_ref:
            return Decimal(0)
        self._recent.change(request, around, self._clock.mono())
        return added_value(request, around)

    def publish(self, *envelopes: Envelope) -> None:
        """Facts were published: executions count towards the day."""
        for envelope in envelopes:
            if isinstance(envelope.event, ExecutionAdded):
                self._state.usage.traded(envelope.event.execution)
