"""Segments become the day's files: ticks, bars and own orders. Doing it twice, or being killed in it, changes nothing.

A row is known by its segment and its place in it, so that a segment that was merged before its file was removed is
only put in its own place again. A file of ticks that is damaged is set aside, never overwritten.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from core.domain.instruments import Instrument
from core.errors import RecordsError
from core.private import make_folder, open_file
from core.records.bar_making import join_bars, make_bars
from core.records.live_folder import TICKS_PREFIX, bars_path, file_symbol, orders_path, segments_folder, ticks_path
from core.records.parquet_file import read_about, read_parquet, write_parquet
from core.records.segments import Segment, is_finished, read_segment, segment_paths
from core.records.tick_rows import own_frame, tick_frame

if TYPE_CHECKING:
    import polars as pl


class Merged(Struct, frozen=True, kw_only=True):
    """What a merge did."""

    segments: int = 0
    ticks: int = 0
    own: int = 0
    files: tuple[Path, ...] = ()
    """Written."""
    problems: tuple[str, ...] = ()
    """For a person: what was damaged, and where it is now."""


def recorded_days(folder: Path) -> list[date]:
    """The trading days that have a folder below `data/live`, oldest first."""
    days = []
    for path in folder.glob("*-*-*"):
        with suppress(ValueError):
            days.append(date.fromisoformat(path.name))
    return sorted(days)


def days_with_segments(folder: Path) -> list[date]:
    """The days below `data/live` whose recordings were not merged to their end."""
    return [day for day in recorded_days(folder) if segment_paths(segments_folder(folder, day))]


def merge_day(folder: Path, day: date) -> Merged:
    """Put every finished segment of a day into its files, then remove the segments.

    Segments that a recorder still writes stay. Raises RecordsError if something can't be written: the segments are all
    there then.
    """
    place = segments_folder(folder, day)
    if not segment_paths(place):
        return Merged()
    with _alone(place):
        segments = [read_segment(path) for path in segment_paths(place) if is_finished(path)]
        if not segments:
            return Merged()
        files: list[Path] = []
        problems = [
            f"{one.path.name}: its last {one.cut_off} bytes are left out: its recorder was killed while it wrote them."
            for one in segments
            if one.cut_off
        ]
        for instrument in _instruments(segments):
            files += _merge_instrument(folder, day, instrument, segments, problems)
        files += _merge_own(folder, day, segments, problems)
        for segment in segments:
            segment.path.unlink()
    return Merged(
        segments=len(segments),
        ticks=sum(len(one.ticks) for one in segments),
        own=sum(len(one.own) for one in segments),
        files=tuple(files),
        problems=tuple(problems),
    )


def remake_bars(folder: Path, day: date) -> Merged:
    """Make bars anew of the day's ticks where they are missing, or damaged and set aside. Raises RecordsError."""
    files: list[Path] = []
    problems: list[str] = []
    place = segments_folder(folder, day)
    sources = sorted(place.parent.glob(f"{TICKS_PREFIX}*.parquet"))
    if not sources:
        return Merged()
    with _alone(place):
        for source in sources:
            symbol = source.stem.removeprefix(TICKS_PREFIX)
            path = bars_path(folder, day, symbol)
            if read_about(path) or _kept(path, f"Bars of {symbol}", problems) is not None:
                continue
            ticks = read_parquet(source, f"Ticks of {symbol}", "Its bars can't be made anew.")
            write_parquet(make_bars(ticks), path, read_about(source))
            files.append(path)
    return Merged(files=tuple(files), problems=tuple(problems))


def open_ticks(folder: Path, day: date, symbol: str) -> pl.DataFrame | None:
    """Ticks in segments that were not merged yet, in order, of the instrument whose files bear `symbol`; None if none.

    Raises RecordsError if a segment can't be read.
    """
    import polars as pl

    frames = []
    for path in segment_paths(segments_folder(folder, day)):
        try:
            segment = read_segment(path)
        except RecordsError:
            if path.exists():
                raise
            continue  # It was merged meanwhile.
        numbers = {one.con_id for one in segment.heading.instruments if file_symbol(one.label) == symbol}
        frame = _ticks_of(segment, numbers)
        if not frame.is_empty():
            frames.append(frame)
    return pl.concat(frames) if frames else None


