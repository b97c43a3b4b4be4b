"""What an order plane has done, for its last words."""

from __future__ import annotations

from msgspec import Struct


class Counts(Struct, kw_only=True):
    """Messages and reports of one process, from its start."""

    taken: int = 0
    """Messages from the bus, those again that were taken before."""
    placed: int = 0
    """Intents whose order core has recorded."""
    scaled: int = 0
    """Of those, made smaller."""
    refused: int = 0
    """Intents refused with a reason, by core or by participation."""
    repeated: int = 0
    """Messages whose intent was settled by another one with the same content."""
    aside: int = 0
    """Messages set aside."""
    reports: int = 0
