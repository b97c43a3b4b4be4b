"""Core's end of the link: lets desks in and brings them every event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from itertools import count
from pathlib import Path

from core.domain.events import Envelope, StateEvent
from core.link import sockets
from core.link.peer import Peer
from core.link.stream import Conflator
from core.link.tenure import Endless, Tenure
from core.link.wire import HELLO_TIMEOUT_S, EventBatch, Welcome, client_decoder, frame, schema_digest, state_frame
from core.ports import DeskHost

STATE_INTERVAL_S = 0.05
"""State events go out at most this often, each thing with its last value."""

FACTS_IN_A_FRAME = 256
"""Facts that arise together leave in frames of so many."""

QUOTES_IN_A_TURN = 50
"""Quotes put into one frame: packing more would keep an order waiting for more than half a millisecond."""

_LAST_COMMANDS_S = 1.0
"""How long commands that run may go on when the link closes; after that only the broker keeps them waiting."""

_FAILED = "events could not be brought to the desks, which are cut"
_LOST = "Core could not bring an event over the link. Attach again: the snapshot has it."

_logger = logging.getLogger(__name__)


class LinkServer:
    """Listens on a Unix socket and serves every desk that speaks our build."""

    def __init__(
        self,
        host: DeskHost,
        path: Path,
        describe: Callable[[], Welcome],
        *,
        tenure: Tenure | None = None,
        hello_timeout: float = HELLO_TIMEOUT_S,
    ) -> None:
        """`describe` says who core is, anew for each client, which must say Hello within `hello_timeout` seconds.

        Clients of other builds are told what `tenure` says, and may ask it to end core.
        """
        self.host = host
        self.tenure: Tenure = tenure or Endless()
        """Who decides how long core runs."""
        self._describe = describe
        self._path = path
        self._hello_timeout = hello_timeout
        self._numbers = count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._left_behind: set[asyncio.Task[None]] = set()
        self._peers: set[Peer] = set()
        self._readers: set[Peer] = set()
        self._state = Conflator()
        self._server: asyncio.Server | None = None
        self._is_ending = False
        self._inode = 0
        self._flush: asyncio.TimerHandle | asyncio.Handle | None = None
        self._flushed = float("-inf")

    async def start(self) -> None:
        """Listen. Raises LinkError if the socket can't be had (see `sockets.listen`)."""
        # Built now, so that the first client doesn't wait for it.
        client_decoder()
        schema_digest()
        self._loop = asyncio.get_running_loop()
        listener = sockets.listen(self._path)
        self._inode = self._path.stat().st_ino
        self._server = await self._loop.create_unix_server(lambda: Peer(self, self._hello_timeout), sock=listener)
        self.host.add_sink(self)

    @property
    def is_ending(self) -> bool:
        """True once no client is taken any more."""
        return self._is_ending

    def turn_away(self) -> None:
        """Take no new client from this turn of the loop on: it would be served by a core that is ending.

        It is told so, or finds nobody listening, and starts another core.
        """
        self._is_ending = True
        if self._server is not None:
            self._server.close()

    async def close(self, reason: str = "Core has ended.") -> None:
        """Tell every client why, cut it, stop listening and remove the socket. Does nothing when not started."""
        self.host.remove_sink(self)
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        if self._server is None:
            return
        self._server.close()
        self._server = None
        peers = list(self._peers)
        for peer in peers:
            peer.cut(reason)
        await asyncio.gather(*(peer.gone for peer in peers))
        # A command may be what closes us: it is not waited for by itself.
        running = self._tasks - {asyncio.current_task()}
        if running:
            _, late = await asyncio.wait(running, timeout=_LAST_COMMANDS_S)
            for task in late:
                task.cancel()
        if self._path.exists() and self._path.stat().st_ino == self._inode:
            self._path.unlink()

    def publish(self, *envelopes: Envelope) -> None:
        """Bring events to every reader: facts now, state with the next flush.

        Where that fails the readers are cut, who would wait for ever for what they missed; they attach again.
        """
        try:
            self._publish(envelopes)
        except Exception:
            _logger.exception(_FAILED)
            self._lost_events()

    def _publish(self, envelopes: Sequence[Envelope]) -> None:
        facts = []
        for envelope in envelopes:
            if isinstance(envelope.event, StateEvent):
                self._state.put(envelope.event)
            else:
                facts.append(envelope)
        if self._state and self._flush is None:
            wait = self._flushed + STATE_INTERVAL_S - self._loop.time()
            # The first one after a pause leaves with this turn of the loop.
            self._flush = (
                self._loop.call_later(wait, self._flush_state) if wait > 0 else self._loop.call_soon(self._flush_state)
            )
        if not self._readers:
            return
        for start in range(0, len(facts), FACTS_IN_A_FRAME):
            some = tuple(facts[start : start + FACTS_IN_A_FRAME])
            data = frame(EventBatch(envelopes=some))
            for reader in list(self._readers):
                reader.outbox.send(data, facts=len(some))

    def _lost_events(self) -> None:
        for reader in list(self._readers):
            reader.cut(_LOST)

    def _flush_state(self) -> None:
        try:
            self._flush_some()
        except Exception:
            _logger.exception(_FAILED)
            self._lost_events()

    def _flush_some(self) -> None:
        self._flushed = self._loop.time()
        events = self._state.take(QUOTES_IN_A_TURN)
        self._flush = self._loop.call_soon(self._flush_state) if self._state else None
        if not self._readers:
            return
        data = state_frame(self.host.session, events)
        for reader in list(self._readers):
            reader.outbox.send_state(data, events)

    def welcome(self) -> Welcome:
        """Who core is, now."""
        return self._describe()

    async def idle(self) -> None:
        """Wait until no command runs and no answer is on its way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold on to a task until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def came(self, peer: Peer) -> None:
        """A connection was made."""
        self._peers.add(peer)

    def attached(self, client_name: str) -> str:
        """A client said Hello; returns the name under which the host knows it: no two connections have the same."""
        name = f"{client_name}-{next(self._numbers)}"
        _logger.info("%s attached", name)
        self.host.desk_attached(name)
        return name

    def reads(self, peer: Peer) -> None:
        """It wants events from now on."""
        self._readers.add(peer)

    def left(self, peer: Peer) -> None:
        """Its connection is closed."""
        self._peers.discard(peer)
        self._readers.discard(peer)
        if peer.work is not None and not peer.work.done():
            self._left_behind.add(peer.work)
            peer.work.add_done_callback(self._left_behind.discard)
        if peer.name:
            _logger.info("%s is gone", peer.name)
            self.host.desk_gone(peer.name)

    def left_behind(self) -> Collection[asyncio.Task[None]]:
        """Commands of clients that are gone, which still run."""
        return tuple(self._left_behind)
