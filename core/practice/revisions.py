"""Changes of working orders: what may change, what that does to the place in the queue, what IBKR says of the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from core.practice.days import new_york
from core.practice.orders import Order, Status, Terms, Ticket
from core.practice.terms import RefusedError, rejected

OUTSIDE_IGNORED: Final = RefusedError(
    2109,
    'Order Event Warning:Attribute "Outside Regular Trading Hours" is ignored based on the order type and destination.'
    " PlaceOrder is now being processed.",
)

#: What a change begins anew unless the terms that it comes from stay as they are.
_KEPT_STATE: Final = (
    "ticket",
    "status",
    "why_held",
    "cut",
    "stop_at",
    "price_now",
    "released",
    "triggered",
    "adjusted",
    "conditions_met",
    "began",
    "began_volume",
)


def ended(order: Order) -> RefusedError:
    """Return the refusal of a change that comes too late."""
    if order.status is Status.FILLED:
        return RefusedError(104, "Cannot modify a filled order.")
    return RefusedError(103, "Duplicate order id")


def not_yet(order: Order, opens: float) -> RefusedError:
    """Return the warning about an order that waits until the market opens at a time."""
    terms, instrument = order.terms, order.instrument
    what = f"{terms.action} {terms.quantity} {instrument.symbol} {instrument.trading_class}"
    when = f"{new_york(opens):%Y-%m-%d %H:%M:%S} US/Eastern"
    text = f"Order Message:\n{what}\nWarning: your order will not be placed at the exchange until {when}."
    return RefusedError(399, text)


def check(order: Order, ticket: Ticket) -> None:
    """Refuse a change that may not be. Raises RefusedError."""
    before, after = order.terms, ticket.terms
    same_account = ticket.sent.text("account") == order.account
    if ticket.instrument is not order.instrument or after.action != before.action or not same_account:
        raise RefusedError(105, "Order being modified does not match the original order.")
    if after.parent_id != before.parent_id:
        raise RefusedError(10341, "Parent order id cannot be modified")
    # The group of attached orders is the gateway's; a client may name it or leave it out.
    if after.oca_group not in ({"", order.oca_name} if order.parent_perm_id else {before.oca_group}):
        raise RefusedError(10326, "OCA group revision is not allowed")
    if before.oca_group and not order.parent_perm_id and after.oca_type != before.oca_type:
        raise RefusedError(10327, "OCA group type revision is not allowed")
    if (before.algo and before.algo.name) != (after.algo and after.algo.name):
        raise RefusedError(440, "Order modify failed. Algorithm cannot be modified.")
    if before.for_auction != after.for_auction:
        raise RefusedError(329, "Order modify failed. Cannot change to the new order type.")
    if after.quantity <= order.filled:
        raise rejected(f"{order.filled} of the order are filled, the quantity can't be {after.quantity}.")


def keeps_place(before: Terms, after: Terms) -> bool:
    """Whether a change leaves an order its place in the queue: a smaller quantity alone does."""
    return replace(after, quantity=before.quantity) == before and after.quantity <= before.quantity


def apply(order: Order, ticket: Ticket) -> Callable[[], None]:
    """Give an order its new terms; what these begin anew begins anew. Returns what takes it all back."""
    kept = {name: getattr(order, name) for name in _KEPT_STATE}
    before, after = order.terms, ticket.terms
    order.ticket = ticket
    if after.quantity != before.quantity:
        order.cut = 0
    if replace(after, quantity=before.quantity) != before:
        order.price_now = None
        if _waits(before) != _waits(after):
            order.stop_at, order.triggered, order.adjusted = None, False, False
        if before.conditions != after.conditions:
            order.conditions_met = False

    def undo() -> None:
        for name, value in kept.items():
            setattr(order, name, value)

    return undo


def _waits(terms: Terms) -> tuple[object, ...]:
    return terms.order_type, terms.stop, terms.trail, terms.trail_share, terms.adjustment
