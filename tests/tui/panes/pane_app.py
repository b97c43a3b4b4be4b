"""A small application around one pane, which has its snapshot from the start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from textual.app import ComposeResult
from textual.widget import Widget

from core.domain.events import Envelope, Event, Fact, Snapshot
from tests.tui import sample
from tests.tui.fake_desk import FakeDesk
from tui.host import DeskHost
from tui.messages import DeskMessage
from tui.themes import DEFAULT_THEME, load_themes


class PaneApp(DeskHost):
    """One pane, no link: a test applies events itself."""

    def __init__(
        self, make: Callable[[], Widget], snapshot: Snapshot | None = sample.SNAPSHOT, *, theme: str = DEFAULT_THEME
    ) -> None:
        super().__init__(FakeDesk().connect, utc=self._now)
        self.moment = sample.NOW
        """The wall time."""
        self._make = make
        if snapshot is not None:
            self.replica.load(snapshot)
        for known in load_themes(None).loaded:
            self.register_theme(known)
        self.theme = theme

    def _now(self) -> datetime:
        return self.moment

    def compose(self) -> ComposeResult:
        yield self._make()

    def apply(self, event: Event, message: DeskMessage) -> None:
        """Have the replica take an event in, then give out the message that announces it."""
        number = self.replica.number + 1 if isinstance(event, Fact) else None
        self.replica.apply(Envelope(session=self.replica.session, number=number, event=event))
        self.publish(message)
