"""What must be gone once everything is closed: tasks, futures, timers, threads, file descriptors."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.warp.loop import warp_loop

_DESCRIPTORS = Path("/dev/fd")


@asynccontextmanager
async def no_leaks() -> AsyncIterator[None]:
    """Fails if the block leaves behind a task, a future that nobody will ever settle, a timer, a thread or a file."""
    before, files, threads = _at_work(), _open_files(), set(threading.enumerate())
    yield
    # Closed transports are gone after the loop has gone round.
    await asyncio.sleep(2)
    left = [*(_at_work() - before), *(f"file {name}" for name in _open_files() - files)]
    left += [thread for thread in threading.enumerate() if thread not in threads and not _of_executor(thread)]
    assert not left, left
    assert warp_loop().timers == 0


def at_rest() -> Counter[str]:
    """Tasks by name, futures, threads and open files by kind as they are now, the asking task apart."""
    counted: Counter[str] = Counter()
    for thing in _at_work():
        # A task that nobody named has a number for a name.
        counted[f"task {thing.get_name().rstrip('0123456789')}" if isinstance(thing, asyncio.Task) else "future"] += 1
    # The name of a socket or a pipe has its number behind it.
    counted.update(f"file {path.partition(':')[0]}" for _, path in _open_files())
    counted["threads"] = sum(not _of_executor(thread) for thread in threading.enumerate())
    return counted


def _of_executor(thread: threading.Thread) -> bool:
    """True for a thread that the loop keeps for the next work."""
    return thread.name.startswith("asyncio_")


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
