"""Ending tasks that wait for a bus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

_AGAIN_SECONDS = 0.5


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks until all have ended, whatever they raise.

    Once is not enough: `asyncio.wait_for` of Python 3.11, by which the client of Redis writes, drops a cancel that
    comes in the turn in which it is done (bpo-42130).
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=_AGAIN_SECONDS)
        for task in done:
            if not task.cancelled():
                # Asked for, it counts as noticed.
                task.exception()
