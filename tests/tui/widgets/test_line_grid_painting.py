"""The grid repaints what looks different, nothing else, in the colours of the theme."""

import pytest
from rich.segment import Segment
from textual.geometry import Region
from textual.theme import Theme

from tests.tui.widgets.grid_app import GridApp, numbered
from tui.widgets.line_grid import Cell

SIZE = (60, 9)
ROWS = 20
"""More rows than the five that fit."""


def segment(app: GridApp, y: int, text: str) -> Segment:
    """The segment of a drawn line that holds exactly this text."""
    strip = app.grid.render_lines(Region(0, y, 60, 1))[0]
    return next(part for part in strip if part.text.strip() == text)


def color(part: Segment) -> str:
    assert part.style is not None
    assert part.style.color is not None
    return part.style.color.get_truecolor().hex


async def test_one_changed_cell_repaints_only_its_place_in_its_row() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(*range(ROWS)))
        await app.painted()
        app.grid.forget()
        app.grid.update_cells("r2", {"bid": Cell("9.99", "up"), "note": Cell("fine")})
        await app.painted()
        assert app.grid.regions == [Region(11, 3, 8, 1)]
        assert set(app.grid.drawn) == {3}
        assert segment(app, 3, "9.99")


async def test_several_cells_of_a_row_are_one_region() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(*range(ROWS)))
        await app.painted()
        app.grid.forget()
        app.grid.update_cells("r2", {"ask": Cell("9.99"), "bid": Cell("9.98")})
        assert app.grid.regions == [Region(11, 3, 17, 1)]


async def test_a_change_of_style_alone_is_painted() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1))
        await app.painted()
        assert color(segment(app, 1, "1.25")) == "#00ff00"
        app.grid.update_cells("r1", {"bid": Cell("1.25", "missing")})
        assert color(segment(app, 1, "1.25")) != "#00ff00"


async def test_what_looks_the_same_or_is_out_of_sight_repaints_nothing() -> None:
    app = GridApp()
    async with app.run_test(size=(40, 9)):
        app.grid.set_rows(numbered(*range(ROWS)))
        await app.painted()
        app.grid.forget()
        app.grid.set_rows(numbered(*range(ROWS)))
        app.grid.set_order([f"r{n}" for n in range(ROWS)])
        app.grid.set_row("r1", numbered(1)["r1"])
        app.grid.update_cells("r1", {"bid": Cell("1.25", "up")})
        app.grid.update_cells("r1", {"note": Cell("this column did not fit")})
        app.grid.update_cells("r9", {"bid": Cell("0.01")})
        await app.painted()
        assert app.grid.regions == []
        assert app.grid.drawn == []


async def test_what_changed_out_of_sight_is_there_when_it_comes_into_sight() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(*range(ROWS)))
        await app.painted()
        await pilot.press("end")
        await pilot.press("home")
        app.grid.update_cells("r19", {"bid": Cell("0.01")})
        await pilot.press("end")
        assert "0.01" in app.grid.lines()[5]


async def test_a_row_that_comes_back_shows_its_new_cells() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1, 2))
        await app.painted()
        app.grid.set_rows(numbered(1))
        app.grid.set_row("r2", {"sym": Cell("back")})
        assert app.grid.lines()[2].split() == ["back"]


async def test_a_cell_that_a_row_no_longer_has_is_blank() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1))
        await app.painted()
        app.grid.set_row("r1", {"sym": Cell("S1")})
        assert app.grid.lines()[1].split() == ["▸", "S1"]


async def test_moving_the_cursor_repaints_the_two_rows() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(*range(ROWS)))
        await app.painted()
        app.grid.forget()
        await pilot.press("down")
        await app.painted()
        assert set(app.grid.drawn) == {1, 2}


async def test_sorting_repaints_from_the_first_row_that_moved() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1, 2, 3, 4))
        await app.painted()
        app.grid.forget()
        app.grid.set_order(["r1", "r2", "r4", "r3"])
        await app.painted()
        assert set(app.grid.drawn) == {3, 4, 5}


async def test_only_the_text_of_a_reversed_cell_is_reversed() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_row("r1", {"sym": Cell("S1"), "ask": Cell("?", "alarm")})
        await app.painted()
        line = app.grid.render_lines(Region(0, 1, 60, 1))[0]
        assert [part.text for part in line if part.style and part.style.reverse] == ["?"]


async def test_the_cursor_row_is_bold_and_has_a_ground_of_its_own() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1, 2))
        await app.painted()
        cursor, other = segment(app, 1, "1.25").style, segment(app, 2, "2.25").style
        assert cursor is not None
        assert other is not None
        assert cursor.bold
        assert not other.bold
        assert cursor.bgcolor != other.bgcolor
        assert cursor.color == other.color


async def test_a_theme_that_changes_one_variable_shows_at_once() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.register_theme(Theme("mine", primary="#4040ff", variables={"test-up": "#ff00ff"}))
        app.grid.set_rows(numbered(1))
        app.theme = "mine"
        await app.painted()
        await app.painted()
        assert color(segment(app, 1, "1.25")) == "#ff00ff"
        app.grid.forget()
        app.register_theme(Theme("mine", primary="#4040ff", variables={"test-up": "#ffff00"}))
        app.refresh_css(animate=False)
        await app.painted()
        assert 1 in app.grid.drawn
        assert color(segment(app, 1, "1.25")) == "#ffff00"


async def test_without_colour_shape_still_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1, 2))
        app.grid.update_cells("r2", {"ask": Cell("UNKNOWN", "alarm")})
        await app.painted()
        parts = [part for y in (1, 2) for part in app.grid.render_lines(Region(0, y, 60, 1))[0]]
        for part in parts:
            assert part.style is not None
            assert part.style.color is not None
            assert len(set(part.style.color.get_truecolor())) == 1
        mark, alarm = segment(app, 1, "▸ S1").style, segment(app, 2, "UNKNOWN").style
        assert mark is not None
        assert mark.bold
        assert alarm is not None
        assert alarm.bold
        assert alarm.reverse
