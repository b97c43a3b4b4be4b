"""Quotes that follow from other quotes: options from their underlying, combinations from their legs.

They take no draws, so it makes no difference to the rest of the market which of them somebody looks at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from core.practice.climate import Climate
from core.practice.days import new_york_epoch
from core.practice.greeks import YEAR_SECONDS, Greeks, implied_volatility, smile, value
from core.practice.instruments import Instrument
from core.practice.quote import ASK, ASK_SIZE, BID, BID_SIZE, Quote

#: Spread of an option in ticks: a part of its value, at least one.
_SPREAD: Final = 0.012
_WIDEST: Final = 40
#: Steps after which an option is valued anew though its underlying stood still.
_STALE: Final = 50
#: How long an option lives in a market that does not know the time.
_UNKNOWN_AGE: Final = YEAR_SECONDS / 12


def _chance(step: int, con_id: int, turn: int) -> float:
    mixed = (step * 2654435761 ^ con_id * 40503 ^ turn * 2246822519) & 0xFFFFFFFF
    mixed = (mixed ^ mixed >> 15) * 3266489917 & 0xFFFFFFFF
    return (mixed ^ mixed >> 13) / 0x100000000


class OptionQuote(Quote):
    """An option's market: the model's value at the volatility that the market gives its strike."""

    __slots__ = ("_expires", "_ready", "greeks", "under")

    def __init__(self, instrument: Instrument, under: Quote, step: int, now: float) -> None:
        super().__init__(instrument)
        self.under = under
        expiry = instrument.last_trade_date
        day = date(int(expiry[:4]), int(expiry[4:6]), int(expiry[6:]))
        #: When it expires, in seconds since the epoch.
        self._expires = new_york_epoch(day, 16)
        self._ready = False
        self.step = step
        # Yesterday's close is the value at the underlying's, a day earlier.
        now = now or self._expires - _UNKNOWN_AGE
        before = self._value(under.close, now - 86_400)
        self.close = max(instrument.floor(before.price * 100), 1)
        #: What the model says as of the last step.
        self.greeks = self._value((under.bid + under.ask) / 2, now)
        self._follow()
        self.volume = int(2000 * _chance(0, instrument.con_id, 1) ** 3)
        self.last = self.opened = self.high = self.low = self.bid
        self._ready = True

    def years(self, now: float) -> float:
        """Return how long it still lives, in years; 0 after its end."""
        return max(self._expires - now, 0.0) / YEAR_SECONDS

    def _value(self, spot_units: float, now: float) -> Greeks:
        item = self.under.instrument
        spot = spot_units / 10**item.decimals
        years, strike = self.years(now), float(self.instrument.strike)
        base = item.temper.annual_volatility * (0.85 + 0.15 * math.sqrt(self.under.heat))
        return value(spot, strike, years, smile(base, spot, strike, years), self.instrument.right)

    def at(self, spot_units: float, now: float) -> Greeks:
        """Return value and greeks at a price of the underlying in its units and at a time."""
        return self._value(spot_units, now)

    def model(self, now: float) -> Greeks:
        """Return value and greeks at the middle of the underlying's quote."""
        return self._value((self.under.bid + self.under.ask) / 2, now)

    def implied(self, price: float, now: float) -> Greeks:
        """Return the greeks at the volatility that a price implies, at the model's if none does."""
        spot = (self.under.bid + self.under.ask) / 2 / 10**self.under.instrument.decimals
        strike, right, years = float(self.instrument.strike), self.instrument.right, self.years(now)
        found = implied_volatility(price, spot, strike, years, right)
        return self.model(now) if found is None else value(spot, strike, years, found, right)

    def advance(self, step: int, climate: Climate, now: float, draw: Callable[[], float]) -> None:
        """Follow the underlying; trade and show sizes by chances of its own."""
        self.step = step
        self.changed = self.print_size = 0
        if self.taken:
            self.taken.clear()
        con_id = self.instrument.con_id
        if _chance(step, con_id, 0) < self.instrument.temper.trade_rate * climate.pace:
            self._trade(_chance(step, con_id, 1), climate.pace, now, buys=_chance(step, con_id, 2) < 0.5)
        if self.under.changed & (BID | ASK) or step % _STALE == 0:
            self.greeks = self._value((self.under.bid + self.under.ask) / 2, now or self._expires - _UNKNOWN_AGE)
            self._follow()

    def _follow(self) -> None:
        instrument = self.instrument
        middle = self.greeks.price * 100
        wide = min(max(1, round(middle * _SPREAD / instrument.increment(int(middle)))), _WIDEST)
        bid = max(instrument.floor(middle - (wide - 1) * instrument.increment(int(middle)) / 2), 1)
        ask = instrument.up(bid, wide)
        if bid != self.bid or not self._ready:
            self.bid, self.bid_size = bid, self._shown(_chance(self.step, instrument.con_id, 3))
            self.changed |= BID
        if ask != self.ask or not self._ready:
            self.ask, self.ask_size = ask, self._shown(_chance(self.step, instrument.con_id, 4))
            self.changed |= ASK


class CombinationQuote(Quote):
    """A combination's market: what its legs can be bought and sold for. It never prints."""

    __slots__ = ("_legs",)

    def __init__(self, instrument: Instrument, quotes: Mapping[int, Quote], step: int) -> None:
        super().__init__(instrument)
        # Units of a leg in units of the whole, by way of its multiplier.
        scale = 10**instrument.decimals / instrument.multiplier
        self._legs = [
            (quote, leg.ratio, scale * quote.instrument.multiplier / 10**quote.instrument.decimals)
            for leg in instrument.legs
            for quote in [quotes[leg.con_id]]
        ]
        self.step = step
        self._follow()
        self.last = self.opened = self.high = self.low = self.bid
        self.close = instrument.floor(sum(quote.close * ratio * scale for quote, ratio, scale in self._legs))
        self.volume = 0

    def advance(self, step: int, climate: Climate, now: float, draw: Callable[[], float]) -> None:
        """Follow the legs."""
        self.step = step
        self.changed = self.print_size = 0
        if self.taken:
            self.taken.clear()
        if any(quote.changed & (BID | ASK | BID_SIZE | ASK_SIZE) for quote, _, _ in self._legs):
            self._follow()

    def _follow(self) -> None:
        bid = ask = 0.0
        bid_size = ask_size = 1 << 30
        for quote, ratio, scale in self._legs:
            long = ratio > 0
            bid += ratio * scale * (quote.bid if long else quote.ask)
            ask += ratio * scale * (quote.ask if long else quote.bid)
            bid_size = min(bid_size, (quote.bid_size if long else quote.ask_size) // abs(ratio))
            ask_size = min(ask_size, (quote.ask_size if long else quote.bid_size) // abs(ratio))
        # Nobody shows a price between two ticks: the bid is rounded down, the ask up.
        found = self.instrument.floor(bid + 1e-6), -self.instrument.floor(1e-6 - ask)
        sizes = max(bid_size, 1), max(ask_size, 1)
        if found[0] != self.bid:
            self.changed |= BID
        if found[1] != self.ask:
            self.changed |= ASK
        if sizes != (self.bid_size, self.ask_size):
            self.changed |= BID_SIZE | ASK_SIZE
        self.bid, self.ask = found
        self.bid_size, self.ask_size = sizes
