"""Orders whose sending nobody answered: found in the next snapshot, or never sent. Never sent again by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from core.domain.orders import Order, OrderState


class Lookup(NamedTuple):
    """What became of one send that the link broke under."""

    order_ref: str
    order: Order | None
    """The order as core knows it; None when it never reached core."""
    text: str
    """For a person: the fact, the order, what to do next."""

    @property
    def was_sent(self) -> bool:
        """True when it reached core and core let it through."""
        return self.order is not None and self.order.state is not OrderState.DENIED


def look_up(order_ref: str, words: str, known: Mapping[str, Order], *, in_sight: bool = True) -> Lookup:
    """Find an order by its reference in a snapshot that was taken after the link broke.

    `in_sight` is False when its ticket was closed meanwhile: then Enter would not send it.
    """
    order = known.get(order_ref)
    if order is None:
        then = "Enter sends it now." if in_sight else "Open its ticket again to send it."
        return Lookup(order_ref, None, f"{words}: never sent, core does not know it. {then}")
    if order.state is OrderState.DENIED:
        return Lookup(order_ref, order, f"{words}: not sent. {order.note}".rstrip())
    number = f"#{order.number} " if order.number else ""
    return Lookup(order_ref, order, f"{number}{order.text}: it was sent and is {order.state}. Don't send it again.")
