"""The column of the watchlist, the positions and the orders: what it shows where the terminal is low."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui.panes.grid_pane import GridPane

ROOMY = 10
"""Lines from which on every pane has room for its rule and at least two rows."""
WITH_RULES = 3
"""Lines below which not even the rules of the panes have room."""
TOO_LOW = "▲ make the terminal higher: no room for positions and orders"


class PaneColumn(Vertical):
    """Panes one above the other. Nothing of them vanishes without a word.

    Short of room they shrink (class `-low`), in the end to their rules, which still count the rows. Where there is no
    room for the rules a line says so, over the panes, so that the focus stays where it is (class `-none`).
    """

    DEFAULT_CSS = """
    PaneColumn {
        layers: panes word;
        & > #too-low { display: none; layer: word; width: 1fr; height: 100%; background: $background; }
        &.-none > #too-low { display: block; }
    }
    """

    def __init__(self, *panes: GridPane, id: str | None = None) -> None:
        self._panes = panes
        super().__init__(id=id)

    def compose(self) -> ComposeResult:
        """The panes, and what stands over them where they have no room."""
        panes: tuple[Widget, ...] = self._panes
        yield from panes
        yield Static(Content(TOO_LOW), id="too-low", markup=False)

    def on_resize(self) -> None:
        """Choose what there is room for."""
        height = self.size.height
        self.set_class(height < ROOMY, "-low")
        self.set_class(height < WITH_RULES, "-none")
