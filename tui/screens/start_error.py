"""Core could not be reached: what it said itself, and the way on."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.messages import SnapshotLoaded, StartFailed
from tui.panes.listener import host_of
from tui.screens.frame import FramedScreen

TRYING = "Starting core again…"
RESTARTING = "Ending the other core and starting this build's…"


class StartErrorScreen(FramedScreen):
    """Stands until core is there, or the desk is closed. Nothing was sent."""

    DEFAULT_CSS = """
    StartErrorScreen > #frame { border: round $refusal; border-title-color: $refusal; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "try_again", "Try again", show=False, id="start.again"),
        Binding("c", "restart_core", "Restart core", show=False, id="start.restart"),
        Binding("q", "app.leave", "Quit", show=False, id="start.quit"),
    ]
    HINT = "r try again · q quit"

    def __init__(self, title: str, text: str, *, other_build: bool = False) -> None:
        """`other_build` offers to end the core of another build, which `text` tells of."""
        super().__init__(title, text)
        self._other_build = other_build

    def hint(self) -> str:
        """With a core of another build, the key that restarts it too."""
        return f"c restart core · {self.HINT}" if self._other_build else self.HINT

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
        self._other_build = message.other_build
        self.tell(message.text)

    def action_try_again(self) -> None:
        """Reach for core once more."""
        self.tell(TRYING)
        host_of(self).desk.try_again()

    def action_restart_core(self) -> None:
        """End the core of another build and start this one's: what the person was told of its orders stands above."""
        if self._other_build:
            self._other_build = False
            self.tell(RESTARTING)
            host_of(self).desk.restart_core()
