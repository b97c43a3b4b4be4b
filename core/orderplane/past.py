"""Facts that core published before the order plane attached, read from its journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from core.domain.entries import fact_of
from core.domain.events import Fact
from core.errors import JournalError
from core.journal.recovery import read_rows, read_some
from core.journal.rows import Row
from core.orderplane.bus import Position

_ROWS = 2000
_DURABLE_SECONDS = 10.0
"""What core has published is durable after this long, or core is sick."""
_PAUSE_SECONDS = 0.02


async def unseen_behind(journal: Path, position: Position) -> int:
    """The number behind which nothing has become reports yet, for a position that an earlier run of core was at.

    What that run published last may not have become durable: its numbers stand for other facts then.
    """
    rows = await asyncio.to_thread(_rows, journal, max(0, position.number - _ROWS))
    other = (row.seq for row in rows if row.seq <= position.number and row.session != position.session)
    return min(other, default=position.number + 1) - 1


def _rows(journal: Path, after: int) -> list[Row]:
    with closing(read_rows(journal, after, _ROWS)) as rows:
        return list(rows)


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
    deadline = asyncio.get_running_loop().time() + _DURABLE_SECONDS
    while after < upto:
        rows = await asyncio.to_thread(read_some, journal, after, min(_ROWS, upto - after))
        if rows:
            after = rows[-1][0]
            found = [(number, fact_of(entry)) for number, entry in rows]
            yield Page([(number, fact) for number, fact in found if fact is not None], after)
        elif asyncio.get_running_loop().time() > deadline:
            raise JournalError(f"{journal} ends at row {after}, but core has published {upto}. Look at its alerts.")
        else:
            await asyncio.sleep(_PAUSE_SECONDS)
