"""The ledger on disk: made of journals that the journal itself wrote, read by what people read Parquet with."""

from __future__ import annotations

import stat
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from core.clock import trading_day
from core.errors import JournalError, RecordsError
from core.journal.files import segment_paths
from core.journal.recovery import read_rows
from core.journal.rows import entry_of
from core.records.ledger import days_below, ledger_path, read_ledger, write_all, write_day
from core.records.ledger_fold import LedgerFold
from core.records.ledger_frame import COLUMNS, frame_of, schema
from core.records.ledger_rows import LedgerEvent, LedgerRow, OrderPart
from tests.records.ledger_journals import ARRIVAL, MORNING, written

DAY = date(2026, 11, 20)


async def test_a_day_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    await written(tmp_path / "journal.db", MORNING, MORNING + timedelta(seconds=1))
    path = write_day(tmp_path / "journal.db", DAY, tmp_path / "exec")
    ledger = read_ledger(path)

    assert path == tmp_path / "exec" / "2026-11-20" / "ledger.parquet"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["ledger.parquet"]
    assert ledger.schema == schema()
    assert tuple(ledger.columns) == COLUMNS
    assert ledger["event"].to_list() == ["INTENT", "ACK", "FILL", "PNL_SNAPSHOT"] * 2
    fill = ledger.row(2, named=True)
    assert fill["timestamp"] == MORNING
    assert fill["exec_time"] == MORNING
    assert (fill["fill_quantity"], fill["fill_price"]) == (Decimal(100), Decimal("233.33"))
    assert (fill["commission"], fill["commission_currency"]) == (Decimal("1.05"), "USD")
    assert (fill["symbol"], fill["sec_type"], fill["side"], fill["order_type"]) == ("AAPL", "STK", "BUY", "LMT")
    assert ledger.row(3, named=True)["arrival_price"] == ARRIVAL


async def test_duckdb_reads_the_same_numbers_exactly(tmp_path: Path) -> None:
    await written(tmp_path / "journal.db", MORNING)
    path = write_day(tmp_path / "journal.db", DAY, tmp_path)
    with duckdb.connect() as database:
        kinds = dict(database.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM '{path}')").fetchall())
        found = database.execute(
            f"SELECT sum(fill_quantity * fill_price), sum(commission), epoch_us(max(timestamp)) "
            f"FROM '{path}' WHERE event = 'FILL'"
        ).fetchall()

    assert (kinds["fill_price"], kinds["timestamp"]) == ("DECIMAL(38,10)", "TIMESTAMP WITH TIME ZONE")
    assert found == [(Decimal(23333), Decimal("1.05"), round(MORNING.timestamp() * 1_000_000))]


async def test_days_end_at_17_in_new_york_whichever_file_of_the_journal_they_are_in(tmp_path: Path) -> None:
    evening = datetime.fromisoformat("2026-11-20T21:59:59.999+00:00")
    moments = [evening, evening + timedelta(seconds=1), evening + timedelta(days=3)]
    await written(tmp_path / "journal.db", *moments)
    paths = write_all(tmp_path / "journal.db", tmp_path / "all")

    assert len(segment_paths(tmp_path / "journal.db")) == 3
    assert days_below(tmp_path / "all") == [DAY, DAY + timedelta(days=1), DAY + timedelta(days=3)]
    assert [path.parent.name for path in paths] == [str(trading_day(moment)) for moment in moments]
    for path, moment in zip(paths, moments, strict=True):
        alone = write_day(tmp_path / "journal.db", trading_day(moment), tmp_path / "alone")
        assert read_ledger(alone).equals(read_ledger(path))
        assert read_ledger(path)["symbol"].unique().to_list() == ["AAPL"]


async def test_what_grew_and_what_is_made_anew_are_equal(tmp_path: Path) -> None:
    await written(tmp_path / "journal.db", *[MORNING + timedelta(seconds=second) for second in range(5)])
    grown = LedgerFold()
    frames = []
    for row in read_rows(tmp_path / "journal.db"):
        grown.apply(row.seq, row.ts_utc, entry_of(row))
        frames.append(frame_of("ABCDEF", grown.rows.get(DAY, [])))
    instance = read_ledger(write_day(tmp_path / "journal.db", DAY, tmp_path))["instance"][0]

    assert frame_of(instance, grown.rows[DAY]).equals(read_ledger(ledger_path(tmp_path, DAY)))
    assert frames[-1].drop("instance").equals(read_ledger(ledger_path(tmp_path, DAY)).drop("instance"))


async def test_two_journals_share_a_folder_and_keep_their_rows(tmp_path: Path) -> None:
    for name in ("paper", "practice"):
        await written(tmp_path / name / "journal.db", MORNING)
    for name in ("paper", "practice", "paper"):
        write_day(tmp_path / name / "journal.db", DAY, tmp_path / "exec")
    ledger = read_ledger(ledger_path(tmp_path / "exec", DAY))

    assert ledger["instance"].n_unique() == 2
    assert len(ledger) == 8


async def test_a_day_without_events_is_a_ledger_without_rows(tmp_path: Path) -> None:
    await written(tmp_path / "journal.db", MORNING)
    ledger = read_ledger(write_day(tmp_path / "journal.db", DAY - timedelta(days=1), tmp_path))

    assert (len(ledger), ledger.schema) == (0, schema())


async def test_a_row_that_is_not_there_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.records.ledger.DURABLE_S", 0.05)
    await written(tmp_path / "journal.db", MORNING)
    write_day(tmp_path / "journal.db", DAY, tmp_path, through=7)

    with pytest.raises(JournalError, match="Row 8 of the journal"):
        write_day(tmp_path / "journal.db", DAY, tmp_path, through=8)
    with pytest.raises(JournalError, match="There is no journal"):
        write_day(tmp_path / "other.db", DAY, tmp_path)


async def test_a_ledger_that_is_cut_short_is_named_and_nothing_is_put_in_its_place(tmp_path: Path) -> None:
    await written(tmp_path / "journal.db", MORNING)
    path = write_day(tmp_path / "journal.db", DAY, tmp_path)
    cut = path.read_bytes()[:-100]
    path.write_bytes(cut)

    for attempt in (lambda: read_ledger(path), lambda: write_day(tmp_path / "journal.db", DAY, tmp_path)):
        with pytest.raises(RecordsError, match="ledger build") as caught:
            attempt()
        assert str(path) in str(caught.value)
    assert path.read_bytes() == cut


async def test_a_table_of_something_else_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)

    with pytest.raises(RecordsError, match="other columns"):
        read_ledger(path)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    await written(tmp_path / "journal.db", MORNING)
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(RecordsError, match="Nothing is lost") as caught:
        write_day(tmp_path / "journal.db", DAY, tmp_path / "taken")
    assert str(tmp_path / "taken") in str(caught.value)


def test_numbers_that_do_not_fit_are_null_and_the_rest_is_rounded_to_even() -> None:
    odd = ["1.00000000005", "1.00000000015", "1E+3", "NaN", "1E+40", "-0.1"]
    part = OrderPart(order_ref="x")
    rows = [
        LedgerRow(1, "2026-11-20T15:00:00.000000+00:00", LedgerEvent.FILL, part, fill_price=Decimal(one)) for one in odd
    ]

    assert frame_of("ABCDEF", rows)["fill_price"].to_list() == [
        Decimal("1.0000000000"),
        Decimal("1.0000000002"),
        Decimal(1000),
        None,
        None,
        Decimal("-0.1"),
    ]
