"""The application: wires theme, keymap, bridge and screens together. No trading logic."""

from __future__ import annotations

from textual.app import App

from tui.bridge import Bridge, Connect
from tui.messages import DeskMessage
from tui.replica import Replica


class DeskApp(App[None]):
    """The terminal of ibdesk."""

    replica: Replica
    """The desk's copy of what core knows; read it, never write it."""
    desk: Bridge
    """The way to core: `await app.desk.send(command)` gives an Ack or raises LinkError; `app.desk.instance`."""

    def __init__(self, connect: Connect) -> None:
        super().__init__()
        self.replica = Replica()
        self.desk = Bridge(connect, self.replica, self.post_message)

    def listen(self, listener: object, *kinds: type[DeskMessage]) -> None:
        """Have every message of these kinds (subclasses apart) posted to a mounted widget or screen."""

    def publish(self, message: DeskMessage) -> None:
        """Give a message to all who listen to its kind, in the order in which they began to listen."""
