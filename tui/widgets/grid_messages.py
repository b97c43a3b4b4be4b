"""What a grid tells its owner. Handlers are named after the grid: `on_line_grid_row_highlighted` and so on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual.message import Message

if TYPE_CHECKING:
    from tui.widgets.line_grid import LineGrid

Source = Literal["key", "mouse", "program"]
"""What moved the cursor: the trader's key, the trader's mouse, or neither."""


@dataclass
class GridMessage(Message):
    """What all messages of a grid have in common."""

    grid: "LineGrid"
    """The grid that sent the message."""

    @property
    def control(self) -> "LineGrid":
        """The grid that sent the message."""
        return self.grid


@dataclass
class RowHighlighted(GridMessage, namespace="line_grid"):
    """The cursor stands on another row."""

    key: str | None
    """Key of the row under the cursor; None when the last row went."""
    source: Source
    """What moved the cursor."""

    @property
    def by_user(self) -> bool:
        """Whether the trader moved the cursor, with a key or the mouse."""
        return self.source != "program"


@dataclass
class RowSelected(GridMessage, namespace="line_grid"):
    """Enter was pressed on a row. The mouse never selects."""

    key: str
    """Key of the row under the cursor."""


@dataclass
class VisibleRowsChanged(GridMessage, namespace="line_grid"):
    """Other rows are in sight than before: scrolled, resized, sorted, added or removed."""

    keys: tuple[str, ...]
    """Keys of the rows in sight, from top to bottom."""

    def can_replace(self, message: Message) -> bool:
        """Only the newest of several waiting messages matters."""
        return isinstance(message, VisibleRowsChanged) and message.grid is self.grid
