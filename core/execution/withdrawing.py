"""Orders that wait for their turn on the wire when orders may not leave any more: they are taken back."""

from __future__ import annotations

from core.domain.events import ConnectionChanged, Envelope, TradingState, TradingStateChanged
from core.ports import Broker


class Withdrawing:
    """Hears every event. What has not left when the gate closes never leaves: whoever sent it is told so."""

    def __init__(self, broker: Broker) -> None:
        """`broker` is the one service's."""
        self._broker = broker

    def publish(self, *envelopes: Envelope) -> None:
        """Take events; returns at once and never raises."""
        for envelope in envelopes:
            match envelope.event:
                case ConnectionChanged(connection=connection) if not connection.can_trade:
                    self._broker.withdraw_orders(connection.problem or "the orders at IBKR are being read")
                case TradingStateChanged(state=TradingState.HALTED, reason=reason):
                    self._broker.withdraw_orders(f"trading is halted: {reason}")
                case _:
                    pass
