"""What desks are told of the market through core: delayed data where live is refused, bars, old bars when all fails."""

from __future__ import annotations

import asyncio

import pytest

from core.domain.charts import BarHistory, BarRequest, BarSize
from core.domain.commands import AskBars
from core.domain.quotes import DataType
from tests.warp.harness import FloorOptions, trading_floor
from tests.warp.leaks import no_leaks
from tests.warp.loop import warping


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
