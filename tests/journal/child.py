"""A process that writes a journal until something stops it.

`python -m tests.journal.child PATH NOTE_BYTES LIMIT_BYTES [UID]` prints
`ok N` for each row that was promised to be durable, then what failed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path

from core.clock import LoopClock
from core.errors import JournalError
from core.journal.store import open_journal
from tests.journal.values import intent


async def main(path: Path, note_bytes: int, limit_bytes: int) -> None:
    """Commit row after row; a `limit_bytes` above 0 is the longest file that this process can write."""
    os.umask(0)
    failures: list[str] = []
    try:
        journal = await open_journal(path, "S", LoopClock(), on_failure=failures.append)
    except JournalError as error:
        print("open", error, flush=True)
        return
    print("opened", journal.head, flush=True)
    if limit_bytes:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    try:
        while True:
            print("ok", await journal.commit([intent(journal.head + 1, "x" * note_bytes)]), flush=True)
    except JournalError as error:
        print("failed", error, flush=True)
    try:
        await journal.commit([])
    except JournalError:
        print("still", flush=True)
    await asyncio.sleep(0)
    print("told", len(failures), failures == [journal.failure], flush=True)
    await journal.close()


if __name__ == "__main__":
    if len(sys.argv) > 4:
        os.setuid(int(sys.argv[4]))
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
