"""The grid behind every pane: rows with keys, drawn line by line, repainting only what changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeAlias

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.widgets import grid_messages
from tui.widgets.columns import UNBOUNDED, Align, Cell, CellStyle, Column, Placed, Row, place
from tui.widgets.grid_messages import Source
from tui.widgets.grid_painter import GridPainter
from tui.widgets.grid_rows import BLANK, GridRows
from tui.widgets.order_hold import OrderHold

__all__ = ["UNBOUNDED", "Align", "Cell", "CellStyle", "Column", "LineGrid", "Row", "Source"]

MARK = "▸ "
GUTTER = len(MARK)


class LineGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """A grid of literal texts with a cursor that stays on its row's key, however the rows are sorted.

    Cells name a style out of the table given at construction; a style names a theme variable. Columns of low
    priority vanish where the room is short, so the grid never scrolls sideways.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "Up", show=False, id="grid.up"),
        Binding("down,j", "step(1)", "Down", show=False, id="grid.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="grid.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="grid.page_down"),
        Binding("home", "edge(-1)", "First row", show=False, id="grid.home"),
        Binding("end", "edge(1)", "Last row", show=False, id="grid.end"),
        Binding("enter", "select_row", "Open", show=False, id="grid.select"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-grid--header",
        "line-grid--cursor",
        "line-grid--cursor-blurred",
        "line-grid--empty",
    }
    DEFAULT_CSS = """
    LineGrid {
        height: 1fr;
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size: 0 0;
        & > .line-grid--header { color: $text-muted; text-style: bold; }
        & > .line-grid--cursor { background: $block-cursor-background; text-style: bold; }
        & > .line-grid--cursor-blurred { background: $block-cursor-blurred-background; }
        & > .line-grid--empty { color: $text-muted; text-style: italic; }
    }
    """
    ALLOW_SELECT = False

    ORDER_HOLD: ClassVar[float] = 0.5
    """Seconds without a cursor movement before a new sort order is taken over."""

    show_header: var[bool] = var(True, init=False)
    """Whether the first line shows the columns' titles."""
    empty_text: var[str] = var("", init=False)
    """What stands under the header while there are no rows; empty for nothing."""
    keep_mark: var[bool] = var(False, init=False)
    """Whether the cursor stays marked while the focus is elsewhere: the pane that feeds an open form."""

    RowHighlighted: TypeAlias = grid_messages.RowHighlighted
    RowSelected: TypeAlias = grid_messages.RowSelected
    VisibleRowsChanged: TypeAlias = grid_messages.VisibleRowsChanged

    def __init__(
        self,
        columns: Sequence[Column],
        styles: Mapping[str, CellStyle] | None = None,
        *,
        empty_text: str = "",
        show_header: bool = True,
        gutter: bool = True,
        gap: int = 1,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Create a grid.

        Args:
            columns: All columns, from left to right.
            styles: The styles that cells may name.
            empty_text: What stands under the header while there are no rows.
            show_header: Whether the first line shows the columns' titles.
            gutter: Whether two cells at the left are kept for the cursor's mark.
            gap: Blank cells between two columns.
            id: Names the widget in queries and style sheets.
            classes: Style-sheet classes, separated by blanks.
        """
        super().__init__(id=id, classes=classes)
        self.auto_links = False
        self._columns = tuple(columns)
        self._painter = GridPainter(styles or {})
        self._rows = GridRows(columns, self._painter.knows)
        self._left = GUTTER if gutter else 0
        self._gap = gap
        self._placed: tuple[Placed, ...] = ()
        self._strips: dict[str, Strip] = {}
        self._hold = OrderHold(self, self.set_order, self.ORDER_HOLD)
        self._reported: tuple[str, ...] = ()
        self._report_due = False
        self.set_reactive(LineGrid.empty_text, empty_text)
        self.set_reactive(LineGrid.show_header, show_header)

    @property
    def row_keys(self) -> tuple[str, ...]:
        """Keys of all rows, from top to bottom."""
        return tuple(self._rows.order)

    @property
    def cursor_key(self) -> str | None:
        """Key of the row under the cursor; None while there are no rows."""
        return self._rows.cursor

    def visible_keys(self) -> tuple[str, ...]:
        """Return the keys of the rows that are in sight, from top to bottom."""
        top = self.scroll_offset.y
        return tuple(self._rows.order[top : top + self._page])

    def row(self, key: str) -> Row:
        """Return the cells of a row.

        Raises:
            KeyError: No row has this key.
        """
        return dict(self._rows[key])

    def set_row(self, key: str, cells: Row) -> None:
        """Give a row exactly these cells; a new key becomes the last row.

        Raises:
            KeyError: A cell names a column or a style that the grid does not have.
        """
        if key in self._rows:
            gone = self._rows[key].keys() - cells.keys()
            self.update_cells(key, {**dict.fromkeys(gone, BLANK), **cells})
        else:
            self._rows.add({key: cells})
            self._arrange([*self._rows.order, key])

    def update_cells(self, key: str, cells: Row) -> None:
        """Change some cells of a row; only those that look different are painted again.

        Raises:
            KeyError: No row has this key, or a cell names a column or a style that the grid does not have.
        """
        changed = self._rows.change(key, cells)
        touched = [spot for spot in self._placed if spot.column.key in changed]
        if touched:
            self._repaint_row(key, touched[0].x, touched[-1].end)

    def set_rows(self, rows: Mapping[str, Row]) -> None:
        """Make the grid hold exactly these rows, in this order; rows that look the same are not painted again.

        Rows come and go at once; the order waits while the trader moves the cursor, as in `set_order`.

        Raises:
            KeyError: A cell names a column or a style that the grid does not have.
        """
        kept = [key for key in self._rows.order if key in rows]
        added = [key for key in rows if key not in self._rows]
        self._rows.add({key: rows[key] for key in added})
        for key in kept:
            self.set_row(key, rows[key])
        self._rows.drop(key for key in self._rows.order if key not in rows)
        if self._hold.is_on:
            self._hold.keep(list(rows))
        self._arrange(kept + added if self._hold.is_on else list(rows))

    def set_order(self, keys: Iterable[str]) -> None:
        """Sort the rows by a list of keys; rows it does not name follow, keys without a row are passed over.

        While the trader moves the cursor the new order waits, so that no row slips away under a key press.
        """
        wanted = [key for key in dict.fromkeys(keys) if key in self._rows]
        if self._hold.is_on:
            self._hold.keep(wanted)
            return
        named = set(wanted)
        self._arrange(wanted + [key for key in self._rows.order if key not in named])

    def move_cursor(self, key: str, source: Source = "program") -> None:
        """Put the cursor on a row and bring it into sight.

        Raises:
            KeyError: No row has this key.
        """
        index = self._rows.index(key)
        if source != "program":
            self._hold.begin()
        left, self._rows.cursor = self._rows.cursor, key
        self._cursor_left(left, source)
        self._scroll_to_index(index)

    def action_step(self, rows: int) -> None:
        """Move the cursor by a number of rows, downwards when positive, at most to the edge."""
        cursor, last = self.cursor_key, len(self._rows) - 1
        if cursor is not None:
            index = min(max(self._rows.index(cursor) + rows, 0), last)
            self.move_cursor(self._rows.order[index], source="key")

    def action_page(self, pages: int) -> None:
        """Move the cursor by a number of screens, downwards when positive."""
        self.action_step(pages * max(1, self._page - 1))

    def action_edge(self, direction: int) -> None:
        """Move the cursor to the first row (-1) or the last (1)."""
        self.action_step(direction * len(self._rows))

    def action_select_row(self) -> None:
        """Report the row under the cursor as chosen."""
        if self.cursor_key is not None:
            self.post_message(self.RowSelected(self, self.cursor_key))

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is in sight."""
        width = self.size.width
        header = self._header_height
        if y < header:
            return self._painter.header(self._placed, width, self._component("header"))
        index = y - header + self.scroll_offset.y
        if index < len(self._rows):
            key = self._rows.order[index]
            strip = self._strips.get(key)
            if strip is None:
                strip = self._strips[key] = self._draw_row(key, width)
            return strip
        if index == 0 and self.empty_text:
            return self._painter.text(self.empty_text, self._left, width, self._component("empty"))
        return Strip.blank(width, self.rich_style)

    def notify_style_update(self) -> None:
        """Forget every drawn line: the theme or the style sheet changed."""
        super().notify_style_update()
        self._strips.clear()
        if self.is_mounted and self._painter.use_theme(self.app.theme_variables):
            # A colour that only cells use changes no rule of the style sheet, so nothing else repaints it.
            self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Repaint, and report which rows are in sight."""
        super().watch_scroll_y(old_value, new_value)
        self._report_visible()

    def watch_show_header(self) -> None:
        """Make room for the header, or give its line to the rows."""
        self._measure()
        self.refresh()
        self._report_visible()

    def watch_empty_text(self) -> None:
        """Show the new text where there are no rows."""
        self._measure()
        self.refresh()

    def watch_keep_mark(self) -> None:
        """Show or hide the mark."""
        self._repaint_row(self.cursor_key)

    def on_mount(self) -> None:
        """Take the colours of the theme in use."""
        self._painter.use_theme(self.app.theme_variables)
        self._measure()

    def on_resize(self) -> None:
        """Choose the columns that fit, and keep the cursor in sight if it was."""
        self._placed = place(self._columns, self.size.width, left=self._left, gap=self._gap)
        self._strips.clear()
        self.refresh()
        if self.cursor_key in self._reported:
            self._scroll_to_index(self._rows.index(self.cursor_key))
        self._report_visible()

    def on_focus(self) -> None:
        """Mark the cursor's row and bring it into sight."""
        self._repaint_row(self.cursor_key)
        if self.cursor_key is not None:
            self._scroll_to_index(self._rows.index(self.cursor_key))

    def on_blur(self) -> None:
        """Take the mark away."""
        self._repaint_row(self.cursor_key)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the row under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self._header_height:
            return
        index = offset.y - self._header_height + self.scroll_offset.y
        if index < len(self._rows):
            self.move_cursor(self._rows.order[index], source="mouse")

    @property
    def _header_height(self) -> int:
        return 1 if self.show_header else 0

    @property
    def _page(self) -> int:
        """Rows that fit into the present height."""
        return max(0, self.size.height - self._header_height)

    def _arrange(self, order: list[str]) -> None:
        """Take over a list of rows: the one place where rows come, go and change places."""
        cursor = self.cursor_key
        # Unfocused at its top, a grid stays there: new rows come in at the top, and nobody is on the cursor's.
        followed = (self.has_focus or self.scroll_offset.y > 0) and cursor in self.visible_keys()
        first = self._rows.arrange(order)
        if first is None:
            return
        for key in [key for key in self._strips if key not in self._rows]:
            del self._strips[key]
        self._measure()
        y = max(0, first - self.scroll_offset.y)
        if y < self._page:
            self.refresh(Region(0, y + self._header_height, self.size.width, self._page - y))
        self._cursor_left(cursor, "program")
        if followed and self.cursor_key is not None:
            self._scroll_to_index(self._rows.index(self.cursor_key))
        self._report_visible()

    def _cursor_left(self, old: str | None, source: Source) -> None:
        """Repaint and report a cursor that stands elsewhere than before."""
        if old != self.cursor_key:
            self._repaint_row(old)
            self._repaint_row(self.cursor_key)
            self.post_message(self.RowHighlighted(self, self.cursor_key, source))

    def _scroll_to_index(self, index: int) -> None:
        top, page = self.scroll_offset.y, self._page
        if page and not top <= index < top + page:
            self.scroll_to(y=index if index < top else index - page + 1, animate=False)

    def _measure(self) -> None:
        rows = len(self._rows) or int(bool(self.empty_text))
        widths = sum(column.width + self._gap for column in self._columns) - self._gap
        self.virtual_size = Size(self._left + widths, self._header_height + rows)

    def _repaint_row(self, key: str | None, start: int = 0, end: int | None = None) -> None:
        """Draw a row anew and repaint it from one cell to another, if it is in sight."""
        if key is None or key not in self._rows:
            return
        self._strips.pop(key, None)
        y = self._rows.index(key) - self.scroll_offset.y
        if 0 <= y < self._page:
            width = (self.size.width if end is None else end) - start
            self.refresh(Region(start, y + self._header_height, width, 1))

    def _report_visible(self) -> None:
        if self.is_mounted and not self._report_due:
            self._report_due = True
            self.call_later(self._post_visible)

    def _post_visible(self) -> None:
        self._report_due = False
        keys = self.visible_keys()
        if keys != self._reported:
            self._reported = keys
            self.post_message(self.VisibleRowsChanged(self, keys))

    def _component(self, part: str) -> Style:
        return self.get_component_rich_style(f"line-grid--{part}")

    def _draw_row(self, key: str, width: int) -> Strip:
        mark, base = " " * self._left, self.rich_style
        if key == self.cursor_key:
            base = self._component("cursor" if self.has_focus else "cursor-blurred")
            if self._left and (self.has_focus or self.keep_mark):
                mark = MARK
        return self._painter.row(self._rows[key], self._placed, width, mark, base)
