"""The simulated market: quotes and prints that are a function of the seed and the number of steps alone.

Nobody's orders move it, and it does not matter who is connected or when: step N of seed S is always the same. The
walk runs on floats; what leaves this module are whole ticks. Volatility clusters (a variance that remembers its
shocks), instruments share a common shock by their beta, spreads widen when variance is high.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from core.practice.instruments import Instrument

#: Seconds of market time in a step.
STEP_SECONDS: Final = 0.1
#: Trading seconds in a year (252 days of 6.5 hours), which annual volatility is spread over.
_YEAR: Final = 252 * 6.5 * 3600
_UNIT_VARIANCE: Final = math.sqrt(3.0)
#: Levels that one order can sweep in a step, and how much thicker than the touch they get.
_LEVELS: Final = 40
_THICKEST: Final = 5

BID, ASK, LAST, BID_SIZE, ASK_SIZE, HIGH, LOW = 1, 2, 4, 8, 16, 32, 64


class Quote:
    """One instrument's market as of the current step; prices in units, sizes in shares or contracts."""

    __slots__ = (
        "ask",
        "ask_size",
        "bid",
        "bid_size",
        "changed",
        "close",
        "heat",
        "high",
        "instrument",
        "last",
        "last_size",
        "low",
        "mid",
        "opened",
        "print_buys",
        "print_price",
        "print_size",
        "taken",
        "volume",
    )

    def __init__(self, instrument: Instrument) -> None:
        scale = 10**instrument.decimals
        self.instrument = instrument
        self.mid = float(instrument.start_price) * scale
        self.heat = 1.0
        self.bid = instrument.floor(self.mid)
        self.ask = instrument.up(self.bid, instrument.temper.spread_ticks)
        lot = instrument.temper.lot
        self.bid_size = self.ask_size = lot * instrument.temper.shown_lots
        self.last, self.last_size = self.bid, lot
        self.volume = instrument.temper.day_volume
        self.opened = self.high = self.low = self.bid
        self.close = int(instrument.close * scale)
        self.print_price = self.print_size = 0
        self.print_buys = False
        self.changed = 0
        #: What own orders took of the shown sizes in this step, by price.
        self.taken: dict[int, int] = {}

    @property
    def mark(self) -> Decimal:
        """The price that positions are valued at: the last trade, the middle for currency pairs."""
        if self.instrument.sec_type == "CASH":
            return self.instrument.price(self.bid + self.ask) / 2
        return self.instrument.price(self.last)

    def advance(self, common: float, draw: Callable[[], float]) -> None:
        """Go one step: first a trade on the standing quote, then the quote itself. Takes eight draws, always."""
        temper = self.instrument.temper
        trade, size, side, requote = draw(), draw(), draw(), draw()
        own = (draw() + draw() + draw() + draw() - 2.0) * _UNIT_VARIANCE
        shock = temper.beta * common + math.sqrt(1.0 - temper.beta * temper.beta) * own
        sigma = temper.annual_volatility * math.sqrt(STEP_SECONDS / _YEAR * self.heat)
        self.heat = min(0.02 + self.heat * (0.94 + 0.04 * shock * shock), 25.0)
        start = float(self.instrument.start_price) * 10**self.instrument.decimals
        self.mid = max(self.mid * (1.0 + sigma * shock) + (start - self.mid) * 2e-7, start * 0.05)
        self.changed = 0
        self.print_size = 0
        if self.taken:
            self.taken.clear()
        if self.mid >= self.ask:
            self._print(self.ask, self.ask_size, buys=True)
            self._requote(size, side)
        elif self.mid < self.bid:
            self._print(self.bid, self.bid_size, buys=False)
            self._requote(size, side)
        else:
            if trade < temper.trade_rate:
                self._trade(size, side)
            if requote < 0.05:
                self._requote(size, side)
            elif requote < 0.5:
                self.bid_size = self._shown(requote / 0.5)
                self.changed |= BID_SIZE
            elif requote < 0.95:
                self.ask_size = self._shown((requote - 0.5) / 0.5)
                self.changed |= ASK_SIZE

    def _trade(self, size: float, side: float) -> None:
        temper = self.instrument.temper
        lots = 1 + int(-math.log(1.0 - size) * temper.shown_lots * 0.4)
        if side < 0.5:
            self._print(self.ask, min(lots * temper.lot, self.ask_size), buys=True)
            self.ask_size = max(self.ask_size - self.print_size, temper.lot)
            self.changed |= ASK_SIZE
        else:
            self._print(self.bid, min(lots * temper.lot, self.bid_size), buys=False)
            self.bid_size = max(self.bid_size - self.print_size, temper.lot)
            self.changed |= BID_SIZE

    def _print(self, price: int, size: int, *, buys: bool) -> None:
        self.print_price, self.print_size, self.print_buys = price, size, buys
        self.last, self.last_size = price, size
        self.volume += size
        self.changed |= LAST
        if price > self.high:
            self.high = price
            self.changed |= HIGH
        if price < self.low:
            self.low = price
            self.changed |= LOW

    def _requote(self, first: float, second: float) -> None:
        instrument = self.instrument
        wide = max(1, round(instrument.temper.spread_ticks * (0.5 + 0.5 * math.sqrt(self.heat))))
        bid = instrument.floor(self.mid - (wide - 1) * instrument.increment(int(self.mid)) / 2)
        bid = max(bid, instrument.down(0))
        ask = instrument.up(bid, wide)
        if bid != self.bid:
            self.bid = bid
            self.bid_size = self._shown(first)
            self.changed |= BID
        if ask != self.ask:
            self.ask = ask
            self.ask_size = self._shown(second)
            self.changed |= ASK

    def _shown(self, draw: float) -> int:
        temper = self.instrument.temper
        return temper.lot * max(1, int(-math.log(1.0 - draw * 0.999) * temper.shown_lots))

    def size_at(self, price: int, *, bids: bool) -> int:
        """Return what is shown at a price by others: the touch exactly, deeper levels by a repeatable guess."""
        if bids:
            if price >= self.bid:
                return self.bid_size if price == self.bid else 0
        elif price <= self.ask:
            return self.ask_size if price == self.ask else 0
        mixed = (price * 2654435761 ^ self.instrument.con_id * 40503) & 0xFFFFFFFF
        away = abs(price - (self.bid if bids else self.ask)) // self.instrument.increment(price)
        return self._shown((mixed >> 8) / 0x1000000) * min(1 + away, _THICKEST)

    def levels(self, *, bids: bool) -> Iterable[tuple[int, int]]:
        """Give the best prices of a side with what others still show there, best first."""
        instrument = self.instrument
        price = self.bid if bids else self.ask
        for _ in range(_LEVELS):
            yield price, max(self.size_at(price, bids=bids) - self.taken.get(price, 0), 0)
            price = instrument.down(price) if bids else instrument.up(price)

    def take(self, price: int, size: int) -> None:
        """Note that an own order took shown size, so that the next one in this step finds less."""
        self.taken[price] = self.taken.get(price, 0) + size


