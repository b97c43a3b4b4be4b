"""LIVE: nothing is connected until a person has typed the phrase, letter by letter."""

from __future__ import annotations

from typing import ClassVar

from textual import events, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.domain.commands import ConfirmLive
from core.errors import LinkError
from tui.panes.listener import host_of
from tui.screens.frame import FramedScreen

TITLE = "! LIVE !"
QUESTION = "LIVE account {account}. Orders from here use real money."
"""Shown when core has not put the question in words of its own."""
NO_PASTE = "Type the phrase by hand: what is pasted does not count."


class _PhraseInput(Input):
    """A field that can't be pasted into."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.screen.query_one(ConfirmLiveScreen.BOX).border_subtitle = NO_PASTE

    def action_paste(self) -> None:
        """Textual's own clipboard is no way in either."""


class ConfirmLiveScreen(FramedScreen):
    """Sends the phrase to core, which alone judges it. Escape leaves the desk unconnected."""

    DEFAULT_CSS = """
    ConfirmLiveScreen {
        & > #frame { border: heavy $mode-live; border-title-color: $mode-live; }
        & Input { margin-bottom: 1; }
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
        return [_PhraseInput(placeholder="trade live …", id="phrase")]

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Have core judge the phrase."""
        message.stop()
        if message.value.strip():
            self._send(message.value)

    @work(exclusive=True, group="confirm-live")
    async def _send(self, phrase: str) -> None:
        self.query_one(Input).value = ""
        try:
            ack = await host_of(self).desk.send(ConfirmLive(phrase=phrase))
        except LinkError as error:
            self.tell(str(error))
            return
        if ack.ok:
            await self.action_dismiss()
        elif ack.denied is not None:
            self.tell(ack.denied.message)
