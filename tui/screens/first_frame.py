"""What stands on the screen while the desk itself is still being imported: its rules, at their places."""

from __future__ import annotations

from rich.segment import Segment
from textual.app import ComposeResult
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

WIDE = 120
"""Cells from which on the desk has two columns."""
ABOVE, BELOW = 2, 5
"""Lines above the panes, and those of ticket, message and keys."""
NARROW_SHARES = (7, 5, 5)
WIDE_SHARES = (14, 8, 11)
"""How the panes of the left column share its height; the style sheet of the desk says the same."""
TITLES = ("WATCH main", "POSITIONS", "ORDERS")
STARTING = "starting core…"


def rules(width: int, height: int) -> dict[int, str]:
    """Titles of the left column's panes, and of the ticket, by line."""
    room = max(0, height - ABOVE - BELOW)
    shares = WIDE_SHARES if width >= WIDE else NARROW_SHARES
    lines: dict[int, str] = {}
    passed = 0
    for title, share in zip(TITLES, shares, strict=True):
        lines[ABOVE + room * passed // sum(shares)] = title
        passed += share
    return lines | {ABOVE + room: "TICKET"}


class _Frame(Widget):
    DEFAULT_CSS = """
    _Frame { width: 1fr; height: 1fr; }
    """

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        titles = rules(width, height)
        text = f"─ {titles[y]} ".ljust(width, "─") if y in titles else f" {STARTING}" * (y == 0)
        return Strip([Segment(text, self.rich_style)]).crop_extend(0, width, self.rich_style)


class FirstFrame(Screen[None]):
    """Takes no keys; the desk takes its place as soon as it is there."""

    def compose(self) -> ComposeResult:
        """One widget that draws every line."""
        yield _Frame()
