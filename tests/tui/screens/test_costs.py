"""The day's costs at the desk: dearest first, signed as money, from the fills as they come."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from core.domain.events import ExecutionAdded, OrderChanged
from tests.snapshots.cases import COSTLY
from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tui.screens.costs import CostsScreen
from tui.screens.desk import DeskScreen


async def opened(desk: Desk) -> None:
    """The box, opened as the palette opens it."""
    await desk.app.run_action("app.costs")
    await desk.until(lambda: isinstance(desk.app.screen, CostsScreen))
    await desk.until(lambda: "COSTS" in desk.words())


@pytest.mark.covers("D1.9")
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_dearest_order_comes_first(size: tuple[int, int]) -> None:
    async with desk_on(COSTLY, size=size) as desk:
        await opened(desk)
        words = desk.words()

    worse, better = words.index("3 BUY 100 AAPL"), words.index("9 BUY 80 SPY")
    assert worse < better
    assert "232.470 232.50 \N{MINUS SIGN}1.3" in words[worse:better]
    assert "\N{MINUS SIGN}3.00 1.00" in words[worse:better]
    assert "+4.40" in words[better:]
    assert "+1.40 USD" in words


async def test_it_follows_fills_and_what_they_cost() -> None:
    async with desk_on(COSTLY) as desk:
        await opened(desk)
        order = replace(COSTLY.orders[3], filled=sample.D(200))
        more = sample.make_execution(5, order, 120, "598.455", 1, None)
        desk.core.emit(ExecutionAdded(execution=more), OrderChanged(order=order))

        await desk.until(lambda: "9 BUY 200 SPY" in desk.words())

        words = desk.words()
        assert words.index("9 BUY 200 SPY") < words.index("3 BUY 100 AAPL")
        assert "~0.40" in words
        await desk.pilot.press("escape")
        await desk.until(lambda: isinstance(desk.app.screen, DeskScreen))


async def test_without_an_arrival_price_no_figure_is_made_up() -> None:
    async with desk_on() as desk:
        await opened(desk)
        assert "3 BUY 100 AAPL — 232.50 — — — 1.00" in desk.words()
