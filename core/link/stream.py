"""Events on their way to one reader: facts one by one, state as its last value."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import assert_never

from core.domain.events import (
    AccountUpdated,
    AuthorityUpdated,
    Envelope,
    Health,
    InstrumentsUpdated,
    KillUpdated,
    MoneyUpdated,
    PositionsUpdated,
    PresetsUpdated,
    PriceAlertsUpdated,
    QuotesUpdated,
    Reconciled,
    RiskUpdated,
    StateEvent,
    StreamEvent,
    WatchlistUpdated,
)
from core.domain.instruments import Instrument
from core.domain.quotes import Quote
from core.errors import LinkError
from core.link.unread import UnreadStreams

MAX_UNREAD_FACTS = 10_000
"""A reader that is further behind is cut; it attaches again with a fresh snapshot."""

TOO_SLOW = (
    f"More than {MAX_UNREAD_FACTS:,} events were waiting to be read, so the link was cut. Attach again: a fresh "
    "snapshot shows everything as it stands."
)
"""What a reader that was cut is told."""


class Conflator:
    """Keeps of each state event what is needed to bring a reader up to date: the last value of each thing."""

    __slots__ = ("_instruments", "_quotes", "_whole")

    def __init__(self) -> None:
        self._instruments: dict[int, Instrument] = {}
        self._quotes: dict[int, Quote] = {}
        self._whole: dict[str, StateEvent] = {}

    def __bool__(self) -> bool:
        """True while something waits to be taken."""
        return bool(self._quotes or self._whole or self._instruments)

    def put(self, event: StateEvent) -> None:
        """Take an event in; it replaces what it makes obsolete."""
        match event:
            case QuotesUpdated(quotes=quotes):
                for quote in quotes:
                    self._quotes[quote.con_id] = quote
            case InstrumentsUpdated(instruments=instruments):
                for instrument in instruments:
                    self._instruments[instrument.con_id] = instrument
            case AccountUpdated(account=account):
                self._whole[f"account {account.account}"] = event
            case MoneyUpdated(money=money):
                self._whole[f"money {money.account}"] = event
            case RiskUpdated(figures=figures):
                self._whole[f"risk {figures.account}"] = event
            case (
                Health()
                | PositionsUpdated()
                | WatchlistUpdated()
                | Reconciled()
                | AuthorityUpdated()
                | KillUpdated()
                | PresetsUpdated()
                | PriceAlertsUpdated()
            ):
                self._whole[type(event).__name__] = event
            case _:
                assert_never(event)

    def take(self, most_quotes: int | None = None) -> list[StateEvent]:
        """What came since the last call; instruments first, since the rest refers to them.

        Quotes beyond `most_quotes` stay for the next call; None takes all.
        """
        events: list[StateEvent] = []
        if self._instruments:
            events.append(InstrumentsUpdated(instruments=tuple(self._instruments.values())))
            self._instruments.clear()
        if self._whole:
            events += self._whole.values()
            self._whole.clear()
        if self._quotes:
            con_ids = list(self._quotes)[:most_quotes]
            events.append(QuotesUpdated(quotes=tuple(self._quotes.pop(con_id) for con_id in con_ids)))
        return events


class EventStream:
    """An iterator over events, filled by `publish`; it ends by `finish` or `fail`. One reader at a time.

    Facts that wait come before state that waits, and that before what streams brought.
    """

    __slots__ = ("_ended", "_error", "_facts", "_session", "_state", "_streams", "_taken", "_wake")

    def __init__(self) -> None:
        self._facts: deque[Envelope] = deque()
        self._state = Conflator()
        self._streams = UnreadStreams()
        self._taken: deque[StateEvent | StreamEvent] = deque()
        self._session = ""
        self._wake: asyncio.Future[None] | None = None
        self._error: LinkError | None = None
        self._ended = False

    def publish(self, *envelopes: Envelope) -> None:
        """Take events; too many unread facts end the stream. Does nothing once ended."""
        for envelope in envelopes:
            if self._ended:
                return
            self._session = envelope.session
            if isinstance(envelope.event, StateEvent):
                self._state.put(envelope.event)
            elif isinstance(envelope.event, StreamEvent):
                self._streams.put(envelope.event)
            elif len(self._facts) < MAX_UNREAD_FACTS:
                self._facts.append(envelope)
            else:
                self.fail(LinkError(TOO_SLOW))
        self._signal()

    def fail(self, error: LinkError) -> None:
        """End the stream: the reader gets what waits, then `error`. Does nothing once ended."""
        if not self._ended:
            self._error = error
            self.finish()

    def finish(self) -> None:
        """End the stream: the reader gets what waits, then the end."""
        self._ended = True
        self._signal()

    def __aiter__(self) -> EventStream:
        """Itself."""
        return self

    async def __anext__(self) -> Envelope:
        """The next event. Raises LinkError after the last one of a stream that failed."""
        while True:
            if self._facts:
                return self._facts.popleft()
            if not self._taken:
                self._taken += self._state.take()
                self._taken += self._streams.take()
            if self._taken:
                return Envelope(session=self._session, number=None, event=self._taken.popleft())
            if self._error is not None:
                raise self._error
            if self._ended:
                raise StopAsyncIteration
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake

    def _signal(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
