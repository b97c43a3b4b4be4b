"""LIVE: nothing is connected until a person has typed the phrase, letter by letter."""

from __future__ import annotations

from typing import ClassVar

from textual import events, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.domain.authority import ConfirmLive
from core.domain.commands import Command
from tui.screens.word import WordScreen
from tui.widgets.typed_input import TypedInput

TITLE = "! LIVE !"
QUESTION = "LIVE account {account}. Orders from here use real money."
"""Shown when core has not put the question in words of its own."""
NO_PASTE = "Type the phrase by hand: what is pasted does not count."


class PhraseInput(TypedInput):
    """A field for the live phrase, which says why nothing comes of a paste."""

    def _on_paste(self, event: events.Paste) -> None:
        super()._on_paste(event)
        self.screen.query_one(ConfirmLiveScreen.BOX).border_subtitle = NO_PASTE


class ConfirmLiveScreen(WordScreen):
    """Sends the phrase to core, which alone judges it. Escape leaves the desk unconnected."""

    DEFAULT_CSS = """
    ConfirmLiveScreen {
        & > #frame { border: heavy $mode-live; border-title-color: $mode-live; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Stay unconnected", show=False, id="live.leave"),
    ]
    BOX = "#frame"
    HINT = "Enter goes on · Esc stays unconnected"

    def __init__(self, text: str) -> None:
        """`text` is core's question, which names the account, masked, and the phrase."""
        super().__init__(TITLE, text)

    def questions(self) -> list[Widget]:
        """The field for the phrase."""
        return [PhraseInput(placeholder="trade live …", id="phrase")]

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Have core judge the phrase."""
        message.stop()
        if message.value.strip():
            self._send(message.value)

    def wish(self, phrase: str) -> Command:
        """What the phrase is typed for."""
        return ConfirmLive(phrase=phrase)

    @work(exclusive=True, group="confirm-live")
    async def _send(self, phrase: str) -> None:
        self.query_one(Input).value = ""
        await self.judge(self.wish(phrase))
