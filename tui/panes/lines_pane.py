"""A pane of labelled lines, without a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.content import Content
from textual.widget import Widget

from tui.panes.line_row import Part
from tui.panes.listener import Listener
from tui.widgets.columns import clean
from tui.widgets.pane import Pane

LABEL_CELLS = 11

Line = Sequence[Part]


def labelled(label: str, *parts: Part | str) -> Line:
    """A line with a muted label at its left; plain texts have the pane's own style."""
    values = [part if isinstance(part, Part) else Part(part) for part in parts]
    return [Part(f"{label:<{LABEL_CELLS}}", "$text-muted"), *values]


class _Body(Widget):
    DEFAULT_CSS = """
    _Body { height: 1fr; width: 1fr; padding: 0 1; }
    """
    ALLOW_SELECT = False

    lines: tuple[tuple[Part, ...], ...] = ()

    def render(self) -> Content:
        width = self.size.width
        return Content("\n").join(Content.assemble(*line).truncate(width, ellipsis=True) for line in self.lines)


class LinesPane(Listener, Pane):
    """Base of the account and the connection; painted again only when a line looks different."""

    TITLE: ClassVar[str] = ""

    def __init__(self, *, id: str | None = None) -> None:
        self._body = _Body()
        super().__init__(self._body, title=self.TITLE, id=id)

    def lines(self, width: int) -> Sequence[Line]:
        """The lines from the top, at most `width` cells wide; what goes beyond is cut."""
        raise NotImplementedError

    def summary(self) -> str:
        """What stands at the right of the title."""
        return ""

    def renew(self) -> None:
        """Show the replica as it is now."""
        lines = tuple(
            tuple(Part(clean(text), style) for text, style in line) for line in self.lines(self._body.size.width)
        )
        self.status = self.summary()
        if lines != self._body.lines:
            self._body.lines = lines
            self._body.refresh()

    def on_resize(self) -> None:
        """Lay the lines out for the new width."""
        self.renew()
