"""A process that begins a journal or looks at one: `write PATH ROWS stopped|killed`, `look PATH [UID]`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from core.bootstrap.journal import start_journal
from core.clock import LoopClock
from tests.journal.values import intent


async def write(path: Path, rows: int, *, killed: bool) -> None:
    """Rows that are durable when it ends."""
    started = await start_journal(path, "S", LoopClock(), print)
    for number in range(1, rows + 1):
        await started.store.commit([intent(number)])
    if killed:
        os.kill(os.getpid(), signal.SIGKILL)
    await started.store.close()


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
    else:
        if len(sys.argv) > 3:
            os.setuid(int(sys.argv[3]))
        asyncio.run(look(where))
