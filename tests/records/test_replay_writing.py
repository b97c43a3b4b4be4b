"""A recorded day as the file that the gateway plays."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from core.domain.instruments import Instrument, SecType
from core.errors import RecordsError
from core.practice.replay_file import ReplayFile
from core.records.hearing_ticks import micros
from core.records.live_folder import ticks_path
from core.records.parquet_file import write_parquet
from core.records.replay_writing import write_replay
from core.records.sample import SAMPLE_FOLDER, sample_day
from core.records.tick_rows import TickKind, TickRow, tick_frame
from tests.records import make_sample

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
SPY = Instrument(con_id=756733, symbol="SPY", sec_type=SecType.STK, exchange="SMART", primary_exchange="ARCA")
FAR = 3600_000_000
"""Microseconds: how far our clock is from that of a market that goes faster."""


def quote(second: int, received: float, bid: float, *, apart: int = 0) -> TickRow:
    """Told in a second, heard so many seconds after noon."""
    time = micros(NOON) + second * 1_000_000
    heard = micros(NOON) + int(received * 1_000_000) + apart
    return TickRow(SPY.con_id, time, heard, TickKind.QUOTE, False, False, bid, bid + 0.5, 300.0, 200.0)


def trade(second: int, received: float, price: float, *, apart: int = 0, unreported: bool = False) -> TickRow:
    row = quote(second, received, 1.0, apart=apart)
    return TickRow(
        SPY.con_id, row.time, row.received, TickKind.TRADE, False, False, None, None, None, None, price, 100.0, "ARCA",
        "", unreported,
    )  # fmt: skip


def recorded(folder: Path, rows: Sequence[TickRow]) -> Path:
    path = ticks_path(folder, DAY, "SPY")
    about = {"con_id": SPY.con_id, "instrument": msgspec.to_builtins(SPY), "close": 597.25, "day": f"{DAY}"}
    write_parquet(tick_frame("20261120T1", enumerate(rows)), path, about)
    return path


def lines(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().splitlines()[1:]]


def test_it_plays_as_it_was_heard(tmp_path: Path) -> None:
    rows = [
        quote(0, 0.25, 598.0),
        trade(0, 0.5, 598.5),
        trade(0, 0.6, 500.0, unreported=True),
        quote(0, 1.1, 598.25),
        trade(2, 1.9, 598.75),
    ]
    recorded(tmp_path, rows)
    file = tmp_path / "market.replay"

    written = write_replay(tmp_path, DAY, file)

    assert (written.begin, written.labels, written.moments) == (NOON, ("SPY",), 4)
    assert lines(file) == [
        ["250", "0", "Q", "598.0", "598.5", "300", "200"],
        ["500", "0", "T", "598.5", "100", "ARCA"],
        # Heard in the next second, but told in this one.
        ["999", "0", "Q", "598.25", "598.75", "300", "200"],
        ["2000", "0", "T", "598.75", "100", "ARCA"],
    ]
    heading = ReplayFile(file).heading
    (one,) = heading.instruments
    assert (heading.begin, heading.end) == (NOON.timestamp(), NOON.timestamp() + 2)
    assert (one.con_id, one.exchange, f"{one.bid}", f"{one.close}", f"{one.last}") == (
        SPY.con_id,
        "ARCA",
        "598.0",
        "597.25",
        "598.5",
    )
    assert len(list(ReplayFile(file).moments())) == 4


def test_ticks_of_a_market_that_went_faster_are_spread_over_their_second(tmp_path: Path) -> None:
    rows = [quote(0, 0.01 * place, 598.0 + place, apart=FAR) for place in range(4)]
    recorded(tmp_path, [*rows, trade(0, 0.05, 598.5, apart=FAR), trade(0, 0.06, 599.5, apart=FAR)])

    write_replay(tmp_path, DAY, tmp_path / "market.replay")

    told = [(line[0], line[2]) for line in lines(tmp_path / "market.replay")]
    assert told == [("0", "Q"), ("0", "T"), ("250", "Q"), ("500", "Q"), ("500", "T"), ("750", "Q")]


def test_a_part_of_a_day_has_what_was_before_as_its_past(tmp_path: Path) -> None:
    recorded(tmp_path, [quote(0, 0.1, 598.0), trade(1, 1.1, 598.5), quote(5, 5.1, 599.0), quote(9, 9.1, 600.0)])
    begin, end = NOON + timedelta(seconds=4), NOON + timedelta(seconds=8)

    write_replay(tmp_path, DAY, tmp_path / "market.replay", ("spy",), begin, end)

    assert [line[0] for line in lines(tmp_path / "market.replay")] == ["100", "1100", "5100"]
    heading = ReplayFile(tmp_path / "market.replay").heading
    assert (heading.begin, heading.start) == (NOON.timestamp(), begin.timestamp())


def test_the_same_recording_makes_the_same_file(tmp_path: Path) -> None:
    recorded(tmp_path, [quote(place, place + 0.1, 598.0 + place % 3) for place in range(50)])
    first, second = tmp_path / "first", tmp_path / "second"
    write_replay(tmp_path, DAY, first)
    write_replay(tmp_path, DAY, second)

    assert first.read_bytes() == second.read_bytes()


def test_what_can_not_be_played_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match=r"no recorded ticks in .*2026-11-20"):
        write_replay(tmp_path, DAY, tmp_path / "market.replay")
    path = recorded(tmp_path, [quote(0, 0.1, 598.0)])
    with pytest.raises(RecordsError, match=r"there is no file .*ticks_TSLA\.parquet"):
        write_replay(tmp_path, DAY, tmp_path / "market.replay", ("TSLA",))
    with pytest.raises(RecordsError, match=r"Nothing was recorded in .*2026-11-20 in that time"):
        write_replay(tmp_path, DAY, tmp_path / "market.replay", (), NOON + timedelta(hours=1))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(RecordsError, match=r"ticks_SPY\.parquet is damaged, cut short"):
        write_replay(tmp_path, DAY, tmp_path / "market.replay")
    pl.DataFrame({"kind": [1]}).write_parquet(path)
    with pytest.raises(RecordsError, match=r"ticks_SPY\.parquet"):
        write_replay(tmp_path, DAY, tmp_path / "market.replay")


def test_the_sample_day_is_the_practice_market_and_can_be_played(tmp_path: Path) -> None:
    written = write_replay(SAMPLE_FOLDER, sample_day(), tmp_path / "market.replay")

    assert (sample_day(), sorted(written.labels)) == (make_sample.DAY, sorted(make_sample.SYMBOLS))
    assert (written.end - written.begin).total_seconds() == pytest.approx(6.5 * 3600, abs=2)
    json.loads(gzip.decompress((tmp_path / "market.replay").read_bytes()).splitlines()[0])
    for symbol, made in make_sample.rows(600).items():
        shipped = pl.read_parquet(ticks_path(SAMPLE_FOLDER, sample_day(), symbol))
        assert shipped.head(len(made)).equals(tick_frame("sample", enumerate(made)))
