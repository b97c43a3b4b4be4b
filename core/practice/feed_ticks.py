"""Every single print and quote change to those who asked for ticks one by one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.practice import market as flags
from core.practice import tables_out as out
from core.practice.codec import decimal_text
from core.practice.market import Market, Quote
from core.practice.readers import Readers
from core.practice.ticks import Tick, any_tick, join

if TYPE_CHECKING:
    from core.practice.session import Session

LAST, ALL_LAST, BID_ASK, MIDPOINT = 1, 2, 3, 4
#: What a client may ask for, and the number that the ticks carry.
KINDS: Final = {"Last": LAST, "AllLast": ALL_LAST, "BidAsk": BID_ASK, "MidPoint": MIDPOINT}

_SIDES: Final = flags.BID | flags.ASK
_SIZES: Final = flags.BID_SIZE | flags.ASK_SIZE


@dataclass(slots=True)
class TickReader:
    """One reqTickByTickData."""

    request_id: bytes
    kind: int
    #: Whether changes of nothing but sizes stay away.
    ignore_size: bool


def conditions(quote: Quote, size: int) -> str:
    """Return the sale conditions of a print: I for an odd lot."""
    return "I" if quote.instrument.sec_type == "STK" and size < quote.instrument.temper.lot else ""


def middle_text(quote: Quote) -> str:
    """Return the price between bid and ask."""
    return decimal_text(quote.instrument.price(quote.bid + quote.ask) / Decimal(2))


def tick(kind: int, quote: Quote, epoch: int) -> Tick:
    """Return the last print, the quote or its middle as a tick without its request id."""
    text = quote.instrument.text
    if kind == MIDPOINT:
        rest = f"{middle_text(quote)}\0"
    elif kind == BID_ASK:
        past = (1 if quote.bid < quote.low else 0) | (2 if quote.ask > quote.high else 0)
        rest = f"{text(quote.bid)}\0{text(quote.ask)}\0{quote.bid_size}\0{quote.ask_size}\0{past}\0"
    else:
        trade = quote.prints[-1]
        rest = f"{text(trade.price)}\0{trade.size}\x000\0{trade.venue}\0{conditions(quote, trade.size)}\0"
    return any_tick(out.TICK_BY_TICK, f"{kind}\0{epoch}\0{rest}")


class TickFeed:
    """Who reads which instrument's ticks one by one."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.readers: Readers[TickReader] = Readers()

    def open(self, session: Session, request_id: int, con_id: int, reader: TickReader, epoch: int) -> None:
        """Send the quote as it stands to those who read quotes, then every tick."""
        self.readers.add(session, request_id, con_id, reader)
        if reader.kind in {BID_ASK, MIDPOINT}:
            session.send(join([tick(reader.kind, self._market.quotes[con_id], epoch)], reader.request_id))

    def publish(self, epoch: int) -> None:
        """Send the ticks of the last step."""
        for con_id, readers in self.readers.by_contract():
            quote = self._market.quotes[con_id]
            if not quote.changed:
                continue
            written: dict[int, Tick] = {}
            for (session, _), reader in readers.items():
                if _has(reader, quote):
                    if reader.kind not in written:
                        written[reader.kind] = tick(reader.kind, quote, epoch)
                    session.send(join([written[reader.kind]], reader.request_id))


def _has(reader: TickReader, quote: Quote) -> bool:
    if reader.kind in {LAST, ALL_LAST}:
        return bool(quote.print_size)
    if reader.kind == BID_ASK and not reader.ignore_size:
        return bool(quote.changed & (_SIDES | _SIZES))
    return bool(quote.changed & _SIDES)
