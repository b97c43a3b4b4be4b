"""What the day's fills cost."""

from __future__ import annotations

from typing import ClassVar

from textual.widget import Widget

from tui.panes.costs import CostsPane
from tui.screens.boxed_pane import BoxedPane


class CostsScreen(BoxedPane):
    """The day's orders with fills, the dearest first."""

    HINT: ClassVar[str] = "− is worse than at arrival · `ibdesk tca` has sums and plots · Esc back"

    def pane(self) -> Widget:
        """The rows."""
        return CostsPane(id="costs-pane")

    def on_mount(self) -> None:
        """Let the keys go into the rows."""
        self.query_one(CostsPane).grid.focus()
