"""A recorded day as the file that the practice gateway plays, see `core.practice.replay_file`."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from core.domain.instruments import Instrument
from core.errors import RecordsError
from core.private import open_file
from core.records.live_folder import TICKS_PREFIX, file_symbol, ticks_path
from core.records.parquet_file import read_about, read_parquet
from core.records.tick_rows import TickKind

if TYPE_CHECKING:
    import polars as pl

FORMAT: Final = "ibdesk-replay"
VERSION: Final = 1

_TOGETHER: Final = 2_000_000
"""Microseconds within which our clock tells when in its second a tick came, which the broker's does not."""
_RECORD: Final = "Record the day with `ibdesk record`, or replay another one."
_MARKET: Final = ("bid", "ask", "bid_size", "ask_size")


class Written(Struct, frozen=True, kw_only=True):
    """What a file plays."""

    begin: datetime
    """UTC, as for `end`."""
    end: datetime
    labels: tuple[str, ...]
    moments: int
    """Quotes and trades."""


def write_replay(
    folder: Path,
    day: date,
    path: Path,
    symbols: Sequence[str] = (),
    begin: datetime | None = None,
    end: datetime | None = None,
) -> Written:
    """Write what was recorded on a day, of all instruments or of `symbols`, from `begin` to `end`.

    None is all there is; what was before `begin` is the market's past, which charts show.

    A second in which the broker's clock and ours went together is played as it was heard; the ticks of one in which
    they did not (of a fast market, or of a replay) are spread evenly. The same recording makes the same file.

    Raises RecordsError, naming the file, where there is nothing to play or something can't be read or written.
    """
    import polars as pl

    instruments, closes, frames = [], [], []
    for place, source in enumerate(_sources(folder, day, symbols)):
        frame = read_parquet(source, f"Ticks of {source.stem.removeprefix(TICKS_PREFIX)}", _RECORD)
        instrument, close = _instrument(source)
        instruments.append(instrument)
        closes.append(close)
        kinds = [TickKind.QUOTE, TickKind.TRADE]
        frames.append(
            frame.filter(pl.col("kind").is_in(kinds) & ~pl.col("unreported")).with_columns(
                pl.lit(place, pl.UInt16).alias("place")
            )
        )
    moments = _timed(pl.concat(frames))
    if end is not None:
        moments = moments.filter(pl.col("at") <= end)
    if moments.is_empty() or (begin is not None and moments["at"][-1] < begin):
        raise RecordsError(f"Nothing was recorded in {folder / str(day)} in that time. {_RECORD}")
    first, last = moments["at"].dt.truncate("1s")[0], moments["at"][-1]
    start = first if begin is None else max(begin, first)
    heading = {
        "format": FORMAT,
        "version": VERSION,
        "begin": first.timestamp(),
        "end": last.timestamp(),
        "start": start.timestamp(),
        "instruments": [
            _told(instrument, close, _standing(moments, place))
            for place, (instrument, close) in enumerate(zip(instruments, closes, strict=True))
        ],
    }
    _write(path, heading, _lines(moments, first))
    labels = tuple(one.label for one in instruments)
    return Written(begin=start, end=last, labels=labels, moments=moments.height)


def _sources(folder: Path, day: date, symbols: Sequence[str]) -> list[Path]:
    if symbols:
        return [ticks_path(folder, day, file_symbol(symbol.upper())) for symbol in dict.fromkeys(symbols)]
    found = sorted((folder / f"{day}").glob(f"{TICKS_PREFIX}*.parquet"))
    if not found:
        raise RecordsError(f"There are no recorded ticks in {folder / str(day)}. {_RECORD}")
    return found


def _instrument(source: Path) -> tuple[Instrument, float | None]:
    about = read_about(source)
    try:
        instrument = msgspec.convert(about.get("instrument"), Instrument)
    except msgspec.ValidationError as error:
        raise RecordsError(f"{source} does not say of which instrument it is ({error}). {_RECORD}") from error
    close = about.get("close")
    return instrument, close if isinstance(close, float) else None


