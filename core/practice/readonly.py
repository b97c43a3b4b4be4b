"""The Read-Only API setting of a real gateway: what it refuses, with which id."""

from __future__ import annotations

from typing import Final

from core.practice import tables_in
from core.practice.tables import Message, Record
from core.practice.tables_order import PLACE_ORDER
from core.practice.terms import invalid

#: Reading orders counts as writing: the gateway would bind them to the client.
REFUSED: Final = frozenset(
    {
        PLACE_ORDER,
        tables_in.CANCEL_ORDER,
        tables_in.GLOBAL_CANCEL,
        tables_in.OPEN_ORDERS,
        tables_in.ALL_OPEN_ORDERS,
        tables_in.AUTO_OPEN_ORDERS,
        tables_in.COMPLETED_ORDERS,
        tables_in.EXERCISE_OPTIONS,
    }
)


def check(message: Message) -> None:
    """Raise RefusedError 321 for a request that a read-only gateway does not take."""
    if message in REFUSED:
        raise invalid("The API interface is currently in Read-Only mode.")


def refused_id(record: Record) -> int:
    """Return the id that the refusal carries: the order's, else the request's, else -1."""
    for name in ("orderId", "reqId"):
        if name in record:
            return record.integer(name)
    return -1
