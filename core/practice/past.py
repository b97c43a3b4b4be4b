"""What the market did before the gateway started: a past that the seed invents, ending where the market began.

Days are walked backwards from yesterday's close. A day has its overnight gap, half hours that cluster in volatility
and trade in a U, and is cut into minutes and seconds only when somebody looks that closely.
"""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from core.practice.climate import GROUPS, u_shape
from core.practice.instruments import Instrument
from core.practice.refine import RawBar, between, cut, share, tail, walk
from core.practice.sessions import Stretch, before_hours, regular_hours, session_before

_HALF_HOUR: Final = 1800
_DAY_SECONDS: Final = 23_400
#: Share of a day's variance that happens overnight.
_GAP: Final = 0.25
#: Days that volatility remembers, and by how much.
_REMEMBERED, _KEEP, _SWING = 25, 0.9, 0.4
_DRIFT: Final = 0.07 / 252
_KEPT_DAYS: Final = 8192


class Weather(NamedTuple):
    """What all instruments shared on a day."""

    level: float
    common: float
    groups: tuple[float, ...]


def _draws(seed: int, con_id: int, number: int) -> random.Random:
    return random.Random((seed << 80) ^ (con_id << 44) ^ number)


@lru_cache(maxsize=_KEPT_DAYS)
def _mood(seed: int, ordinal: int) -> float:
    return _draws(seed, 1, ordinal).gauss(0.0, 1.0)


@lru_cache(maxsize=_KEPT_DAYS)
def weather(seed: int, ordinal: int) -> Weather:
    """Return what happened to the market as a whole on a day, by its ordinal."""
    mood = sum(_KEEP**age * _mood(seed, ordinal - age) for age in range(_REMEMBERED))
    level = math.exp(_SWING * mood * math.sqrt(1.0 - _KEEP * _KEEP) - _SWING * _SWING)
    generator = _draws(seed, 2, ordinal)
    return Weather(level, generator.gauss(0.0, 1.0), tuple(generator.gauss(0.0, 1.0) for _ in GROUPS))


