"""Bars that grow: what trades or quotes make of open, high, low and close, step by step."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.practice import market as flags
from core.practice.instruments import Instrument
from core.practice.market import Quote
from core.practice.tables import Record

#: What bars can be made of, apart from what only history has.
TRADES, MIDPOINT, BID, ASK, BID_ASK = "TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK"
LIVE_KINDS: Final = frozenset({TRADES, MIDPOINT, BID, ASK, BID_ASK})

#: What a bar says of volume, average and count where no trades are counted.
UNCOUNTED: Final = Decimal(-1)


class Candle:
    """One bar that is not over; prices in half units, so that the middle of a quote is whole."""

    __slots__ = (
        "_asks",
        "_bids",
        "_looks",
        "close",
        "count",
        "high",
        "low",
        "open",
        "start",
        "value",
        "volume",
        "what",
    )

    def __init__(self, what: str, start: int, price: int) -> None:
        """Begin a bar at a time and a price."""
        self.what = what
        #: Seconds since the epoch.
        self.start = start
        self.open = self.high = self.low = self.close = price
        self.volume = self.count = 0
        #: Sum of prices times sizes, in units.
        self.value = 0
        #: Sums over the steps, for bars that average the quote.
        self._bids = self._asks = self._looks = 0

    def look(self, quote: Quote) -> bool:
        """Take in what the last step changed; whether that changed the bar."""
        if self.what == TRADES:
            return bool(quote.print_size) and self.trade(quote.print_price, quote.print_size)
        if self.what == BID_ASK:
            return self._average(quote)
        if not quote.changed & (flags.BID | flags.ASK):
            return False
        price = price_now(self.what, quote)
        changed = price != self.close
        self.close = price
        self.high, self.low = max(self.high, price), min(self.low, price)
        return changed

    def trade(self, price: int, size: int) -> bool:
        """Take in a trade, its price in units."""
        if not self.count:
            self.open = self.high = self.low = 2 * price
        self.close = 2 * price
        self.high, self.low = max(self.high, 2 * price), min(self.low, 2 * price)
        self.volume += size
        self.value += price * size
        self.count += 1
        return True

    def _average(self, quote: Quote) -> bool:
        """Bars of bid and ask together: mean bid, highest ask, lowest bid, mean ask."""
        if not self._looks:
            self.high, self.low = 2 * quote.ask, 2 * quote.bid
        self._looks += 1
        self._bids += quote.bid
        self._asks += quote.ask
        self.open, self.close = 2 * self._bids // self._looks, 2 * self._asks // self._looks
        self.high, self.low = max(self.high, 2 * quote.ask), min(self.low, 2 * quote.bid)
        return True

    def next(self, start: int, quote: Quote) -> Candle:
        """Return the bar that follows; until something happens it stands where this one ended."""
        return Candle(self.what, start, self.close if self.what == TRADES else price_now(self.what, quote))

    def record(self, instrument: Instrument) -> Record:
        """Return the values of the bar."""
        counted = self.what == TRADES
        price = instrument.price
        return Record(
            open=price(self.open) / 2,
            high=price(self.high) / 2,
            low=price(self.low) / 2,
            close=price(self.close) / 2,
            volume=Decimal(self.volume) if counted else UNCOUNTED,
            wap=self._wap(instrument) if counted else UNCOUNTED,
            count=self.count if counted else -1,
        )

    def _wap(self, instrument: Instrument) -> Decimal:
        if not self.volume:
            return instrument.price(self.close) / 2
        grain = Decimal(1).scaleb(-instrument.decimals - 2)
        return (instrument.price(self.value) / self.volume).quantize(grain)


def price_now(what: str, quote: Quote) -> int:
    """Return the present price of a kind in half units."""
    if what == MIDPOINT:
        return quote.bid + quote.ask
    if what == TRADES:
        return 2 * quote.last
    return 2 * (quote.ask if what == ASK else quote.bid)
