"""Bars of one second out of recorded ticks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from core.records.tick_rows import TickKind

if TYPE_CHECKING:
    import polars as pl


def make_bars(ticks: pl.DataFrame) -> pl.DataFrame:
    """The bars of one instrument's ticks, which are in the order in which they were heard.

    A tick counts in the second that the broker gave it. Columns and their meaning are those of `core.records.bars`.
    """
    import polars as pl

    # Trades and quotes are streams of their own, each in order: which of two was first is known to the second.
    ticks = ticks.with_columns(pl.col("time").dt.truncate("1s").alias("second")).sort("second", maintain_order=True)
    bars = (
        _grid(ticks)
        .join(_traded(ticks), on="second", how="left")
        .join(_quoted(ticks), on="second", how="left")
        .join(_told(ticks), on="second", how="left")
        .join(_gaps(ticks), on="second", how="left")
    )
    missing = pl.col("gap").fill_null(value=False) & pl.col("conflated").is_null()
    # What was known before a second that nobody heard is not known behind it; a quote replaces the one before it whole.
    run, standing = missing.cum_sum(), (missing | pl.col("quoted").fill_null(value=False)).cum_sum()
    quote = ("bid", "ask", "bid_size", "ask_size")
    bars = bars.with_columns(
        missing.alias("missing"),
        pl.col("close").forward_fill().over(run),
        *(pl.col(name).first().over(standing) for name in quote),
    ).with_columns(pl.when("missing").then(None).otherwise(pl.col("close")).alias("close"))
    return bars.select(
        pl.col("second").alias("time"),
        *(pl.col(name).fill_null(pl.col("close")) for name in ("open", "high", "low")),
        "close",
        pl.when("missing").then(None).otherwise(pl.col("volume").fill_null(0.0)).alias("volume"),
        "vwap",
        pl.col("count").fill_null(0).cast(pl.UInt32),
        "bid",
        "ask",
        "bid_size",
        "ask_size",
        pl.col("gap").fill_null(value=False),
        pl.col("conflated").fill_null(value=False),
    )


def join_bars(kept: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """Bars with those that were made of later ticks alone, which win; what lies between is marked as a gap.

    Where nothing was missed between the two, what was known at the end of the first holds on in the second.
    """
    import polars as pl

    if not made["gap"][0] and made["time"][0] - kept["time"][-1] <= timedelta(seconds=1):
        made = _holding_on(kept, made)
    both = pl.concat([kept.join(made, on="time", how="anti"), made], how="vertical").sort("time")
    every = pl.datetime_range(both["time"][0], both["time"][-1], "1s", eager=True).alias("time").to_frame()
    whole = every.join(both, on="time", how="left")
    return whole.with_columns(
        pl.col("gap").fill_null(value=True), pl.col("conflated").fill_null(value=False), pl.col("count").fill_null(0)
    )


def _holding_on(kept: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """The later bars, with what the last of the first ones knew until something else is told."""
    import polars as pl

    last = kept.row(-1, named=True)
    untold = {name: pl.col(name).is_null().cum_min() for name in ("bid", "ask", "close")}
    sides = {"bid_size": "bid", "ask_size": "ask", "open": "close", "high": "close", "low": "close"}
    return made.with_columns(
        pl.when(untold[told]).then(pl.lit(last[told if told == "close" else name])).otherwise(pl.col(name)).alias(name)
        for name, told in ({name: name for name in untold} | sides).items()
    )


def _grid(ticks: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    seconds = ticks["second"]
    return pl.datetime_range(seconds[0], seconds[-1], "1s", eager=True).alias("second").to_frame()


def _traded(ticks: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    trades = ticks.filter((pl.col("kind") == TickKind.TRADE) & ~pl.col("unreported"))
    price, size = pl.col("price"), pl.col("size")
    return trades.group_by("second", maintain_order=True).agg(
        price.first().alias("open"),
        price.max().alias("high"),
        price.min().alias("low"),
        price.last().alias("close"),
        size.sum().alias("volume"),
        pl.when(size.sum() > 0).then((price * size).sum() / size.sum()).alias("vwap"),
        pl.len().alias("count"),
    )


def _quoted(ticks: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    quotes = ticks.filter(pl.col("kind") == TickKind.QUOTE)
    return quotes.group_by("second", maintain_order=True).agg(
        pl.col("bid", "ask", "bid_size", "ask_size").last(), pl.lit(value=True).alias("quoted")
    )


def _told(ticks: pl.DataFrame) -> pl.DataFrame:
    """Seconds of which anything was heard."""
    import polars as pl

    return ticks.group_by("second", maintain_order=True).agg(pl.col("conflated").any())


def _gaps(ticks: pl.DataFrame) -> pl.DataFrame:
    """Seconds from a row to the next one, both with, where something between them may be missing."""
    import polars as pl

    edges = ticks.select(
        pl.col("second").shift(1).fill_null(pl.col("second")).alias("begin"), pl.col("second").alias("end"), "gap"
    ).filter("gap")
    seconds = edges.select(pl.datetime_ranges("begin", "end", "1s").alias("second")).explode("second").unique()
    return seconds.with_columns(pl.lit(value=True).alias("gap"))
