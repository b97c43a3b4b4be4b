"""Turns rows of a grid into strips of styled text, with styles looked up in the theme's variables."""

from collections.abc import Mapping, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.strip import Strip

from tui.widgets.columns import Align, Cell, CellStyle, Placed, Row, fit

BLANK = Cell("")


class GridPainter:
    """Draws the lines of one grid and remembers how its styles look in the theme now in use."""

    def __init__(self, styles: Mapping[str, CellStyle]) -> None:
        self._styles = dict(styles)
        self._variables: Mapping[str, str] = {}
        self._resolved: dict[tuple[str, Style], Style] = {}

    def knows(self, style: str) -> bool:
        """Whether a cell may name this style; the empty name always may."""
        return not style or style in self._styles

    def use_theme(self, variables: Mapping[str, str]) -> bool:
        """Take the colours from these theme variables; returns whether any value differs from before."""
        changed = self._variables != variables
        if changed:
            self._variables = dict(variables)
            self._resolved.clear()
        return changed

    def row(self, cells: Row, placed: Sequence[Placed], width: int, mark: str, base: Style) -> Strip:
        """Draw one row.

        Args:
            cells: What stands in the columns.
            placed: The columns that are shown.
            width: Width of the line in cells.
            mark: Text in the gutter.
            base: Style of the row where no cell says otherwise.
        """
        fields: list[tuple[Placed, str, Style]] = []
        for spot in placed:
            cell = cells.get(spot.column.key, BLANK)
            if cell.text:
                fields.append((spot, cell.text, self._style(cell.style, base)))
        return self._line(fields, width, mark, base)

    def header(self, placed: Sequence[Placed], width: int, base: Style) -> Strip:
        """Draw the line with the columns' titles."""
        return self._line([(spot, spot.column.title, base) for spot in placed], width, "", base)

    def text(self, text: str, left: int, width: int, base: Style) -> Strip:
        """Draw a line of one text that starts `left` cells from the edge."""
        _, shown, after = fit(text, max(0, width - left), "left")
        return Strip([Segment(" " * left + shown + " " * after, base)]).adjust_cell_length(width, base)

    def _line(self, fields: Sequence[tuple[Placed, str, Style]], width: int, mark: str, base: Style) -> Strip:
        segments: list[Segment] = []
        # Blank cells always have the row's own style, so that a reversed text reverses nothing but itself.
        plain = mark
        end = len(mark)
        for spot, text, style in fields:
            align: Align = spot.column.align
            before, shown, after = fit(text, spot.width, align)
            plain += " " * (spot.x - end + before)
            if style == base:
                plain += shown
            else:
                if plain:
                    segments.append(Segment(plain, base))
                segments.append(Segment(shown, style))
                plain = ""
            plain += " " * after
            end = spot.end
        plain += " " * (width - end)
        if plain:
            segments.append(Segment(plain, base))
        return Strip(segments, width) if end <= width else Strip(segments, end).crop(0, width)

    def _style(self, name: str, base: Style) -> Style:
        if not name:
            return base
        style = self._resolved.get((name, base))
        if style is None:
            style = self._resolved[name, base] = base + self._partial(self._styles[name])
        return style

    def _partial(self, style: CellStyle) -> Style:
        color = None
        if style.color is not None:
            try:
                color = Color.parse(self._variables.get(style.color, "")).rich_color
            except ColorParseError:
                # A theme without this colour shows the row's own; text and sign still carry the meaning.
                color = None
        # None leaves what the row says, so that a bold cursor row stays bold.
        return Style(
            color=color,
            bold=style.bold or None,
            italic=style.italic or None,
            underline=style.underline or None,
            reverse=style.reverse or None,
        )
