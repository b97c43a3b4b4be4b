"""Where whoever heard a run of core goes on in the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import LoopClock
from core.errors import JournalError
from core.execution.recorded import Recorded
from core.journal.recovery import recover
from core.journal.runs import kept_of
from core.journal.store import open_journal
from tests.journal.values import intent


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """Rows 1 to 3 of the run ONE, 4 to 6 of TWO, 7 and 8 of THREE."""
    path = tmp_path / "journal.db"
    for session, numbers in (("ONE", (1, 2, 3)), ("TWO", (4, 5, 6)), ("THREE", (7, 8))):
        recovered = recover(path, Recorded)
        journal = await open_journal(path, session, LoopClock(), on_failure=pytest.fail, recovered=recovered)
        await journal.commit([intent(number) for number in numbers])
        await journal.close()
    return path


@pytest.mark.parametrize(
    ("session", "number", "behind"),
    [
        ("TWO", 6, 6),
        ("TWO", 5, 5),
        ("ONE", 3, 3),
        ("THREE", 8, 8),
        ("TWO", 7, 6),
        ("ONE", 8, 3),
        ("THREE", 11, 8),
        ("NEVER WRITTEN", 5, 0),
    ],
)
async def test_where_to_go_on(path: Path, session: str, number: int, behind: int) -> None:
    """Behind what was heard; where that never became durable, behind the last row of the run that did."""
    assert kept_of(path, session, number) == behind


async def test_a_journal_that_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.mkdir()
    with pytest.raises(JournalError):
        kept_of(path, "ONE", 1)
