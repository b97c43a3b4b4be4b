"""Segments, kills and merges: what was heard ends in the day's files once, whatever happened between."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from core.domain.instruments import Instrument, SecType
from core.errors import RecordsError
from core.records.bars import read_bars
from core.records.live_folder import bars_path, file_symbol, orders_path, segments_folder, ticks_path
from core.records.merging import Merged, days_with_segments, merge_day, remake_bars
from core.records.segments import SegmentWriter, read_segment, segment_paths
from core.records.tick_rows import Heading, OwnRow, Rows, TickKind, TickRow
from tui.options import cli

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
SPY = Instrument(con_id=756733, symbol="SPY", sec_type=SecType.STK, exchange="SMART")


def micros(second: float) -> int:
    """A moment so many seconds after noon in New York."""
    return int((NOON + timedelta(seconds=second)).timestamp() * 1_000_000)


def quote(second: float, bid: float, ask: float, *, gap: bool = False) -> TickRow:
    now = micros(second)
    return TickRow(SPY.con_id, now, now, TickKind.QUOTE, gap, False, bid, ask, 200.0, 300.0)


def trade(second: float, price: float, size: float, *, unreported: bool = False, gap: bool = False) -> TickRow:
    now = micros(second)
    return TickRow(
        SPY.con_id, now, now, TickKind.TRADE, gap, False, price=price, size=size, exchange="ARCA", unreported=unreported
    )


def mark(second: float, *, gap: bool = False) -> TickRow:
    return TickRow(SPY.con_id, micros(second), micros(second), TickKind.MARK, gap, False)


def segment(folder: Path, at: float, *ticks: TickRow, own: tuple[OwnRow, ...] = ()) -> SegmentWriter:
    """A segment begun so many seconds after noon, which its recorder still has."""
    writer = SegmentWriter(segments_folder(folder, DAY), NOON + timedelta(seconds=at), Heading((SPY,), {756733: 597.0}))
    for tick in ticks:
        writer.write(Rows(ticks=(tick,)))
    writer.write(Rows(own=own))
    return writer


def bars_of(folder: Path) -> list[dict[str, object]]:
    return read_bars(bars_path(folder, DAY, "SPY")).frame.rows(named=True)


MORNING = (
    quote(0.1, 598.0, 598.02, gap=True),
    trade(0.4, 598.02, 100.0),
    trade(0.5, 598.0, 300.0),
    trade(0.6, 500.0, 900.0, unreported=True),
    quote(0.7, 598.01, 598.02),
    mark(2.5),
    trade(3.2, 598.05, 50.0),
)


def test_bars_have_every_second_and_what_was_traded_and_shown_in_it(tmp_path: Path) -> None:
    segment(tmp_path, 0, *MORNING).close()

    done = merge_day(tmp_path, DAY)

    assert (done.segments, done.ticks, done.problems) == (1, 7, ())
    first, quiet, marked, last = bars_of(tmp_path)
    assert first == {
        "time": NOON,
        "open": 598.02,
        "high": 598.02,
        "low": 598.0,
        "close": 598.0,
        "volume": 400.0,
        "vwap": 598.005,
        "count": 2,
        "bid": 598.01,
        "ask": 598.02,
        "bid_size": 200.0,
        "ask_size": 300.0,
        "gap": True,
        "conflated": False,
    }
    still = {"open": 598.0, "high": 598.0, "low": 598.0, "close": 598.0, "volume": 0.0, "count": 0, "gap": False}
    assert quiet | still == quiet
    assert marked | still == marked
    assert (last["open"], last["close"], last["bid"], last["gap"]) == (598.05, 598.05, 598.01, False)


def test_what_a_killed_recorder_missed_is_marked_and_has_no_price(tmp_path: Path) -> None:
    segment(tmp_path, 0, *MORNING).close()
    segment(tmp_path, 60, trade(63.5, 599.0, 10.0, gap=True), quote(64.0, 598.9, 599.1)).close()

    merge_day(tmp_path, DAY)
    bars = bars_of(tmp_path)

    assert len(bars) == 65
    assert [place for place, bar in enumerate(bars) if bar["gap"]] == [0, *range(3, 64)]
    assert all(bar["close"] is None and bar["bid"] is None and bar["volume"] is None for bar in bars[4:63])
    assert (bars[63]["close"], bars[63]["bid"]) == (599.0, None)
    assert (bars[64]["close"], bars[64]["bid"]) == (599.0, 598.9)


def test_a_merge_that_was_killed_before_it_removed_its_segments_counts_nothing_twice(tmp_path: Path) -> None:
    segment(tmp_path, 0, *MORNING).close()
    later = segment(tmp_path, 10, trade(11, 599.0, 10.0), own=(own("FILL", 7),))
    later.close()
    kept = later.path.read_bytes()
    merge_day(tmp_path, DAY)
    whole = [pl.read_parquet(make(tmp_path, DAY, "SPY")) for make in (ticks_path, bars_path)]
    orders = pl.read_parquet(orders_path(tmp_path, DAY))

    later.path.write_bytes(kept)
    assert days_with_segments(tmp_path) == [DAY]
    merge_day(tmp_path, DAY)

    assert days_with_segments(tmp_path) == []
    again = [pl.read_parquet(make(tmp_path, DAY, "SPY")) for make in (ticks_path, bars_path)]
    assert all(one.equals(other) for one, other in zip(whole, again, strict=True))
    assert pl.read_parquet(orders_path(tmp_path, DAY)).equals(orders)


def test_a_number_that_came_again_after_core_was_killed_stands_for_both_of_its_facts(tmp_path: Path) -> None:
    """What was heard twice stands once, as before."""
    sent, doubt = (replace(own("ORDER", 7), state=state) for state in ("SENT", "UNKNOWN"))
    segment(tmp_path, 0, own=(sent,)).close()
    segment(tmp_path, 10, own=(replace(sent, received=micros(12)), doubt)).close()

    merge_day(tmp_path, DAY)

    assert pl.read_parquet(orders_path(tmp_path, DAY))["state"].to_list() == ["SENT", "UNKNOWN"]


@pytest.mark.parametrize("lost", [1, 7, 40])
def test_a_segment_that_was_cut_off_keeps_what_was_whole(tmp_path: Path, lost: int) -> None:
    writer = segment(tmp_path, 0, *MORNING)
    writer.close()
    writer.path.write_bytes(writer.path.read_bytes()[:-lost])

    kept = read_segment(writer.path)
    done = merge_day(tmp_path, DAY)

    assert len(kept.ticks) in (6, 7)
    assert done.ticks == len(kept.ticks)
    assert "are left out: its recorder was killed while it wrote them" in done.problems[0]


def test_a_segment_that_is_being_written_is_read_but_not_merged(tmp_path: Path) -> None:
    growing = segment(tmp_path, 0, *MORNING)

    assert merge_day(tmp_path, DAY).segments == 0
    assert len(bars_of(tmp_path)) == 4

    growing.write(Rows(ticks=(mark(9.0),)))
    assert len(bars_of(tmp_path)) == 10
    growing.close()
    assert merge_day(tmp_path, DAY).segments == 1
    assert segment_paths(segments_folder(tmp_path, DAY)) == []


def test_what_was_known_holds_on_in_a_segment_that_follows_without_a_gap(tmp_path: Path) -> None:
    segment(tmp_path, 0, *MORNING).close()
    merge_day(tmp_path, DAY)
    growing = segment(tmp_path, 4, mark(4.0), trade(5.0, 598.07, 20.0), quote(6.0, 598.06, 598.08))

    bars = bars_of(tmp_path)
    growing.close()
    merge_day(tmp_path, DAY)

    assert [(bar["bid"], bar["close"], bar["gap"]) for bar in bars[4:]] == [
        (598.01, 598.05, False),
        (598.01, 598.07, False),
        (598.06, 598.07, False),
    ]
    assert bars_of(tmp_path) == bars


def test_damaged_ticks_are_set_aside_and_their_bars_stay(tmp_path: Path) -> None:
    segment(tmp_path, 0, *MORNING).close()
    merge_day(tmp_path, DAY)
    ticks = ticks_path(tmp_path, DAY, "SPY")
    damaged = ticks.read_bytes()[:-20]
    ticks.write_bytes(damaged)
    segment(tmp_path, 10, quote(10, 599.0, 599.1, gap=True)).close()

    done = merge_day(tmp_path, DAY)

    (aside,) = ticks.parent.glob("ticks_SPY.parquet.damaged-*")
    assert aside.read_bytes() == damaged
    assert f"It is kept as {aside.name}" in done.problems[0]
    bars = bars_of(tmp_path)
    assert (bars[0]["volume"], bars[3]["close"], bars[10]["bid"]) == (400.0, 598.05, 599.0)
    assert all(bar["gap"] for bar in bars[4:11])


def test_a_day_that_can_not_be_written_keeps_its_segments(tmp_path: Path) -> None:
    segment(tmp_path, 0, *MORNING).close()
    (segments_folder(tmp_path, DAY) / ".merging").mkdir()

    with pytest.raises(RecordsError, match="segments can't be written"):
        merge_day(tmp_path, DAY)

    assert days_with_segments(tmp_path) == [DAY]


def test_missing_and_damaged_bars_are_made_anew_of_the_ticks(tmp_path: Path) -> None:
    segment(tmp_path, 0, *MORNING).close()
    merge_day(tmp_path, DAY)
    path = bars_path(tmp_path, DAY, "SPY")
    whole = pl.read_parquet(path)
    assert remake_bars(tmp_path, DAY) == Merged()

    path.unlink()
    assert remake_bars(tmp_path, DAY).files == (path,)
    assert pl.read_parquet(path).equals(whole)

    path.write_bytes(path.read_bytes()[:200])
    done = remake_bars(tmp_path, DAY)
    assert (done.files, len(done.problems)) == ((path,), 1)
    assert pl.read_parquet(path).equals(whole)
    assert len(list(path.parent.glob("bars1s_SPY.parquet.damaged-*"))) == 1


def test_another_instrument_of_the_same_name_gets_files_of_its_own(tmp_path: Path) -> None:
    segment(tmp_path, 0, *MORNING).close()
    merge_day(tmp_path, DAY)
    mexican = replace(SPY, con_id=38708303, currency="MXN")
    writer = SegmentWriter(segments_folder(tmp_path, DAY), NOON + timedelta(hours=1), Heading((mexican,), {}))
    writer.write(Rows(ticks=(replace(quote(1, 12000.0, 12010.0), con_id=mexican.con_id),)))
    writer.close()

    merge_day(tmp_path, DAY)

    assert [bar["bid"] for bar in bars_of(tmp_path)][-1] == 598.01
    assert read_bars(bars_path(tmp_path, DAY, "SPY-38708303")).frame["bid"].to_list() == [12000.0]


@pytest.mark.parametrize(
    ("label", "name"),
    [("/ESZ6", "ESZ6"), ("EUR.USD", "EUR.USD"), ("BRK B", "BRK_B"), ("../..", "_"), (".hidden", "hidden")],
)
def test_labels_make_names_of_files_that_stay_in_their_folder(label: str, name: str) -> None:
    assert file_symbol(label) == name


def test_the_command_merges_what_was_left_and_says_what_it_did(tmp_path: Path) -> None:
    writer = segment(tmp_path, 0, *MORNING)
    writer.close()
    writer.path.write_bytes(writer.path.read_bytes()[:-1])

    words = ["record", "--merge", "--out-dir", str(tmp_path)]
    first = CliRunner().invoke(cli, [*words, "--json"])
    again = CliRunner().invoke(cli, words)
    nothing = CliRunner().invoke(cli, ["record", "--out-dir", str(tmp_path)])

    figures = json.loads(first.stdout.splitlines()[-1])
    assert (first.exit_code, figures["merged_days"]) == (0, ["2026-11-20"])
    assert f"{bars_path(tmp_path, DAY, 'SPY')}" in figures["files"]
    assert "are left out: its recorder was killed while it wrote them" in first.stderr
    assert (again.exit_code, again.stdout) == (0, "[record] There is nothing to merge.\n")
    assert (nothing.exit_code, "Name what to record" in nothing.stderr) == (2, True)


def own(event: str, sequence: int) -> OwnRow:
    return OwnRow(
        micros(11), sequence, event, "ibd-1", 756733, "SPY", "BUY", "", "LMT", "10", "599", None, None, "599", "0001.01"
    )
