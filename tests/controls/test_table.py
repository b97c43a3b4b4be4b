"""The table of the controls in short: a sample of its cells, the same in every run; the command tries all of them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from core.risk.numbers import NUMBERS
from tests.controls.__main__ import report
from tests.controls.cells import Cell, NotApplicable, Row, run
from tests.controls.spot import Case, Door
from tests.controls.table import CELLS, EDGES, missing

SEED = 28


def sample(control: int) -> list[Cell]:
    """Of each edge that is quick one way and one door, on it and just outside; inside too for the first."""
    chosen = []
    for place, edge in enumerate(one for one in EDGES if one.control == control and not one.slow):
        cells = [one for one in CELLS if one.edge is edge and not isinstance(one.expected, NotApplicable)]
        choice = Random(f"{SEED} {edge.guard} {edge.limit}").choice(cells)
        beside = [one for one in cells if (one.way, one.door) == (choice.way, choice.door)]
        chosen += beside if place == 0 else [one for one in beside if one.case is not Case.INSIDE]
    return chosen


@pytest.mark.parametrize("control", NUMBERS)
def test_controls_refuse_from_their_limits_on(control: int) -> None:
    rows = [run(cell) for cell in sample(control)]

    assert rows
    assert [(row.cell.name, row.cell.text, row.observed) for row in rows if not row.passed] == []


def test_no_control_way_or_door_is_missing() -> None:
    assert list(missing(CELLS)) == []


def test_what_is_missing_is_told() -> None:
    no_scripts = [one for one in CELLS if one.edge.control != 6 or one.door is not Door.SCRIPT]
    untold = [one for one in CELLS if one.edge.guard != "Iceberg"]

    first, *others = missing(no_scripts)
    assert first == "control 6, inside, new, script: no cell"
    assert len(others) == 5
    assert list(missing(untold)) == ["Iceberg: nothing is refused by it"]


@pytest.mark.parametrize(
    ("observed", "lacking", "status"), [("accepted", [], 0), ("VALUE_MAX", [], 1), ("accepted", ["control 1"], 1)]
)
def test_a_failing_row_or_a_missing_cell_is_told_by_the_exit_status(
    observed: str, lacking: Sequence[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = next(one for one in CELLS if one.expected == "accepted")

    assert report([Row(cell, observed)], lacking) == status
    printed = capsys.readouterr().out
    assert ("FAIL" in printed) is (observed != "accepted")
    assert ("MISSING  control 1" in printed) is bool(lacking)
