"""Publishes core's facts about intents as reports, from where the last order plane left off."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from core.domain.events import Envelope, ExecutionAdded, Fact, OrderChanged
from core.journal.runs import kept_of
from core.orderplane.bus import IntentBus, Position
from core.orderplane.counts import Counts
from core.orderplane.notes import intent_of
from core.orderplane.past import facts_between
from core.orderplane.patience import Patience
from core.orderplane.reports import Report, Reporting
from core.orderplane.sessions import CoreSession
from core.orderplane.tasks import end

_FAR = 1000
"""Facts without a report after which the position is kept all the same."""
_ONCE = 500
"""Facts that become reports in one step."""
_REMEMBERED, _FORGET_EVERY = timedelta(days=2), timedelta(hours=1)
"""How long an order that has ended is remembered, and how often that is looked at."""
_YIELD_SECONDS = 0.2
"""How long one that was too late leaves reporting to the other order plane."""


class Reporter:
    """One a session. Two order planes on one core both run one: what one has published the other leaves out."""

    def __init__(self, bus: IntentBus, session: CoreSession, journal: Path, counts: Counts, patience: Patience) -> None:
        """`journal` is the one of the session's core."""
        self._bus = bus
        self._patiently = patience
        self._session = session
        self._journal = journal
        self._counts = counts
        self._instance = session.snapshot.instance
        self._reporting = Reporting(self._instance, {})
        self._standing: Position | None = None
        self._changed: dict[str, bytes | None] = {}
        self._forgot = datetime.min.replace(tzinfo=UTC)
        self._waiting: deque[tuple[int, Fact]] = deque()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()

    @property
    def behind(self) -> int:
        """Facts that wait to become reports."""
        return len(self._waiting)

    def knows(self, order_ref: str) -> bool:
        """True if core has said something of the order that an intent becomes."""
        return self._reporting.knows(order_ref)

    async def run(self) -> None:
        """Follow and publish until cancelled. Raises LinkError when the link breaks, JournalError."""
        events = self._session.client.events(self._session.snapshot.number)
        tasks = [asyncio.create_task(self._read(events)), asyncio.create_task(self._publish())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            await end(tasks)

    async def drained(self) -> None:
        """Wait until everything that was heard is published."""
        await self._idle.wait()

    async def _read(self, events: AsyncIterator[Envelope]) -> None:
        async for envelope in events:
            self._session.view.apply(envelope.event)
            if envelope.number is not None and isinstance(envelope.event, Fact):
                self._waiting.append((envelope.number, envelope.event))
                self._idle.clear()
                self._news.set()

    async def _publish(self) -> None:
        await self._catch_up()
        while True:
            while self._waiting:
                facts = [self._waiting.popleft() for _ in range(min(_ONCE, len(self._waiting)))]
                await self._report(facts, facts[-1][0])
            self._idle.set()
            self._news.clear()
            await self._news.wait()

    async def _catch_up(self) -> None:
        """What was published before this session began, as far as nobody has reported it."""
        progress = await self._patiently(lambda: self._bus.progress(self._instance))
        self._reporting = Reporting(self._instance, progress.tracks)
        self._standing, snapshot = progress.position, self._session.snapshot
        ours: set[str] | None = None
        if self._standing is None:
            # Nothing was ever reported, or the bus has lost it: what is older than the snapshot shows stays unsaid.
            ours = {order.order_ref for order in snapshot.orders if intent_of(self._instance, order)}
            begin = 0 if ours else snapshot.number
        elif self._standing.session == snapshot.session:
            begin = self._standing.number
        else:
            standing = self._standing
            begin = await asyncio.to_thread(kept_of, self._journal, standing.session, standing.number)
        async for page in facts_between(self._journal, begin, snapshot.number):
            facts = [(number, fact) for number, fact in page.facts if ours is None or _is_of(fact, ours)]
            await self._report(facts, page.upto)

    async def _report(self, facts: Sequence[tuple[int, Fact]], upto: int) -> None:
        wanted = sorted({intent_id for _, fact in facts if (intent_id := self._reporting.wanted(fact))})
        found = await self._patiently(lambda: self._bus.notes(wanted)) if wanted else ()
        notes = dict(zip(wanted, found, strict=True))
        made = [self._reporting.take(number, fact, notes) for number, fact in facts]
        self._forget()
        self._changed |= self._reporting.changed()
        after = Position(self._session.snapshot.session, upto)
        reports = self._unsaid([report for report in made if report is not None])
        while reports or self._is_far_behind(after):
            bodies = [report.body for report in reports]
            publish = partial(self._bus.publish, self._instance, self._standing, after, bodies, dict(self._changed))
            self._standing = standing = await self._patiently(publish)
            if standing == after:
                self._changed.clear()
                self._counts.reports += len(reports)
                return
            if standing is None:
                # The bus has lost what it knew of this core.
                self._changed = self._reporting.everything()
            else:
                reports = self._unsaid(reports)
                # The other one is at it: most of what is left it says itself.
                await asyncio.sleep(_YIELD_SECONDS if reports else 0)

    def _unsaid(self, reports: list[Report]) -> list[Report]:
        """Those that no order plane has published, as far as is known."""
        standing = self._standing
        if standing is None or standing.session != self._session.snapshot.session:
            return reports
        return [report for report in reports if report.number > standing.number]

    def _forget(self) -> None:
        """Now and then, what nothing more is expected of."""
        now = datetime.now(UTC)
        if now - self._forgot > _FORGET_EVERY:
            self._forgot = now
            self._reporting.forget(now - _REMEMBERED)

    def _is_far_behind(self, after: Position) -> bool:
        """True if the position is worth keeping although there is nothing to report."""
        standing = self._standing
        return standing is None or standing.session != after.session or after.number - standing.number > _FAR


def _is_of(fact: Fact, order_refs: set[str]) -> bool:
    match fact:
        case OrderChanged(order=order):
            return order.order_ref in order_refs
        case ExecutionAdded(execution=execution):
            return execution.order_ref in order_refs
        case _:
            return False
