"""A script's attachment to core: made, followed, made again when it breaks, and ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from core.api import DeskClient
from core.domain.commands import Ack, Command, Reconnect
from core.domain.connection import Connection, LinkState
from core.domain.events import Envelope
from core.errors import CoreStartError, DeskError, LinkError, NotConnectedError, OtherBuildError
from core.link.paths import state_dir
from core.scripting.books import Books
from core.scripting.connecting import connected, leave
from core.scripting.handlers import Handlers
from core.scripting.reports import ReportLog

PAUSES = (1.0, 2.0, 4.0)
"""Seconds between attempts to attach again; the last one repeats."""
_HOPELESS = frozenset({LinkState.AWAITING_CONFIRMATION, LinkState.REFUSED})
"""States of the connection that only a person ends."""

log = logging.getLogger(__name__)


class Session:
    """Keeps `books` up to date and tells `handlers` of what changes, until it is left."""

    def __init__(self, profile: str, name: str, arguments: Mapping[str, str], handlers: Handlers) -> None:
        """As of `connected`; nothing is done yet."""
        self._profile = profile
        self._name = name
        self._arguments = arguments
        self._handlers = handlers
        self._client: DeskClient | None = None
        self._following: asyncio.Task[None] | None = None
        self._told_connected = False
        self._events: AsyncIterator[Envelope] | None = None
        self._attaching = asyncio.Lock()
        self.books = Books()
        self.reports = ReportLog()

    @property
    def journal(self) -> Path:
        """The journal of the profile."""
        connection = self.books.connection
        if connection is None:
            raise NotConnectedError("This script has not connected yet. Call connect first.")
        return state_dir(connection.profile) / "journal.db"

    async def connect(self, timeout: float) -> Connection:
        """Attach to core, or start it, and wait until orders can be sent.

        Raises NotConnectedError with what is wrong when `timeout` seconds have passed, or at once where only a person
        can help; ConfigError for settings that can't be used. A link that broke is made anew.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        async with self._attaching:
            if not self.books.attached:
                await self._attach(timeout)

        def ready() -> Connection | None:
            connection = self.books.connection
            if connection is not None and connection.state in _HOPELESS:
                raise NotConnectedError(_wrong(connection))
            return connection if self.books.can_trade else None

        connection = self.books.connection
        if connection is not None and connection.state is LinkState.WAITING:
            await self.send(Reconnect())
        found = await self.books.until(ready, deadline - loop.time())
        if found is None:
            said = "core did not answer" if self.books.connection is None else _wrong(self.books.connection)
            raise NotConnectedError(f"Not connected within {timeout:g} s: {said}")
        return found

    async def disconnect(self) -> None:
        """Detach; core ends if nobody else is there and nothing works. Does nothing when not attached."""
        await self._stop_following()
        client, self._client = self._client, None
        if client is not None:
            await leave(client)
        self._lost()

    @property
    def client(self) -> DeskClient:
        """The client. Raises NotConnectedError while there is none."""
        if self._client is None or not self.books.attached:
            raise NotConnectedError("Core is not attached. Nothing was sent. Call connect, or wait until it is back.")
        return self._client

    async def send(self, command: Command) -> Ack:
        """One command. Raises NotConnectedError if there is no core, LinkError if the link broke before the answer."""
        return await self.client.send(command)

    async def renew(self, former: DeskClient, timeout: float) -> None:
        """Attach anew after `former` broke, to the same core or to one that is started now.

        What stands in the books is core's word from after the break then. Raises NotConnectedError; it goes on trying
        in the background.
        """
        async with self._attaching:
            if self.books.attached and self._client is not former:
                return
            self._client = None
            self._lost()
            await former.close()
            await self._attach(timeout)

    async def settled(self) -> None:
        """Wait until the journal on the disk has the last event that was told. Raises JournalError if it never does."""
        await self.reports.settled(self.journal)

    async def _attach(self, timeout: float) -> None:
        await self._stop_following()
        try:
            client = await connected(self._profile, self._name, arguments=self._arguments, timeout=timeout)
            await self._take(client)
        except (LinkError, CoreStartError) as error:
            raise NotConnectedError(str(error)) from error
        finally:
            if self.books.session:
                # Also where this failed: it was attached once, and goes on trying.
                self._following = asyncio.create_task(self._follow(), name=f"events of {self._name}")

    async def _stop_following(self) -> None:
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def _take(self, client: DeskClient) -> None:
        """Go on with a new client: what changed meanwhile is told."""
        # Asked for first: whatever changes behind the snapshot comes, and what comes from before it is passed over.
        events = client.events()
        try:
            snapshot = await client.snapshot()
        except BaseException:
            await client.close()
            raise
        first = not self.books.session
        if first:
            self._handlers.know(list(snapshot.executions))
        news = self.books.load(snapshot)
        self.reports.restart(snapshot.number)
        self._client, self._events = client, events
        self.books.attached = True
        self.books.wake()
        for event in [] if first else news:
            self._handlers.tell(event)
        self._look()

    async def _follow(self) -> None:
        """Apply and tell what comes; attach again whenever the link breaks, until cancelled."""
        while self.books.attached or await self._attach_again():
            client, events = self.client, self._events
            try:
                if events is not None:
                    async for envelope in events:
                        self._hear(envelope)
                return
            except LinkError as error:
                log.warning("the link to core broke: %s", error)
            self._lost()
            await client.close()

    def _hear(self, envelope: Envelope) -> None:
        if envelope.number is not None and envelope.number <= self.books.number:
            return
        self.reports.keep(envelope)
        self.books.apply(envelope)
        self._handlers.tell(envelope.event)
        self._look()

    async def _attach_again(self) -> bool:
        """True once a core runs that this script could attach to; none is started, for a person may have ended it.

        False when it is another build, with which it can't go on.
        """
        attempt = 0
        while True:
            await asyncio.sleep(PAUSES[min(attempt, len(PAUSES) - 1)])
            attempt += 1
            try:
                client = await connected(self._profile, self._name, arguments=self._arguments, start=False)
                await self._take(client)
            except OtherBuildError as error:
                log.critical("this script hears nothing more of core: %s", error)
                return False
            except DeskError as error:
                log.info("core can't be attached to yet: %s", error)
            else:
                return True

    def _lost(self) -> None:
        self.books.attached = False
        self.books.wake()
        self._look()

    def _look(self) -> None:
        """Tell the handlers if orders can be sent now and could not before, or the other way round."""
        if self.books.can_trade is not self._told_connected:
            self._told_connected = self.books.can_trade
            self._handlers.tell_connected(connected=self._told_connected)


def _wrong(connection: Connection) -> str:
    return connection.problem or f"the connection is {connection.state.lower().replace('_', ' ')}."
