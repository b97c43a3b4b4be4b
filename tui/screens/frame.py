"""A box in the middle of the screen, above the desk: what every question of the desk looks like."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from core.text import clean, clean_lines


class FramedScreen(ModalScreen[None]):
    """Base of the boxes. The desk behind it goes on."""

    DEFAULT_CSS = """
    FramedScreen {
        align: center middle;
        background: $background 30%;
        & > #frame {
            width: 72;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 1 2;
            background: $surface;
            border: round $primary;
            border-title-style: bold;
        }
        & #said { height: auto; margin-bottom: 1; }
        & #hint { height: auto; color: $text-muted; }
    }
    """
    HINT = ""
    """The keys that lead out of it."""

    def __init__(self, title: str, text: str) -> None:
        """`title` stands in the frame, `text` is literal."""
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """Text, whatever a subclass asks, and the hint."""
        frame = Vertical(
            Static(Content(clean_lines(self._text)), id="said", markup=False),
            *self.questions(),
            Static(Content(clean(self.hint())), id="hint", markup=False),
            id="frame",
        )
        frame.border_title = Content(clean(self._title))
        yield frame

    def hint(self) -> str:
        """The keys that lead out of it, as things stand."""
        return self.HINT

    def questions(self) -> list[Widget]:
        """Widgets between text and hint."""
        return []

    def tell(self, text: str) -> None:
        """Put another text in the place of the first."""
        self._text = text
        if self.is_mounted:
            self.query_one("#said", Static).update(Content(clean_lines(text)))
            self.query_one("#hint", Static).update(Content(clean(self.hint())))
