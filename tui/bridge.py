"""The desk's end of the link: attaches to core, keeps the replica, posts what happened. Touches no widget."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

from core.api import DeskClient, mint_order_ref, retire
from core.domain.commands import Ack, Command, Leave
from core.domain.events import (
    AccountUpdated,
    AlertChanged,
    AuthorityUpdated,
    ConnectionChanged,
    Envelope,
    ExecutionAdded,
    Health,
    Incident,
    InstrumentsUpdated,
    KillUpdated,
    MoneyUpdated,
    OrderChanged,
    PositionsUpdated,
    PresetsUpdated,
    PriceAlertsUpdated,
    QuotesUpdated,
    Reconciled,
    RiskUpdated,
    Snapshot,
    TradingStateChanged,
    WatchlistUpdated,
)
from core.domain.streams import StreamChanged, StreamData
from core.domain.what_ifs import WhatIfAnswered
from core.errors import DeskError, LinkError, OtherBuildError
from tui import messages
from tui.replica import Replica, SnapshotNeededError
from tui.way_log import WayLog

Connect = Callable[[], Awaitable[DeskClient]]
"""Reaches core, starting it if it is not there. Raises a DeskError whose text is for a person."""

Post = Callable[[messages.DeskMessage], object]

BACKOFF = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0)
"""Seconds before each further attempt after the link broke; when they are used up a person decides."""
FIRST_BACKOFF = (0.25, 0.5)
"""The same before the first attachment: what does not come up at once is told soon."""

NO_CORE = "The desk is not attached to core: nothing was sent. Wait until the first row shows the connection again."

_PARTS: dict[type, type[messages.DeskMessage]] = {
    InstrumentsUpdated: messages.InstrumentsUpdated,
    WatchlistUpdated: messages.WatchlistUpdated,
    PositionsUpdated: messages.PositionsUpdated,
    AccountUpdated: messages.AccountUpdated,
    MoneyUpdated: messages.MoneyUpdated,
    RiskUpdated: messages.RiskUpdated,
    Health: messages.HealthUpdated,
    Reconciled: messages.ReadingUpdated,
    AuthorityUpdated: messages.AuthorityUpdated,
    PresetsUpdated: messages.PresetsUpdated,
    PriceAlertsUpdated: messages.PriceAlertsUpdated,
}
"""What announces each kind of state but the quotes."""


async def _taken(client: DeskClient) -> tuple[AsyncIterator[Envelope], Snapshot]:
    """A snapshot, and all that follows on it.

    Events are asked for first: state has no numbers, and what changed behind the snapshot would never be told.
    """
    events = client.events()
    return events, await client.snapshot()


def _utc() -> datetime:
    return datetime.now(UTC)


def _nothing() -> None:
    """Nobody hurries."""


class Bridge:
    """One desk's link to core, kept up for as long as the desk runs.

    Facts are posted one by one, in order. State (quotes, positions, money, health) goes into the replica at once and
    is announced by `flush`, so that a flood of ticks costs one message a pulse.
    """

    def __init__(
        self,
        connect: Connect,
        replica: Replica,
        post: Post,
        *,
        utc: Callable[[], datetime] = _utc,
        backoff: tuple[float, ...] = BACKOFF,
        first_backoff: tuple[float, ...] = FIRST_BACKOFF,
    ) -> None:
        self._connect = connect
        self._replica = replica
        self._post = post
        self._utc = utc
        self._backoff = backoff
        self._first_backoff = first_backoff
        self._client: DeskClient | None = None
        self._wanted = asyncio.Event()
        self._closing = False
        self._other: OtherBuildError | None = None
        self._restart: OtherBuildError | None = None
        self._quotes: set[int] = set()
        self._stale_parts: set[type[messages.DeskMessage]] = set()
        self.way = WayLog()
        """What is logged of orders, from the key on."""
        self.changed: Callable[[], None] = _nothing
        """Called for every change of state that waits for a flush; the application sets it."""

    @property
    def is_attached(self) -> bool:
        """True while commands can be sent."""
        return self._client is not None

    @property
    def name(self) -> str:
        """The name under which core knows this desk; empty while core is not attached."""
        return "" if self._client is None else self._client.name

    @property
    def instance(self) -> str:
        """The journal's instance, for minting order references. Raises LinkError while core is not attached."""
        return self._attached().instance

    def mint_order_ref(self) -> str:
        """A new order's identity. Raises LinkError while core is not attached."""
        return mint_order_ref(self.instance)

    async def send(self, command: Command) -> Ack:
        """Have core do something.

        Raises LinkError when core is not attached (nothing was sent), or when the link broke while waiting: then the
        outcome is unknown, and the order's reference must be looked up after the next snapshot.
        """
        client = self._attached()
        self.way.asks(command)
        return await client.send(command)

    def try_again(self) -> None:
        """Start attaching once more after `StartFailed`."""
        self._wanted.set()

    def restart_core(self) -> None:
        """End the core of another build that `StartFailed` told of, and start this build's. Only on a person's word."""
        self._restart = self._other
        self._wanted.set()

    def flush(self) -> bool:
        """Announce the state that changed since the last flush; False if none did. The pulse calls it."""
        changed = bool(self._quotes or self._stale_parts)
        if self._quotes:
            con_ids, self._quotes = frozenset(self._quotes), set()
            self._post(messages.QuotesFlushed(con_ids))
        if self._stale_parts:
            parts, self._stale_parts = self._stale_parts, set()
            for part in parts:
                self._post(part())
        return changed

    async def run(self) -> None:
        """Attach, follow, attach again: until `close`. Errors that a person must act on become `StartFailed`."""
        while not self._closing:
            try:
                await self._end_other()
                client, events, snapshot = await self._attach()
            except DeskError as error:
                self._other = error if isinstance(error, OtherBuildError) else None
                self._post(messages.StartFailed(error.title, str(error), self._other is not None))
                await self._wanted.wait()
                self._wanted.clear()
                continue
            try:
                await self._follow(client, events, snapshot)
            except LinkError as error:
                self._lose(str(error))
            finally:
                self._client = None
                with contextlib.suppress(LinkError, OSError):
                    await client.close()

    async def leave(self, *, stop: bool) -> None:
        """Detach for good; `stop` ends core even with orders working. A link that is gone already is no error."""
        self._closing = True
        client = self._client
        if client is None:
            return
        with contextlib.suppress(LinkError, OSError):
            await client.send(Leave(stop=stop))
        with contextlib.suppress(LinkError, OSError):
            await client.close()

    def _attached(self) -> DeskClient:
        if self._client is None:
            raise LinkError(NO_CORE)
        return self._client

    async def _end_other(self) -> None:
        """End the core that a person wants restarted; it refuses if more is in flight than the person was told of."""
        other, self._restart = self._restart, None
        if other is not None:
            await retire(other.socket, "desk", other.in_flight)

    async def _attach(self) -> tuple[DeskClient, AsyncIterator[Envelope], Snapshot]:
        """A client, what follows on its snapshot, and that.

        A broken link is tried again after a pause, other errors are final.
        """
        for pause in self._backoff if self._replica.is_loaded else self._first_backoff:
            try:
                return await self._reach()
            except OtherBuildError:
                raise
            except LinkError:
                await asyncio.sleep(pause)
        return await self._reach()

    async def _reach(self) -> tuple[DeskClient, AsyncIterator[Envelope], Snapshot]:
        client = await self._connect()
        try:
            return client, *await _taken(client)
        except LinkError:
            await client.close()
            raise

    async def _follow(self, client: DeskClient, events: AsyncIterator[Envelope], snapshot: Snapshot) -> None:
        self._client = client
        while True:
            self._load(snapshot)
            try:
                async for envelope in events:
                    if self._replica.apply(envelope):
                        self._announce(envelope)
            except SnapshotNeededError:
                events, snapshot = await _taken(client)
                continue
            raise LinkError("Core closed the link.")

    def _load(self, snapshot: Snapshot) -> None:
        restored = self._replica.lost_since is not None
        self._replica.load(snapshot)
        self._quotes.clear()
        self._stale_parts.clear()
        self._post(messages.SnapshotLoaded(snapshot.session))
        if restored:
            self._post(messages.LinkRestored())

    def _announce(self, envelope: Envelope) -> None:
        if envelope.number is None:
            self.changed()
        match envelope.event:
            case OrderChanged(order=order):
                self.way.told(order)
                self._post(messages.OrderUpdated(order))
            case ExecutionAdded(execution=execution):
                self.way.filled(execution)
                self._post(messages.ExecutionAdded(execution))
            case ConnectionChanged(connection=connection):
                self._post(messages.ConnectionUpdated(connection))
            case Incident() as incident:
                self._post(messages.IncidentRaised(incident))
            case AlertChanged(alert=alert, rings=rings):
                self._post(messages.AlertUpdated(alert, rings))
            case TradingStateChanged(state=state, reason=reason):
                self._post(messages.TradingStateUpdated(state, reason))
            case KillUpdated(killed=killed):
                self._post(messages.KillProgressed(killed))
            case QuotesUpdated(quotes=quotes):
                self._quotes.update(quote.con_id for quote in quotes)
            case WhatIfAnswered() as answer:
                self._post(messages.WhatIfCame(answer))
            case StreamData() | StreamChanged():
                # It stands in no replica; a desk that opens no stream gets none.
                pass
            case state:
                self._stale_parts.add(_PARTS[type(state)])

    def _lose(self, reason: str) -> None:
        if self._closing:
            return
        now = self._utc()
        self._replica.mark_lost(now)
        self._post(messages.LinkLost(now, f"{reason} Entry is off, prices are the last known; attaching again."))
