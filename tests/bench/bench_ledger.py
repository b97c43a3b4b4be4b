"""The ledger of a day of 100,000 orders.

Each order fills and is charged for: six rows of the journal, four events. `seconds` is what the process that keeps the
ledger needs for all of them at once, from journal entries to a synced Parquet file. `anew_orders_per_s` is how fast
`ibdesk ledger build` goes through a journal of 10,000 of them: rows read, verified and decoded besides. Medians.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import polars as pl

from core.clock import trading_day
from core.domain.entries import Entry
from core.records.ledger import read_ledger, write_day, write_frame
from core.records.ledger_fold import LedgerFold
from core.records.ledger_frame import frame_of
from tests.bench.result import BenchResult
from tests.journal.books import SetClock, opened
from tests.records.ledger_journals import MORNING, known, life

ORDERS, SHORT_ORDERS = 100_000, 500
ROUNDS, SHORT_ROUNDS = 3, 1
DAY = trading_day(MORNING)
_BATCH = 1000


def run(short: bool) -> BenchResult:
    """Medians of rounds."""
    orders, rounds = (SHORT_ORDERS, SHORT_ROUNDS) if short else (ORDERS, ROUNDS)
    entries = [known()]
    for number in range(1, orders + 1):
        entries += life(number, MORNING + timedelta(milliseconds=number))
    with TemporaryDirectory(prefix="ibdesk-bench-") as folder:
        times = [_from_entries(entries, orders, Path(folder)) for _ in range(rounds)]
        anew = asyncio.run(_anew(entries[: len(entries) // 10], Path(folder)))
    return BenchResult(values={"seconds": median(times), "anew_orders_per_s": anew})


def _from_entries(entries: Sequence[Entry], orders: int, folder: Path) -> float:
    """Seconds from entries to the file, as the keeper goes: it has no use for the collector either."""
    moments = [
        (MORNING + timedelta(microseconds=row)).isoformat(timespec="microseconds") for row in range(len(entries))
    ]
    gc.collect()
    gc.disable()
    began = time.perf_counter()
    fold = LedgerFold()
    for row, (moment, entry) in enumerate(zip(moments, entries, strict=True)):
        fold.apply(row, moment, entry)
    path = write_frame(DAY, frame_of("ABCDEF", fold.rows[DAY]), folder)
    took = time.perf_counter() - began
    gc.enable()
    found = read_ledger(path).filter(pl.col("event") == "FILL")
    if len(found) != orders or found["commission"].null_count():
        raise RuntimeError(f"the ledger has {len(found)} fills of {orders} orders")
    return took


async def _anew(entries: Sequence[Entry], folder: Path) -> float:
    """Orders a second, from the journal's file to the ledger."""
    journal = folder / "journal.db"
    async with opened(journal, clock=SetClock(MORNING)) as store:
        for begin in range(0, len(entries), _BATCH):
            await store.commit(entries[begin : begin + _BATCH])
    began = time.perf_counter()
    path = write_day(journal, DAY, folder / "anew")
    took = time.perf_counter() - began
    return read_ledger(path)["order_ref"].n_unique() / took