def _instruments(segments: list[Segment]) -> list[Instrument]:
    """Every instrument that a segment is of, as the latest one knows it."""
    known = {one.con_id: one for segment in segments for one in segment.heading.instruments}
    return list(known.values())


def _merge_instrument(
    folder: Path, day: date, instrument: Instrument, segments: list[Segment], problems: list[str]
) -> list[Path]:
    import polars as pl

    fresh = pl.concat([_ticks_of(segment, {instrument.con_id}) for segment in segments])
    if fresh.is_empty():
        return []
    label = _free_label(folder, day, instrument)
    path, bars_file = (make(folder, day, label) for make in (ticks_path, bars_path))
    closes = {key: value for segment in segments for key, value in segment.heading.closes.items()}
    close = closes.get(instrument.con_id, read_about(path).get("close"))
    about = {
        "con_id": instrument.con_id,
        "instrument": msgspec.to_builtins(instrument),
        "close": close,
        "day": f"{day}",
    }
    whole = not path.exists() and not bars_file.exists()
    kept = _kept(path, f"Ticks of {instrument.label}", problems)
    ticks = _joined(kept, fresh, segments)
    bars = make_bars(ticks)
    if kept is None and not whole:
        old = _kept(bars_file, f"Bars of {instrument.label}", problems)
        bars = bars if old is None else join_bars(old.select(bars.columns), bars)
    write_parquet(ticks, path, about)
    write_parquet(bars, bars_file, about)
    return [path, bars_file]


def _free_label(folder: Path, day: date, instrument: Instrument) -> str:
    """Its label, with its number behind it where another instrument's files of the day bear that label."""
    other = read_about(ticks_path(folder, day, instrument.label)).get("con_id", instrument.con_id)
    return instrument.label if other == instrument.con_id else f"{instrument.label}-{instrument.con_id}"


def _merge_own(folder: Path, day: date, segments: list[Segment], problems: list[str]) -> list[Path]:
    import polars as pl

    fresh = pl.concat([own_frame(segment.name, segment.own) for segment in segments])
    if fresh.is_empty():
        return []
    path = orders_path(folder, day)
    kept = _kept(path, "Own orders", problems)
    # A recorder that begins hears again what the journal has told another one. A number may stand for two facts, where
    # core was killed before it had written the first.
    told = [name for name in fresh.columns if name not in {"segment", "row", "received"}]
    rows = _joined(kept, fresh, segments).unique(told, keep="first", maintain_order=True)
    write_parquet(rows.sort("sequence", maintain_order=True), path, {"day": f"{day}"})
    return [path]


def _ticks_of(segment: Segment, numbers: set[int]) -> pl.DataFrame:
    return tick_frame(segment.name, ((place, row) for place, row in segment.ticks if row.con_id in numbers))


def _joined(kept: pl.DataFrame | None, fresh: pl.DataFrame, segments: list[Segment]) -> pl.DataFrame:
    import polars as pl

    if kept is None:
        return fresh
    merged_before = pl.col("segment").is_in([segment.name for segment in segments])
    return pl.concat([kept.filter(~merged_before), fresh]).sort("segment", "row")


def _kept(path: Path, what: str, problems: list[str]) -> pl.DataFrame | None:
    """What a file has so far; None where there is none, or where it is damaged and was set aside."""
    if not path.exists():
        return None
    try:
        return read_parquet(path, what, "")
    except RecordsError as error:
        aside = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        try:
            path.rename(aside)
        except OSError as refused:
            raise RecordsError(
                f"{path} is damaged and can't be set aside: {refused.strerror}. Move it away."
            ) from error
        problems.append(f"{error} It is kept as {aside.name}; a new file begins.")
        return None


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """One merge at a time in a folder; a second one waits."""
    make_folder(place)
    try:
        file = open_file(place / ".merging", os.O_RDWR)
    except OSError as error:
        raise RecordsError(f"{place} can't be written: {error.strerror}. Make it yours to write in.") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
