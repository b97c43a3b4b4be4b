"""A book of market depth, kept from its changes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from core.domain.charts import BookChange, BookOperation, BookReset

DEPTH_ROWS = 10
"""Rows of each side that are asked for."""


class DepthRow(NamedTuple):
    """One price of one side."""

    price: Decimal
    size: Decimal
    market_maker: str
    """Market maker or exchange; empty where the book does not name them."""


class DepthBook:
    """Both sides, best first, as IBKR's changes make them.

    An insert shifts what is behind it, a delete closes the gap; rows beyond DEPTH_ROWS fall away. A change behind the
    end of a side is its next row, a delete there changes nothing.
    """

    __slots__ = ("asks", "bids")

    def __init__(self) -> None:
        """Begins empty."""
        self.bids: list[DepthRow] = []
        self.asks: list[DepthRow] = []

    def apply(self, change: BookChange | BookReset) -> None:
        """Take one change."""
        if isinstance(change, BookReset):
            self.bids.clear()
            self.asks.clear()
            return
        rows = self.bids if change.is_bid else self.asks
        row = DepthRow(change.price, change.size, change.market_maker)
        place = max(0, change.place)
        match change.operation:
            case BookOperation.INSERT:
                rows.insert(place, row)
            case BookOperation.UPDATE if place < len(rows):
                rows[place] = row
            case BookOperation.UPDATE:
                rows.append(row)
            case BookOperation.DELETE:
                del rows[place : place + 1]
        del rows[DEPTH_ROWS:]

    def whole(self) -> tuple[BookReset | BookChange, ...]:
        """What makes any book this one: a reset, then each row."""
        return (BookReset(), *_inserts(self.bids, is_bid=True), *_inserts(self.asks, is_bid=False))


def _inserts(rows: list[DepthRow], *, is_bid: bool) -> Iterator[BookChange]:
    for place, row in enumerate(rows):
        yield BookChange(
            place=place,
            operation=BookOperation.INSERT,
            is_bid=is_bid,
            price=row.price,
            size=row.size,
            market_maker=row.market_maker,
        )
