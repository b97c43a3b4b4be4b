"""A small application around one grid, which keeps what the grid says and what it repaints."""

import asyncio
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Input

from tui.widgets.line_grid import UNBOUNDED, Cell, CellStyle, Column, LineGrid, Source

COLUMNS = (
    Column("sym", "SYM", 8, priority=200),
    Column("bid", "BID", 8, "right"),
    Column("ask", "ASK", 8, "right"),
    Column("spread", "SPR", 5, "right", priority=50),
    Column("note", "NOTE", 6, priority=20, max_width=UNBOUNDED),
)
STYLES = {
    "up": CellStyle("test-up"),
    "missing": CellStyle("no-such-variable", italic=True),
    "alarm": CellStyle("test-up", bold=True, reverse=True),
}


class RecordingGrid(LineGrid):
    """A grid that keeps a record of the lines it draws."""

    ORDER_HOLD: ClassVar[float] = 0.1

    def __init__(self) -> None:
        super().__init__(COLUMNS, STYLES, empty_text="no rows yet")
        self.drawn: list[int] = []
        self.regions: list[Region] = []

    def render_line(self, y: int) -> Strip:
        self.drawn.append(y)
        return super().render_line(y)

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> "RecordingGrid":
        # Called by the base class before the record exists.
        if hasattr(self, "regions"):
            self.regions += regions or (self.size.region,)
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self

    def forget(self) -> None:
        """Start a new record."""
        self.drawn.clear()
        self.regions.clear()

    def lines(self) -> list[str]:
        """The text on each line, as it would be drawn now."""
        return [super(RecordingGrid, self).render_line(y).text for y in range(self.size.height)]


class GridApp(App[None]):
    """The grid above an entry, so that the focus has somewhere else to go."""

    AUTO_FOCUS = "RecordingGrid"

    def __init__(self) -> None:
        super().__init__()
        self.grid = RecordingGrid()
        self.highlighted: list[LineGrid.RowHighlighted] = []
        self.selected: list[str] = []
        self.in_sight: list[tuple[str, ...]] = []
        self._news = asyncio.Event()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"test-up": "#00ff00"}

    def compose(self) -> ComposeResult:
        yield self.grid
        yield Input()

    def on_line_grid_row_highlighted(self, message: LineGrid.RowHighlighted) -> None:
        assert message.control is self.grid
        self.highlighted.append(message)

    def on_line_grid_row_selected(self, message: LineGrid.RowSelected) -> None:
        self.selected.append(message.key)

    def on_line_grid_visible_rows_changed(self, message: LineGrid.VisibleRowsChanged) -> None:
        self.in_sight.append(message.keys)
        self._news.set()

    async def until_visible(self, keys: tuple[str, ...]) -> None:
        """Wait until the grid reports that exactly these rows are in sight."""
        async with asyncio.timeout(5):
            while not self.in_sight or self.in_sight[-1] != keys:
                self._news.clear()
                await self._news.wait()

    async def painted(self) -> None:
        """Wait until everything that was to be repainted is on the screen."""
        done = asyncio.Event()
        self.call_after_refresh(done.set)
        async with asyncio.timeout(5):
            await done.wait()

    def highlights(self) -> list[tuple[str | None, Source]]:
        """Key and source of every highlight since the last call."""
        seen = [(message.key, message.source) for message in self.highlighted]
        self.highlighted.clear()
        return seen


def numbered(*numbers: int) -> dict[str, dict[str, Cell]]:
    """Rows that say their number."""
    return {f"r{n}": {"sym": Cell(f"S{n}"), "bid": Cell(f"{n}.25", "up"), "note": Cell("fine")} for n in numbers}
