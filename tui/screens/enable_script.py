"""A script that sent too many orders of one kind: its name, typed by a person, lets it trade again."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.domain.commands import EnableScript
from tui.screens.word import WordScreen
from tui.widgets.typed_input import TypedInput

TEXT = (
    "A script that sends many orders of one kind is disabled: its orders work on, new ones are refused. ALERTS and the "
    "message row name it. Look at its orders first."
)


class EnableScriptScreen(WordScreen):
    """Sends the name to core, which alone knows the scripts. Escape changes nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Leave it as it is", show=False, id="enable_script.leave"),
    ]
    HINT = "Type the script's name to let it trade again · Esc back"

    def __init__(self) -> None:
        """Create it."""
        super().__init__("SCRIPTS", TEXT)

    def questions(self) -> list[Widget]:
        """The field for the name."""
        return [TypedInput(placeholder="name of the script …", id="word")]

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Have core judge the name."""
        message.stop()
        name = message.value.strip()
        if name:
            self._send(name)

    @work(exclusive=True, group="enable_script")
    async def _send(self, name: str) -> None:
        await self.judge(EnableScript(script=name))
