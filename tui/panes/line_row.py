"""A row of the desk that is one line: parts at the left, parts at the right, blanks between them."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content

from tui.panes.listener import Listener
from tui.widgets.columns import clean


class Part(NamedTuple):
    """Literal text and how it looks."""

    text: str
    style: str = ""
    """A Textual style such as `bold $quote-up`; empty for the row's own."""


GAP = Part("  ")
WIDE = 120
"""Cells from which on a row has room for everything."""


class LineRow(Listener):
    """One line over the whole width, painted again only when its text or style changes."""

    DEFAULT_CSS = """
    LineRow { height: 1; width: 1fr; }
    """
    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: tuple[Part, ...] = ()

    def left(self, width: int) -> list[Part]:
        """Parts from the left edge; what goes beyond `width` cells is cut."""
        raise NotImplementedError

    def right(self, width: int) -> list[Part]:
        """Parts up to the right edge; left out as a whole where the left ones leave no room."""
        return []

    def renew(self) -> None:
        """Ask for the parts anew and repaint if they look different."""
        width = self.size.width
        if not width:
            return
        parts = [Part(clean(text), style) for text, style in self.left(width)]
        right = [Part(clean(text), style) for text, style in self.right(width)]
        blanks = width - _cells(parts) - _cells(right)
        if right and blanks > 0:
            parts += [Part(" " * blanks), *right]
        shown = tuple(parts)
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Content:
        """The parts as one line, cut at the right edge."""
        return Content.assemble(*self._shown).truncate(self.size.width, ellipsis=True)

    def on_resize(self, _event: events.Resize) -> None:
        """Lay the parts out for the new width."""
        self.renew()


def _cells(parts: list[Part]) -> int:
    return sum(cell_len(text) for text, _ in parts)
