"""What stands around a core in a warp loop: the gateway as core is told of it, and the probe of its journal."""

from __future__ import annotations

import asyncio

from core.domain.connection import Endpoint
from core.ports import Journal


class Found:
    """The gateway as core is told of it."""

    pid = None

    def __init__(self, port: int) -> None:
        """`port` is where it listens."""
        self._endpoint = Endpoint("127.0.0.1", port)

    async def endpoint(self) -> Endpoint:
        """Where it is."""
        return self._endpoint

    async def stop(self) -> None:
        """Whoever started it stops it."""


class Unwritten:
    """A probe: rows are not durable. They are written at once, for the writer gathers in real time, which never passes
    here; so time stands still until the journal has everything."""

    def __init__(self, journal: Journal) -> None:
        """`journal` is that of one run of core."""
        self._journal = journal
        self._asked = 0

    def __call__(self) -> bool:
        """True while rows are on their way to the disk."""
        journal = self._journal
        if journal.head == journal.durable or journal.failure:
            return False
        if self._asked != journal.head:
            self._asked = journal.head
            asyncio.ensure_future(journal.commit(())).add_done_callback(_heard)
        return True


def _heard(commit: asyncio.Future[int]) -> None:
    """A failure of it is the journal's to tell."""
    if not commit.cancelled():
        commit.exception()
