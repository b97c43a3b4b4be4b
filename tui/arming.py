"""Armed mode at this desk: core decides and forgets; keys keep it, Esc ends it."""

from __future__ import annotations

import asyncio

from core.domain.authority import Arm, AtDesk, Disarm
from core.domain.commands import Command
from core.domain.connection import Mode
from core.domain.events import Severity
from core.errors import LinkError
from tui.host import DeskHost
from tui.panes.mode_words import account_word

TELL_SECONDS = 5.0
"""Core hears of keys at most this often."""


class Arming:
    """What the application does about it; `host` is the application."""

    def __init__(self, host: DeskHost) -> None:
        """Nothing is armed yet."""
        self._host = host
        self._asked = False
        self._told: float | None = None

    @property
    def is_on(self) -> bool:
        """True while core says that this desk is armed."""
        return self._host.replica.authority.is_armed(self._host.desk.name, self._host.utc())

    def begin(self) -> None:
        """Have core arm this desk; a live profile asks for the phrase first."""
        from tui.screens.arm import QUESTION, ArmScreen

        self._asked = True
        if self._host.mode is not Mode.LIVE:
            self._send(Arm())
        elif not isinstance(self._host.screen, ArmScreen):
            question = QUESTION.format(account=account_word(self._host.replica.connection))
            self._host.call_later(self._host.push_screen, ArmScreen(question))

    def end(self) -> None:
        """Have core disarm this desk, also where its word that it is armed is still on the way."""
        if self._asked or self.is_on:
            self._asked = False
            self._send(Disarm())

    def pressed(self) -> None:
        """A person is here: what is armed stays so for a while longer."""
        now = asyncio.get_running_loop().time()
        if self.is_on and (self._told is None or now - self._told >= TELL_SECONDS):
            self._told = now
            self._send(AtDesk())

    def _send(self, command: Command) -> None:
        self._host.run_worker(self._ask(command), name="arming", group="arming")

    async def _ask(self, command: Command) -> None:
        try:
            ack = await self._host.desk.send(command)
        except LinkError:
            # A desk that core has lost is armed no longer.
            return
        if ack.denied is not None:
            self._host.say(ack.denied.message, Severity.WARNING)
