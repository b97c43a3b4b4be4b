"""The lines of a ticket, and the messages that its sends answer with."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from core.domain.commands import Ack, CancelEntries, CancelOrder, ClosePosition, ModifyOrder, PlaceOrder

Sendable = PlaceOrder | ModifyOrder | ClosePosition | CancelOrder | CancelEntries
"""What Enter in a ticket can send."""


@dataclass
class Answered(Message, bubble=False):
    """Core answered to a send."""

    token: int
    """What the send was given to know it by."""
    ack: Ack | None
    """None when the link broke first: what became of it is not known."""


@dataclass
class Previewed(Message, bubble=False):
    """Core answered to a question about a ticket."""

    asked: Hashable
    """What the question was given to know it by."""
    ack: Ack | None
    """None when the link broke first."""


class TicketFace(Widget, can_focus=True):
    """Draws what its owner gives it and tells the owner when it is drawn; takes the focus for the owner's keys."""

    DEFAULT_CSS = """
    TicketFace { width: 1fr; height: 2; }
    """
    ALLOW_SELECT = False
    LINES_MIN = 2
    LINES_MAX = 5

    def __init__(self, drawn: Callable[[], None]) -> None:
        """Create it; `drawn` is called each time that its content goes to the screen."""
        super().__init__()
        self.auto_links = False
        self.can_focus = False
        self._drawn = drawn
        self._content = Content("")

    @property
    def plain(self) -> str:
        """The text that it shows, lines separated by line feeds."""
        return self._content.plain

    def show(self, content: Content) -> None:
        """Show other lines; the height follows where a message needs more than two."""
        if content == self._content and content.spans == self._content.spans:
            return
        self._content = content
        lines = min(max(content.plain.count("\n") + 1, self.LINES_MIN), self.LINES_MAX)
        if self.styles.height is None or self.styles.height.value != lines:
            self.styles.height = lines
        self.refresh()

    def render(self) -> Content:
        """The lines."""
        self._drawn()
        return self._content
