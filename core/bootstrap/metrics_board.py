"""The last values of what a monitoring program reads, kept where another thread may look at them."""

from __future__ import annotations

from collections.abc import Mapping

from core.domain.connection import Connection
from core.domain.events import (
    ConnectionChanged,
    Envelope,
    Health,
    MoneyUpdated,
    Snapshot,
    TradingState,
    TradingStateChanged,
)
from core.domain.money import Money


class MetricsBoard:
    """An event sink. Every value on it is frozen and replaced as a whole, so that a reader needs no lock."""

    def __init__(self, snapshot: Snapshot, version: str) -> None:
        """`snapshot` is how things stand; `version` is that of ibdesk."""
        self.version = version
        self.profile = snapshot.connection.profile
        self.connection: Connection = snapshot.connection
        self.trading_state: TradingState = snapshot.trading_state
        self.health: Health = snapshot.health
        self.money: Mapping[str, Money] = {one.account: one for one in snapshot.money}
        """By account."""

    def publish(self, *envelopes: Envelope) -> None:
        """Hear every event."""
        for envelope in envelopes:
            match envelope.event:
                case Health() as health:
                    self.health = health
                case ConnectionChanged(connection=connection):
                    self.connection = connection
                case TradingStateChanged(state=state):
                    self.trading_state = state
                case MoneyUpdated(money=money):
                    self.money = {**self.money, money.account: money}
                case _:
                    pass
