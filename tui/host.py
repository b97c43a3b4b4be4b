"""What every part of the desk needs of the application around it: the replica, the way to core, the news."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from textual import on
from textual.app import App
from textual.message_pump import MessagePump

from core.domain.connection import Mode
from core.domain.events import Severity
from tui import messages
from tui.bridge import Bridge, Connect
from tui.replica import Replica
from tui.themes import domain_defaults


def utc_now() -> datetime:
    """The wall time, aware, in UTC."""
    return datetime.now(UTC)


class DeskHost(App[None], inherit_bindings=False):
    """An application with a replica and listeners. `DeskApp` is the real one; a test can put one pane into its own."""

    def __init__(
        self,
        connect: Connect,
        *,
        mode: Mode | None = None,
        keymap: Mapping[str, str] | None = None,
        utc: Callable[[], datetime] = utc_now,
    ) -> None:
        """Create the application.

        Args:
            connect: Reaches core; see `tui.bridge.Connect`.
            mode: What the first row says before core has answered; None for nothing.
            keymap: Keys by command id that replace the defaults.
            utc: The wall time, aware; tests give a fixed one.
        """
        super().__init__()
        self._expected_mode = mode
        self.user_keymap = dict(keymap or {})
        """Keys by command id that replace the defaults."""
        self.utc = utc
        """The wall time, aware."""
        self.replica = Replica()
        """The desk's copy of what core knows; read it, never write it."""
        self.desk = Bridge(connect, self.replica, self.post_message, utc=utc)
        """The way to core: `await app.desk.send(command)` gives an Ack or raises LinkError; `app.desk.instance`."""
        self._listeners: dict[type[messages.DeskMessage], list[MessagePump]] = {}

    @property
    def mode(self) -> Mode | None:
        """Whose money orders move: what core says, before that what was asked for; None while neither is known."""
        connection = self.replica.connection
        return self._expected_mode if connection is None else connection.mode

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of the desk's own for themes that don't set them."""
        return domain_defaults(dark=self.current_theme.dark)

    def listen(self, listener: MessagePump, *kinds: type[messages.DeskMessage]) -> None:
        """Have every message of these kinds (subclasses apart) posted to a mounted widget or screen."""
        for kind in kinds:
            self._listeners.setdefault(kind, []).append(listener)

    def forget(self, listener: MessagePump) -> None:
        """Post nothing more to this listener; harmless for one that never listened."""
        for listeners in self._listeners.values():
            if listener in listeners:
                listeners.remove(listener)

    @on(messages.DeskMessage)
    def _publish(self, message: messages.DeskMessage) -> None:
        self.publish(message)

    def publish(self, message: messages.DeskMessage) -> None:
        """Give a message to all who listen to its kind, in the order in which they began to listen."""
        for listener in tuple(self._listeners.get(type(message), ())):
            listener.post_message(message)

    def say(self, text: str, severity: Severity = Severity.INFO) -> None:
        """Put a line into the message row: literal text, the fact first, accounts masked."""
        self.publish(messages.Said(text, severity))

    def on_say(self, message: messages.Say) -> None:
        """A widget asked for a line in the message row."""
        self.say(message.text, message.severity)
