"""Rows found by time and by order, without reading all before them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from core.domain.entries import CancelAsked
from core.errors import JournalDamagedError
from core.journal.lookup import last_before, orders_named, rows_about
from tests.journal.books import SetClock, opened
from tests.journal.values import NOON, intent, order
from tests.records.ledger_journals import charged, fill_of, known

REFS = [order(number).order_ref for number in range(4)]


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """Rows 1 to 3 at noon: an instrument, two intents; 4 to 6 a minute later: a cancel, a fill of nobody, an intent."""
    clock = SetClock(NOON)
    async with opened(tmp_path / "journal.db", clock=clock) as journal:
        await journal.commit([known(), intent(1), intent(2)])
        clock.now = NOON + timedelta(minutes=1)
        await journal.commit([CancelAsked(order_ref=REFS[1]), charged(fill_of(""), "1"), intent(3)])
    return tmp_path / "journal.db"


@pytest.mark.parametrize(("seconds", "last"), [(-1, 0), (0, 0), (1, 3), (60, 3), (61, 6)])
async def test_the_last_row_before_a_time(path: Path, seconds: int, last: int) -> None:
    moment = (NOON + timedelta(seconds=seconds)).isoformat(timespec="microseconds")

    assert last_before(path, 1, moment) == last


async def test_orders_that_rows_are_about(path: Path) -> None:
    assert orders_named(path, 3) == {REFS[1], REFS[3]}
    assert orders_named(path, 6) == set()


async def test_what_was_known_of_some_orders(path: Path) -> None:
    assert [row.seq for row in rows_about(path, 6, {REFS[1], REFS[3]})] == [1, 2, 4, 5, 6]
    assert [row.seq for row in rows_about(path, 3, {REFS[1]})] == [1, 2]
    assert [row.seq for row in rows_about(path, 6, set())] == [1, 5]


async def test_a_row_that_was_changed_is_not_taken(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER event_keeps_rows")
        connection.execute("UPDATE event SET payload = replace(payload, '233.33', '233.34') WHERE seq = 2")

    with pytest.raises(JournalDamagedError, match="Row 2 "):
        list(rows_about(path, 6, {REFS[1]}))
    assert [row.seq for row in rows_about(path, 6, {REFS[2]})] == [1, 3, 5]


async def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    file.write_text("no database at all, but long enough to be taken for one" * 100)

    for ask in (
        lambda: last_before(file, 1, "2026"),
        lambda: orders_named(file, 0),
        lambda: list(rows_about(file, 1, set())),
    ):
        with pytest.raises(JournalDamagedError, match=str(file)):
            ask()
