"""What the day's fills cost, in a box above the desk."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.panes.costs import CostsPane

HINT = "− is worse than at arrival · `ibdesk tca` has sums and plots · Esc back"


class CostsScreen(ModalScreen[None]):
    """The pane with as much room as it needs; the desk behind it goes on."""

    DEFAULT_CSS = """
    CostsScreen {
        align: center middle;
        background: $background 30%;
        & > #frame {
            width: 104;
            max-width: 100%;
            height: 24;
            max-height: 100%;
            background: $surface;
            border: round $primary;
        }
        & CostsPane { height: 1fr; }
        & #hint { height: 1; padding: 0 1; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Back to the desk", show=False, id="costs.leave"),
    ]

    def compose(self) -> ComposeResult:
        """The pane and the way out."""
        pane = CostsPane(id="costs-pane")
        yield Vertical(pane, Static(Content(HINT), id="hint", markup=False), id="frame")

    def on_mount(self) -> None:
        """Let the keys go into the rows."""
        self.query_one(CostsPane).grid.focus()
