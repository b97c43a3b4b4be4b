"""A client in core's own loop, for tests and short commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from core.domain.commands import Ack, Command, Kill
from core.domain.events import Envelope, Snapshot, StreamEvent
from core.errors import LinkError
from core.link.foreign import refused
from core.link.stream import EventStream
from core.link.unread import UnreadStreams
from core.ports import DeskHost

_CLOSED = "This client was closed. Nothing was sent."


class InProcessClient:
    """Implements `core.api.DeskClient` on a service in the same loop."""

    def __init__(self, host: DeskHost, client_name: str) -> None:
        """`client_name` must be unique among the host's clients."""
        self._host = host
        self._name = client_name
        self._turn = asyncio.Lock()
        self._streams: list[EventStream] = []
        self._unread = UnreadStreams()
        self._closed = False
        host.desk_attached(client_name)
        host.streams_to(client_name, self._hear)

    @property
    def session(self) -> str:
        """This run of core."""
        return self._host.session

    @property
    def instance(self) -> str:
        """The journal's instance, for minting order references."""
        return self._host.instance

    @property
    def name(self) -> str:
        """The name under which core knows this client."""
        return self._name

    async def send(self, command: Command) -> Ack:
        """Have core do something, after whatever this client asked for before. Raises LinkError once closed."""
        if isinstance(command, Kill):
            self._check()
            return self._host.kill(command, self._name)
        ack = refused(command)
        if ack is not None:
            self._check()
            return ack
        async with self._turn:
            self._check()
            return await self._host.execute(command, self._name)

    async def snapshot(self) -> Snapshot:
        """Everything as it stands. Raises LinkError once closed."""
        self._check()
        return self._host.snapshot()

    def events(self, after: int | None = None) -> AsyncIterator[Envelope]:
        """Follow events from a snapshot's number on (None: from now on). Ends when the client is closed.

        A step raises LinkError when `after` is not of this session or can't be read back: then a snapshot is needed.
        """
        self._check()
        facts = () if after is None else self._host.facts_after(after)
        if facts is None and after is not None:
            return self._from_journal(after)
        return self._follow(facts or ())

    async def _from_journal(self, after: int) -> AsyncIterator[Envelope]:
        """Facts that are no longer in memory, then every event that follows."""
        number = after
        while (facts := self._host.facts_after(number)) is None:
            page = await self._host.facts_recorded(number)
            if page is None:
                raise LinkError("Core has no events that follow this number. Take a snapshot and go on from there.")
            for envelope in page.facts:
                yield envelope
            number = page.last
        self._check()
        async for envelope in self._follow(facts):
            yield envelope

    def _follow(self, facts: Sequence[Envelope]) -> EventStream:
        stream = EventStream()
        for envelope in facts:
            stream.publish(envelope)
        self._streams.append(stream)
        self._host.add_sink(stream)
        for event in self._unread.take():
            self._hear(event)
        return stream

    def _hear(self, event: StreamEvent) -> None:
        """What a stream that this client opened brings; it waits until somebody follows events."""
        for stream in self._streams:
            stream.publish(Envelope(session=self._host.session, number=None, event=event))
        if not self._streams:
            self._unread.put(event)

    async def close(self) -> None:
        """Detach. Does nothing the second time."""
        if self._closed:
            return
        self._closed = True
        for stream in self._streams:
            self._host.remove_sink(stream)
            stream.finish()
        self._host.desk_gone(self._name)

    def _check(self) -> None:
        if self._closed:
            raise LinkError(_CLOSED)
