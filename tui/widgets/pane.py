"""The frame of a pane: one line above the content with a title at its left and a status at its right."""

from typing import ClassVar, Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.columns import shorten

Weight = Literal["single", "heavy", "dashed"]
"""How a title rule is drawn."""

LINES: dict[Weight, str] = {"single": "─", "heavy": "━", "dashed": "╌"}
SHORTEST_TITLE = 5


class PaneRule(Widget):
    """The title rule of a pane: `─ WATCH main ─────── 12 · 5 shown ─`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pane-rule--line", "pane-rule--title", "pane-rule--status"}
    DEFAULT_CSS = """
    PaneRule {
        width: 1fr;
        height: 1;
        & > .pane-rule--line { color: $text-muted; }
        & > .pane-rule--title { color: $foreground; }
        & > .pane-rule--status { color: $foreground; }
        &.-focused > .pane-rule--line { color: $primary; }
        &.-focused > .pane-rule--title { color: $primary; text-style: bold; }
    }
    """
    ALLOW_SELECT = False

    def __init__(self, title: str, status: str) -> None:
        super().__init__()
        self.auto_links = False
        self.title = title
        """Literal text at the left."""
        self.status = status
        """Literal text at the right; empty for none."""
        self.weight: Weight | None = None
        """How the line is drawn; None is heavy with the focus inside the pane, single without."""

    def render_line(self, y: int) -> Strip:
        """Draw the rule."""
        width = self.size.width
        # The focus shows in the shape of the line too, for readers without colour.
        line = LINES[self.weight or ("heavy" if self.has_class("-focused") else "single")]
        rule = self.get_component_rich_style("pane-rule--line")
        title, status = self._fit(width)
        segments: list[Segment] = []
        used = 0
        if title:
            segments += [
                Segment(f"{line} ", rule),
                Segment(title, self.get_component_rich_style("pane-rule--title")),
                Segment(" ", rule),
            ]
            used += cell_len(title) + 3
        tail: list[Segment] = []
        if status:
            style = self.get_component_rich_style("pane-rule--status")
            tail = [Segment(" ", rule), Segment(status, style), Segment(f" {line}", rule)]
            used += cell_len(status) + 3
        segments.append(Segment(line * max(0, width - used), rule))
        return Strip([*segments, *tail]).crop_extend(0, width, rule)

    def _fit(self, width: int) -> tuple[str, str]:
        """Shorten title and status to the width; the status, which may warn, keeps its room longest."""
        frame = 1 + 3 * bool(self.title) + 3 * bool(self.status)
        room = max(0, width - frame)
        title = shorten(self.title, max(room - cell_len(self.status), min(SHORTEST_TITLE, room)))
        return title, shorten(self.status, room - cell_len(title))


class Pane(Widget):
    """A part of the screen under a title rule, with no other border.

    Content is given at construction, in a `with` block, or by the `compose` of a subclass.
    """

    DEFAULT_CSS = """
    Pane {
        width: 1fr;
        height: 1fr;
        layout: vertical;
        overflow: hidden hidden;
    }
    """

    title: var[str] = var("", init=False)
    """Literal text at the left of the rule."""
    status: var[str] = var("", init=False)
    """Literal text at the right of the rule; empty for none."""
    weight: var[Weight | None] = var(None, init=False)
    """How the rule is drawn; None is heavy with the focus inside the pane, single without."""

    def __init__(
        self,
        *children: Widget,
        title: str = "",
        status: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """Create a pane.

        Args:
            children: The content.
            title: Literal text at the left of the rule.
            status: Literal text at the right of the rule; empty for none.
            id: Names the widget in queries and style sheets.
            classes: Style-sheet classes, separated by blanks.
        """
        self._rule = PaneRule(title, status)
        super().__init__(self._rule, *children, id=id, classes=classes)
        self.set_reactive(Pane.title, title)
        self.set_reactive(Pane.status, status)

    def watch_title(self, title: str) -> None:
        """Draw the rule with the new title."""
        self._rule.title = title
        self._rule.refresh()

    def watch_status(self, status: str) -> None:
        """Draw the rule with the new status."""
        self._rule.status = status
        self._rule.refresh()

    def watch_weight(self, weight: Weight | None) -> None:
        """Draw the rule with the new line."""
        self._rule.weight = weight
        self._rule.refresh()

    def on_descendant_focus(self) -> None:
        """Let the rule show that the keys go here."""
        self._rule.set_class(self.has_focus_within, "-focused")

    def on_descendant_blur(self) -> None:
        """Let the rule show that the keys go elsewhere."""
        self._rule.set_class(self.has_focus_within, "-focused")
