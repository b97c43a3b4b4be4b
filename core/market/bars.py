"""Bars by instrument, size and duration: kept while they are fresh, then extended by what is new.

Old ones are shown as old when no others come.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from core.clock import Clock, trading_day
from core.domain.charts import Bar, BarHistory, BarRequest, BarSize
from core.errors import DeskError

SHORTEST_FRESH = 15.0
"""Seconds: IBKR counts the same request twice within 15 seconds as a violation of its pacing."""
LONGEST_FRESH = 300.0
MOST_KEPT = 200

Fetch = Callable[[BarRequest], Awaitable[Sequence[Bar]]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is known of one request."""

    history: BarHistory
    whole: datetime
    """UTC when all of it was last fetched."""
    sure: bool = True
    """False since the connection went: bars may lack what was corrected or lost meanwhile."""


class BarCache:
    """Answers requests for bars, from memory where that is fresh enough. The same request is on its way once.

    What is older is extended: only the bars since the last one are fetched, which are joined where the bars that both
    have are the same. All are fetched anew on the next trading day, after the connection went, and where nothing joins.
    """

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        """`fetch` asks the source, and raises DeskError when it fails."""
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[BarRequest, _Kept] = {}
        self._locks: dict[BarRequest, asyncio.Lock] = {}

    async def ask(self, request: BarRequest) -> BarHistory:
        """The bars. Where the source fails, the last ones known, marked as stale; DeskError if there are none."""
        async with self._locks.setdefault(request, asyncio.Lock()):
            known = self._kept.get(request)
            if known is not None and known.sure and self._age(known) < fresh_seconds(request):
                return known.history
            try:
                found = await self._renewed(request, known)
            except DeskError as error:
                if known is None:
                    raise
                return replace(known.history, stale=True, problem=str(error))
            self._keep(found)
            return found.history

    def distrust(self) -> None:
        """The connection went: nothing that is kept passes for fresh or for whole any more."""
        self._kept = {request: _Kept(known.history, known.whole, sure=False) for request, known in self._kept.items()}

    async def _renewed(self, request: BarRequest, known: _Kept | None) -> _Kept:
        missing = None if known is None else self._missing(request, known)
        if known is not None and missing is not None:
            asked = self._clock.utc()
            joined = _join(known.history.bars, await self._fetch(missing))
            if joined is not None:
                bars = _within(joined, request, asked)
                return _Kept(BarHistory(request=request, bars=bars, fetched=self._clock.utc()), known.whole)
        whole = tuple(await self._fetch(request))
        now = self._clock.utc()
        return _Kept(BarHistory(request=request, bars=whole, fetched=now), now)

    def _missing(self, request: BarRequest, known: _Kept) -> BarRequest | None:
        """What to ask for to have the bars since the last two; None where all are to be fetched."""
        now, size = self._clock.utc(), request.size.seconds
        if not known.sure or not known.history.bars or size >= BarSize.DAY.seconds:
            return None
        if trading_day(known.whole) != trading_day(now):
            return None
        since = (now - known.history.bars[-1].time).total_seconds() + 2 * size
        seconds = math.ceil(since / size) * size
        longest = _seconds(request) or BarSize.DAY.seconds
        return replace(request, duration=f"{seconds} S") if 0 < seconds < longest else None

    def _age(self, known: _Kept) -> float:
        return (self._clock.utc() - known.history.fetched).total_seconds()

    def _keep(self, found: _Kept) -> None:
        request = found.history.request
        self._kept.pop(request, None)
        self._kept[request] = found
        while len(self._kept) > MOST_KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
        self._locks = {request: lock for request, lock in self._locks.items() if lock.locked()}


def fresh_seconds(request: BarRequest) -> float:
    """How long bars pass for fresh: a quarter of one, within limits."""
    return min(max(request.size.seconds / 4, SHORTEST_FRESH), LONGEST_FRESH)


def _seconds(request: BarRequest) -> int | None:
    """The duration of a request in seconds; None if it counts days or more, which begin with a session."""
    count, _, unit = request.duration.partition(" ")
    return int(count) if unit == "S" and count.isdecimal() else None


def _join(known: Sequence[Bar], newer: Sequence[Bar]) -> tuple[Bar, ...] | None:
    """Both, the newer ones where both have them; None unless they agree on all but the last known one.

    The last known one was still growing, those before it had ended: another value there is a correction.
    """
    if not newer:
        return None
    before = [bar for bar in known if bar.time < newer[0].time]
    both = known[len(before) :]
    if not both or list(both[:-1]) != list(newer[: len(both) - 1]):
        return None
    last = newer[len(both) - 1 : len(both)]
    return (*before, *newer) if last and last[0].time == both[-1].time else None


def _within(bars: tuple[Bar, ...], request: BarRequest, now: datetime) -> tuple[Bar, ...]:
    """Without those that began before a duration in seconds begins."""
    seconds = _seconds(request)
    if seconds is None:
        return bars
    begin = now - timedelta(seconds=seconds)
    return tuple(bar for bar in bars if bar.time >= begin)
