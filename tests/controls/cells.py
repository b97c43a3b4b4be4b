"""A cell of the table of controls: an edge of a limit, one side of it, a way and a door; and what was seen there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

from msgspec.structs import replace

from core.domain.permissions import Permissions
from core.errors import DeskError
from tests.controls.plane_door import Answer
from tests.controls.spot import STAGE, Case, Door, Spot, Way, spot
from tests.limits import FixedLimits
from tests.warp.harness import FloorOptions
from tests.warp.loop import WarpLoop
from tests.wide import WIDE

ACCEPTED = "accepted"
Three = tuple[str, str, str]
"""Just inside, on, just outside."""


class NotApplicable(NamedTuple):
    """There is nothing to try."""

    reason: str


UNCHANGED = NotApplicable("an intent is placed once and never changed; its order is changed through the other doors")
NO_FIELD = NotApplicable("an intent has no field for it")


class Edge(NamedTuple):
    """Where one limit, or one guard, begins to refuse."""

    control: int
    """1 to 28."""
    guard: str
    """Its name in the registry."""
    limit: str
    """The limit, and how far beside it the cases lie."""
    cases: Three
    """What is asked for in each case."""
    tries: Callable[[Spot], Awaitable[Answer | str]]
    """Sets the scene and asks once."""
    expected: Three
    """`ACCEPTED`, or the code of the denial."""
    differs: Mapping[Way | Door | tuple[Way, Door], Three | NotApplicable] = {}
    """Where something else is expected."""
    limits: Mapping[str, object] = {}
    """The limits of which the edge is one; all others are so wide that nothing meets them."""
    permissions: Permissions = Permissions()
    stage: FloorOptions = STAGE
    slow: bool = False
    """True for minutes of trading, which take seconds."""

    def outcome(self, way: Way, door: Door) -> Three | NotApplicable:
        """What is expected."""
        if (way, door) == (Way.MODIFY, Door.PLANE):
            return UNCHANGED
        for key in ((way, door), way, door):
            if key in self.differs:
                return self.differs[key]
        return self.expected


class Cell(NamedTuple):
    """One row of the table."""

    edge: Edge
    case: Case
    way: Way
    door: Door

    @property
    def text(self) -> str:
        """What is asked for."""
        return self.edge.cases[list(Case).index(self.case)]

    @property
    def expected(self) -> str | NotApplicable:
        """What must be seen, or why nothing can be."""
        outcome = self.edge.outcome(self.way, self.door)
        return outcome if isinstance(outcome, NotApplicable) else outcome[list(Case).index(self.case)]

    @property
    def name(self) -> str:
        """For tests."""
        return f"{self.edge.control}-{self.edge.guard}-{self.case}-{self.way}-{self.door}"


class Row(NamedTuple):
    """A cell and what was seen."""

    cell: Cell
    observed: str

    @property
    def passed(self) -> bool:
        """True if that is what was expected, or where nothing could be seen."""
        return isinstance(self.cell.expected, NotApplicable) or self.observed == self.cell.expected


def cells_of(edges: Iterable[Edge]) -> Iterator[Cell]:
    """Every cell: each edge, each case, each way, each door."""
    for edge, way, door, case in product(edges, Way, Door, Case):
        yield Cell(edge, case, way, door)


def run(cell: Cell) -> Row:
    """Try one cell, at a core and a gateway of its own; whatever fails stands in the row."""
    if isinstance(cell.expected, NotApplicable):
        return Row(cell, "n/a")
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        try:
            return Row(cell, runner.run(_tried(cell)))
        except (AssertionError, DeskError, OSError, RuntimeError, ValueError) as error:
            return Row(cell, f"{type(error).__name__}: {error}".splitlines()[0])


async def _tried(cell: Cell) -> str:
    edge = cell.edge
    limits = FixedLimits(replace(WIDE, **edge.limits), edge.permissions)
    async with spot(replace(edge.stage, limits=limits), cell.way, cell.door, cell.case, cell.text) as place:
        seen = await edge.tries(place)
    if isinstance(seen, str):
        return seen
    return ACCEPTED if seen.ok else seen.code
