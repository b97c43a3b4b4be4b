"""What a full reading of the broker's books found, compared with what core held: shown, never explained away."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Book(StrEnum):
    """The four lists that the broker keeps; the value is what a person calls it."""

    OPEN_ORDERS = "open orders"
    COMPLETED_ORDERS = "completed orders"
    EXECUTIONS = "executions"
    POSITIONS = "positions"


class Difference(Struct, frozen=True, kw_only=True):
    """One thing of which the broker's books said something else than core."""

    what: str
    """The order (`#7 BUY 100 NVDA @ 141.20`), fill or position, for a person."""
    where: Book
    """The list in which it shows."""
    ours: str
    """What core held; `nothing` if it knew nothing of it."""
    theirs: str
    """What the broker's list says; `nothing` if it does not have it."""
    order_ref: str = ""
    """The order; empty for a position."""


class Reading(Struct, frozen=True, kw_only=True):
    """One reading of all four books."""

    time: datetime
    """UTC, when it ended."""
    took_ms: Decimal
    counts: tuple[tuple[Book, int | None], ...]
    """What each list held; None for one that did not come to its end, which is unknown and not empty."""
    differences: tuple[Difference, ...] = ()
    """In the order of the books; empty when all agreed, or when the reading failed."""
    further: int = 0
    """Fills that core did not know, beyond those among `differences`."""
    problem: str = ""
    """Why it failed, in words; empty when every list came to its end."""
    next_due: datetime | None = None
    """UTC of the next reading, if nothing asks for one before."""

    @property
    def failed(self) -> tuple[Book, ...]:
        """The lists that did not come to their end."""
        return tuple(book for book, count in self.counts if count is None)
