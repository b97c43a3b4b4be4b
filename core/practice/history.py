"""Bars and ticks of the past, for every grain and kind, ending in the live market.

What happened since the gateway started was recorded; what was before is invented by the seed and ends where the
market began. Both come out as bars of trades, from which the bars of quotes and of volatility follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Final

from core.practice import past
from core.practice.days import new_york
from core.practice.derived import OptionQuote
from core.practice.instruments import Instrument
from core.practice.market import Market
from core.practice.quote import Quote
from core.practice.recorder import MINUTE, SHORT, Recorder
from core.practice.refine import RawBar
from core.practice.sessions import Stretch, last_session, regular_hours, session_before, session_now, trades_on
from core.practice.tape import Print

DAY: Final = 86_400
WEEK: Final = 7 * DAY
MONTH: Final = 30 * DAY
#: Kinds of bars.
KINDS: Final = frozenset(
    {
        "TRADES",
        "MIDPOINT",
        "BID",
        "ASK",
        "BID_ASK",
        "ADJUSTED_LAST",
        "HISTORICAL_VOLATILITY",
        "OPTION_IMPLIED_VOLATILITY",
        "FEE_RATE",
    }
)
_UNCOUNTED: Final = Decimal(-1)
_MOST_DAYS: Final = 12_000


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; prices in the instrument's currency, volume, wap and count -1 where no trades are counted."""

    #: Start in seconds since the epoch; bars of a day and longer start at midnight UTC of their last day.
    time: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    wap: Decimal
    count: int


