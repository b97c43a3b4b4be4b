"""KILL: what is blocked and cancelled, what is not confirmed, and the words that cancel more or end it."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.domain.commands import CloseAll, Command, Kill, Resume
from core.domain.trading import KillScope, kill_in_words
from core.errors import LinkError
from tui import messages
from tui.panes.listener import host_of
from tui.screens.word import FollowingScreen
from tui.widgets.columns import clean
from tui.widgets.typed_input import TypedInput

RESUME = "resume"
FURTHER: dict[str, tuple[str, Command, str]] = {
    "1": ("protective", Kill(scope=KillScope.OURS), "cancel what protects positions too"),
    "2": ("everything", Kill(scope=KillScope.EVERYTHING), "cancel everything at the broker, of TWS and phone too"),
    "3": (
        "close",
        CloseAll(),
        "cancel every order of ours and close every position: one with a live quote near it, any other at the market",
    ),
}
"""The keys that choose to go further: the word to type then, what is sent, and what it does."""
WAYS = (
    f"1 protective orders too · 2 everything at the broker, TWS and phone too · 3 close all · type {RESUME} to trade "
    "again · Esc back, the block stays"
)
WAITING = "KILL: core is asked to block every new order …"


class KillScreen(FollowingScreen):
    """Follows the kill switch. It was pulled before this was drawn; Escape changes nothing."""

    DEFAULT_CSS = """
    KillScreen {
        & > #frame { border: heavy $error; border-title-color: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Leave it blocked", show=False, id="kill.leave"),
    ]
    HEARS = (
        messages.OrderUpdated,
        messages.KillProgressed,
        messages.TradingStateUpdated,
        messages.SnapshotLoaded,
        messages.LinkLost,
    )

    def __init__(self) -> None:
        super().__init__("KILL", WAITING)
        self._chosen = ""
        self._seen = False

    def questions(self) -> list[Widget]:
        """The field for the word."""
        return [TypedInput(placeholder=f"{RESUME} …", id="word")]

    def hint(self) -> str:
        """Core's answer, else what was chosen, else the ways out."""
        if self.answer:
            return self.answer
        if self._chosen:
            word, _, what = FURTHER[self._chosen]
            return f"Type {word} and Enter to {what}. Esc goes back."
        return WAYS

    @on(messages.LinkLost)
    def _lost(self, message: messages.LinkLost) -> None:
        self.say(message.text)

    async def show(self) -> None:
        """What is blocked and cancelled; leaves when trading goes on."""
        replica = host_of(self).replica
        if replica.killed is not None:
            self._seen = True
            self.tell("\n".join(clean(line) for line in kill_in_words(replica.killed, replica.orders)))
        elif self._seen:
            # It was ended, here or at another desk.
            self._seen = False
            await self.action_dismiss()

    def on_input_changed(self, message: Input.Changed) -> None:
        """A digit alone chooses to go further; whatever else is typed makes an old answer pointless."""
        if message.value in FURTHER:
            self._chosen = message.value
            message.input.value = ""
        if message.value:
            self.say("")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Send what the word stands for, if it is the whole word."""
        message.stop()
        word = message.value.strip().lower()
        if word == RESUME:
            self._send(Resume())
        elif self._chosen and word == FURTHER[self._chosen][0]:
            self._send(FURTHER[self._chosen][1])
            self._chosen = ""
        elif word:
            self.say(f"That is not the word. Nothing has changed. {WAYS}")
            return
        message.input.value = ""

    @work(group="kill")
    async def _send(self, command: Command) -> None:
        try:
            ack = await host_of(self).desk.send(command)
        except LinkError as error:
            self.say(f"{error} Run `ibdesk kill` in another terminal, or cancel in TWS.")
            return
        self.say("" if ack.denied is None else ack.denied.message)
