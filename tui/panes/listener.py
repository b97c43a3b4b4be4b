"""What panes and rows of the desk share: they hear its news and read its replica."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from textual import on
from textual.widget import Widget

from tui.host import DeskHost
from tui.messages import DeskMessage
from tui.replica import Replica


def host_of(widget: Widget) -> DeskHost:
    """The application around a widget or screen of the desk. Raises TypeError in any other application."""
    app = widget.app
    if not isinstance(app, DeskHost):
        raise TypeError(f"{widget!r} needs a DeskHost around it, not {app!r}")
    return app


class Listener(Widget):
    """A widget that shows something of the replica and is told when it may have changed.

    News only mark it; it draws once all that waits in its queue is read, so that a flood of facts costs one drawing.
    """

    HEARS: ClassVar[tuple[type[DeskMessage], ...]] = ()
    """The messages that are posted to it."""

    _renewal_due = False

    @property
    def host(self) -> DeskHost:
        """The application around it."""
        return host_of(self)

    @property
    def replica(self) -> Replica:
        """The desk's copy of what core knows."""
        return self.host.replica

    @property
    def now(self) -> datetime:
        """The wall time, aware."""
        return self.host.utc()

    def on_mount(self) -> None:
        """Begin to listen, and show what is known already."""
        self.host.listen(self, *self.HEARS)
        self.renew()

    def on_unmount(self) -> None:
        """Stop listening."""
        self.host.forget(self)

    @on(DeskMessage)
    def _heard(self, message: DeskMessage) -> None:
        self.hear(message)

    def hear(self, message: DeskMessage) -> None:
        """Take in one piece of news; draws anew a little later unless a subclass knows better."""
        self.renew_soon()

    def renew(self) -> None:
        """Show the replica as it is now; repaints only what looks different."""
        raise NotImplementedError

    def renew_soon(self) -> None:
        """Renew once, after the messages that wait already."""
        if not self._renewal_due:
            self._renewal_due = True
            self.call_later(self._renew_due)

    def _renew_due(self) -> None:
        self._renewal_due = False
        self.renew()
