"""A core that does what a test says: a DeskClient in the same process, without link, journal or broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from core.domain.commands import Ack, Command, SetViewers
from core.domain.events import Envelope, Event, Fact, Snapshot
from core.errors import LinkError
from tests.tui.sample import INSTANCE, SNAPSHOT

LOST = "Core ended."
NAME = "desk-1"
"""Under which core knows it."""


class FakeDesk:
    """One attachment. `emit` feeds events, `lose` breaks the link, `sent` holds every command."""

    def __init__(self, snapshot: Snapshot = SNAPSHOT, *, answer: Callable[[Command], Ack] | None = None) -> None:
        self.state = snapshot
        """What `snapshot()` gives."""
        self.sent: list[Command] = []
        """Every command but what is in sight."""
        self.in_sight: list[tuple[int, ...]] = []
        """What the desk said that it has in sight, each time."""
        self.snapshots = 0
        """How often a snapshot was taken."""
        self.closed = False
        self._answer = answer or (lambda _command: Ack(ok=True))
        self._number = snapshot.number
        self._queue: asyncio.Queue[Envelope | None] = asyncio.Queue()
        self._lost = False

    @property
    def instance(self) -> str:
        return INSTANCE

    @property
    def name(self) -> str:
        return NAME

    async def connect(self) -> FakeDesk:
        """Stands for the front door's factory."""
        return self

    async def send(self, command: Command) -> Ack:
        if self._lost:
            raise LinkError(LOST)
        if isinstance(command, SetViewers):
            self.in_sight.append(command.con_ids)
            return Ack(ok=True)
        self.sent.append(command)
        return self._answer(command)

    async def snapshot(self) -> Snapshot:
        if self._lost:
            raise LinkError(LOST)
        self.snapshots += 1
        return self.state

    async def events(self, after: int | None = None) -> AsyncIterator[Envelope]:
        while (envelope := await self._queue.get()) is not None:
            yield envelope
        if self._lost:
            raise LinkError(LOST)

    async def close(self) -> None:
        self.closed = True
        self._queue.put_nowait(None)

    def emit(self, *events: Event, session: str | None = None) -> None:
        """Have core tell these, facts with the next numbers."""
        for event in events:
            number = None
            if isinstance(event, Fact):
                self._number += 1
                number = self._number
            self._queue.put_nowait(Envelope(session=session or self.state.session, number=number, event=event))

    def lose(self) -> None:
        """Break the link."""
        self._lost = True
        self._queue.put_nowait(None)
