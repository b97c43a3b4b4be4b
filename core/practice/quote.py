"""One instrument's simulated market: its walk, its quote, its prints and what is shown around them.

The walk runs on floats; what leaves this module are whole price units and whole sizes. Spreads widen with volatility,
a trade happens at the standing bid or ask before the quote moves on.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from core.practice.climate import FAT, NORMAL, SPELL, TABLE, YEAR_STEPS, Climate, wander
from core.practice.instruments import Instrument
from core.practice.tape import KEPT_PRINTS, Print

#: Levels that one order can sweep in a step, and how much thicker than the touch they get.
_LEVELS: Final = 40
_THICKEST: Final = 5
#: Volatility of its own: what it remembers for minutes, and for seconds.
_SLOW_VARIANCE, _QUICK_VARIANCE = 0.18, 0.14
_SLOW_KEEP, _SLOW_KICK = wander(_SLOW_VARIANCE, 6_000.0)
_QUICK_KEEP, _QUICK_KICK = wander(_QUICK_VARIANCE, 500.0)
#: Share of the way back to where it started that a price goes in a step.
_HOMING: Final = 2e-7
#: Ticks that the walk has to be outside the quote before it follows, and that the spread has to be wrong by.
_STICKY: Final = 0.35
_STUBBORN: Final = 0.55
#: Shown size as a share of the mean, by draw.
_SIZES: Final = tuple(-math.log(1.0 - (place + 0.5) / 1024) for place in range(1024))

BID, ASK, LAST, BID_SIZE, ASK_SIZE, HIGH, LOW = 1, 2, 4, 8, 16, 32, 64


class Quote:
    """One instrument's market as of the current step; prices in units, sizes in shares or contracts."""

    __slots__ = (
        "_beta",
        "_home",
        "_phase",
        "_print_mean",
        "_rate",
        "_rest",
        "_sigma",
        "_spread",
        "_tilt",
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
        "own",
        "print_buys",
        "print_price",
        "print_size",
        "prints",
        "quick",
        "slow",
        "step",
        "taken",
        "volume",
        "wide",
    )

    def __init__(self, instrument: Instrument) -> None:
        scale = 10**instrument.decimals
        temper = instrument.temper
        self.instrument = instrument
        self.step = 0
        self.mid = float(instrument.start_price) * scale
        #: Variance as a multiple of its mean; what the whole market adds is in it.
        self.heat = 1.0
        self.slow = self.quick = 0.0
        #: Volatility of what befalls it alone, 1 on average.
        self.own = 1.0
        #: Ticks between bid and ask.
        self.wide = temper.spread_ticks
        self.bid = instrument.floor(self.mid)
        self.ask = instrument.up(self.bid, self.wide)
        self.bid_size = self.ask_size = temper.lot * temper.shown_lots
        self.last, self.last_size = self.bid, temper.lot
        self.volume = temper.day_volume
        self.opened = self.high = self.low = self.bid
        self.close = int(instrument.close * scale)
        self.print_price = self.print_size = 0
        self.print_buys = False
        self.changed = 0
        self.prints: deque[Print] = deque(maxlen=KEPT_PRINTS)
        #: What own orders took of the shown sizes in this step, by price.
        self.taken: dict[int, int] = {}
        self._home = self.mid
        self._phase = instrument.con_id % SPELL
        self._sigma = temper.annual_volatility / math.sqrt(YEAR_STEPS)
        self._beta, self._tilt = temper.beta, temper.tilt
        self._rest = math.sqrt(max(1.0 - temper.beta**2 - temper.tilt**2, 0.0))
        self._rate = temper.trade_rate
        # A trade takes at most what is shown, which halves the larger ones.
        self._print_mean = temper.print_size * 1.6
        self._spread = temper.spread_ticks

    @property
    def mark(self) -> Decimal:
        """The price that positions are valued at: the last trade, the middle for currency pairs."""
        if self.instrument.sec_type == "CASH":
            return self.instrument.price(self.bid + self.ask) / 2
        return self.instrument.price(self.last)

    def advance(self, step: int, climate: Climate, now: float, draw: Callable[[], float]) -> None:
        """Go one step: a trade on the standing quote, then the quote itself. Draws depend on the step alone."""
        trade, size, side, requote = draw(), draw(), draw(), draw()
        self.step = step
        if (step + self._phase) % SPELL == 0:
            self.slow = self.slow * _SLOW_KEEP + _SLOW_KICK * NORMAL[int(draw() * TABLE)]
            self.quick = self.quick * _QUICK_KEEP + _QUICK_KICK * NORMAL[int(draw() * TABLE)]
            self._warm(climate)
        shared = self._beta * climate.common + self._tilt * climate.groups[self.instrument.temper.group]
        move = self._sigma * (shared + self._rest * self.own * FAT[int(draw() * TABLE)])
        mid = self.mid
        self.mid = mid = max(mid + mid * move + (self._home - mid) * _HOMING, self._home * 0.05)
        self.changed = 0
        self.print_size = 0
        if self.taken:
            self.taken.clear()
        slack = _STICKY * (self.ask - self.bid) / self.wide
        up, down = mid >= self.ask + slack, mid < self.bid - slack
        if trade < self._rate * climate.pace:
            # A price that is about to move is traded away; otherwise buyers and sellers come alike.
            self._trade(size, climate.pace, now, buys=up or (not down and side < 0.5))
        if up or down or (requote < 0.05 and abs(self._width() - self.wide) > _STUBBORN):
            self._requote(size, side)
        elif requote < 0.5:
            self.bid_size = self._shown(requote / 0.5)
            self.changed |= BID_SIZE
        elif requote < 0.95:
            self.ask_size = self._shown((requote - 0.5) / 0.5)
            self.changed |= ASK_SIZE

    def _warm(self, climate: Climate) -> None:
        self.own = math.exp(self.slow + self.quick - _SLOW_VARIANCE - _QUICK_VARIANCE)
        shared = climate.level * climate.level * (1.0 - self._rest * self._rest)
        self.heat = shared + (self._rest * self.own) ** 2

    def _trade(self, draw: float, pace: float, now: float, *, buys: bool) -> None:
        lot = self.instrument.temper.lot
        size = 1 + int(-math.log(1.0 - draw) * self._print_mean * pace)
        size = size // lot * lot if size > lot else (size if self.instrument.sec_type == "STK" else lot)
        price, shown = (self.ask, self.ask_size) if buys else (self.bid, self.bid_size)
        size = min(size, shown)
        self.print_price, self.print_size, self.print_buys = price, size, buys
        self.last, self.last_size = price, size
        self.volume += size
        self.changed |= LAST
        venues = self.instrument.venues
        self.prints.append(Print(now, price, size, venues[int(draw * 8192) % len(venues)], buys))
        if buys:
            self.ask_size = max(shown - size, lot)
            self.changed |= ASK_SIZE
        else:
            self.bid_size = max(shown - size, lot)
            self.changed |= BID_SIZE
        if price > self.high:
            self.high = price
            self.changed |= HIGH
        if price < self.low:
            self.low = price
            self.changed |= LOW

    def _width(self) -> float:
        return self._spread * (0.2 + 0.8 * math.pow(self.heat, 0.65)) + 0.2

    def _requote(self, first: float, second: float) -> None:
        instrument = self.instrument
        width = self._width()
        if abs(width - self.wide) > _STUBBORN:
            self.wide = max(1, round(width))
        bid = instrument.floor(self.mid - (self.wide - 1) * instrument.increment(int(self.mid)) / 2)
        bid = max(bid, instrument.down(0))
        ask = instrument.up(bid, self.wide)
        if bid != self.bid:
            # Who stood behind the touch keeps standing there; a better price starts with new sizes.
            self.bid_size = self.size_at(bid, bids=True) if bid < self.bid else self._shown(second)
            self.bid = bid
            self.changed |= BID
        if ask != self.ask:
            self.ask_size = self.size_at(ask, bids=False) if ask > self.ask else self._shown(first)
            self.ask = ask
            self.changed |= ASK

    def _shown(self, draw: float) -> int:
        temper = self.instrument.temper
        return temper.lot * max(1, int(_SIZES[int(draw * 1023)] * temper.shown_lots))

    def size_at(self, price: int, *, bids: bool) -> int:
        """Return what is shown at a price by others: the touch exactly, deeper levels by a repeatable guess."""
        if bids:
            if price >= self.bid:
                return self.bid_size if price == self.bid else 0
        elif price <= self.ask:
            return self.ask_size if price == self.ask else 0
        mixed = (price * 2654435761 ^ self.instrument.con_id * 40503) & 0xFFFFFFFF
        # Each level is drawn anew every 26 seconds, not all at once.
        mixed = (mixed ^ (self.step + (mixed & 255) >> 8) * 2246822519) * 3266489917 & 0xFFFFFFFF
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

    def save(self) -> list[float]:
        """Return what a restart needs."""
        return [getattr(self, name) for name in _SAVED]

    def restore(self, step: int, saved: list[float]) -> None:
        """Go back to a saved step. A list of another length is from another version and leaves all as it is."""
        if len(saved) != len(_SAVED):
            return
        self.step = step
        for name, value in zip(_SAVED, saved, strict=True):
            setattr(self, name, value)


_SAVED: Final = (
    "mid",
    "heat",
    "own",
    "slow",
    "quick",
    "wide",
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
