"""Orders whose sending nobody answered: found in the next snapshot, or never sent. Never sent again by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from core.domain.orders import Order, OrderState


class Lookup(NamedTuple):
    """What became of one send that the link broke under."""

    order_ref: str
    order: Order | None
    """The order as core knows it; None when it never reached core."""
    text: str
    """For a person: the fact, the order, what to do next."""

    may_be_elsewhere: bool = False
    """True when nothing can be said: it is older than what core shows."""

    @property
    def was_sent(self) -> bool:
        """True when it reached core and core let it through."""
        return self.order is not None and self.order.state is not OrderState.DENIED


def look_up(
    order_ref: str,
    words: str,
    known: Mapping[str, Order],
    *,
    sent: datetime,
    since: datetime | None = None,
    in_sight: bool = True,
) -> Lookup:
    """Find an order by its reference in a snapshot that was taken after the link broke.

    It was `sent` then, UTC; orders that ended before `since` are not `known`, None if all are. `in_sight` is False when
    its ticket was closed meanwhile: then Enter would not send it.
    """
    order = known.get(order_ref)
    if order is None and since is not None and sent < since:
        text = (
            f"{words}: whether it was sent is not known here. It is of an earlier trading day, and what ended then is "
            "no longer shown. Look into TWS and at the position before you send it again."
        )
        return Lookup(order_ref, None, text, may_be_elsewhere=True)
    if order is None:
        then = "Enter sends it now." if in_sight else "Open its ticket again to send it."
        return Lookup(order_ref, None, f"{words}: never sent, core does not know it. {then}")
    if order.state is OrderState.DENIED:
        return Lookup(order_ref, order, f"{words}: not sent. {order.note}".rstrip())
    number = f"#{order.number} " if order.number else ""
    return Lookup(order_ref, order, f"{number}{order.text}: it was sent and is {order.state}. Don't send it again.")
