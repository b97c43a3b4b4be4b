"""The depth of a market: prices around the quote, with the exchanges that show size there."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final, NamedTuple

from core.practice.quote import Quote

#: Levels of a side, unless another number is asked for.
DEPTH: Final = 10


class Level(NamedTuple):
    """One price of a book, or one exchange's part of it."""

    #: In units of the instrument.
    price: int
    size: int
    #: Exchange that shows the size; of a whole price the one that shows most.
    venue: str


class Book:
    """What others show of an instrument in the current step, best first; the best level is the quote itself."""

    __slots__ = ("_venues", "asks", "bids")

    def __init__(self, quote: Quote, depth: int = DEPTH) -> None:
        self._venues = quote.instrument.venues
        self.bids = self._side(islice(quote.levels(bids=True), depth))
        self.asks = self._side(islice(quote.levels(bids=False), depth))

    def _side(self, levels: Iterable[tuple[int, int]]) -> tuple[Level, ...]:
        names = self._venues
        return tuple(Level(price, size, names[_pick(price, len(names))]) for price, size in levels)

    def by_venue(self, *, bids: bool) -> tuple[Level, ...]:
        """Return one side with a row for each exchange that shows size at a price, largest first within a price."""
        rows: list[Level] = []
        names = self._venues
        for price, size, venue in self.bids if bids else self.asks:
            first = names.index(venue)
            parts = min(1 + _pick(price * 31 + size, 3), len(names))
            part = size // (parts + 1)
            rows.append(Level(price, size - part * (parts - 1), venue))
            rows += [Level(price, part, names[(first + place) % len(names)]) for place in range(1, parts) if part]
        return tuple(rows)


def _pick(number: int, among: int) -> int:
    return (number * 2654435761 >> 16) % among
