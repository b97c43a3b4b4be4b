"""What is kept while the journal grows is what is made anew of it, wherever the keeper was ended."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from core.clock import trading_day
from core.domain.entries import Entry, FactRecorded
from core.domain.events import ExecutionAdded
from core.journal.files import segment_paths
from core.journal.opened import JournalOptions
from core.records import keeper, ledger_frame
from core.records.audit_lines import encode_line
from core.records.audit_log import audit_path, day_lines
from core.records.keeper import Keeper, keep, numbers
from core.records.ledger import days_below, ledger_path, read_ledger, write_all, write_day
from tests.journal.books import SetClock, opened
from tests.records.ledger_journals import MORNING, charged, known, life

HOUR = timedelta(hours=1)


def fill_in(entries: list[Entry]) -> ExecutionAdded:
    """The fill among the entries of an order's life."""
    return next(
        entry.fact for entry in entries if isinstance(entry, FactRecorded) and isinstance(entry.fact, ExecutionAdded)
    )


async def grown(path: Path, folder: Path, renewed_every: int) -> None:
    """Four days with a file each, at each of which an order fills; a fee comes a day late, a correction two days."""
    clock, told = SetClock(MORNING), list[str]()
    keeper = Keeper(path, folder, told.append, clock.utc)
    fills = []
    async with opened(path, JournalOptions(roll_bytes=1), clock) as journal:
        await journal.commit([known()])
        for day in range(4):
            for hour in range(3):
                clock.now = MORNING + timedelta(days=day, hours=hour)
                entries = list(life(3 * day + hour + 1, clock.now, fee=None))
                fills.append(fill_in(entries).execution)
                batches = [entries[:2], entries[2:4], entries[4:]]
                if day > 0:
                    batches.append([charged(fills[3 * day - 3 + hour], "1.05")])
                if day > 1:
                    corrected = replace(fills[3 * day - 6 + hour], price=fills[0].price + 1)
                    corrected = replace(corrected, exec_id=corrected.exec_id[:-1] + "2")
                    batches.append([FactRecorded(fact=ExecutionAdded(execution=corrected))])
                for number, batch in enumerate(batches):
                    await journal.commit(batch)
                    if (hour + number) % renewed_every == 0:
                        keeper = Keeper(path, folder, told.append, clock.utc)
                    keeper.catch_up()
            for _ in range(500):
                if len(segment_paths(path)) == max(1, day):
                    break
                await asyncio.sleep(0.01)
    assert told == []


@pytest.mark.parametrize("renewed_every", [1, 3, 100])
async def test_every_day_is_as_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renewed_every: int
) -> None:
    monkeypatch.setattr(ledger_frame, "PIECE", 5)
    monkeypatch.setattr(keeper, "MANY", 7)
    path, folder = tmp_path / "journal.db", tmp_path / "kept"
    await grown(path, folder, renewed_every)
    write_all(path, tmp_path / "anew")
    Keeper(path, tmp_path / "late", pytest.fail, lambda: MORNING + timedelta(days=4)).catch_up()
    days = days_below(folder)

    assert days == days_below(tmp_path / "anew") == [trading_day(MORNING + timedelta(days=day)) for day in range(4)]
    for day in days:
        kept = read_ledger(ledger_path(folder, day))
        assert kept.equals(read_ledger(ledger_path(tmp_path / "anew", day)))
        assert kept.equals(read_ledger(write_day(path, day, tmp_path / "alone")))
        assert kept.equals(read_ledger(ledger_path(tmp_path / "late", day)))
        assert len(kept) == 12
        lines = b"".join(encode_line(line) + b"\n" for line in day_lines(path, day))
        assert audit_path(folder, day).read_bytes() == audit_path(tmp_path / "late", day).read_bytes() == lines
    fees = [
        read_ledger(ledger_path(folder, day)).filter(read_ledger(ledger_path(folder, day))["event"] == "FILL")
        for day in days
    ]
    assert [frame["commission"].null_count() for frame in fees] == [3, 3, 0, 3]
    assert [frame["reason"].null_count() for frame in fees] == [0, 0, 3, 3]


async def test_it_ends_with_its_input_after_a_last_look(tmp_path: Path) -> None:
    path, folder = tmp_path / "journal.db", tmp_path / "kept"
    ear, mouth = os.pipe()
    async with opened(path, clock=SetClock(MORNING)) as journal:
        keeping = asyncio.create_task(asyncio.to_thread(keep, Keeper(path, folder, pytest.fail, lambda: MORNING), ear))
        await journal.commit([known(), *life(1)])
        os.write(mouth, b"%d\n" % journal.head)
        async with asyncio.timeout(10):
            while True:
                if days_below(folder):
                    break
                await asyncio.sleep(0.01)
        await journal.commit(list(life(2)))
        os.close(mouth)
        await asyncio.wait_for(keeping, 10)
    os.close(ear)

    assert read_ledger(ledger_path(folder, trading_day(MORNING)))["number"].unique().sort().to_list() == [1, 2]


def test_numbers_are_the_latest_of_what_was_written() -> None:
    ear, mouth = os.pipe()
    os.write(mouth, b"1\n2\n30")
    found = numbers(ear)
    assert next(found) == 2
    os.write(mouth, b"0\n")
    assert next(found) == 300
    os.close(mouth)
    assert list(found) == []
    os.close(ear)


def test_without_a_journal_there_is_nothing_to_keep(tmp_path: Path) -> None:
    Keeper(tmp_path / "journal.db", tmp_path / "kept", pytest.fail).catch_up()

    assert list(tmp_path.iterdir()) == []
