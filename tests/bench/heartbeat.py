"""How late a loop is: a task that wants to run every 5 ms and notes by how much it came too late."""

from __future__ import annotations

import asyncio
import struct
import time
from pathlib import Path
from typing import Final

BEAT_SECONDS: Final = 0.005
_BEAT: Final = struct.Struct("dd")
_WRITE_AT: Final = 20


async def beat(path: Path) -> None:
    """Note beats in a file, for ever: the moment (monotonic seconds, the same for all processes) and the lateness."""
    beats: list[bytes] = []
    with path.open("wb", buffering=0) as file:
        while True:
            planned = time.perf_counter() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            now = time.perf_counter()
            beats.append(_BEAT.pack(now, now - planned))
            if len(beats) == _WRITE_AT:
                file.write(b"".join(beats))
                beats.clear()


def lags_ms(path: Path, begin: float, end: float) -> list[float]:
    """How late each beat between two moments was, in milliseconds, the best first."""
    return sorted(1000 * lag for when, lag in _BEAT.iter_unpack(path.read_bytes()) if begin <= when <= end)


def percentile(ordered: list[float], part: float) -> float:
    """The value below which that part of them lies. Raises ValueError without any."""
    if not ordered:
        raise ValueError("no beat was noted")
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
