"""REDUCING: why only reducing orders leave, and the word that lets all of them through again."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.domain.commands import Resume
from tui.screens.word import WordScreen
from tui.widgets.typed_input import TypedInput

WORD = "resume"


class ResumeScreen(WordScreen):
    """Sends the wish to core, which alone judges it. Escape changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Leave it as it is", show=False, id="resume.leave"),
    ]
    HINT = f"Type {WORD} to let all orders through again · Esc back"

    def __init__(self, reason: str) -> None:
        """`reason` says why only reducing orders leave."""
        super().__init__("REDUCING", f"Only orders that reduce a position are sent: {reason}")

    def questions(self) -> list[Widget]:
        """The field for the word."""
        return [TypedInput(placeholder=f"{WORD} …", id="word")]

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Have core judge the word."""
        message.stop()
        if message.value.strip().lower() == WORD:
            self._send()
        elif message.value.strip():
            self.tell(f"That is not the word. Type {WORD}, whole, or Esc. Nothing has changed.")

    @work(exclusive=True, group="resume")
    async def _send(self) -> None:
        await self.judge(Resume())
