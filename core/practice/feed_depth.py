"""Depth to those who asked for it: after each step the rows that differ from what a client has.

A row is inserted only below the last one and only the last one is deleted, every other change is an update: so a
client that keeps rows in a list, and shifts them, has the same book as one that keeps them by position.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from core.practice import tables_out as out
from core.practice.instruments import Instrument
from core.practice.market import Market
from core.practice.readers import Readers
from core.practice.smart import MAKERS, WITH_MAKERS
from core.practice.tables import Record

if TYPE_CHECKING:
    from core.practice.session import Session

#: Rows of a side that one request may have.
MOST_ROWS: Final = 20
_INSERT, _UPDATE, _DELETE = 0, 1, 2
_ASKS, _BIDS = 0, 1


class Row(NamedTuple):
    """One row of a book as a client has it."""

    maker: str
    price: int
    size: int


@dataclass(slots=True)
class DepthReader:
    """One reqMktDepth."""

    request_id: int
    rows: int
    #: The one exchange that was asked for, "SMART" for all of them with their names.
    exchange: str
    #: What the client has, asks then bids.
    shown: tuple[list[Row], list[Row]] = field(default_factory=lambda: ([], []))

    @property
    def smart(self) -> bool:
        """Whether the rows of all exchanges are asked for, each with its exchange."""
        return self.exchange == "SMART"

    @property
    def with_makers(self) -> bool:
        """Whether the rows say who stands there."""
        return self.smart or self.exchange in WITH_MAKERS


class DepthFeed:
    """Who reads which instrument's book."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.readers: Readers[DepthReader] = Readers()

    def open(self, session: Session, instrument: Instrument, reader: DepthReader) -> None:
        """Send the book as it stands, then its changes."""
        self.readers.add(session, reader.request_id, instrument.con_id, reader)
        self._send(session, instrument.con_id, reader)

    def publish(self, _epoch: int) -> None:
        """Send what changed in the last step."""
        for con_id, readers in self.readers.by_contract():
            if self._market.quotes[con_id].changed:
                for (session, _), reader in readers.items():
                    self._send(session, con_id, reader)

    def _send(self, session: Session, con_id: int, reader: DepthReader) -> None:
        instrument = self._market.quotes[con_id].instrument
        chunks: list[bytes] = []
        for side, shown in ((_ASKS, reader.shown[0]), (_BIDS, reader.shown[1])):
            rows = self._rows(con_id, reader, bids=side == _BIDS)
            changes = [
                (place, _INSERT if old is None else _UPDATE, new)
                for place, (old, new) in enumerate(zip_longest(shown, rows))
                if new is not None and new != old
            ]
            changes += [(place, _DELETE, shown[place]) for place in range(len(shown) - 1, len(rows) - 1, -1)]
            shown[:] = rows
            chunks += [_message(instrument, reader, side, *change) for change in changes]
        if chunks:
            session.send(b"".join(chunks))

    def _rows(self, con_id: int, reader: DepthReader, *, bids: bool) -> list[Row]:
        # One exchange has only some of the prices.
        book = self._market.book(con_id, reader.rows if reader.smart else 4 * reader.rows)
        if reader.smart:
            return [Row(venue, price, size) for price, size, venue in book.by_venue(bids=bids)][: reader.rows]
        if len(self._market.quotes[con_id].instrument.venues) == 1:
            return [Row("", price, size) for price, size, _ in (book.bids if bids else book.asks) if size][
                : reader.rows
            ]
        venue = "ISLAND" if reader.exchange == "NASDAQ" else reader.exchange
        found = [row for row in book.by_venue(bids=bids) if row.venue == venue]
        makers = reader.with_makers
        return [
            Row(MAKERS[price % len(MAKERS)] if makers else "", price, size) for price, size, _ in found[: reader.rows]
        ]


def _message(instrument: Instrument, reader: DepthReader, side: int, place: int, operation: int, row: Row) -> bytes:
    record = Record(
        reqId=reader.request_id,
        position=place,
        operation=operation,
        side=side,
        # What is deleted has no price and no size any more.
        price=None if operation == _DELETE else instrument.price(row.price),
        size=None if operation == _DELETE else row.size,
    )
    if not reader.with_makers:
        return out.DEPTH.encode(record)
    record.update(maker=row.maker, smart=reader.smart)
    return out.DEPTH_L2.encode(record)
