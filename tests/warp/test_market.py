"""What desks are told of the market through core: delayed data where live is refused, bars, old bars when all fails."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from core.domain.charts import BarHistory, BarRequest, BarSize
from core.domain.commands import AskBars
from core.domain.quotes import DataType
from tests.warp.harness import FloorOptions, trading_floor
from tests.warp.leaks import no_leaks
from tests.warp.loop import warping

HISTORY = 20
BEFORE_NINE = datetime(2026, 11, 23, 8, 59, 15, tzinfo=UTC)
"""A Monday; stocks trade from 04:00 in New York, which is 09:00 UTC."""


@warping
async def test_where_live_data_is_refused_delayed_data_comes_and_is_marked() -> None:
    options = FloorOptions(faults=("data-refused=354",))
    async with no_leaks(), trading_floor(options, ready=False) as floor:
        screen = await floor.attach()

        await screen.until(lambda replica: len(replica.watchlist) == 2 and len(replica.quotes) == 2)
        await screen.until(lambda replica: all(quote.bid for quote in replica.quotes.values()))

        assert {quote.data_type for quote in screen.replica.quotes.values()} == {DataType.DELAYED}
        assert not any(quote.tradable for quote in screen.replica.quotes.values())


@pytest.mark.covers("D4.3")
@warping
async def test_bars_come_through_core_and_old_ones_when_the_gateway_is_gone() -> None:
    async with no_leaks(), trading_floor() as floor:
        screen = await floor.attach()
        request = BarRequest(con_id=screen.replica.watchlist[0], size=BarSize.MINUTE, duration="1 D")
        fresh = (await screen.send(AskBars(request=request))).result
        assert isinstance(fresh, BarHistory)
        assert len(fresh.bars) > 300
        assert not fresh.stale

        await floor.gateway.stop()
        await asyncio.sleep(3600)
        old = (await screen.send(AskBars(request=request))).result

        assert isinstance(old, BarHistory)
        assert (old.bars, old.fetched, old.stale) == (fresh.bars, fresh.fetched, True)
        assert old.problem
        unknown = await screen.send(AskBars(request=BarRequest(con_id=1, size=BarSize.DAY, duration="5 D")))
        assert unknown.denied is not None


@warping
async def test_bars_are_extended_by_what_is_new_and_fetched_whole_after_a_disconnect() -> None:
    async with no_leaks(), trading_floor() as floor:
        screen = await floor.attach()

        async def bars(duration: str) -> BarHistory:
            request = BarRequest(con_id=screen.replica.watchlist[0], size=BarSize.MINUTE, duration=duration)
            found = (await screen.send(AskBars(request=request))).result
            assert isinstance(found, BarHistory)
            assert not found.stale
            return found

        first = await bars("1 D")
        await asyncio.sleep(600)
        later, whole = await bars("1 D"), await bars("2 D")
        assert later.bars[: len(first.bars) - 1] == first.bars[:-1]
        assert len(later.bars) >= len(first.bars) + 10
        assert later.bars[:-1] == whole.bars[-len(later.bars) : -1]

        floor.gateway.drop_clients()
        await screen.until(lambda replica: not replica.can_trade)
        await screen.until(lambda replica: replica.can_trade)
        await bars("1 D")

        asked = [one.fields for one in floor.gateway.received if one.message_id == HISTORY]
        assert [next(field for field in fields if field.endswith((" D", " S"))) for fields in asked] == [
            "1 D",
            "840 S",
            "2 D",
            "1 D",
        ]


@warping
async def test_quotes_of_a_broken_farm_are_old_and_fresh_again_once_it_is_back() -> None:
    async with no_leaks(), trading_floor() as floor:
        screen = await floor.attach()
        await screen.until(lambda replica: all(quote.tradable for quote in replica.quotes.values()))

        floor.gateway.farm.lose()
        await screen.until(lambda replica: all(quote.stale for quote in replica.quotes.values()))
        await asyncio.sleep(60)
        assert all(quote.stale and quote.bid for quote in screen.replica.quotes.values())
        assert any("usfarm is broken" in incident.text for incident in screen.replica.incidents)

        floor.gateway.farm.restore()
        await screen.until(lambda replica: all(quote.tradable for quote in replica.quotes.values()))


@warping
async def test_out_of_hours_the_last_quote_comes_and_is_marked_as_frozen() -> None:
    options = FloorOptions(hours="exchange", start=BEFORE_NINE)
    async with no_leaks(), trading_floor(options, ready=False) as floor:
        screen = await floor.attach()
        await screen.until(lambda replica: len(replica.quotes) == 2)
        await screen.until(lambda replica: all(quote.bid for quote in replica.quotes.values()))
        assert {quote.data_type for quote in screen.replica.quotes.values()} == {DataType.FROZEN}
        assert not any(quote.tradable for quote in screen.replica.quotes.values())

        await screen.until(lambda replica: all(quote.tradable for quote in replica.quotes.values()))
        assert floor.clock.utc() >= BEFORE_NINE.replace(hour=9, minute=0, second=0)


@warping
async def test_out_of_hours_delayed_data_is_frozen_too() -> None:
    options = FloorOptions(hours="exchange", start=BEFORE_NINE, faults=("data-refused=354",))
    async with no_leaks(), trading_floor(options, ready=False) as floor:
        screen = await floor.attach()
        await screen.until(lambda replica: len(replica.quotes) == 2)
        await screen.until(lambda replica: all(quote.bid for quote in replica.quotes.values()))
        assert {quote.data_type for quote in screen.replica.quotes.values()} == {DataType.DELAYED_FROZEN}

        await asyncio.sleep(120)
        assert {quote.data_type for quote in screen.replica.quotes.values()} == {DataType.DELAYED}
