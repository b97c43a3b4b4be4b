"""LIVE: what the phrase does a second time, typed again: it arms this desk, or lets a script trade."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from core.domain.authority import Arm, AuthorityCommand, EndGrant, GrantLive
from core.domain.commands import Command
from core.errors import LinkError
from tui import messages
from tui.panes.listener import host_of
from tui.screens.confirm_live import ConfirmLiveScreen, PhraseInput
from tui.screens.word import FollowingScreen
from tui.times import time_of_day

QUESTION = "LIVE account {account}. Type the live phrase again: the sending keys of this desk act at once then."
END = "end"
"""The word before a client's name that ends its grant."""


class ArmScreen(ConfirmLiveScreen):
    """Sends the phrase to core, which alone judges it. Escape leaves the desk as it is."""

    HINT = "Enter arms · Esc leaves it as it is"

    def wish(self, phrase: str) -> Command:
        """Arm this desk."""
        return Arm(phrase=phrase)


class GrantScreen(FollowingScreen):
    """Who may trade live beside this desk, and the line that gives or ends it. Escape changes nothing."""

    DEFAULT_CSS = """
    GrantScreen {
        & > #frame { border: heavy $mode-live; border-title-color: $mode-live; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Leave it as it is", show=False, id="grant.leave"),
    ]
    HINT = f"The live phrase, then the client's name, grants it · {END} and its name ends it · Esc back"
    HEARS = (messages.SnapshotLoaded, messages.AuthorityUpdated, messages.LinkLost)

    def __init__(self) -> None:
        """The text follows what core says."""
        super().__init__("! LIVE ! who else may trade", "")

    def hint(self) -> str:
        """Core's answer while there is one, else the ways out."""
        return self.answer or self.HINT

    def questions(self) -> list[Widget]:
        """The field for the line."""
        return [PhraseInput(placeholder="trade live … script-1", id="phrase")]

    async def show(self) -> None:
        """Name every client that is no desk."""
        authority = host_of(self).replica.authority
        granted = {grant.client: grant for grant in authority.grants}
        lines = [
            f"{client}: may not trade"
            if (grant := granted.get(client)) is None
            else f"{client}: may trade (by {grant.by}), ends {time_of_day(grant.until)} without an order"
            for client in authority.others
        ]
        self.tell("\n".join(lines) or "No script is attached to this core. Start it, then grant it here.")

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Have core judge the line."""
        message.stop()
        message.input.value = ""
        words = message.value.split()
        if len(words) < 2:
            self.say(self.HINT)
            return
        text, others = " ".join(words), host_of(self).replica.authority.others
        client = next((one for one in others if text.endswith(f" {one}")), words[-1])
        before = text.removesuffix(client).strip()
        self._send(EndGrant(client=client) if before == END else GrantLive(client=client, phrase=before))

    @work(exclusive=True, group="grant")
    async def _send(self, command: AuthorityCommand) -> None:
        try:
            ack = await host_of(self).desk.send(command)
        except LinkError as error:
            self.say(str(error))
        else:
            self.say("" if ack.denied is None else ack.denied.message)
