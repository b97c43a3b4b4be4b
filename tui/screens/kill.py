"""KILL: what is blocked and cancelled, what is not confirmed, and the words that cancel more or end it."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from core.domain.commands import Command, Kill, Resume
from core.domain.trading import KillScope, kill_in_words
from core.errors import LinkError
from tui import messages
from tui.panes.listener import host_of
from tui.screens.frame import FramedScreen
from tui.widgets.columns import clean

RESUME = "resume"
WIDER: dict[str, tuple[str, KillScope, str]] = {
    "1": ("protective", KillScope.OURS, "cancel what protects positions too"),
    "2": ("everything", KillScope.EVERYTHING, "cancel everything at the broker, of TWS and phone too"),
}
"""The keys that choose to cancel more: the word to type then, its scope, and what it does."""
WAYS = (
    f"1 protective orders too · 2 everything at the broker, TWS and phone too · type {RESUME} to trade again · "
    "Esc back, the block stays"
)
WAITING = "KILL: core is asked to block every new order …"


class KillScreen(FramedScreen):
    """Follows the kill switch. It was pulled before this was drawn; Escape changes nothing."""

    DEFAULT_CSS = """
    KillScreen {
        & > #frame { border: heavy $error; border-title-color: $error; }
        & Input { margin-bottom: 1; }
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
        self._answer = ""
        self._seen = False

    def questions(self) -> list[Widget]:
        """The field for the word."""
        return [_TypedInput(placeholder=f"{RESUME} …", id="word")]

    def on_mount(self) -> None:
        """Begin to follow."""
        host_of(self).listen(self, *self.HEARS)
        self.call_later(self._show)

    def on_unmount(self) -> None:
        """Stop following."""
        host_of(self).forget(self)

    def hint(self) -> str:
        """Core's answer, else what was chosen, else the ways out."""
        if self._answer:
            return self._answer
        if self._chosen:
            word, _, what = WIDER[self._chosen]
            return f"Type {word} and Enter to {what}. Esc goes back."
        return WAYS

    @on(messages.DeskMessage)
    async def _heard(self, message: messages.DeskMessage) -> None:
        if isinstance(message, messages.LinkLost):
            self._say(message.text)
        await self._show()

    async def _show(self) -> None:
        replica = host_of(self).replica
        if replica.killed is not None:
            self._seen = True
            self.tell("\n".join(clean(line) for line in kill_in_words(replica.killed, replica.orders)))
        elif self._seen:
            # It was ended, here or at another desk.
            self._seen = False
            await self.action_dismiss()

    def on_input_changed(self, message: Input.Changed) -> None:
        """A digit alone chooses; whatever else is typed makes an old answer pointless."""
        if message.value in WIDER:
            self._chosen = message.value
            message.input.value = ""
        if message.value:
            self._say("")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Send what the word stands for, if it is the whole word."""
        message.stop()
        word = message.value.strip().lower()
        if word == RESUME:
            self._send(Resume())
        elif self._chosen and word == WIDER[self._chosen][0]:
            self._send(Kill(scope=WIDER[self._chosen][1]))
            self._chosen = ""
        elif word:
            self._say(f"That is not the word. Nothing has changed. {WAYS}")
            return
        message.input.value = ""

    @work(group="kill")
    async def _send(self, command: Command) -> None:
        try:
            ack = await host_of(self).desk.send(command)
        except LinkError as error:
            self._say(f"{error} Run `ibdesk kill` in another terminal, or cancel in TWS.")
            return
        self._say("" if ack.denied is None else ack.denied.message)

    def _say(self, answer: str) -> None:
        self._answer = answer
        self.query_one("#hint", Static).update(Content(clean(self.hint())))


class _TypedInput(Input):
    """A field that can't be pasted into."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()

    def action_paste(self) -> None:
        """Textual's own clipboard is no way in either."""
