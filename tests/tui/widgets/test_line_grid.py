"""What the grid says and where its cursor stands."""

import pytest
from textual.events import MouseScrollDown
from textual.widgets import Input

from tests.tui.widgets.grid_app import GridApp, numbered
from tui.widgets.line_grid import Cell

SIZE = (60, 9)
"""Room for the header, five rows and the three lines of the entry."""


async def test_rows_stand_under_their_titles() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1, 22))
        app.grid.update_cells(
            "r22", {"note": Cell("[red]漢字[/red] and much more than there is room for"), "ask": Cell("?")}
        )
        assert app.grid.lines()[:4] == [
            "  SYM           BID      ASK   SPR NOTE                     ",
            "▸ S1           1.25                fine                     ",
            "  S22         22.25        ?       [red]漢字[/red] and much…",
            " " * 60,
        ]
        assert app.grid.row("r22")["ask"] == Cell("?")


async def test_without_rows_it_says_so() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        assert app.grid.lines()[1].strip() == "no rows yet"
        app.grid.set_row("r1", numbered(1)["r1"])
        app.grid.set_rows({})
        await pilot.pause()
        assert app.grid.cursor_key is None
        assert app.highlights() == [("r1", "program"), (None, "program")]
        app.grid.empty_text = "still none"
        assert app.grid.lines()[1].strip() == "still none"
        await pilot.press("down", "enter", "end")
        assert app.highlights() == []
        assert app.selected == []


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        (["down"], 1),
        (["j", "j"], 2),
        (["j", "k"], 0),
        (["up"], 0),
        (["pagedown"], 4),
        (["pagedown", "pagedown", "pageup"], 4),
        (["end"], 19),
        (["end", "down"], 19),
        (["end", "k"], 18),
        (["end", "home"], 0),
    ],
)
async def test_keys_move_the_cursor_into_sight(keys: list[str], wanted: int) -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(*range(20)))
        await pilot.press(*keys)
        assert app.grid.cursor_key == f"r{wanted}"
        assert f"r{wanted}" in app.grid.visible_keys()
        moved = app.highlights()[1:]
        assert all(source == "key" for _, source in moved)
        assert not moved or moved[-1][0] == f"r{wanted}"


async def test_enter_chooses_the_row() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(1, 2))
        await pilot.press("down", "enter")
        assert app.selected == ["r2"]


async def test_the_mouse_moves_the_cursor_and_never_chooses() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(1, 2, 3))
        await pilot.click("RecordingGrid", offset=(4, 3), times=2)
        assert app.grid.cursor_key == "r3"
        await pilot.click("RecordingGrid", offset=(4, 0))
        await pilot.click("RecordingGrid", offset=(4, 5))
        assert app.highlights() == [("r1", "program"), ("r3", "mouse")]
        assert app.highlighted == []
        assert app.selected == []


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(*range(20)))
        await pilot.pause()
        await pilot._post_mouse_events([MouseScrollDown], "RecordingGrid", offset=(4, 3))
        await pilot.pause()
        assert app.grid.visible_keys()[0] != "r0"
        assert app.in_sight[-1] == app.grid.visible_keys()
        assert app.grid.cursor_key == "r0"
        assert app.highlights() == [("r0", "program")]


async def test_the_cursor_stays_on_its_key_when_the_order_changes() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(*range(20)))
        app.grid.move_cursor("r2")
        await pilot.pause()
        app.highlights()
        app.grid.set_order([f"r{n}" for n in reversed(range(20))])
        await app.until_visible(("r6", "r5", "r4", "r3", "r2"))
        assert app.grid.cursor_key == "r2"
        assert app.grid.lines()[5].startswith("▸ S2 ")
        assert app.highlights() == []


async def test_an_order_names_some_rows_and_the_rest_follow() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1, 2, 3, 4))
        app.grid.set_order(["r3", "gone", "r1", "r3"])
        assert app.grid.row_keys == ("r3", "r1", "r2", "r4")


async def test_a_cursor_out_of_sight_does_not_scroll_back_when_the_order_changes() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(*range(20)))
        app.grid.scroll_to(y=10, animate=False)
        await pilot.pause()
        app.grid.set_order(["r19"])
        assert app.grid.visible_keys() == ("r9", "r10", "r11", "r12", "r13")
        assert app.grid.cursor_key == "r0"


