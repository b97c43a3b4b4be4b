"""The real adapter with something before and after each order that it queues, for cores that are to go wrong there."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Self

from core.broker.adapter import IbBroker
from core.clock import Clock
from core.domain.orders import OrderRequest
from core.ports import Approved, BrokerListener


class PlacingBroker(IbBroker):
    """Base of such brokers; by itself it is the real adapter."""

    @classmethod
    def make(cls, listener: BrokerListener, clock: Clock, pace: int) -> Self:
        """One as core asks for it: with `pace` messages a second at most."""
        return cls(listener, clock, messages_per_second=pace)

    def before_place(self, *, modify: bool) -> None:
        """Called before anything of an order or, with `modify`, of a change is queued."""

    def after_place(self, sent: Awaitable[None], *, modify: bool) -> Awaitable[None]:
        """Called once it is queued; returns what the caller gets in the place of `sent`."""
        return sent

    def place(
        self,
        approved: Approved[OrderRequest],
        order_id: int,
        *,
        modify: bool,
        parent_id: int = 0,
        transmit: bool = True,
    ) -> Awaitable[None]:
        """As ever, between the two."""
        self.before_place(modify=modify)
        sent = super().place(approved, order_id, modify=modify, parent_id=parent_id, transmit=transmit)
        return self.after_place(sent, modify=modify)