class Past:
    """The invented past of one instrument, up to the end of its last regular hours."""

    def __init__(self, instrument: Instrument, seed: int, last_day: date, close: float) -> None:
        """Begin with the last day whose regular hours are over, and its close in units."""
        self.instrument = instrument
        self._seed = seed
        self._closes: list[tuple[date, float]] = [(last_day, close)]
        self._days: dict[date, list[RawBar]] = {}

    def _moved(self, day: date) -> tuple[float, float]:
        """Return the returns of a day: over night, and from close to close."""
        temper = self.instrument.temper
        shared = weather(self._seed, day.toordinal())
        generator = _draws(self._seed, self.instrument.con_id, day.toordinal())
        rest = math.sqrt(max(1.0 - temper.beta**2 - temper.tilt**2, 0.0))
        sigma = temper.annual_volatility / math.sqrt(252) * shared.level
        own = generator.gauss(0.0, 1.0) * math.exp(generator.gauss(0.0, 0.4) - 0.16)
        whole = _DRIFT + sigma * (temper.beta * shared.common + temper.tilt * shared.groups[temper.group] + rest * own)
        night = whole * _GAP + sigma * math.sqrt(_GAP * (1.0 - _GAP)) * generator.gauss(0.0, 1.0)
        return night, min(max(whole, -0.4), 0.4)

    def close(self, day: date) -> float:
        """Return the close of a day with a session, in units."""
        while self._closes[-1][0] > day:
            later, price = self._closes[-1]
            before = session_before(self.instrument, later)
            self._closes.append((before, price / (1.0 + self._moved(later)[1])))
        return self._closes[self._place(day)][1]

    def _place(self, day: date) -> int:
        low, high = 0, len(self._closes) - 1
        while low < high:
            middle = (low + high) // 2
            if self._closes[middle][0] > day:
                low = middle + 1
            else:
                high = middle
        return low

    def opened(self, day: date) -> float:
        """Return the price that the regular hours of a day opened at, in units."""
        return self.close(session_before(self.instrument, day)) * (1.0 + self._moved(day)[0])

    def before(self, day: date, opened: float) -> list[RawBar]:
        """Return the half hours between the last close and the regular hours of a day, which open at a price."""
        before = at = self.close(session_before(self.instrument, day))
        stretches = before_hours(self.instrument, day)
        bars: list[RawBar] = []
        for number, stretch in enumerate(stretches, 1):
            reached = before + (opened - before) * number / len(stretches)
            bars += self.half_hours(stretch, at, reached)
            at = reached
        return bars

    def day(self, day: date, *, regular: bool) -> list[RawBar]:
        """Return the half hours of a day whose regular hours are over, without or with those that came before them."""
        bars = self._days.get(day)
        if bars is None:
            if len(self._days) > _KEPT_DAYS:
                self._days.clear()
            begin, end = regular_hours(self.instrument, day)
            bars = self.half_hours(Stretch(begin, end, True, 1.0), self.opened(day), self.close(day))
            self._days[day] = bars
        return list(bars) if regular else self.before(day, self.opened(day)) + bars

    def half_hours(self, stretch: Stretch, start: float, end: float) -> list[RawBar]:
        """Walk from one price to another in half hours; the first and the last may be shorter."""
        edges = [stretch.begin, *range(stretch.begin // _HALF_HOUR * _HALF_HOUR + _HALF_HOUR, stretch.end, _HALF_HOUR)]
        if stretch.end <= stretch.begin:
            return []
        edges.append(stretch.end)
        count = len(edges) - 1
        generator = _draws(self._seed, self.instrument.con_id, stretch.begin)
        temper = self.instrument.temper
        level = weather(self._seed, date(1970, 1, 1).toordinal() + stretch.end // 86_400).level
        # Nights are calm: an hour of them moves prices by less than an hour of the session.
        calm = 1.0 if stretch.regular else 0.3
        step = (
            temper.annual_volatility / math.sqrt(252 * _DAY_SECONDS / _HALF_HOUR) * level * calm * (start + end) / 2.0
        )
        prices = between([step * point * 0.75 for point in walk(count, generator)], start, end)
        prices = [max(price, start * 0.5) for price in prices]
        share_of_day = stretch.volume * generator.lognormvariate(-0.04, 0.28) * (0.6 + 0.4 * level)
        times = [(edges[place] + edges[place + 1]) / 2 - stretch.begin for place in range(count)]
        length = stretch.end - stretch.begin
        weights = [u_shape(at / length) if stretch.regular else 1.0 for at in times]
        weights = [w * (edges[i + 1] - edges[i]) for i, w in enumerate(weights)]
        part = min(length / _DAY_SECONDS, 1.0) if stretch.regular else 1.0
        volumes = share(int(temper.day_volume * share_of_day * part), weights, generator)
        bars: list[RawBar] = []
        for place in range(count):
            first, last = prices[place], prices[place + 1]
            high = max(first, last) + step * (0.15 + abs(generator.gauss(0.0, 0.35)))
            low = max(min(first, last) - step * (0.15 + abs(generator.gauss(0.0, 0.35))), start * 0.4)
            volume, seconds = volumes[place], edges[place + 1] - edges[place]
            deals = max(int(volume / temper.print_size), 1) if volume else 0
            middle = (first + last + high + low) / 4.0
            bars.append(RawBar(edges[place], seconds, first, high, low, last, volume, middle * volume, deals))
        return bars

    def shorter(self, bars: list[RawBar], seconds: int, needed: int) -> list[RawBar]:
        """Cut bars into minutes, or into seconds if they are to be shorter; of these only the last are `needed`."""
        if seconds < 60:
            bars = tail(bars, needed + _HALF_HOUR)
        minutes: list[RawBar] = []
        for bar in bars:
            generator = _draws(self._seed, self.instrument.con_id ^ 0x5555, bar.time)
            minutes += cut(bar, 60, [1.0] * (bar.seconds // 60), generator) if bar.seconds > 60 else [bar]
        if seconds >= 60:
            return minutes
        short: list[RawBar] = []
        for bar in tail(minutes, needed + 60):
            generator = _draws(self._seed, self.instrument.con_id ^ 0x3333, bar.time)
            short += cut(bar, 1, [1.0] * bar.seconds, generator)
        return short


def days_before(instrument: Instrument, day: date, count: int) -> list[date]:
    """Return that many days with a session, up to and with a day, oldest first."""
    days = [day]
    while len(days) < count:
        days.append(session_before(instrument, days[-1]))
    return days[::-1]


def first_day(instrument: Instrument) -> date:
    """Return the day that history begins with: futures and options have a short one, some stocks a long one."""
    if instrument.is_future or instrument.is_option:
        expiry = instrument.last_trade_date
        end = date(int(expiry[:4]), int(expiry[4:6]), int(expiry[6:]))
        first = end - timedelta(days=540 if instrument.is_future else 300)
    else:
        first = date(1995 + instrument.con_id % 20, 1 + instrument.con_id % 12, 3)
    while first.weekday() > 4:
        first += timedelta(days=1)
    return first
