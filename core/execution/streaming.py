"""Streams for desks: opened and closed by their commands, ended with them, asked again when the broker lost them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.clock import Clock
from core.domain.charts import StreamKind
from core.domain.commands import Ack, CloseStream, DenialCode, OpenStream
from core.domain.events import StreamEvent
from core.domain.instruments import Instrument
from core.errors import DeskError, StreamLimitError
from core.execution.refusals import refuse
from core.market.streams import Follower, StreamRoom, limits_for

StreamCommand = OpenStream | CloseStream
"""Commands about streams."""

Qualify = Callable[[int], Awaitable[Instrument]]


class Streaming:
    """Which desk hears what."""

    def __init__(
        self, broker: Follower, qualify: Qualify, clock: Clock, on_count: Callable[[int], None], lines: int
    ) -> None:
        """`qualify` looks a contract up; `on_count` is told how many of the account's `lines` streams take."""
        self._qualify = qualify
        self._hears: dict[str, Callable[[StreamEvent], None]] = {}
        self._opening: set[tuple[str, int, StreamKind]] = set()
        self.room = StreamRoom(broker, clock, limits_for(lines), on_count)
        """Where parts of core open streams, beside desks, under names that no desk has."""

    def listen(self, client: str, hear: Callable[[StreamEvent], None]) -> None:
        """A desk takes what its streams bring through `hear`."""
        self._hears[client] = hear

    def tell(self, client: str, event: StreamEvent) -> None:
        """Bring a desk something beside its streams; does nothing for one that is gone."""
        hear = self._hears.get(client)
        if hear is not None:
            hear(event)

    def gone(self, client: str) -> None:
        """A desk is gone, and its streams with it."""
        self._hears.pop(client, None)
        self.room.leave(client)

    async def look(self, command: StreamCommand, client: str) -> Ack:
        """Open or close a stream for a desk."""
        key = client, command.con_id, command.kind
        if isinstance(command, CloseStream):
            self._opening.discard(key)
            self.room.close(*key)
            return Ack(ok=True)
        self._opening.add(key)
        try:
            instrument = await self._qualify(command.con_id)
        except DeskError as error:
            text = f"The contract with number {command.con_id} could not be looked up: {error}. Search again ( / )."
            return refuse(DenialCode.UNKNOWN_INSTRUMENT, text)
        finally:
            wanted = key in self._opening
            self._opening.discard(key)
        hear = self._hears.get(client)
        if hear is None or not wanted:
            return refuse(DenialCode.BAD_COMMAND, "Closed before it was open.")
        try:
            self.room.open(client, instrument, command.kind, hear)
        except StreamLimitError as error:
            return refuse(DenialCode.STREAMS, str(error))
        return Ack(ok=True)
