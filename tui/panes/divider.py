"""The line between the two columns of the desk, joined to the title rules of the panes at its sides."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

_JOINTS = {(False, False): "│", (True, False): "┤", (False, True): "├", (True, True): "┼"}


class Divider(Widget):
    """One cell wide. Its siblings before and after it are the columns."""

    DEFAULT_CSS = """
    Divider { width: 1; height: 1fr; color: $text-muted; }
    """
    ALLOW_SELECT = False

    def render_line(self, y: int) -> Strip:
        """A joint where a pane begins at the left or at the right."""
        parent = self.parent
        columns = [] if not isinstance(parent, Widget) else [child for child in parent.children if child is not self]
        row = self.region.y + y
        left, right = (any(pane.region.y == row for pane in column.children) for column in columns[:2])
        joint = "┬" if y == 0 and left and right else _JOINTS[left, right]
        return Strip([Segment(joint, self.rich_style)], 1)
