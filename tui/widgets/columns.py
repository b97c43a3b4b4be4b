"""Columns and cells of a grid: what they hold, how wide they get, how text is fitted into them."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from rich.cells import cell_len, set_cell_size

Align = Literal["left", "right", "center"]
"""Where a text stands in its column."""

UNBOUNDED = 10_000
"""A `Column.max_width` that takes all the room there is, in cells."""

ELLIPSIS = "…"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Cell(NamedTuple):
    """What stands in one field of a row: literal text, never markup, and the name of its style."""

    text: str
    style: str = ""
    """Key into the styles given to the grid; the empty string is the grid's own text colour."""


class CellStyle(NamedTuple):
    """How a named style looks. The flags carry the meaning where there is no colour (NO_COLOR)."""

    color: str | None = None
    """Name of a theme variable, without the dollar sign; None keeps the row's text colour."""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False


class Column(NamedTuple):
    """One column of a grid."""

    key: str
    """Names the column in the cells of a row; unique in its grid."""
    title: str
    """Text of the header line."""
    width: int
    """Width in terminal cells; the least width when `max_width` is larger."""
    align: Align = "left"
    priority: int = 100
    """Columns with the lowest priority vanish first where the room is short; among equals the rightmost."""
    max_width: int | None = None
    """Most cells a flexible column grows to, `UNBOUNDED` for all there are; None keeps it at `width`."""


class Placed(NamedTuple):
    """A column that fits, with its place in the line."""

    column: Column
    x: int
    """First cell of the column, counted from the left edge of the grid's content."""
    width: int
    """Width in cells, after flexible columns have grown."""

    @property
    def end(self) -> int:
        """The first cell to the right of the column."""
        return self.x + self.width


Row = Mapping[str, Cell]
"""The cells of a row by column key; a column that is not named stays blank."""


def clean(text: str) -> str:
    """Return the text with every character that could move the terminal's cursor replaced.

    Text from outside is cleaned where it comes in; this keeps a grid whole when something slips through.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else REPLACEMENT for char in text)


def shorten(text: str, width: int) -> str:
    """Return the text in at most `width` cells; what does not fit ends in an ellipsis."""
    text = clean(text)
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    # A wide character that is cut in half leaves a blank, which must not stand before the ellipsis.
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def fit(text: str, width: int, align: Align) -> tuple[int, str, int]:
    """Fit a text into a column.

    Args:
        text: Literal text.
        width: Width of the column in cells.
        align: Where the text stands.

    Returns:
        Blank cells before the text, the text (shortened where it must be), blank cells after it; together
        exactly `width` cells.
    """
    shown = shorten(text, width)
    spare = max(0, width - cell_len(shown))
    if align == "right":
        return spare, shown, 0
    if align == "center":
        return spare // 2, shown, spare - spare // 2
    return 0, shown, spare


def place(columns: Sequence[Column], available: int, *, left: int = 0, gap: int = 1) -> tuple[Placed, ...]:
    """Choose the columns that fit and give each its place.

    Args:
        columns: All columns, from left to right.
        available: Width of the line in cells.
        left: Cells kept free at the left edge.
        gap: Cells between two columns.

    Returns:
        The columns that fit, in their order. The most important column is always among them, cut to the
        line where even that is too wide; none when the line has no room at all.
    """
    room = available - left
    if room <= 0 or not columns:
        return ()
    chosen = list(columns)
    while len(chosen) > 1 and sum(column.width for column in chosen) + gap * (len(chosen) - 1) > room:
        chosen.remove(min(reversed(chosen), key=lambda column: column.priority))
    widths = [min(column.width, room) for column in chosen]
    _grow(chosen, widths, room - sum(widths) - gap * (len(chosen) - 1))
    placed: list[Placed] = []
    x = left
    for column, width in zip(chosen, widths, strict=True):
        placed.append(Placed(column, x, width))
        x += width + gap
    return tuple(placed)


def _grow(columns: Sequence[Column], widths: list[int], spare: int) -> None:
    """Share the spare cells out evenly among the flexible columns, in place."""
    growing = [index for index, column in enumerate(columns) if (column.max_width or 0) > column.width]
    while spare > 0 and growing:
        share, extra = divmod(spare, len(growing))
        for position, index in enumerate(list(growing)):
            wanted = share + (position < extra)
            taken = min(wanted, (columns[index].max_width or 0) - widths[index])
            widths[index] += taken
            spare -= taken
            if taken < wanted or widths[index] == columns[index].max_width:
                growing.remove(index)
