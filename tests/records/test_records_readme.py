"""The page about records says what the code has."""

from __future__ import annotations

from core.records import ledger_frame
from core.records.audit_lines import AuditEvent, AuditLine
from core.records.ledger_rows import LedgerEvent
from tests.architecture.sources import ROOT

PAGE = (ROOT / "core/records/README.md").read_text(encoding="utf-8")


def test_the_ledgers_columns_are_those_of_its_module() -> None:
    table = [line for line in (ledger_frame.__doc__ or "").splitlines() if line.startswith("| ")]
    named = [name for line in table[2:] for name in line.split("|")[1].replace(" ", "").split(",")]

    assert named == list(ledger_frame.COLUMNS)
    assert all(line in PAGE.splitlines() for line in table)
    assert all(event.value in PAGE.partition("What an event is")[2] for event in LedgerEvent)


def test_the_audit_logs_fields_and_events_are_there() -> None:
    rows = PAGE.partition("## The audit log")[2].splitlines()
    named = {name for line in rows if line.startswith("| ") for name in line.split("|")[1].replace(" ", "").split(",")}

    assert set(AuditLine.__struct_fields__) <= named
    assert all(event.value in PAGE for event in AuditEvent)
