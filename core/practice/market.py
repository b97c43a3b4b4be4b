"""The simulated market: quotes and prints that are a function of the seed and the number of steps alone.

Nobody's orders move it, and it does not matter who is connected or when: step N of seed S is always the same.
Volatility clusters, instruments move together by their beta and their group, spreads widen when volatility is high.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from core.practice.book import DEPTH, Book
from core.practice.climate import STEP_SECONDS, STEPS_A_SECOND, Climate
from core.practice.directory import Catalogue
from core.practice.instruments import Instrument
from core.practice.quote import ASK, ASK_SIZE, BID, BID_SIZE, HIGH, LAST, LOW, Quote
from core.practice.tape import Print

__all__ = [
    "ASK",
    "ASK_SIZE",
    "BID",
    "BID_SIZE",
    "HIGH",
    "LAST",
    "LOW",
    "STEP_SECONDS",
    "Market",
    "Quote",
    "Watcher",
]

#: Gets an instrument's quote after each step that changed it; `print_size` is 0 when nothing traded.
Watcher = Callable[[Quote], None]

#: Where the climate is saved, beside the contract ids.
_CLIMATE: Final = "0"


class Quotes(dict[int, Quote]):
    """Quotes by contract id; those of options and combinations come into being when they are looked up."""

    def __init__(self, derive: Callable[[int], Quote] | None) -> None:
        super().__init__()
        self._derive = derive

    def __missing__(self, con_id: int) -> Quote:
        if self._derive is None:
            raise KeyError(con_id)
        quote = self[con_id] = self._derive(con_id)
        return quote


class Market:
    """All quotes, moved together step by step."""

    def __init__(
        self, instruments: Iterable[Instrument], seed: int, derived: Callable[[int], Instrument | None] | None = None
    ) -> None:
        """Begin at step 0. `derived` finds options and combinations; their quotes are made when first asked for."""
        self.seed = seed
        self.step = 0
        #: Time of the last step in seconds since the epoch, 0 before it.
        self.now = 0.0
        #: Time of step 0 for a market that has a time of its own; None goes by the gateway's clock.
        self.began: float | None = None
        #: Why a recorded market breaks off before its end; empty while all is well.
        self.problem = ""
        self.climate = Climate()
        self.quotes = Quotes(self._derive if derived else None)
        self.quotes.update((instrument.con_id, Quote(instrument)) for instrument in instruments)
        self._find = derived
        self._pairs: dict[str, Quote] = {}
        for quote in self.quotes.values():
            instrument = quote.instrument
            if instrument.sec_type == "CASH":
                self._pairs[instrument.currency if instrument.symbol == "USD" else instrument.symbol] = quote
        #: Called after every step with its time and all quotes, before the watchers.
        self.on_step: Callable[[float, list[Quote]], None] = lambda _now, _quotes: None
        self._random = random.Random()
        self._watchers: dict[int, list[Watcher]] = {}

    @classmethod
    def of(cls, catalogue: Catalogue, seed: int) -> Market:
        """Return the market of a whole catalogue, its options and combinations included."""
        return cls(catalogue.instruments, seed, catalogue.derived)

    def _derive(self, con_id: int) -> Quote:
        """Make the quote of an option or a combination. Raises KeyError if there is none of that id."""
        from core.practice.derived import CombinationQuote, OptionQuote

        instrument = self._find(con_id) if self._find else None
        if instrument is None:
            raise KeyError(con_id)
        if instrument.legs:
            return CombinationQuote(instrument, self.quotes, self.step)
        return OptionQuote(instrument, self.quotes[instrument.under_con_id], self.step, self.now)

    def advance(self, now: float = 0.0) -> None:
        """Go one step, at a time that prints carry; each step has its own generator, so the path needs no memory."""
        self.step += 1
        self.now = now
        self._random.seed((self.seed << 40) ^ self.step)
        draw, step, climate = self._random.random, self.step, self.climate
        climate.advance(step, draw)
        quotes = list(self.quotes.values())
        for quote in quotes:
            quote.advance(step, climate, now, draw)
        self.on_step(now, quotes)
        self.notify(quotes)

    def time(self, now: float) -> float:
        """Return what time the market has when the gateway's clock says `now`, in seconds since the epoch."""
        return now if self.began is None else self.began + self.step / STEPS_A_SECOND

    def keep_own_time(self, now: float) -> None:
        """Let time go by the market's steps from now on, which may be faster or slower than the clock."""
        self.began = now - self.step / STEPS_A_SECOND

    def walk(self, now: float) -> Iterator[float]:
        """Go one step; give each time at which orders are to be matched, with the market as it stands then."""
        # The time is that of the step which is made.
        self.advance(now if self.began is None else self.began + (self.step + 1) / STEPS_A_SECOND)
        yield self.now

    def catch_up(self) -> None:
        """Go to where clients first see it, which a simulated market has come to already."""

    @property
    def is_recorded(self) -> bool:
        """Whether it goes on though nobody looks, as one that was recorded does."""
        return False

    @property
    def is_over(self) -> bool:
        """Whether it goes no further; a simulated market always does."""
        return False

    def notify(self, quotes: Iterable[Quote]) -> None:
        """Tell those who watch one of these quotes, if it has changed."""
        if not self._watchers:
            return
        for quote in quotes:
            if quote.changed:
                for watcher in list(self._watchers.get(quote.instrument.con_id, ())):
                    watcher(quote)

    def start_day(self) -> None:
        """Begin a trading day: where prices stand is their close and their open, and nothing has traded yet."""
        for quote in self.quotes.values():
            quote.close = quote.opened = quote.high = quote.low = quote.last
            quote.volume = 0

    def pair(self, currency: str) -> Quote | None:
        """Return the quote that tells what a currency is worth in US dollars, either way round; None without one."""
        return self._pairs.get(currency)

    def book(self, con_id: int, depth: int = DEPTH) -> Book:
        """Return the depth of an instrument's market. Raises KeyError if there is no such instrument."""
        return Book(self.quotes[con_id], depth)

    def prints(self, con_id: int, since: float = 0.0) -> list[Print]:
        """Return the trades of an instrument from a time on, oldest first; only the last few hundred are kept."""
        return [trade for trade in self.quotes[con_id].prints if trade.time >= since]

    def watch(self, con_id: int, watcher: Watcher) -> None:
        """Call back after every step that changes an instrument's quote or prints a trade of it."""
        self._watchers.setdefault(con_id, []).append(watcher)

    def unwatch(self, con_id: int, watcher: Watcher) -> None:
        """End one watch(); nothing happens if there was none."""
        watchers = self._watchers.get(con_id, [])
        if watcher in watchers:
            watchers.remove(watcher)
            if not watchers:
                del self._watchers[con_id]

    def save(self) -> dict[str, list[float]]:
        """Return what a restart needs, by contract id."""
        kept = {str(con_id): quote.save() for con_id, quote in self.quotes.items()}
        return {**kept, _CLIMATE: self.climate.save()}

    def restore(self, step: int, saved: dict[str, list[float]]) -> None:
        """Go back to a saved step; instruments that were not saved start fresh."""
        self.step = step
        for key, values in saved.items():
            if key == _CLIMATE:
                self.climate.restore(step, values)
            else:
                # An instrument that has expired, or a combination that nobody has named yet, has no quote.
                with contextlib.suppress(KeyError):
                    self.quotes[int(key)].restore(step, values)
