"""Terminals too low for all of the desk: what has no room says so, and nothing vanishes without a word."""

from __future__ import annotations

from functools import partial

import pytest

from tests.tui import sample
from tests.tui.desk_pilot import Desk, desk_on
from tui.panes.pane_column import TOO_LOW
from tui.panes.watchlist import WatchlistPane


def heights(desk: Desk) -> list[int]:
    """Lines of the watchlist, the positions and the orders."""
    return [desk.screen.query_one(f"#{name}").region.height for name in ("watch", "positions", "orders")]


def says_too_low(desk: Desk, wanted: bool) -> bool:
    return (TOO_LOW in desk.lines()) is wanted


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        ((80, 17), [4, 3, 3]),
        ((80, 16), [3, 3, 3]),
        ((90, 14), [2, 2, 3]),
        ((120, 14), [2, 2, 3]),
        ((80, 13), [2, 2, 2]),
    ],
)
async def test_every_pane_keeps_a_row_down_to_thirteen_lines(size: tuple[int, int], wanted: list[int]) -> None:
    async with desk_on(size=size) as desk:
        await desk.until(lambda: heights(desk) == wanted)
        lines = [line[: desk.screen.query_one("#watch").region.width] for line in desk.lines()]
        below = {
            title: lines[number + 1 :]
            for number, line in enumerate(lines)
            for title in ("ORDERS", "POSITIONS")
            if title in line
        }

        assert any(line.startswith("▸ AAPL") for line in lines)
        assert below["POSITIONS"][0].split()[0] == "/ESZ6"
        assert below["ORDERS"][0].split()[0] == "#9"
        assert [line.split()[:1] == ["SYM"] for line in lines].count(True) == (size[1] >= 17), "rows are worth more"


async def test_the_rules_count_what_has_no_row() -> None:
    async with desk_on(size=(80, 10)) as desk:
        await desk.until(lambda: heights(desk) == [1, 1, 1])

        assert desk.lines()[3].endswith(" 4 ─")
        assert desk.lines()[4].endswith(" 3 live · 2 done · 2 live out of sight ─")


@pytest.mark.parametrize("rows", [7, 8, 9])
async def test_without_room_for_the_rules_it_says_so(rows: int) -> None:
    async with desk_on(size=(80, rows)) as desk:
        await desk.until(lambda: desk.lines()[2] == TOO_LOW)

        assert desk.lines()[0].startswith("▌PRACTICE▐")
        assert any("TICKET" in line for line in desk.lines())


async def test_a_low_terminal_costs_neither_focus_nor_cursor() -> None:
    async with desk_on(size=(80, 24)) as desk:
        before = desk.lines()
        await desk.pilot.press("down", "down", "down", "down")
        focused = desk.screen.focused
        for rows in (14, 8, 14, 24):
            await desk.pilot.resize_terminal(80, rows)
            await desk.until(partial(says_too_low, desk, rows < 10))
            assert desk.screen.focused is focused
            assert desk.screen.query_one(WatchlistPane).grid.cursor_key == str(sample.GME)

        await desk.until(lambda: heights(desk) == [7, 5, 5])
        assert desk.lines()[3] == before[3]
        assert any(line.startswith("▸ GME") for line in desk.lines())
