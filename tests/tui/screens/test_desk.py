"""The desk: what stands where, what it looks at, and how it follows news and sizes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from textual.geometry import Region

from core.domain.events import OrderChanged, QuotesUpdated, WatchlistUpdated
from tests.tui import sample
from tests.tui.desk_pilot import desk_on, lines_of
from tests.tui.fake_desk import FakeDesk
from tui import messages
from tui.app import DeskApp
from tui.panes.watchlist import WatchlistPane
from tui.screens.first_frame import TITLES, FirstFrame, rules


def heights(screen_regions: dict[str, Region]) -> dict[str, tuple[int, int]]:
    return {name: (region.y, region.height) for name, region in screen_regions.items()}


async def test_80x24_is_exact() -> None:
    async with desk_on(size=(80, 24)) as desk:
        names = ("status", "instrument", "watch", "positions", "orders", "ticket", "message", "keys")
        regions = {name: desk.screen.query_one(f"#{name}").region for name in names}

        assert heights(regions) == {
            "status": (0, 1),
            "instrument": (1, 1),
            "watch": (2, 7),
            "positions": (9, 5),
            "orders": (14, 5),
            "ticket": (19, 3),
            "message": (22, 1),
            "keys": (23, 1),
        }
        assert all(region.width == 80 for region in regions.values())


async def test_80x24_shows_five_quotes_three_positions_and_four_orders() -> None:
    async with desk_on(replace(sample.TROUBLE, incidents=()), size=(80, 24)) as desk:
        lines = desk.lines()

        assert "12 · 5 shown" in lines[2]
        assert lines[4].startswith("▸ AAPL")
        assert lines[8].startswith("  GME HALT")
        assert [line.split()[0] for line in lines[15:19]] == ["#7", "#8", "#9", "#4"]
        assert "5 live · ? 1 UNKNOWN" in lines[14]


async def test_two_columns_from_120_cells_on() -> None:
    async with desk_on(size=(120, 40)) as desk:
        watch, account = desk.screen.query_one("#watch"), desk.screen.query_one("#account")
        alerts = desk.screen.query_one("#alerts")

        assert (watch.region.width, watch.region.height) == (78, 14)
        assert account.region == Region(79, 2, 41, 14)
        assert alerts.region.bottom == desk.screen.query_one("#orders").region.bottom == 35
        assert alerts.region.height == 4
        assert "┬─ ACCOUNT" in desk.lines()[2]
        assert "┼─ CONNECTION" in desk.lines()[16]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40), (200, 60)])
async def test_first_frame_has_the_rules_where_the_desk_has_them(size: tuple[int, int]) -> None:
    async with desk_on(size=size) as desk:
        panes = {
            name: desk.screen.query_one(f"#{name}").region.y for name in ("watch", "positions", "orders", "ticket")
        }

        assert {title: line for line, title in rules(*size).items()} == dict(
            zip((*TITLES, "TICKET"), panes.values(), strict=True)
        )


class Starting(DeskApp):
    """A desk that stays at its first frame: Textual fails where it is closed while the next one is put up."""

    async def _start(self) -> None:
        pass


async def test_first_frame_says_that_core_starts() -> None:
    async with Starting(FakeDesk(sample.SNAPSHOT).connect).run_test(size=(80, 24)) as pilot:
        assert isinstance(pilot.app.screen, FirstFrame)
        lines = lines_of(pilot.app)

    assert lines[0] == " starting core…"
    assert lines[2].startswith("─ WATCH main ──")


async def test_resizing_keeps_focus_and_cursor() -> None:
    async with desk_on(size=(80, 24)) as desk:
        await desk.pilot.press("down", "down")
        focused = desk.screen.focused

        for size in ((120, 40), (200, 60), (80, 24)):
            await desk.pilot.resize_terminal(*size)
            await desk.pilot.pause()
            assert desk.screen.focused is focused
            assert desk.screen.has_class("-wide") == (size[0] >= 120)
            assert desk.screen.query_one(WatchlistPane).grid.cursor_key == str(sample.SPY)

        assert desk.screen.focus_con_id == sample.SPY
        assert any(line.startswith("▸ SPY") for line in desk.lines())


async def test_the_row_under_the_cursor_is_what_the_desk_looks_at() -> None:
    async with desk_on(size=(80, 24)) as desk:
        assert desk.screen.focus_con_id == sample.AAPL
        desk.heard.clear()
        await desk.pilot.press("down")
        await desk.pilot.pause()

        assert desk.screen.focus_con_id == sample.TSLA
        assert [m for m in desk.heard if isinstance(m, messages.FocusChanged)] == [
            messages.FocusChanged(sample.TSLA, True)
        ]
        assert desk.lines()[1].startswith("TSLA Tesla · NASDAQ  413.70 × 413.78")


async def test_the_next_pane_brings_its_own_row() -> None:
    async with desk_on(size=(80, 24)) as desk:
        await desk.pilot.press("w")
        await desk.pilot.pause()

        assert desk.screen.query_one("#positions").has_focus_within
        assert desk.screen.focus_con_id == sample.ES
        assert desk.lines()[9].startswith("━ POSITIONS")


async def test_a_symbol_that_was_found_gets_the_cursor_once_it_is_watched() -> None:
    async with desk_on(replace(sample.SNAPSHOT, watchlist=(sample.AAPL,)), size=(80, 24)) as desk:
        await desk.pilot.press("w")
        desk.screen.go_to(sample.QQQ)
        assert desk.screen.focus_con_id == sample.QQQ
        desk.core.emit(WatchlistUpdated(con_ids=(sample.AAPL, sample.QQQ)))
        grid = desk.screen.query_one(WatchlistPane).grid
        await desk.until(lambda: grid.cursor_key == str(sample.QQQ))

        assert grid.has_focus
        assert desk.screen.focus_con_id == sample.QQQ
        assert desk.lines()[1].startswith("QQQ Invesco")


async def test_quotes_reach_the_row_and_the_head() -> None:
    async with desk_on(size=(80, 24)) as desk:
        desk.core.emit(QuotesUpdated(quotes=(replace(sample.QUOTES[0], bid=Decimal("233.20"), ask=Decimal("233.21")),)))
        await desk.until(lambda: "233.20   233.21" in desk.lines()[4])

        assert "233.20 × 233.21" in desk.lines()[1]


async def test_an_order_appears_and_its_end_moves_it_down() -> None:
    async with desk_on(replace(sample.SNAPSHOT, orders=()), size=(80, 24)) as desk:
        order = sample.make_order(12, sample.AMD, "BUY 10 AMD LMT 168.00", age=1)
        desk.core.emit(OrderChanged(order=order))
        await desk.until(lambda: "1 live" in desk.lines()[14])

        assert desk.lines()[15].split()[:6] == ["#12", "BUY", "10", "AMD", "LMT", "168.00"]


async def test_focus_stays_with_its_instrument_when_orders_move() -> None:
    async with desk_on(sample.SNAPSHOT, size=(80, 24)) as desk:
        await desk.pilot.press("tab", "tab")
        assert desk.screen.query_one("#orders").has_focus_within
        before = desk.screen.focus_con_id
        desk.core.emit(OrderChanged(order=sample.UNKNOWN))
        await desk.until(lambda: "UNKNOWN" in desk.lines()[14])

        assert before == sample.SPY
        assert desk.screen.focus_con_id == sample.SPY
        assert "#7" in desk.lines()[15]
        assert desk.lines()[16].startswith("▸ #9")


async def test_a_warning_is_shown_whole_where_one_line_does_not_hold_it() -> None:
    async with desk_on(sample.TROUBLE, size=(80, 24)) as desk:
        assert "It counts as 100 bought. Don't send it again; next check in 12 s." in desk.words()
        assert desk.screen.query_one("#message").region == Region(0, 21, 80, 2)

        desk.app.say("All is well.")
        await desk.until(lambda: "All is well." in desk.lines()[22])
        assert desk.screen.query_one("#message").region == Region(0, 22, 80, 1)


async def test_a_lost_core_leaves_the_last_values_with_their_age() -> None:
    async with desk_on(size=(80, 24)) as desk:
        desk.core.lose()
        await desk.until(lambda: "core lost" in desk.lines()[0])
        row = next(line for line in desk.lines() if "AAPL" in line and "▸" in line)

        assert row.split()[1:5] == ["AAPL", "233.33~", "233.34~", "233.34~1s"]
        assert "Core ended. Entry is off, prices are the last known; attaching again." in desk.words()
