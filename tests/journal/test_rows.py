"""Rows: every entry comes back as it was, and no two rows share a hash."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from core.domain.entries import CancelAsked, Entry
from core.errors import JournalError, JournalRefusedError
from core.journal.rows import SCHEMA, Handover, entry_of, genesis, make_row, upcast, verify_row
from tests.journal.values import NOON, intent, values_of

GENESIS = genesis("ABCDEF")


@settings(max_examples=300, deadline=None)
@given(values_of(Entry))
def test_every_entry_comes_back(entry: Entry) -> None:
    row = make_row(Handover(7, NOON, 1.5, entry), "S", GENESIS)

    verify_row(row, 7, GENESIS)
    assert entry_of(row) == entry
    assert row.kind == entry.__struct_config__.tag


def test_same_entry_is_the_same_row() -> None:
    handover = Handover(1, NOON, 0.25, intent(1))

    assert make_row(handover, "S", GENESIS) == make_row(handover, "S", GENESIS)


def test_row_is_told_by_everything_in_it() -> None:
    entry = CancelAsked(order_ref="a")
    later = datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC)
    rows = [
        make_row(Handover(1, NOON, 0.25, entry), "S", GENESIS),
        make_row(Handover(2, NOON, 0.25, entry), "S", GENESIS),
        make_row(Handover(1, later, 0.25, entry), "S", GENESIS),
        make_row(Handover(1, NOON, 0.5, entry), "S", GENESIS),
        make_row(Handover(1, NOON, 0.25, CancelAsked(order_ref="b")), "S", GENESIS),
        make_row(Handover(1, NOON, 0.25, entry), "T", GENESIS),
        make_row(Handover(1, NOON, 0.25, entry), "S", genesis("ABCDEG")),
    ]

    assert len({row.hash for row in rows}) == len(rows)


def test_row_out_of_its_place_is_refused() -> None:
    row = make_row(Handover(1, NOON, 0.25, intent(1)), "S", GENESIS)

    with pytest.raises(JournalError, match="Row 2 of the journal is missing"):
        verify_row(row, 2, GENESIS)
    with pytest.raises(JournalError, match="Row 1 of the journal isn't what was written"):
        verify_row(row, 1, genesis("OTHER1"))


def test_row_of_a_newer_schema_is_refused() -> None:
    row = make_row(Handover(1, NOON, 0.25, intent(1)), "S", GENESIS)._replace(schema=SCHEMA + 1)

    with pytest.raises(JournalRefusedError, match="schema 3"):
        entry_of(row)


def test_row_that_cannot_be_read_names_itself() -> None:
    row = make_row(Handover(3, NOON, 0.25, intent(1)), "S", GENESIS)._replace(payload='{"type":"other"}')

    with pytest.raises(JournalError, match=r"Row 3 .*intent"):
        entry_of(row)


def test_row_of_an_older_schema_is_lifted_step_by_step() -> None:
    row = make_row(Handover(1, NOON, 0.25, intent(1)), "S", GENESIS)._replace(schema=1)
    steps = [lambda payload: payload + "2", lambda payload: payload + "3"]

    assert entry_of(row) == intent(1)
    assert [upcast("x", schema, steps) for schema in (1, 2, 3)] == ["x23", "x3", "x"]


def test_row_from_before_tag_and_strategy_is_read() -> None:
    row = make_row(Handover(1, NOON, 0.25, intent(1)), "S", GENESIS)
    earlier = row.payload
    for unknown_then in ("tag", "strategy"):
        earlier = earlier.replace(f',"{unknown_then}":""', "")

    assert "strategy" in row.payload
    assert '"tag"' not in earlier
    assert "strategy" not in earlier
    assert entry_of(row._replace(payload=earlier)) == intent(1)