_SAVED = (
    "mid",
    "heat",
    "bid",
    "ask",
    "bid_size",
    "ask_size",
    "last",
    "last_size",
    "volume",
    "opened",
    "high",
    "low",
    "close",
)


class Market:
    """All quotes, moved together step by step."""

    def __init__(self, instruments: Iterable[Instrument], seed: int) -> None:
        self.seed = seed
        self.step = 0
        self.quotes = {instrument.con_id: Quote(instrument) for instrument in instruments}
        self._random = random.Random()

    def advance(self) -> None:
        """Go one step; each step has its own generator, so the path needs no memory but the quotes."""
        self.step += 1
        self._random.seed((self.seed << 40) ^ self.step)
        draw = self._random.random
        common = (draw() + draw() + draw() + draw() - 2.0) * _UNIT_VARIANCE
        for quote in self.quotes.values():
            quote.advance(common, draw)

    def save(self) -> dict[str, list[float]]:
        """Return what a restart needs, by contract id."""
        return {str(con_id): [getattr(quote, name) for name in _SAVED] for con_id, quote in self.quotes.items()}

    def restore(self, step: int, saved: dict[str, list[float]]) -> None:
        """Go back to a saved step; instruments that were not saved start fresh."""
        self.step = step
        for con_id, values in saved.items():
            quote = self.quotes.get(int(con_id))
            if quote is not None:
                for name, value in zip(_SAVED, values, strict=True):
                    setattr(quote, name, value)
