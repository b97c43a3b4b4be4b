"""Orders, positions and accounts as commands show them: in words for people, by their fields for programs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from core.domain.orders import Order, OrderState, Pending

NONE = "—"
"""There is no such value, or nobody knows it."""


def fields(value: msgspec.Struct) -> dict[str, object]:
    """The fields of a value of the domain by their names; decimals and times are text, exact."""
    named = msgspec.to_builtins(value)
    if not isinstance(named, dict):
        raise TypeError(f"{type(value).__name__} has no named fields")
    return named


def number(value: Decimal | None, spec: str = "f") -> str:
    """A figure by a format of numbers; the sign for none without one."""
    return NONE if value is None else f"{value:{spec}}"


def money(value: Decimal | None) -> str:
    """An amount with thousands separators and two decimals; the sign for none without one."""
    return number(value, ",.2f")


def quantity(value: Decimal) -> str:
    """Units without trailing zeros: `100`, `-50`, `0.5`."""
    return f"{value.normalize():f}"


def average(order: Order) -> str:
    """What an order has filled at, with no more decimals than its executions need; the sign for none before any."""
    price = order.average_price
    if price is None:
        return NONE
    return f"{price.quantize(Decimal('0.000001')).normalize():f}"


def order_line(order: Order) -> str:
    """One order in a line: its name, its state, what has filled, and what a person should know."""
    done = "" if not order.filled else f", {quantity(order.filled)} filled at {average(order)}"
    note = f": {order.note}" if order.note else ""
    return f"{order.name} {state_word(order)}{done}{note}"


def state_word(order: Order) -> str:
    """The state, with what is asked of the broker and not answered behind it."""
    return order.state.value if order.pending is Pending.NONE else f"{order.state.value} ({order.pending.value} asked)"


EVENTS: Mapping[OrderState, str] = {
    OrderState.INTENT: "INTENT",
    OrderState.SENT: "INTENT",
    OrderState.WORKING: "ACK",
    OrderState.HELD: "ACK",
    OrderState.UNKNOWN: "UNKNOWN",
    OrderState.FILLED: "FILL",
    OrderState.CANCELLED: "CANCEL",
    OrderState.EXPIRED: "CANCEL",
    OrderState.REJECTED: "REJ",
    OrderState.DENIED: "REJ",
    OrderState.PRESUMED_NOT_PLACED: "CANCEL",
}
"""The states in the words of the ledger."""


def ledger_word(order: Order) -> str:
    """Where an order is, by the name of the last event that the ledger has of it: `PARTIAL` for one filled in part."""
    word = EVENTS[order.state]
    return "PARTIAL" if word == "ACK" and order.filled else word
