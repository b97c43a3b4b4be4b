"""What the market did since the gateway started, as bars of trades of five seconds and of a minute."""

from __future__ import annotations

from collections import deque
from typing import Final

from core.practice.market import Market
from core.practice.quote import Quote
from core.practice.refine import RawBar

#: Seconds in the shortest bar that is recorded.
SHORT: Final = 5
MINUTE: Final = 60
#: Bars that are kept of all instruments together.
_MOST_SHORT, _MOST_MINUTES = 32_400, 64_800
#: Seconds without a step after which the market stood still.
_STILL: Final = 90


class _Tape:
    """The bars of one instrument; the last of each may still grow."""

    __slots__ = ("minutes", "shorts")

    def __init__(self, shorts: int, minutes: int) -> None:
        self.shorts: deque[RawBar] = deque(maxlen=shorts)
        self.minutes: deque[RawBar] = deque(maxlen=minutes)


class Recorder:
    """Records every print of the market from now on."""

    def __init__(self, market: Market, now: float) -> None:
        count = max(len(market.quotes), 1)
        self._sizes = max(_MOST_SHORT // count, 60), max(_MOST_MINUTES // count, 120)
        self._tapes: dict[int, _Tape] = {}
        #: Start of the first minute, in seconds since the epoch.
        self.began = int(now) - int(now) % MINUTE
        #: Price, open and close of the day before, in units by contract id, as they were then.
        self.prices = {con_id: quote.last for con_id, quote in market.quotes.items()}
        self.opens = {con_id: quote.opened for con_id, quote in market.quotes.items()}
        self.closes = {con_id: quote.close for con_id, quote in market.quotes.items()}
        #: Begin and end of the times in which nobody looked and the market stood still.
        self.pauses: deque[tuple[int, int]] = deque(maxlen=1000)
        self._now = now
        market.on_step = self.record

    def record(self, now: float, quotes: list[Quote]) -> None:
        """Take in the prints of a step."""
        if now > self._now + _STILL:
            self.pauses.append((int(self._now) // MINUTE * MINUTE + MINUTE, int(now) // MINUTE * MINUTE))
        self._now = now
        second = int(now)
        for quote in quotes:
            if quote.print_size:
                self._add(quote, second)

    def _add(self, quote: Quote, second: int) -> None:
        con_id = quote.instrument.con_id
        tape = self._tapes.get(con_id)
        if tape is None:
            tape = self._tapes[con_id] = _Tape(*self._sizes)
        price, size = quote.print_price, quote.print_size
        for bars, seconds in ((tape.shorts, SHORT), (tape.minutes, MINUTE)):
            start = second - second % seconds
            if not bars or bars[-1].time != start:
                bars.append(RawBar(start, seconds, price, price, price, price, size, float(price * size), 1))
                continue
            bar = bars[-1]
            bar.close = price
            if price > bar.high:
                bar.high = price
            elif price < bar.low:
                bar.low = price
            bar.volume += size
            bar.value += price * size
            bar.count += 1

    def bars(self, con_id: int, seconds: int) -> list[RawBar]:
        """Return what is kept of an instrument in bars of five seconds or a minute, oldest first."""
        tape = self._tapes.get(con_id)
        if tape is None:
            return []
        return list(tape.shorts if seconds < MINUTE else tape.minutes)

    def gaps(self, con_id: int) -> list[tuple[int, int, float, float]]:
        """Return times without a recorded bar, with the prices at their ends: pauses, and what is kept no more."""
        bars = self.bars(con_id, MINUTE)
        start = self.prices.get(con_id)
        if start is None:
            return []
        found: list[tuple[int, int, float, float]] = []
        known = bars[0].time if bars else int(self._now) // MINUTE * MINUTE
        if known > self.began + MINUTE:
            found.append((self.began, known, start, bars[0].open if bars else start))
        for begin, end in self.pauses:
            before = [bar for bar in bars if bar.time < begin]
            after = next((bar for bar in bars if bar.time >= end), None)
            if end > begin and before:
                last, price = (after.time, after.open) if after else (end, before[-1].close)
                found.append((before[-1].time + MINUTE, last, before[-1].close, price))
        return found
