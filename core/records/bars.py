"""Bars of one second, as `ibdesk record` writes them, for whoever needs the price at a moment.

A file has one row for each second between its first and its last, quiet ones too:

| column | type | what |
|---|---|---|
| time | Datetime(us, UTC) | the second's beginning, by the broker's clock |
| open, high, low, close | Float64 | prices of its trades; without any, the close before; null before the first |
| volume | Float64 | units traded in it |
| vwap | Float64 | average price of its trades by units; null without trades |
| count | UInt32 | its trades |
| bid, ask | Float64 | as they stood at its end; null where not known |
| bid_size, ask_size | Float64 | units shown there; null where not known |
| gap | Boolean | true where something of the second may be missing, or all of it: prices are null where all is |
| conflated | Boolean | true where ticks came as last values a few times a second: extremes may be missing |

Prices are Float64 since the TWS API sends them so: the shortest decimal that a number stands for is the price.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.clock import trading_day
from core.errors import RecordsError
from core.records.live_folder import BARS_PREFIX, day_of
from core.records.parquet_file import read_parquet

if TYPE_CHECKING:
    import polars as pl

SECOND: Final = timedelta(seconds=1)
OLDEST_ARRIVAL: Final = timedelta(seconds=60)
"""A bar that ended longer ago than this says nothing of the price now."""

_RECORD: Final = "Record it with `ibdesk record`; of ticks that are there `ibdesk record --merge` makes bars."


class Bars:
    """The bars of one instrument and trading day."""

    def __init__(self, path: Path, day: date, frame: pl.DataFrame) -> None:
        """`frame` has at least `time`, ascending, and `close` or both `bid` and `ask`; see the head of this module."""
        self.path = path
        self.day = day
        """The trading day, which ends at 17:00 New York."""
        self.frame = frame

    def arrival_price(self, at: datetime, oldest: timedelta = OLDEST_ARRIVAL) -> Decimal | None:
        """The middle of the market that could be known at an aware moment: of the last second that had ended then.

        The close stands in where no bid and ask are known. None where that second is marked as a gap, has no price, or
        ended more than `oldest` before.
        """
        place = self.frame["time"].search_sorted(at - SECOND, side="right") - 1
        if place < 0:
            return None
        bar = self.frame.row(place, named=True)
        if at - bar["time"] - SECOND > oldest or bar.get("gap"):
            return None
        bid, ask, close = bar.get("bid"), bar.get("ask"), bar.get("close")
        if bid is not None and ask is not None:
            return (_decimal(bid) + _decimal(ask)) / 2
        return None if close is None else _decimal(close)


def read_bars(path: Path, day: date | None = None) -> Bars:
    """The bars of a file, and what a recorder has heard since it was written.

    Args:
        path: `data/live/YYYY-MM-DD/bars1s_SYM.parquet`, or any Parquet file with the columns that `Bars` needs.
        day: The trading day that they must be of, such as that of the order whose arrival price is asked; None takes
            that of the file's folder, or of its first bar where the folder is named by no day.

    Raises RecordsError, which names the file: there is none, it is damaged or cut short, it has no bars or other
    columns, its bars are of another day.
    """
    import polars as pl

    frame = _with_open_segments(path)
    time = frame.schema.get("time")
    priced = "close" in frame.columns or {"bid", "ask"} <= set(frame.columns)
    if not isinstance(time, pl.Datetime) or time.time_zone is None or not priced:
        raise RecordsError(
            f"Bars: {path} has other columns ({', '.join(frame.columns[:12])}): `time` with a time zone, and "
            f"`close` or `bid` and `ask`, are needed. {_RECORD}"
        )
    frame = frame.with_columns(pl.col("time").dt.convert_time_zone("UTC").dt.cast_time_unit("us")).sort("time")
    if frame.is_empty():
        raise RecordsError(f"Bars: {path} has none. {_RECORD}")
    begins, ends = trading_day(frame["time"][0]), trading_day(frame["time"][-1])
    wanted = day or day_of(path) or begins
    if not begins == ends == wanted:
        found = f"{begins}" if begins == ends else f"{begins} to {ends}"
        raise RecordsError(f"Bars: {path} has bars of another day: of {found}, wanted {wanted}. Name that day's file.")
    return Bars(path, wanted, frame)


def _with_open_segments(path: Path) -> pl.DataFrame:
    """The file's bars with those of segments that were not merged into it yet; either may be missing."""
    from core.records.bar_making import join_bars, make_bars
    from core.records.merging import open_ticks

    day, symbol = day_of(path), path.stem.removeprefix(BARS_PREFIX)
    ticks = open_ticks(path.parent.parent, day, symbol) if day and symbol != path.stem else None
    if ticks is None:
        return read_parquet(path, "Bars", _RECORD)
    made = make_bars(ticks)
    return join_bars(read_parquet(path, "Bars", _RECORD).select(made.columns), made) if path.exists() else made


def _decimal(price: float) -> Decimal:
    return Decimal(str(price))
