"""A pane with one grid, whose row under the cursor is what the desk looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message

from tui.panes.listener import Listener
from tui.themes import CELL_STYLES
from tui.widgets.line_grid import Column, LineGrid, Row
from tui.widgets.pane import Pane


class GridPane(Listener, Pane):
    """Base of the watchlist, the positions and the orders."""

    TITLE: ClassVar[str] = ""
    COLUMNS: ClassVar[Sequence[Column]] = ()
    WITH_HEADER: ClassVar[int] = 4
    """Lines of the pane from which on one of them is for the header; below, rows are worth more."""

    @dataclass
    class Looked(Message):
        """The cursor of the pane in use stands on an instrument."""

        con_id: int | None
        """None where there is no row."""
        by_user: bool
        """True when the trader's own key or click brought it there."""
        account: str
        """The account of the row, in full; empty for a row that has none."""
        pane: GridPane
        """The pane, which keeps the mark at its row while the keys go into a ticket."""

    def __init__(self, *, id: str | None = None) -> None:
        self.grid: LineGrid = LineGrid(self.COLUMNS, CELL_STYLES)
        """The rows."""
        super().__init__(self.grid, title=self.TITLE, id=id)

    def rows(self) -> Mapping[str, Row]:
        """Cells by key, from top to bottom, from the replica as it is now."""
        raise NotImplementedError

    def summary(self) -> str:
        """What stands at the right of the title."""
        return ""

    def empty_text(self) -> str:
        """What stands where there is no row."""
        return ""

    def con_id_of(self, key: str) -> int | None:
        """The instrument of a row; None for a row that has none."""
        raise NotImplementedError

    def account_of(self, _key: str) -> str:
        """The account that a row speaks of, in full; empty for a row that has none."""
        return ""

    def renew(self) -> None:
        """Show the replica as it is now."""
        self.grid.set_rows(self.rows())
        self.grid.empty_text = self.empty_text()
        self.status = self.summary()

    def on_resize(self, event: events.Resize) -> None:
        """Give the header's line to a row where there are few."""
        self.grid.show_header = event.size.height >= self.WITH_HEADER

    def on_line_grid_row_highlighted(self, message: LineGrid.RowHighlighted) -> None:
        """Pass on what the cursor stands on, if this pane is the one in use."""
        message.stop()
        if message.by_user or self.grid.has_focus:
            self._look(message.key, by_user=message.by_user)

    def on_descendant_focus(self) -> None:
        """The trader came here: its row is what the desk looks at now."""
        if self.grid.cursor_key is not None:
            self._look(self.grid.cursor_key, by_user=True)

    def _look(self, key: str | None, *, by_user: bool) -> None:
        con_id = None if key is None else self.con_id_of(key)
        account = "" if key is None else self.account_of(key)
        self.post_message(self.Looked(con_id, by_user, account, self))
