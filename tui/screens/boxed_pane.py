"""A pane in a box above the desk, for as long as somebody looks at it; the desk behind it goes on."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static


class BoxedPane(ModalScreen[None]):
    """The pane that `pane` makes, with as much room as there is up to the box's width, and a hint below it."""

    DEFAULT_CSS = """
    BoxedPane {
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
        & > #frame > .pane { height: 1fr; }
        & #hint { height: 1; padding: 0 1; color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Back to the desk", show=False, id="box.leave"),
    ]
    HINT: ClassVar[str] = ""
    """One line of at most 76 cells: where else this is said, and the way out."""

    def pane(self) -> Widget:
        """The pane, made once."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The pane and the way out."""
        yield Vertical(self.pane().add_class("pane"), Static(Content(self.HINT), id="hint", markup=False), id="frame")
