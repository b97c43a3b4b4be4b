"""How core feels."""

from __future__ import annotations

from typing import ClassVar

from textual.widget import Widget

from tui.panes.health import HealthPane
from tui.screens.boxed_pane import BoxedPane


class HealthScreen(BoxedPane):
    """Latency, uptime, success, errors and breakers."""

    DEFAULT_CSS = """
    HealthScreen > #frame { width: 78; }
    """
    HINT: ClassVar[str] = "`ibdesk health` says the same in a shell · Esc back"

    def pane(self) -> Widget:
        """The figures."""
        return HealthPane(id="health-pane")
