"""Transaction costs of a day of 100,000 orders, with bars of one second: each order's, and their sums by every column.

`seconds` is from the day's ledger, as a table, to all of that; the baseline reads that ledger from its file. Medians.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import polars as pl

from core.clock import trading_day
from core.records.bars import Bars
from core.records.ledger import read_ledger, write_frame
from core.records.ledger_fold import LedgerFold
from core.records.ledger_frame import frame_of
from core.records.tca import By, orders_of, summary
from tests.bench.result import BenchResult
from tests.journal.values import order
from tests.records.ledger_journals import AAPL, MORNING, known, life

ORDERS, SHORT_ORDERS = 100_000, 500
ROUNDS, SHORT_ROUNDS = 5, 1
DAY = trading_day(MORNING)
SECONDS = 23_400
"""Of a regular session."""


def run(short: bool) -> BenchResult:
    """Medians of rounds, the baseline between them."""
    orders, rounds = (SHORT_ORDERS, SHORT_ROUNDS) if short else (ORDERS, ROUNDS)
    frame, bars = _ledger(orders), {order(1).label: Bars(Path("bars1s_AAPL.parquet"), DAY, _bars())}
    times: list[float] = []
    reading: list[float] = []
    with TemporaryDirectory(prefix="ibdesk-bench-") as folder:
        path = write_frame(DAY, frame, Path(folder))
        for _ in range(rounds):
            times.append(_timed(lambda: _analyse(frame, bars, orders)))
            reading.append(_timed(lambda: read_ledger(path)))
    return BenchResult(values={"seconds": median(times)}, baseline={"read_seconds": median(reading)})


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _analyse(ledger: pl.DataFrame, bars: dict[str, Bars], orders: int) -> None:
    found = orders_of(ledger, [AAPL], bars)
    sums = [summary(found, [by]) for by in By]
    if len(found) != orders or found["quoted_spread_bps"].null_count() or any(frame.is_empty() for frame in sums):
        raise RuntimeError(f"{len(found)} of {orders} orders were analysed, or some without the market")


def _ledger(orders: int) -> pl.DataFrame:
    fold = LedgerFold()
    fold.apply(0, MORNING.isoformat(timespec="microseconds"), known())
    row = 0
    for number in range(1, orders + 1):
        moment = MORNING + timedelta(milliseconds=number)
        for entry in life(number, moment):
            row += 1
            fold.apply(row, moment.isoformat(timespec="microseconds"), entry)
    return frame_of("ABCDEF", fold.rows[DAY])


def _bars() -> pl.DataFrame:
    begin = MORNING - timedelta(seconds=60)
    return pl.DataFrame(
        {
            "time": [begin + timedelta(seconds=second) for second in range(SECONDS)],
            "bid": [233.3] * SECONDS,
            "ask": [233.32] * SECONDS,
            "close": [233.31] * SECONDS,
            "gap": [False] * SECONDS,
        },
        schema_overrides={"time": pl.Datetime("us", "UTC")},
    )
