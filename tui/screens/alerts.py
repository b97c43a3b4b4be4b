"""All alerts in a box above the desk: where the desk has no room for their pane, and to read long ones."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.messages import Say
from tui.panes.alerts import AlertsPane
from tui.screens.frame import FramedScreen
from tui.widgets.columns import clean


class AlertsScreen(FramedScreen):
    """The pane with as much room as there is; the row under the cursor is read out above it."""

    DEFAULT_CSS = """
    AlertsScreen {
        & > #frame { width: 110; }
        & AlertsPane { height: 14; margin-bottom: 1; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "see", "Mark the alert as seen", show=False, id="alerts.see"),
        Binding("a", "see_all", "Mark all alerts as seen", show=False, id="alerts.see_all"),
        Binding("escape,q", "dismiss", "Back to the desk", show=False, id="alerts.leave"),
    ]
    HINT = "Space or Enter marks the alert as seen · a marks all · Esc back"

    def __init__(self) -> None:
        """It follows the replica by itself."""
        super().__init__("ALERTS", "What repeats is counted. Seen is seen at every desk.")

    def questions(self) -> list[Widget]:
        """The pane."""
        return [AlertsPane(id="all-alerts")]

    def on_mount(self) -> None:
        """Let the keys go into the rows."""
        self.query_one(AlertsPane).grid.focus()

    def on_say(self, message: Say) -> None:
        """Read the alert under the cursor out here: the message row lies behind."""
        message.stop()
        self.tell(clean(message.text))

    def action_see(self) -> None:
        """Mark the alert under the cursor as seen."""
        self.query_one(AlertsPane).acknowledge()

    def action_see_all(self) -> None:
        """Mark all as seen."""
        self.query_one(AlertsPane).acknowledge_all()
