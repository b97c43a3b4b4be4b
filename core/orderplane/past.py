"""Facts that core published before the order plane attached, read from its journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

from core.domain.entries import fact_of
from core.domain.events import Fact
from core.errors import JournalDamagedError, JournalError
from core.journal.recovery import read_some

_ROWS = 2000
_DURABLE_SECONDS = 10.0
"""What core has published is durable after this long, or core is sick."""
_PAUSE_SECONDS = 0.02


class Page(NamedTuple):
    """Some of them."""

    facts: Sequence[tuple[int, Fact]]
    """Each with its number."""
    upto: int
    """All up to this number are in this page or an earlier one."""


async def facts_between(journal: Path, after: int, upto: int) -> AsyncIterator[Page]:
    """Facts behind number `after` up to `upto`, in order.

    Raises JournalError where the journal can't be read, or does not reach so far although core has published it.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _DURABLE_SECONDS
    while after < upto:
        try:
            rows = await asyncio.to_thread(read_some, journal, after, min(_ROWS, upto - after))
        except JournalDamagedError:
            # The row behind which to read may itself not be on the disk yet.
            if loop.time() > deadline:
                raise
            rows = []
        if rows:
            after, deadline = rows[-1][0], loop.time() + _DURABLE_SECONDS
            found = [(number, fact_of(entry)) for number, entry in rows]
            yield Page([(number, fact) for number, fact in found if fact is not None], after)
        elif loop.time() > deadline:
            raise JournalError(f"{journal} ends at row {after}, but core has published {upto}. Look at its alerts.")
        else:
            await asyncio.sleep(_PAUSE_SECONDS)