def _timed(ticks: pl.DataFrame) -> pl.DataFrame:
    """The ticks with the moment at which each is played, in the order of these."""
    import polars as pl

    second = pl.col("time").dt.truncate("1s")
    mates = ["place", "kind", "second"]
    spread = (1000 * pl.int_range(pl.len()).over(mates) // pl.len().over(mates)).cast(pl.Duration("ms"))
    heard = pl.min_horizontal("received", pl.col("second") + pl.duration(milliseconds=999))
    together = (pl.col("received") - pl.col("time")).dt.total_microseconds().abs() < _TOGETHER
    return (
        ticks.with_columns(second.alias("second"))
        .with_columns(
            pl.when(together)
            .then(pl.max_horizontal(heard, "second"))
            .otherwise(pl.col("second") + spread)
            .dt.truncate("1ms")
            .alias("at")
        )
        .sort("at", "segment", "row", "place", maintain_order=True)
    )


def _standing(moments: pl.DataFrame, place: int) -> dict[str, float | None]:
    """How the market of an instrument is first heard of; None for what is never told."""
    import polars as pl

    own = moments.filter(pl.col("place") == place)
    told = {name: own[name].drop_nulls() for name in (*_MARKET, "price")}
    return {name: values[0] if len(values) else None for name, values in told.items()}


def _told(instrument: Instrument, close: float | None, standing: dict[str, float | None]) -> dict[str, object]:
    return {
        "con_id": instrument.con_id,
        "symbol": instrument.symbol,
        "sec_type": instrument.sec_type,
        "currency": instrument.currency,
        "exchange": instrument.primary_exchange or instrument.exchange,
        "local_symbol": instrument.local_symbol,
        "name": instrument.name,
        "multiplier": int(instrument.multiplier),
        "last_trade_date": instrument.last_trade_date,
        "increments": [[f"{band.low_edge:f}", f"{band.increment:f}"] for band in instrument.price_bands],
        "bid": _text(standing["bid"]),
        "ask": _text(standing["ask"]),
        "bid_size": _size(standing["bid_size"]),
        "ask_size": _size(standing["ask_size"]),
        "last": _text(standing["price"]),
        "close": _text(close),
    }


def _lines(moments: pl.DataFrame, begin: datetime) -> pl.Series:
    """One line a moment."""
    import polars as pl

    milliseconds = (pl.col("at") - begin).dt.total_milliseconds()
    sizes = [pl.col(name).round().cast(pl.Int64).cast(pl.String).fill_null("") for name in ("bid_size", "ask_size")]
    prices = [pl.col(name).cast(pl.String).fill_null("") for name in ("bid", "ask")]
    head = [milliseconds.cast(pl.String), pl.col("place").cast(pl.String)]
    quote = pl.concat_str([*head, pl.lit("Q"), *prices, *sizes], separator="\t")
    size = pl.col("size").round().cast(pl.Int64).cast(pl.String)
    trade = pl.concat_str([*head, pl.lit("T"), pl.col("price").cast(pl.String), size, "exchange"], separator="\t")
    return moments.select(pl.when(pl.col("kind") == TickKind.QUOTE).then(quote).otherwise(trade)).to_series()


def _write(path: Path, heading: dict[str, object], lines: pl.Series) -> None:
    try:
        # No name and no time in it: the same recording makes the same bytes.
        with (
            os.fdopen(open_file(path, os.O_WRONLY | os.O_TRUNC), "wb") as raw,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as file,
        ):
            file.write(json.dumps(heading).encode() + b"\n")
            for part in lines.to_frame().iter_slices(100_000):
                file.write("\n".join(part.to_series()).encode() + b"\n")
    except OSError as error:
        raise RecordsError(f"{path} can't be written: {error.strerror}.") from error


def _text(price: float | None) -> str | None:
    return None if price is None else str(price)


def _size(size: float | None) -> int | None:
    return None if size is None else round(size)
