"""Orders that wait for their turn on the wire when orders may not leave any more: they are taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from core.domain.events import ConnectionChanged, Envelope, TradingState, TradingStateChanged
from core.domain.orders import Order, OrderState, request_of
from core.domain.trading import HALTING, Cause
from core.execution.reducing import why_not_reducing
from core.execution.state import DeskState
from core.ports import Broker


class Withdrawing:
    """Hears every event. What has not left when the gate closes never leaves: whoever sent it is told so.

    Each cause of a halt closes it once. What is told of a halt that goes on leaves alone what was sent since: past
    KILL, positions are closed.
    """

    def __init__(self, broker: Broker, state: DeskState, take_back: Callable[[Order], None]) -> None:
        """`broker` and `state` are the one service's; `take_back` asks for the cancel of a live order."""
        self._broker = broker
        self._state = state
        self._take_back = take_back
        self._halting: set[Cause] = set()
        """What halts trading, as it was last told."""

    def publish(self, *envelopes: Envelope) -> None:
        """Take events; returns at once and never raises."""
        for envelope in envelopes:
            match envelope.event:
                case ConnectionChanged(connection=connection) if not connection.can_trade:
                    self._broker.withdraw_orders(connection.problem or "the orders at IBKR are being read")
                case TradingStateChanged() as changed:
                    self._take_back_by(changed)
                case _:
                    pass

    def _take_back_by(self, changed: TradingStateChanged) -> None:
        halting = {block.cause for block in changed.blocks if block.cause in HALTING}
        if halting - self._halting:
            self._broker.withdraw_orders(f"trading is halted: {changed.reason}")
        self._halting = halting
        if changed.state is TradingState.REDUCING:
            # Not from inside of what is just being published.
            asyncio.get_running_loop().call_soon(self._take_back_openings)

    def _take_back_openings(self) -> None:
        for order in self._state.in_flight():
            attached = bool(order.parent_ref)
            if order.state is OrderState.INTENT and why_not_reducing(self._state, request_of(order), attached=attached):
                self._take_back(order)
