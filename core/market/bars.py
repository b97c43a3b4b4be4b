"""Bars by instrument, size and duration, kept for as long as they are fresh, and shown as old when no others come."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec.structs import replace

from core.clock import Clock
from core.domain.charts import Bar, BarHistory, BarRequest
from core.errors import DeskError

SHORTEST_FRESH = 15.0
"""Seconds: IBKR counts the same request twice within 15 seconds as a violation of its pacing."""
LONGEST_FRESH = 300.0
MOST_KEPT = 200

Fetch = Callable[[BarRequest], Awaitable[Sequence[Bar]]]


class BarCache:
    """Answers requests for bars, from memory where that is fresh enough. The same request is on its way once."""

    def __init__(self, fetch: Fetch, clock: Clock) -> None:
        """`fetch` asks the source, and raises DeskError when it fails."""
        self._fetch = fetch
        self._clock = clock
        self._kept: dict[BarRequest, BarHistory] = {}
        self._locks: dict[BarRequest, asyncio.Lock] = {}

    async def ask(self, request: BarRequest) -> BarHistory:
        """The bars. Where the source fails, the last ones known, marked as stale; DeskError if there are none."""
        async with self._locks.setdefault(request, asyncio.Lock()):
            known = self._kept.get(request)
            if known is not None and self._age(known) < fresh_seconds(request):
                return known
            try:
                bars = await self._fetch(request)
            except DeskError as error:
                if known is None:
                    raise
                return replace(known, stale=True, problem=str(error))
            found = BarHistory(request=request, bars=tuple(bars), fetched=self._clock.utc())
            self._keep(found)
            return found

    def _age(self, known: BarHistory) -> float:
        return (self._clock.utc() - known.fetched).total_seconds()

    def _keep(self, found: BarHistory) -> None:
        self._kept.pop(found.request, None)
        self._kept[found.request] = found
        while len(self._kept) > MOST_KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
        self._locks = {request: lock for request, lock in self._locks.items() if lock.locked()}


def fresh_seconds(request: BarRequest) -> float:
    """How long bars pass for fresh: a quarter of one, within limits."""
    return min(max(request.size.seconds / 4, SHORTEST_FRESH), LONGEST_FRESH)