async def test_new_rows_at_the_top_show_while_nobody_is_in_the_grid() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(5, 4, 3, 2, 1))
        await pilot.pause()
        app.query_one(Input).focus()
        await pilot.pause()
        app.grid.set_rows(numbered(6, 5, 4, 3, 2, 1))
        await app.painted()
        assert app.grid.visible_keys() == ("r6", "r5", "r4", "r3", "r2")
        app.grid.move_cursor("r1")
        app.grid.scroll_to(y=0, animate=False)
        app.grid.focus()
        await app.painted()
        assert "r1" in app.grid.visible_keys(), "the cursor comes into sight with the focus"


async def test_a_new_order_waits_while_the_cursor_moves() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(1, 2, 3))
        await app.until_visible(("r1", "r2", "r3"))
        await pilot.press("down")
        app.grid.set_order(["r3", "r2", "r1"])
        assert app.grid.row_keys == ("r1", "r2", "r3")
        app.grid.set_rows(numbered(4, 3, 2))
        assert app.grid.row_keys == ("r2", "r3", "r4")
        await app.until_visible(("r4", "r3", "r2"))
        assert app.grid.cursor_key == "r2"


async def test_a_removed_row_hands_its_cursor_on() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(1, 2, 3))
        app.grid.move_cursor("r2")
        await pilot.pause()
        app.highlights()
        app.grid.set_rows(numbered(1, 3))
        await pilot.pause()
        assert [(message.key, message.by_user) for message in app.highlighted] == [("r3", False)]
        app.grid.set_rows(numbered(7))
        assert app.grid.cursor_key == "r7"


async def test_removing_rows_leaves_no_empty_screen() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(*range(20)))
        await pilot.press("end")
        app.grid.set_rows(numbered(1, 2, 3))
        await pilot.pause()
        assert app.grid.visible_keys() == ("r1", "r2", "r3")
        assert app.grid.lines()[1].startswith("  S1 ")


async def test_columns_follow_the_width_and_rows_the_height() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(*range(20)))
        await pilot.resize_terminal(40, 7)
        await app.until_visible(("r0", "r1", "r2"))
        assert app.grid.lines()[0].split() == ["SYM", "BID", "ASK", "SPR"]
        await pilot.resize_terminal(24, 12)
        await app.until_visible(tuple(f"r{n}" for n in range(8)))
        assert app.grid.lines()[:2] == ["  SYM           BID     ", "▸ S0           0.25     "]


async def test_a_cursor_in_sight_stays_in_sight_whatever_the_height() -> None:
    app = GridApp()
    async with app.run_test(size=(60, 24)) as pilot:
        app.grid.set_rows(numbered(*range(20)))
        app.grid.move_cursor("r15")
        await app.until_visible(tuple(f"r{n}" for n in range(20)))
        await pilot.resize_terminal(60, 9)
        await app.until_visible(("r11", "r12", "r13", "r14", "r15"))
        app.grid.scroll_to(y=0, animate=False)
        await app.until_visible(("r0", "r1", "r2", "r3", "r4"))
        await pilot.resize_terminal(60, 8)
        await app.until_visible(("r0", "r1", "r2", "r3"))
        assert app.grid.cursor_key == "r15", "whoever scrolled away from it is not brought back"


async def test_without_a_header_its_line_belongs_to_the_rows() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(*range(20)))
        app.grid.show_header = False
        await app.until_visible(("r0", "r1", "r2", "r3", "r4", "r5"))
        assert app.grid.lines()[0].startswith("▸ S0 ")


async def test_only_the_grid_with_the_focus_marks_its_row() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE) as pilot:
        app.grid.set_rows(numbered(1))
        await pilot.pause()
        assert app.grid.lines()[1].startswith("▸ S1")
        app.query_one(Input).focus()
        await pilot.pause()
        assert app.grid.lines()[1].startswith("  S1")
        app.grid.keep_mark = True
        assert app.grid.lines()[1].startswith("▸ S1")


async def test_rows_can_be_given_before_the_grid_is_on_the_screen() -> None:
    app = GridApp()
    app.grid.set_rows(numbered(1, 2))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.grid.lines()[1].startswith("▸ S1 ")
        assert app.grid.visible_keys() == ("r1", "r2")


async def test_what_the_grid_does_not_have_is_an_error() -> None:
    app = GridApp()
    async with app.run_test(size=SIZE):
        app.grid.set_rows(numbered(1))
        with pytest.raises(KeyError, match="no column 'price'"):
            app.grid.update_cells("r1", {"price": Cell("1")})
        with pytest.raises(KeyError, match="no style 'upp'"):
            app.grid.set_row("r2", {"bid": Cell("1", "upp")})
        with pytest.raises(KeyError):
            app.grid.update_cells("r9", {"bid": Cell("1")})
        with pytest.raises(KeyError):
            app.grid.move_cursor("r9")
        assert app.grid.row_keys == ("r1",)
