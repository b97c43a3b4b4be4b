"""What time the market has: that of our clock, but for a replay's and for a practice market that goes faster."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from core.records.live_folder import TICKS_PREFIX

TOGETHER: Final = 5_000_000
"""Microseconds by which the broker's clock and ours may differ and still count as one."""


class MarketTime:
    """What the broker's clock shows: ours, unless ticks say otherwise, as those of a replay or a fast market do."""

    def __init__(self) -> None:
        self._tick: int | None = None
        self._apart = False

    @property
    def is_known(self) -> bool:
        """Whether a tick has told what time the broker has."""
        return self._tick is not None

    def note(self, time: int, received: int) -> None:
        """A tick of that time came at that moment by our clock; both in microseconds since 1970."""
        self._tick = time
        self._apart = abs(received - time) > TOGETHER

    def at(self, received: int) -> int:
        """The broker's time, in microseconds since 1970, at a moment of our clock."""
        return received if self._tick is None or not self._apart else self._tick


def was_apart(folder: Path) -> bool:
    """Whether the market that was recorded last below `data/live` had another time than our clock.

    False where nothing was recorded, or where its last file can't be read.
    """
    import polars as pl

    files = sorted(folder.glob(f"*/{TICKS_PREFIX}*.parquet"), key=lambda path: path.stat().st_mtime)
    if not files:
        return False
    told = pl.col("received") - pl.col("time")
    try:
        ticks = (
            pl.scan_parquet(files[-1]).filter(~pl.col("conflated")).select(told.abs().dt.total_microseconds().last())
        )
        apart = ticks.collect().item()
    except (OSError, pl.exceptions.PolarsError):
        return False
    return isinstance(apart, int) and apart > TOGETHER