class History:
    """The past of every instrument of a market."""

    def __init__(self, market: Market, recorder: Recorder, now: Callable[[], float]) -> None:
        """Take what was recorded so far; `now` gives seconds since the epoch."""
        self._market = market
        self._now = now
        self._recorder = recorder
        self._pasts: dict[int, past.Past] = {}

    def bars(
        self, con_id: int, end: float | None, duration: int, seconds: int, what: str = "TRADES", *, regular: bool = True
    ) -> list[Bar]:
        """Return the bars of so many seconds that begin before an end (None for now), oldest first.

        Durations shorter than a day, and days, are trading time: nights are skipped. `regular` leaves out what is
        outside the regular hours, except what was recorded and what leads up to it. Raises KeyError for an
        instrument that does not exist; there are none for combinations, and none of trades of currencies.
        """
        instrument = self._market.quotes[con_id].instrument
        if instrument.legs:
            return []
        until = min(self._now() if end is None else end, self._now())
        if instrument.is_option:
            return self._option_bars(instrument, until, duration, seconds, what, regular=regular)
        raw = self._raw(instrument, until, duration, seconds, regular=regular)
        return [_dress(instrument, bar, what) for bar in raw]

    def head(self, con_id: int) -> int:
        """Return when history begins, in seconds since the epoch. Raises KeyError."""
        instrument = self._market.quotes[con_id].instrument
        return regular_hours(instrument, past.first_day(instrument))[0]

    def ticks(
        self, con_id: int, start: float | None, end: float | None, count: int, *, regular: bool = True
    ) -> list[Print]:
        """Return up to `count` trades from a start on, or up to an end, oldest first; one of both is None.

        Quotes of the same moments lie at the price and one spread to the other side of it.
        """
        quote = self._market.quotes[con_id]
        now = self._now()
        if end is None and start is not None:
            bars = self._raw(quote.instrument, min(start + 4 * 3600, now), 4 * 3600, 1, regular=regular)
            return [tick for tick in self._prints(quote, bars) if tick.time >= start][:count]
        until = now if end is None else end
        kept = [trade for trade in quote.prints if trade.time < until]
        if len(kept) >= count:
            return kept[-count:]
        upto = int(min(kept[0].time if kept else until, until))
        bars = self._raw(quote.instrument, upto, max(count, 60), 1, regular=regular)
        return [*(tick for tick in self._prints(quote, bars) if tick.time < upto), *kept][-count:]

    def _prints(self, quote: Quote, bars: Iterable[RawBar]) -> list[Print]:
        item = quote.instrument
        lot = 1 if item.is_future else item.temper.lot
        found: list[Print] = []
        for bar in bars:
            if bar.volume or item.sec_type == "CASH":
                price = _grid(item, bar.close)
                venue = item.venues[bar.time % len(item.venues)]
                found.append(Print(bar.time, price, bar.volume or lot, venue, bar.close >= bar.open))
        return found

    def _raw(self, item: Instrument, until: float, duration: int, seconds: int, *, regular: bool) -> list[RawBar]:
        """Return bars of trades in units, joined to their length."""
        if seconds >= DAY:
            return self._long(item, until, duration, seconds, regular=regular)
        wanted = -(-duration // seconds) if duration < DAY else None
        first = self._first_day(item, until, duration)
        found: list[RawBar] = []
        day = self._day_of(item, until)
        while True:
            bars = self._day(item, day, until, seconds, duration, regular=regular)
            found = _join(bars, seconds) + found
            enough = len(found) >= wanted if wanted is not None else day <= first
            if enough or day <= past.first_day(item):
                return found if wanted is None else found[-wanted:]
            day = session_before(item, day)

    def _first_day(self, item: Instrument, until: float, duration: int) -> date:
        """Return the first day of a duration: so many sessions for days and weeks, a calendar day for longer ones."""
        if duration < MONTH:
            sessions = duration // WEEK * 5 + duration % WEEK // DAY
            return past.days_before(item, self._day_of(item, until), max(sessions, 1))[0]
        return new_york(until - duration).date()

    def _day_of(self, item: Instrument, epoch: float) -> date:
        """Return the trading day that a time belongs to: until its regular hours begin it is still the last one's."""
        return session_now(item, epoch) or last_session(item, epoch)

    def _past(self, item: Instrument) -> past.Past:
        found = self._pasts.get(item.con_id)
        if found is None:
            day, close = last_session(item, self._recorder.began), float(self._recorder.closes[item.con_id])
            found = self._pasts[item.con_id] = past.Past(item, self._market.seed, day, close)
        return found

    def _day(
        self, item: Instrument, day: date, until: float, seconds: int, needed: int, *, regular: bool
    ) -> list[RawBar]:
        """Return what a day has until a time, in minutes or shorter, and what followed it until the next session."""
        own = self._past(item)
        began, last = self._recorder.began, last_session(item, self._recorder.began)
        begin, end = regular_hours(item, day)
        bars: list[RawBar] = []
        if day <= last:
            bars = own.day(day, regular=regular)
        elif day == session_now(item, began):
            opened = float(self._recorder.opens[item.con_id])
            bars = [] if regular else own.before(day, opened)
            bars += own.half_hours(Stretch(begin, began, True, 1.0), opened, float(self._recorder.prices[item.con_id]))
        if day == last and session_now(item, began) is None:
            # Nobody closed the market since: what led up to its start belongs to the last session.
            start = float(self._recorder.prices[item.con_id])
            bars += own.half_hours(Stretch(end, began, False, 0.05), own.close(day), start)
        fine = own.shorter([bar for bar in bars if bar.time < until], seconds, needed)
        fine += self._recorded(item, day, until, seconds, needed)
        return [bar for bar in fine if bar.time < until]

    def _recorded(self, item: Instrument, day: date, until: float, seconds: int, needed: int) -> list[RawBar]:
        """Return what was recorded from a day's session on until the next one, pauses filled."""
        own, recorder = self._past(item), self._recorder
        begin, _ = regular_hours(item, day)
        until = min(_following(item, day), until)
        if until <= recorder.began:
            return []
        bars = [bar for bar in recorder.bars(item.con_id, MINUTE) if begin <= bar.time < until]
        if seconds < MINUTE:
            shorts = recorder.bars(item.con_id, SHORT)
            fresh = _first_whole_minute(recorder.bars(item.con_id, MINUTE), shorts)
            bars = own.shorter([bar for bar in bars if bar.time < fresh], seconds, needed)
            recent = [bar for bar in shorts if max(fresh, begin) <= bar.time < until]
            bars += recent if seconds >= SHORT else own.shorter(recent, seconds, needed)
        for first, last, start, end in recorder.gaps(item.con_id):
            quiet = own.half_hours(Stretch(first, min(last, int(until)), False, 0.01), start, end)
            bars = bars + own.shorter([bar for bar in quiet if begin <= bar.time], seconds, needed)
        return sorted(bars, key=lambda bar: bar.time)

    def _long(self, item: Instrument, until: float, duration: int, seconds: int, *, regular: bool) -> list[RawBar]:
        """Return bars of days, weeks or months, each named by its last day."""
        first = max(self._first_day(item, until, duration), past.first_day(item))
        day, own = self._day_of(item, until), self._past(item)
        over = last_session(item, self._recorder.began)
        if session_now(item, self._recorder.began) is None:
            # The market that was recorded goes on with that day.
            over = session_before(item, over)
        over = min(over, session_before(item, day)) if until < regular_hours(item, day)[1] else over
        days: list[tuple[date, RawBar]] = []
        while day >= first and len(days) < _MOST_DAYS:
            if day <= over:
                bars = own.day(day, regular=regular)
            else:
                bars = self._day(item, day, until, MINUTE, duration, regular=regular)
            if bars:
                days.append((day, _sum(bars, _midnight(day))))
            day = session_before(item, day)
        joined: list[RawBar] = []
        marks: list[object] = []
        for day, bar in reversed(days):
            mark: object = (
                day if seconds == DAY else day.isocalendar()[:2] if seconds == WEEK else (day.year, day.month)
            )
            if marks and marks[-1] == mark:
                joined[-1].add(bar)
                joined[-1].time = bar.time
            else:
                marks.append(mark)
                joined.append(bar)
        return joined

    def _option_bars(
        self, item: Instrument, until: float, duration: int, seconds: int, what: str, *, regular: bool
    ) -> list[Bar]:
        """Return an option's bars: what the model makes of its underlying's."""
        quote = self._market.quotes[item.con_id]
        if not isinstance(quote, OptionQuote):
            return []
        under = quote.under.instrument
        bars: list[Bar] = []
        for raw in self._raw(under, until, duration, seconds, regular=regular):
            if raw.time >= regular_hours(item, past.first_day(item))[0]:
                value = partial(_option_value, quote, raw.time)
                ends = sorted((value(raw.high), value(raw.low)))
                traded = max(raw.volume // 20_000, 1)
                middle = (value(raw.open) + value(raw.close)) / 2
                opened, closed = value(raw.open), value(raw.close)
                option = RawBar(raw.time, raw.seconds, opened, ends[1], ends[0], closed, traded, middle * traded, 1)
                bars.append(_dress(item, option, what))
        return bars


def _option_value(quote: OptionQuote, epoch: float, spot: float) -> float:
    return max(quote.at(spot, epoch).price * 100, 1.0)


def _first_whole_minute(minutes: list[RawBar], shorts: list[RawBar]) -> int:
    """Return from when on the shorter bars have all that the minutes have."""
    if not shorts:
        return 1 << 40
    first = shorts[0].time // MINUTE * MINUTE
    volume = sum(bar.volume for bar in shorts if bar.time < first + MINUTE)
    whole = any(bar.time == first and bar.volume == volume for bar in minutes)
    return first if whole else first + MINUTE


def _following(item: Instrument, day: date) -> int:
    """Return when the regular hours of the next session begin."""
    following = date.fromordinal(day.toordinal() + 1)
    while not trades_on(item, following):
        following = date.fromordinal(following.toordinal() + 1)
    return regular_hours(item, following)[0]


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _join(bars: list[RawBar], seconds: int) -> list[RawBar]:
    """Join bars of one day; longer ones begin at the whole hours of New York, or with the first of their parts."""
    joined: list[RawBar] = []
    mark = None
    for bar in bars:
        # Hours from UTC only matter for bars longer than an hour.
        local = bar.time if seconds <= 3600 else int(new_york(bar.time).timestamp())
        if joined and local // seconds == mark:
            joined[-1].add(bar)
        else:
            mark = local // seconds
            longer = _sum([bar], bar.time)
            longer.seconds = seconds
            joined.append(longer)
    return joined


def _sum(bars: list[RawBar], time: int) -> RawBar:
    first = bars[0]
    whole = RawBar(time, DAY, first.open, first.high, first.low, first.close, first.volume, first.value, first.count)
    for bar in bars[1:]:
        whole.add(bar)
    return whole


def _grid(item: Instrument, units: float) -> int:
    return max(item.floor(units + item.increment(int(units)) / 2), item.down(0))


def _dress(item: Instrument, bar: RawBar, what: str) -> Bar:
    """Return a bar of trades as a bar of what was asked for."""
    if what in {"HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "FEE_RATE"}:
        return _rates(item, bar, what)
    prices = [_grid(item, price) for price in (bar.open, bar.high, bar.low, bar.close)]
    if what in {"TRADES", "ADJUSTED_LAST"}:
        opened, high, low, close = map(item.price, prices)
        grain = Decimal(1).scaleb(-item.decimals - 2)
        average = (Decimal(bar.value) / bar.volume).scaleb(-item.decimals) if bar.volume else close
        wap = min(max(average, low), high).quantize(grain)
        return Bar(bar.time, opened, high, low, close, Decimal(bar.volume), wap, bar.count)
    # A trade is at the bid or the ask; which one it was, nobody knows any more.
    spread = item.increment(prices[3]) * item.temper.spread_ticks
    low, high = item.price(spread * (bar.time // bar.seconds % 2)), item.price(spread)
    shift = {"BID": -low, "ASK": high - low, "MIDPOINT": high / 2 - low}.get(what)
    opened, highest, lowest, close = map(item.price, prices)
    if shift is None:
        values = opened - low, highest + high - low, lowest - low, close + high - low
    else:
        values = opened + shift, highest + shift, lowest + shift, close + shift
    return Bar(bar.time, *values, _UNCOUNTED, _UNCOUNTED, -1)


def _rates(item: Instrument, bar: RawBar, what: str) -> Bar:
    """Return yearly volatility, or the fee for borrowing in percent, as a bar."""
    day = past.weather(item.con_id, bar.time // DAY).level
    before = past.weather(item.con_id, bar.time // DAY - 1).level
    base = {"HISTORICAL_VOLATILITY": 1.0, "OPTION_IMPLIED_VOLATILITY": 1.08}.get(what)
    ends = [(base * item.temper.annual_volatility if base else 0.25) * level for level in (before, day)]
    opened, close = (Decimal(str(round(value, 6))) for value in ends)
    return Bar(bar.time, opened, max(opened, close), min(opened, close), close, _UNCOUNTED, _UNCOUNTED, -1)
