"""How far a script has polled: from one poll to the next no change is left out, whatever core runs by then."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from core.errors import JournalError, NotConnectedError
from core.journal.runs import kept_of
from core.scripting.reports import Change
from core.scripting.session import Session


class _Place(NamedTuple):
    instance: str
    """The journal's."""
    run: str
    """Core's, whose numbering it was."""
    number: int
    """Of the last event that a poll has looked at."""


class Polling:
    """Where the polls of one script stand."""

    def __init__(self, session: Session) -> None:
        """The first poll begins where `begin` was called."""
        self._session = session
        self._place: _Place | None = None

    def begin(self) -> None:
        """What has been until now is old; does nothing the second time."""
        if self._place is None:
            self._place = self._now()

    async def changes(self, after: int | None) -> list[Change]:
        """Every change since the last call, or behind event `after`. Raises NotConnectedError, JournalError."""
        session = self._session
        start = await self._start() if after is None else after
        now = self._now()
        if start > now.number:
            raise JournalError(f"There is no event {start} yet: the last one is {now.number}.")
        found = await session.reports.since(start, session.journal)
        last = max(now.number, found[-1].number if found else 0)
        self._place = now._replace(number=last) if now.run == session.books.session else now
        return found

    async def _start(self) -> int:
        place, books = self._place, self._session.books
        if place is None:
            raise NotConnectedError("This script has not connected yet. Call connect first.")
        if place.instance != books.instance:
            # The journal was begun anew: all that it holds is new.
            return 0
        if place.run == books.session:
            return place.number
        return await asyncio.to_thread(kept_of, self._session.journal, place.run, place.number)

    def _now(self) -> _Place:
        books = self._session.books
        return _Place(books.instance, books.session, self._session.reports.last)
