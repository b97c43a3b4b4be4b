"""Files of bars as strangers find them: whole, of another day, cut short, not there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from core.errors import RecordsError
from core.records.bars import read_bars
from core.records.live_folder import bars_path
from core.records.parquet_file import write_parquet

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)


def three_seconds(begin: datetime = NOON) -> pl.DataFrame:
    """Two quoted seconds and one that nobody heard."""
    return pl.DataFrame(
        {
            "time": [begin + timedelta(seconds=second) for second in range(3)],
            "close": [598.01, 598.02, None],
            "bid": [598.0, 598.0, None],
            "ask": [598.03, 598.02, None],
            "gap": [False, False, True],
        }
    )


def written(folder: Path, frame: pl.DataFrame, day: date = DAY) -> Path:
    path = bars_path(folder, day, "SPY")
    write_parquet(frame, path, {"label": "SPY"})
    return path


@pytest.mark.parametrize(
    ("after", "price"),
    [
        (0.999, None),
        (1.0, Decimal("598.015")),
        (1.999, Decimal("598.015")),
        (2.0, Decimal("598.01")),
        (3.0, None),
    ],
)
def test_the_arrival_price_is_of_the_last_second_that_had_ended(
    tmp_path: Path, after: float, price: Decimal | None
) -> None:
    bars = read_bars(written(tmp_path, three_seconds()), DAY)

    assert bars.arrival_price(NOON + timedelta(seconds=after)) == price


def test_an_old_bar_is_no_arrival_price(tmp_path: Path) -> None:
    bars = read_bars(written(tmp_path, three_seconds().head(2)))

    assert bars.arrival_price(NOON + timedelta(seconds=62)) == Decimal("598.01")
    assert bars.arrival_price(NOON + timedelta(seconds=62, microseconds=1)) is None


def test_the_close_stands_in_for_bid_and_ask(tmp_path: Path) -> None:
    bars = read_bars(written(tmp_path, three_seconds().select("time", "close").head(2)))

    assert bars.arrival_price(NOON + timedelta(seconds=2)) == Decimal("598.02")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = bars_path(tmp_path, DAY, "SPY")

    with pytest.raises(RecordsError, match=r"there is no file .*bars1s_SPY\.parquet. Record it"):
        read_bars(path)


@pytest.mark.parametrize("kept", [0, 5, 300])
def test_a_file_that_is_cut_short_is_named(tmp_path: Path, kept: int) -> None:
    path = written(tmp_path, three_seconds())
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(RecordsError, match=r"bars1s_SPY.parquet is damaged, cut short or no Parquet file"):
        read_bars(path)


def test_bars_of_another_day_are_refused(tmp_path: Path) -> None:
    yesterday = three_seconds(NOON - timedelta(days=1))

    with pytest.raises(RecordsError, match="of another day: of 2026-11-19, wanted 2026-11-20"):
        read_bars(written(tmp_path, yesterday))
    with pytest.raises(RecordsError, match="of another day: of 2026-11-20, wanted 2026-11-23"):
        read_bars(written(tmp_path, three_seconds()), date(2026, 11, 23))
    with pytest.raises(RecordsError, match="of 2026-11-19 to 2026-11-20"):
        read_bars(written(tmp_path, pl.concat([yesterday, three_seconds()])))


def test_an_evening_belongs_to_the_next_trading_day(tmp_path: Path) -> None:
    evening = datetime(2026, 11, 19, 22, 0, tzinfo=UTC)

    assert read_bars(written(tmp_path, three_seconds(evening))).day == DAY


@pytest.mark.parametrize(
    "frame",
    [
        three_seconds().drop("time"),
        three_seconds().with_columns(pl.col("time").dt.replace_time_zone(None)),
        three_seconds().select("time", "bid"),
    ],
)
def test_other_columns_are_named(tmp_path: Path, frame: pl.DataFrame) -> None:
    with pytest.raises(RecordsError, match="has other columns"):
        read_bars(written(tmp_path, frame))


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="has none"):
        read_bars(written(tmp_path, three_seconds().clear()))


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "2026-11-20").write_text("no folder")

    with pytest.raises(RecordsError, match=r"bars1s_SPY.parquet can't be written"):
        written(tmp_path, three_seconds())


def test_the_files_are_for_nobody_else(tmp_path: Path) -> None:
    path = written(tmp_path, three_seconds())

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in path.parent.iterdir()] == ["bars1s_SPY.parquet"]
