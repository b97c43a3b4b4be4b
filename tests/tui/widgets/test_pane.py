"""The title rule names the pane, keeps the status in sight and shows where the keys go."""

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Input

from tui.widgets.pane import Pane, PaneRule


class TwoPanes(App[None]):
    """Two panes with an entry each."""

    def compose(self) -> ComposeResult:
        yield Pane(Input(id="upper"), title="WATCH main", status="12 · 5 shown", id="watch")
        with Pane(title="ORDERS", id="orders"):
            yield Input(id="lower")


def rule(app: App[None], pane: str) -> PaneRule:
    return app.query_one(f"#{pane} > PaneRule", PaneRule)


def drawn(app: App[None], pane: str) -> str:
    return rule(app, pane).render_line(0).text


async def test_title_left_status_right() -> None:
    app = TwoPanes()
    async with app.run_test(size=(40, 12)) as pilot:
        app.query_one("#lower").focus()
        await pilot.pause()
        assert drawn(app, "watch") == "─ WATCH main ──────────── 12 · 5 shown ─"
        assert drawn(app, "orders") == "━ ORDERS ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━"
        assert rule(app, "orders").region.bottom == app.query_one("#lower").region.y


async def test_the_focus_inside_makes_the_rule_heavy_and_its_title_bold() -> None:
    app = TwoPanes()
    async with app.run_test(size=(40, 12)) as pilot:
        for focused, other, entry in (("watch", "orders", "#upper"), ("orders", "watch", "#lower")):
            app.query_one(entry).focus()
            await pilot.pause()
            assert drawn(app, focused).startswith("━")
            assert drawn(app, other).startswith("─")
            bold = [part.text for part in rule(app, focused).render_line(0) if part.style and part.style.bold]
            assert bold == [app.query_one(f"#{focused}", Pane).title]
            assert not any(part.style.bold for part in rule(app, other).render_line(0) if part.style)


async def test_new_texts_and_weights_show() -> None:
    app = TwoPanes()
    async with app.run_test(size=(40, 12)) as pilot:
        pane = app.query_one("#orders", Pane)
        pane.title = "ORDERS [b]all[/b]"
        pane.status = "? 1 UNKNOWN"
        pane.weight = "dashed"
        await pilot.pause()
        assert drawn(app, "orders") == "╌ ORDERS [b]all[/b] ╌╌╌╌╌╌ ? 1 UNKNOWN ╌"
        pane.weight = "heavy"
        pane.status = ""
        assert drawn(app, "orders") == "━ ORDERS [b]all[/b] ━━━━━━━━━━━━━━━━━━━━"


@pytest.mark.parametrize(
    ("width", "wanted"),
    [
        (30, "─ POSITI… ─ !! 2 need a stop ─"),
        (26, "─ POSI… ─ !! 2 need a s… ─"),
        (16, "─ POSI… ── !!… ─"),
        (4, "────"),
    ],
)
async def test_a_narrow_rule_shortens_the_title_first_then_the_status(width: int, wanted: str) -> None:
    app = App[None]()
    async with app.run_test(size=(width, 4)) as pilot:
        await app.mount(Pane(title="POSITIONS main", status="!! 2 need a stop", id="p"))
        await pilot.pause()
        assert drawn(app, "p") == wanted
