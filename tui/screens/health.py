"""How core feels, in a box above the desk, for as long as somebody looks at it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.panes.health import HealthPane


class HealthScreen(ModalScreen[None]):
    """The pane with as much room as it needs; the desk behind it goes on."""

    DEFAULT_CSS = """
    HealthScreen {
        align: center middle;
        background: $background 30%;
        & > #frame {
            width: 78;
            max-width: 100%;
            height: 24;
            max-height: 100%;
            background: $surface;
            border: round $primary;
        }
        & HealthPane { height: 1fr; }
        & #hint { height: 1; padding: 0 1; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Back to the desk", show=False, id="health.leave"),
    ]

    def compose(self) -> ComposeResult:
        """The pane and the way out."""
        yield Vertical(
            HealthPane(id="health-pane"),
            Static(Content("`ibdesk health` says the same in a shell · Esc back"), id="hint", markup=False),
            id="frame",
        )
