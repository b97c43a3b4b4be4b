"""Where recorded markets lie: a folder a trading day, a file an instrument."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Final

LIVE: Final = Path("data/live")
"""The folder of recorded days below the one that a command is called in."""

BARS_PREFIX: Final = "bars1s_"
TICKS_PREFIX: Final = "ticks_"

_ODD: Final = re.compile(r"[^A-Za-z0-9.+-]+")


def file_symbol(label: str) -> str:
    """An instrument's label as a part of a file's name: `SPY`, `EUR.USD`, `ESZ6`; never empty, never hidden."""
    return _ODD.sub("_", label).strip("._") or "_"


def bars_path(folder: Path, day: date, label: str) -> Path:
    """The bars of one second of an instrument, of the trading day that ends at 17:00 New York on `day`."""
    return folder / f"{day:%Y-%m-%d}" / f"{BARS_PREFIX}{file_symbol(label)}.parquet"


def ticks_path(folder: Path, day: date, label: str) -> Path:
    """Every recorded quote and trade of it."""
    return folder / f"{day:%Y-%m-%d}" / f"{TICKS_PREFIX}{file_symbol(label)}.parquet"


def orders_path(folder: Path, day: date) -> Path:
    """What became of the desk's own orders while the market of `day` was recorded."""
    return folder / f"{day:%Y-%m-%d}" / "orders.parquet"


def segments_folder(folder: Path, day: date) -> Path:
    """What was written while recording and has not been merged yet."""
    return folder / f"{day:%Y-%m-%d}" / "segments"


def day_of(path: Path) -> date | None:
    """The trading day whose folder a file lies in; None if its folder is not named by a day."""
    try:
        return date.fromisoformat(path.absolute().parent.name)
    except ValueError:
        return None
