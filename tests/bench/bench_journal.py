"""An INTENT made durable: through the journal, against a bare SQLite commit of the same bytes.

Ours begins on core's loop when the intent is handed over, and ends there when it is known to be synced: numbered,
encoded, chained, written by the writer's thread, noted in the side file, folded. The baseline is one INSERT of the same
row into a table of the same columns, in the caller's own thread, with journal_mode=WAL and synchronous=FULL. They are
made in turn, on the same disk. Medians.
"""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from core.clock import LoopClock
from core.domain.entries import Entry, Intent
from core.execution.recorded import Recorded
from core.journal.recovery import read_rows, recover
from core.journal.rows import Row
from core.journal.store import open_journal
from tests.bench.result import BenchResult
from tests.journal.values import intent

COMMITS, SHORT_COMMITS = 3000, 100
WARM_UP = 50
_TABLE = (
    "CREATE TABLE event (seq INTEGER PRIMARY KEY, session TEXT, ts_utc TEXT, ts_mono INTEGER, kind TEXT, "
    "schema INTEGER, order_ref TEXT, payload TEXT, prev_hash BLOB, hash BLOB)"
)
_INSERT = f"INSERT INTO event VALUES ({', '.join('?' * len(Row._fields))})"


def run(short: bool) -> BenchResult:
    """Medians over interleaved commits."""
    with tempfile.TemporaryDirectory(prefix="ibd") as folder:
        ours, bare = asyncio.run(_run(Path(folder), SHORT_COMMITS if short else COMMITS))
    return BenchResult(values={"commit_us": ours, "ratio": ours / bare}, baseline={"bare_us": bare})


async def _run(folder: Path, commits: int) -> tuple[float, float]:
    rows = await _rows(folder / "pattern" / "journal.db", WARM_UP + commits)
    path = folder / "journal" / "journal.db"
    failures: list[str] = []
    journal = await open_journal(path, "S", LoopClock(), on_failure=failures.append, recovered=recover(path, Recorded))
    ours_us: list[float] = []
    bare_us: list[float] = []
    with closing(_bare(folder / "bare.db")) as bare:
        # What the preparation left is not collected in the middle of a commit of either.
        gc.collect()
        gc.freeze()
        for number, row in enumerate(rows, 1):
            entry = intent(number)
            ours_us.append(await _ours(journal.commit, entry))
            bare_us.append(_theirs(bare, row))
    await journal.close()
    if failures or len(list(read_rows(path))) != len(rows):
        raise RuntimeError(f"the journal lost rows: {failures}")
    return median(ours_us[WARM_UP:]), median(bare_us[WARM_UP:])


async def _rows(path: Path, count: int) -> list[Row]:
    """The rows that the journal makes of the same intents."""
    journal = await open_journal(path, "S", LoopClock(), on_failure=print)
    await journal.commit([intent(number) for number in range(1, count + 1)])
    await journal.close()
    return list(read_rows(path))


async def _ours(commit: Callable[[Sequence[Entry]], Awaitable[int]], entry: Intent) -> float:
    began = time.perf_counter()
    await commit([entry])
    return (time.perf_counter() - began) * 1e6


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(_TABLE)
    return connection


def _theirs(bare: sqlite3.Connection, row: Row) -> float:
    began = time.perf_counter()
    bare.execute(_INSERT, row)
    return (time.perf_counter() - began) * 1e6
