"""Core could not be reached: what it said itself, and the way on."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.messages import SnapshotLoaded, StartFailed
from tui.panes.listener import host_of
from tui.screens.frame import FramedScreen

TRYING = "Starting core again…"


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

    def on_mount(self) -> None:
        """Wait for core, or for its next word."""
        host_of(self).listen(self, SnapshotLoaded, StartFailed)

    def on_unmount(self) -> None:
        """Stop waiting."""
        host_of(self).forget(self)

    async def on_snapshot_loaded(self) -> None:
        """Core is there. Below another screen this waits until that one is closed."""
        if self.is_current:
            await self.action_dismiss()

    async def on_screen_resume(self) -> None:
        """Core came while another screen was on top."""
        if host_of(self).desk.is_attached:
            await self.action_dismiss()

    def on_start_failed(self, message: StartFailed) -> None:
        """Core did not start this time either."""
        self.tell(message.text)

    def action_try_again(self) -> None:
        """Reach for core once more."""
        self.tell(TRYING)
        host_of(self).desk.try_again()
