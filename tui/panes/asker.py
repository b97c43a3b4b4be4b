"""Questions to core while a person types: after a pause, one at a time, the latest one next."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from core.domain.commands import Ack, Command
from core.errors import LinkError
from tui.host import DeskHost

MakeMessage = Callable[[Hashable, Ack | None], Message]
"""Makes the message that brings an answer; the Ack is None when the link broke first."""


class Asker:
    """Asks for a widget; the answers come as messages to it, and `answered` lets the next question go."""

    def __init__(self, owner: Widget, host: DeskHost, message: MakeMessage) -> None:
        """Create it; `message` makes what the owner gets."""
        self._owner = owner
        self._host = host
        self._message = message
        self._waiting: tuple[Hashable, Command] | None = None
        self._asking = False
        self._timer: Timer | None = None

    @property
    def is_waiting(self) -> bool:
        """True while a question waits for its pause to end."""
        return self._timer is not None

    def ask(self, name: Hashable, question: Command, *, delay: float) -> None:
        """Ask once nothing else was asked for `delay` seconds; `name` comes back with the answer."""
        self._waiting = (name, question)
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if delay > 0:
            self._timer = self._owner.set_timer(delay, self._start)
        else:
            self._start()

    def drop(self) -> None:
        """Forget the question that waits."""
        self._waiting = None

    def answered(self) -> None:
        """The owner has the answer: the question that waits may follow."""
        self._asking = False
        if self._timer is None:
            self._start()

    def _start(self) -> None:
        self._timer = None
        if self._asking or self._waiting is None:
            return
        (name, question), self._waiting = self._waiting, None
        self._asking = True
        self._owner.run_worker(self._ask(name, question), group="ask")

    async def _ask(self, name: Hashable, question: Command) -> None:
        ack: Ack | None
        try:
            ack = await self._host.desk.send(question)
        except LinkError:
            ack = None
        self._owner.post_message(self._message(name, ack))
