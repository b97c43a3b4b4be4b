"""The memory of bars."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.charts import Bar, BarRequest, BarSize
from core.errors import NotConnectedError
from core.market.bars import MOST_KEPT, BarCache, fresh_seconds
from tests.execution.clockwork import START, JumpingClock, jumping


class Source:
    """A market with a bar for every minute: what is asked for up to now, unless it is down."""

    def __init__(self, clock: JumpingClock) -> None:
        self.clock = clock
        self.asked: list[str] = []
        self.down = False
        self.corrected: set[datetime] = set()
        """Minutes whose close was corrected."""
        self.closed_from = START + timedelta(days=30)
        """There are no bars from here on."""

    async def fetch(self, request: BarRequest) -> Sequence[Bar]:
        """One question."""
        self.asked.append(request.duration)
        await asyncio.sleep(0.1)
        if self.down:
            raise NotConnectedError("There is no connection.")
        count, unit = request.duration.split()
        now = self.clock.utc()
        first = now - timedelta(seconds=int(count) * {"S": 1, "D": 86400}[unit])
        whole = first.replace(second=0, microsecond=0)
        times = [whole + number * timedelta(minutes=1) for number in range((now - whole) // timedelta(minutes=1) + 1)]
        return [self.bar(time, now) for time in times if first <= time < self.closed_from]

    def bar(self, minute: datetime, now: datetime) -> Bar:
        """The bar that begins with a minute; its close moves until its end."""
        price = Decimal(int(minute.timestamp()) // 60 % 1000)
        seconds = min(60, int((now - minute).total_seconds()))
        close = price + (-1 if minute in self.corrected else Decimal(seconds) / 60)
        return Bar(time=minute, open=price, high=price, low=price, close=close, volume=None, average=None, count=None)


def minutes(con_id: int = 1, duration: str = "1 D") -> BarRequest:
    """Minutes of a day."""
    return BarRequest(con_id=con_id, size=BarSize.MINUTE, duration=duration)


def made() -> tuple[Source, BarCache]:
    """A source and the memory before it."""
    clock = JumpingClock()
    source = Source(clock)
    return source, BarCache(source.fetch, clock)


@jumping
async def test_the_same_request_is_answered_from_memory_while_it_is_fresh() -> None:
    source, cache = made()
    first, again = await asyncio.gather(cache.ask(minutes()), cache.ask(minutes()))
    assert (first, source.asked) == (again, ["1 D"])

    await cache.ask(minutes(duration="2 D"))
    await asyncio.sleep(fresh_seconds(minutes()) - 1)
    assert await cache.ask(minutes()) == first
    assert source.asked == ["1 D", "2 D"]


@jumping
async def test_what_is_old_is_extended_by_what_is_new() -> None:
    source, cache = made()
    first = await cache.ask(minutes())
    await asyncio.sleep(600)
    later = await cache.ask(minutes())

    assert source.asked == ["1 D", "780 S"]
    assert later.fetched > first.fetched
    assert not later.stale
    assert later.bars[: len(first.bars) - 1] == first.bars[:-1]
    assert later.bars[len(first.bars) - 1].close > first.bars[-1].close, "it was growing"
    times = [bar.time for bar in later.bars]
    assert times == [times[0] + number * timedelta(minutes=1) for number in range(len(first.bars) + 10)]
    whole = await source.fetch(minutes())
    assert list(later.bars[-len(whole) + 1 : -1]) == list(whole[1:-1])


@jumping
async def test_a_duration_in_seconds_keeps_its_length() -> None:
    source, cache = made()
    first = await cache.ask(minutes(duration="3600 S"))
    await asyncio.sleep(600)
    later = await cache.ask(minutes(duration="3600 S"))
    assert len(later.bars) == len(first.bars)

    await asyncio.sleep(3600)
    await cache.ask(minutes(duration="3600 S"))
    assert source.asked == ["3600 S", "780 S", "3600 S"]


@jumping
async def test_all_are_fetched_anew_after_the_connection_went() -> None:
    source, cache = made()
    known = await cache.ask(minutes())
    cache.distrust()
    source.down = True
    assert (await cache.ask(minutes())) == replace(known, stale=True, problem="There is no connection.")

    source.down = False
    assert not (await cache.ask(minutes())).stale
    assert source.asked == ["1 D", "1 D", "1 D"]


@jumping
async def test_all_are_fetched_anew_on_the_next_trading_day() -> None:
    source, cache = made()
    await cache.ask(minutes())
    await asyncio.sleep(8 * 3600)
    await cache.ask(minutes())

    assert source.asked == ["1 D", "1 D"]


@jumping
async def test_a_correction_of_an_ended_bar_has_all_fetched_anew() -> None:
    source, cache = made()
    first = await cache.ask(minutes())
    source.corrected.add(first.bars[-2].time)
    await asyncio.sleep(60)
    later = await cache.ask(minutes())

    assert source.asked == ["1 D", "240 S", "1 D"]
    assert [bar.close - bar.open for bar in later.bars if bar.time in source.corrected] == [-1]


@jumping
async def test_a_market_without_new_bars_has_the_same_ones_newly_fetched() -> None:
    source, cache = made()
    source.closed_from = START
    first = await cache.ask(minutes())
    await asyncio.sleep(300)
    later = await cache.ask(minutes())

    assert source.asked == ["1 D", "540 S"]
    assert later.bars == first.bars
    assert later.fetched > first.fetched


@jumping
async def test_days_are_fetched_whole() -> None:
    source, cache = made()
    request = BarRequest(con_id=1, size=BarSize.DAY, duration="5 D")
    await cache.ask(request)
    await asyncio.sleep(fresh_seconds(request))
    await cache.ask(request)

    assert source.asked == ["5 D", "5 D"]


@pytest.mark.covers("D4.3")
@jumping
async def test_where_the_source_fails_the_last_bars_are_given_with_their_age_and_the_reason() -> None:
    source, cache = made()
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
    source, cache = made()
    for con_id in range(MOST_KEPT + 1):
        await cache.ask(minutes(con_id))
        if con_id == 0:
            source.asked.clear()
    source.down = True

    with pytest.raises(NotConnectedError):
        await cache.ask(minutes(0))
    assert (await cache.ask(minutes(MOST_KEPT))).bars
