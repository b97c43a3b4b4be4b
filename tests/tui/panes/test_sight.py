"""What the watchlist tells core of the rows in sight, so that these are quoted before all others."""

from __future__ import annotations

from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tui.panes.watchlist import WatchlistPane


def in_sight(desk: Desk) -> tuple[int, ...]:
    """The instruments whose rows are painted."""
    return tuple(int(key) for key in desk.screen.query_one(WatchlistPane).grid.visible_keys())


async def test_core_is_told_what_is_in_sight_at_the_start_and_after_scrolling() -> None:
    async with desk_on() as desk:
        first = in_sight(desk)
        assert 0 < len(first) < len(sample.SNAPSHOT.watchlist)
        await desk.until(lambda: desk.core.in_sight[-1:] == [first])

        desk.screen.query_one(WatchlistPane).grid.move_cursor(str(sample.SNAPSHOT.watchlist[-1]))
        await desk.until(lambda: in_sight(desk) != first)
        await desk.until(lambda: desk.core.in_sight[-1] == in_sight(desk))

        assert sample.SNAPSHOT.watchlist[-1] in desk.core.in_sight[-1]


async def test_scrolling_without_a_pause_is_told_once() -> None:
    async with desk_on() as desk:
        await desk.until(lambda: bool(desk.core.in_sight))
        before = len(desk.core.in_sight)
        grid = desk.screen.query_one(WatchlistPane).grid
        for con_id in (*sample.SNAPSHOT.watchlist, *reversed(sample.SNAPSHOT.watchlist)):
            grid.move_cursor(str(con_id))
        grid.move_cursor(str(sample.SNAPSHOT.watchlist[-1]))
        await desk.until(lambda: len(desk.core.in_sight) > before and desk.core.in_sight[-1] == in_sight(desk))

        assert len(desk.core.in_sight) <= before + 2
