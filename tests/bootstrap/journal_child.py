"""A process that begins a journal or looks at one.

`write PATH ROWS stopped|killed`, `starve PATH ROWS` (no descriptor is left), `look PATH [UID]`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import sys
from pathlib import Path

from core.bootstrap.journal import start_journal
from core.clock import LoopClock
from core.errors import JournalError
from tests.journal.values import intent


async def write(path: Path, rows: int, *, killed: bool) -> None:
    """Rows that are durable when it ends."""
    started = await start_journal(path, "S", LoopClock(), print)
    for number in range(1, rows + 1):
        await started.store.commit([intent(number)])
    if killed:
        os.kill(os.getpid(), signal.SIGKILL)
    await started.store.close()


async def starve(path: Path, rows: int) -> None:
    """Rows while no file can be opened any more."""
    started = await start_journal(path, "S", LoopClock(), print)
    highest = max(int(name.name) for name in Path("/dev/fd").iterdir())
    # Threads are imported while a file can be opened, as in a core that has run for a while.
    await asyncio.to_thread(len, "")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, before[1]))
    for descriptor in range(3, highest):
        with contextlib.suppress(OSError):
            os.dup(descriptor)
    for number in range(1, rows + 1):
        await started.store.commit([intent(number)])
    try:
        await started.store.read(0, 5)
    except JournalError as error:
        print("reading failed:", type(error).__name__)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    await started.store.close()
    print(started.store.durable, "rows,", started.store.failure or "none failed")


async def look(path: Path) -> None:
    """Say why nothing can be written, how many orders there are, and how many copies were kept for damage."""
    started = await start_journal(path, "S", LoopClock(), print)
    print(started.store.failure)
    print(len(list(started.recorded.book.orders())), "orders")
    print(len(list(path.parent.glob("quarantine/*"))), "kept")
    await started.store.close()


if __name__ == "__main__":
    where = Path(sys.argv[2])
    if sys.argv[1] == "write":
        asyncio.run(write(where, int(sys.argv[3]), killed=sys.argv[4] == "killed"))
    elif sys.argv[1] == "starve":
        asyncio.run(starve(where, int(sys.argv[3])))
    else:
        if len(sys.argv) > 3:
            os.setuid(int(sys.argv[3]))
        asyncio.run(look(where))
