"""The audit log on disk: what is there is kept, what is missing comes behind it, torn ends go."""

from __future__ import annotations

import json
import stat
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.errors import RecordsError
from core.records.audit_lines import encode_line
from core.records.audit_log import append_lines, audit_path, day_lines, day_summary
from tests.records.ledger_journals import MORNING, written

DAY = date(2026, 11, 20)


@pytest.fixture
async def journal(tmp_path: Path) -> Path:
    """Two orders on Friday, one on Monday."""
    path = tmp_path / "journal.db"
    await written(path, MORNING, MORNING + timedelta(seconds=1), MORNING + timedelta(days=3))
    return path


def test_a_day_has_its_own_lines_in_order(journal: Path) -> None:
    lines = list(day_lines(journal, DAY))
    monday = list(day_lines(journal, DAY + timedelta(days=3)))

    assert [line.event_type.value for line in monday] == [line.event_type.value for line in lines[: len(monday)]]
    assert [line.sequence for line in lines] == sorted(line.sequence for line in lines)
    assert ({line.number for line in lines}, {line.number for line in monday}) == ({1, 2}, {3})
    assert day_summary(journal, DAY).filled_orders == 2


def test_lines_are_written_once_however_often_and_wherever_it_was_cut(journal: Path, tmp_path: Path) -> None:
    lines = list(day_lines(journal, DAY))
    whole = b"".join(encode_line(line) + b"\n" for line in lines)
    path = audit_path(tmp_path, DAY)
    instance = lines[0].instance
    append_lines(path, instance, lines)

    assert path.read_bytes() == whole
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for cut in range(0, len(whole), 97):
        path.write_bytes(whole[:cut])
        append_lines(path, instance, lines)
        assert path.read_bytes() == whole


def test_lines_of_another_journal_stay(journal: Path, tmp_path: Path) -> None:
    lines = list(day_lines(journal, DAY))
    path = audit_path(tmp_path, DAY)
    other = json.dumps({"instance": "OTHERS", "sequence": 1_000_000}) + "\nnot JSON\n"
    path.parent.mkdir()
    path.write_text(other)
    append_lines(path, lines[0].instance, lines)

    assert path.read_text().startswith(other)
    assert len(path.read_text().splitlines()) == 2 + len(lines)


def test_a_file_that_cannot_be_written_is_named(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "2026-11-20").write_text("a file")

    with pytest.raises(RecordsError, match="Nothing is lost") as caught:
        append_lines(audit_path(tmp_path, DAY), "ABCDEF", list(day_lines(journal, DAY)))
    assert str(audit_path(tmp_path, DAY)) in str(caught.value)
