"""The memory of bars."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from core.domain.charts import Bar, BarRequest, BarSize
from core.errors import NotConnectedError
from core.market.bars import MOST_KEPT, BarCache, fresh_seconds
from tests.execution.clockwork import START, JumpingClock, jumping


class Source:
    """Answers every request with one bar, unless it is down."""

    def __init__(self) -> None:
        self.asked: list[BarRequest] = []
        self.down = False

    async def fetch(self, request: BarRequest) -> Sequence[Bar]:
        """One question."""
        self.asked.append(request)
        await asyncio.sleep(0.1)
        if self.down:
            raise NotConnectedError("There is no connection.")
        price = Decimal(len(self.asked))
        return [Bar(time=START, open=price, high=price, low=price, close=price, volume=None, average=None, count=None)]


def minutes(con_id: int = 1, duration: str = "1 D") -> BarRequest:
    """Minutes of a day."""
    return BarRequest(con_id=con_id, size=BarSize.MINUTE, duration=duration)


@jumping
async def test_the_same_request_is_answered_from_memory_while_it_is_fresh() -> None:
    source = Source()
    cache = BarCache(source.fetch, JumpingClock())
    first, again = await asyncio.gather(cache.ask(minutes()), cache.ask(minutes()))
    assert (first, source.asked) == (again, [minutes()])

    await cache.ask(minutes(duration="2 D"))
    await asyncio.sleep(fresh_seconds(minutes()))
    later = await cache.ask(minutes())

    assert source.asked == [minutes(), minutes(duration="2 D"), minutes()]
    assert (later.bars[0].close, later.stale, later.fetched > first.fetched) == (Decimal(3), False, True)


@pytest.mark.covers("D4.3")
@jumping
async def test_where_the_source_fails_the_last_bars_are_given_with_their_age_and_the_reason() -> None:
    source = Source()
    cache = BarCache(source.fetch, JumpingClock())
    known = await cache.ask(minutes())
    source.down = True
    await asyncio.sleep(3600)

    old = await cache.ask(minutes())
    assert (old.bars, old.fetched, old.stale, old.problem) == (
        known.bars,
        known.fetched,
        True,
        "There is no connection.",
    )
    with pytest.raises(NotConnectedError):
        await cache.ask(minutes(con_id=2))

    source.down = False
    assert not (await cache.ask(minutes())).stale


@jumping
async def test_the_longest_unasked_bars_are_forgotten() -> None:
    source = Source()
    cache = BarCache(source.fetch, JumpingClock())
    for con_id in range(MOST_KEPT + 1):
        await cache.ask(minutes(con_id))
        if con_id == 0:
            source.asked.clear()
    source.down = True

    with pytest.raises(NotConnectedError):
        await cache.ask(minutes(0))
    assert (await cache.ask(minutes(MOST_KEPT))).bars
