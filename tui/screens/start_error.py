"""Core could not be reached: what it said itself, and the way on."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.panes.listener import host_of
from tui.screens.frame import FramedScreen


class StartErrorScreen(FramedScreen):
    """Stands until core is there, or the desk is closed. Nothing was sent."""

    DEFAULT_CSS = """
    StartErrorScreen > #frame { border: round $refusal; border-title-color: $refusal; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "try_again", "Try again", show=False, id="start.again"),
        Binding("q", "app.leave", "Quit", show=False, id="start.quit"),
    ]
    HINT = "r try again · q quit"

    async def action_try_again(self) -> None:
        """Reach for core once more."""
        host_of(self).desk.try_again()
        await self.action_dismiss()
