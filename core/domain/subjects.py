"""Which order a command, or a line of a log, is about."""

from __future__ import annotations

from core.domain.commands import Command, PlaceOrder


def order_ref_of(command: Command) -> str:
    """The order that a command makes, changes or ends; empty for one that is about none, or about several."""
    if isinstance(command, PlaceOrder):
        return command.request.order_ref
    found = getattr(command, "order_ref", "")
    return found if isinstance(found, str) else ""


def about(order_ref: str, **details: object) -> dict[str, object]:
    """The `extra` of a log record about an order, which `core.logs` writes: its reference, and fields of the line.

    An empty reference is none.
    """
    return {"order_ref": order_ref, "details": details}
