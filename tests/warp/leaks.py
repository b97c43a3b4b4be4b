"""What must be gone once everything is closed: tasks, futures, timers, file descriptors."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.warp.loop import warp_loop

_DESCRIPTORS = Path("/dev/fd")


@asynccontextmanager
async def no_leaks() -> AsyncIterator[None]:
    """Fails if the block leaves behind a task, a future that nobody will ever settle, a timer or an open file."""
    before, files = _at_work(), _open_files()
    yield
    # Closed transports are gone after the loop has gone round.
    await asyncio.sleep(2)
    left = [*(_at_work() - before), *(f"file {name}" for name in _open_files() - files)]
    assert not left, left
    assert warp_loop().timers == 0


def _at_work() -> set[object]:
    """Tasks and futures of this loop that are not done, the asking task apart."""
    gc.collect()
    loop, myself = asyncio.get_running_loop(), asyncio.current_task()
    found = (thing for thing in gc.get_objects() if isinstance(thing, asyncio.Future))
    return {one for one in found if one is not myself and not one.done() and one.get_loop() is loop}


def _open_files() -> set[tuple[str, str]]:
    found = set()
    for entry in _DESCRIPTORS.iterdir():
        try:
            found.add((entry.name, str(entry.readlink())))
        except OSError:
            # The descriptor by which the folder was listed.
            continue
    return found
