"""Where facts get their number: the journal first, then every desk."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from core.domain.entries import Entry, FactRecorded, fact_of
from core.domain.events import Envelope, Fact, StateEvent
from core.errors import JournalError
from core.ports import EventSink, Journal, RecordedFacts

log = logging.getLogger(__name__)

FACTS_AT_HAND = 20_000
"""Facts kept in memory for desks that attach again; older ones are read from the journal."""
_ROWS_AT_ONCE = 1000
_COMMIT_SECONDS = 0.1
"""Rows that were handed over are durable after this long."""


class Publisher:
    """Numbers facts with their journal row and hands every event to every sink."""

    def __init__(self, journal: Journal, session: str) -> None:
        """`session` names this run of core."""
        self._journal = journal
        self.session = session
        self._first_missing = journal.head
        self._facts: deque[Envelope] = deque(maxlen=FACTS_AT_HAND)
        self._sinks: list[EventSink] = []

    @property
    def number(self) -> int:
        """The number of the last fact published in this session; the journal's head before the first."""
        last = self._facts[-1].number if self._facts else None
        return self._first_missing if last is None else last

    def facts(self, facts: Sequence[Fact], *, heard: Sequence[Entry] = ()) -> None:
        """Journal `heard` and then each fact, and publish the facts in order at once."""
        entries: list[Entry] = [*heard, *(FactRecorded(fact=fact) for fact in facts)]
        if not entries:
            return
        last = self._journal.append(entries)
        self.journalled(last - len(facts) + 1, *facts)

    def journalled(self, number: int, *facts: Fact) -> None:
        """Publish facts that the journal holds already, from `number` on."""
        envelopes = [
            Envelope(session=self.session, number=row, event=fact) for row, fact in enumerate(facts, start=number)
        ]
        self._facts += envelopes
        if envelopes:
            self._send(*envelopes)

    def state(self, event: StateEvent) -> None:
        """Publish a last value."""
        self._send(Envelope(session=self.session, number=None, event=event))

    def after(self, number: int) -> Sequence[Envelope] | None:
        """Facts after `number`; None when some of them are no longer in memory, or `number` lies ahead."""
        oldest = self._facts[0].number if len(self._facts) == FACTS_AT_HAND else self._first_missing
        if oldest is None or number < oldest or number > self.number:
            return None
        return [envelope for envelope in self._facts if envelope.number is not None and envelope.number > number]

    async def recorded(self, number: int) -> RecordedFacts | None:
        """The next facts of this session behind `number`, from the journal; None if it has or may have others."""
        if not self._first_missing <= number <= self.number:
            return None
        try:
            rows = await self._journal.read(number, _ROWS_AT_ONCE)
            if not rows and not self._journal.failure:
                await asyncio.sleep(_COMMIT_SECONDS)
                rows = await self._journal.read(number, _ROWS_AT_ONCE)
        except JournalError:
            log.exception("facts behind %d can't be read back", number)
            return None
        if not rows:
            return None
        found = ((row, fact_of(entry)) for row, entry in rows)
        return RecordedFacts(
            facts=tuple(
                Envelope(session=self.session, number=row, event=fact) for row, fact in found if fact is not None
            ),
            last=rows[-1][0],
        )

    def add_sink(self, sink: EventSink) -> None:
        """Send every further event to `sink`."""
        self._sinks.append(sink)

    def remove_sink(self, sink: EventSink) -> None:
        """Stop; does nothing for an unknown sink."""
        if sink in self._sinks:
            self._sinks.remove(sink)

    def _send(self, *envelopes: Envelope) -> None:
        for sink in tuple(self._sinks):
            try:
                sink.publish(*envelopes)
            except Exception:
                # It stays: the kill switch and the link are sinks too. What it missed is its own to make good.
                log.exception("an event sink failed at an event; it gets the next ones")
