"""What a benchmark hands back, and the machine it ran on."""

from __future__ import annotations

import math
import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class BenchResult:
    """The figures of one benchmark."""

    values: dict[str, float]
    """Ours, by key; the unit is the end of the key (`_ms`, `_per_s`), `ratio` has none."""
    baseline: dict[str, float] = field(default_factory=dict)
    """What the ratios divide by, measured in the same call."""

    def __post_init__(self) -> None:
        """Raises ValueError for a figure that is not finite, so that no table ever shows one."""
        odd = [key for key, value in {**self.values, **self.baseline}.items() if not math.isfinite(value)]
        if odd or not self.values:
            raise ValueError(f"a benchmark gave no finite figure for {', '.join(odd) or 'anything'}")


def machine() -> dict[str, str | int]:
    """What a reader needs to judge the figures: processor, cores, system, Python, Textual, time of the run."""
    return {
        "cpu": _processor(),
        "cores": os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "textual": version("textual"),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _processor() -> str:
    """The processor's own name where the system tells it, else its architecture."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
