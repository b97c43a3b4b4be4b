"""The table of the controls: every edge of all 28, at a real core over the practice gateway, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.risk.numbers import NUMBERS
from core.risk.registry import CONTROLS
from tests.controls import (
    edges_behaviour,
    edges_contract,
    edges_exposure,
    edges_guards,
    edges_order,
    edges_states,
    edges_unknown,
)
from tests.controls.cells import ACCEPTED, Cell, Edge, NotApplicable, Row, cells_of
from tests.controls.spot import Case, Door, Way

EDGES: tuple[Edge, ...] = tuple(
    sorted(
        (
            *edges_order.EDGES,
            *edges_contract.EDGES,
            *edges_exposure.EDGES,
            *edges_behaviour.EDGES,
            *edges_states.EDGES,
            *edges_guards.EDGES,
            *edges_unknown.EDGES,
        ),
        key=lambda edge: edge.control,
    )
)
"""By control."""

CELLS: tuple[Cell, ...] = tuple(cells_of(EDGES))
"""Every row, in order."""


def missing(cells: Iterable[Cell]) -> Iterator[str]:
    """What the table should have and has not, in words: a case, way and door of a control; a check's refusal."""
    known = list(cells)
    there = {(one.edge.control, one.case, one.way, one.door) for one in known}
    for number in NUMBERS:
        for case in Case:
            for way in Way:
                for door in Door:
                    if (number, case, way, door) not in there:
                        yield f"control {number}, {case}, {way}, {door.name.lower()}: no cell"
    refusing = {one.edge.guard for one in known if one.expected != ACCEPTED and isinstance(one.expected, str)}
    yield from (f"{rule.name}: nothing is refused by it" for rule in CONTROLS if rule.name not in refusing)


def line(row: Row) -> str:
    """A row as it is printed."""
    cell = row.cell
    expected = cell.expected
    seen = f"n/a: {expected.reason}" if isinstance(expected, NotApplicable) else f"{expected} / {row.observed}"
    verdict = "n/a " if isinstance(expected, NotApplicable) else "pass" if row.passed else "FAIL"
    return (
        f"{verdict}  {cell.edge.control:2}  {cell.case:7}  {cell.way:6}  {cell.door.name.lower():6}  "
        f"{cell.text:34}  {seen}"
    )


def heading(edge: Edge) -> str:
    """What stands above the rows of an edge."""
    return f"{edge.control}. {NUMBERS[edge.control]}: {edge.guard}. {edge.limit}"
