"""`python -m tests.controls --table`: just inside, on and just outside of every limit, each way and through each door.

Every row is tried at a core and a practice gateway of its own, in a time that jumps, over the real wire and the real
link. An order that is refused must leave no frame at the gateway, one that is accepted exactly one. The exit status
is 1 if a row fails or a cell is missing. `--control 6 --control 28` tries these alone.

The doors are a desk, a script, and the order plane, whose intents come over a bus and become new orders alone.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor

from tests.controls.cells import Cell, NotApplicable, Row, run
from tests.controls.table import CELLS, heading, line, missing

_AT_ONCE = 4
"""Cells that a process takes at a time."""


def _observe(place: int) -> str:
    """Try a cell by its place; run in a process of its own, to which no function can be sent."""
    return run(CELLS[place]).observed


def _quiet() -> None:
    # What core logs of refusals is what the rows say.
    logging.disable(logging.CRITICAL)


def tried(cells: Sequence[Cell], jobs: int) -> Iterable[Row]:
    """Try cells of the table in so many processes; the rows in order, as soon as they are known."""
    places = [CELLS.index(cell) for cell in cells]
    with ProcessPoolExecutor(jobs, initializer=_quiet) as pool:
        for cell, observed in zip(cells, pool.map(_observe, places, chunksize=_AT_ONCE), strict=True):
            yield Row(cell, observed)


def report(rows: Iterable[Row], lacking: Sequence[str]) -> int:
    """Print the rows under their limits, and what is missing; the exit status."""
    started, edge, counted = time.monotonic(), None, {"passed": 0, "failed": 0, "n/a": 0}
    for row in rows:
        if row.cell.edge is not edge:
            edge = row.cell.edge
            _say(f"\n{heading(edge)}")
        _say(line(row))
        not_applicable = isinstance(row.cell.expected, NotApplicable)
        counted["n/a" if not_applicable else "passed" if row.passed else "failed"] += 1
    for what in lacking:
        _say(f"MISSING  {what}")
    figures = ", ".join(f"{number} {what}" for what, number in counted.items())
    _say(f"\n{sum(counted.values())} cells: {figures}; {len(lacking)} missing. {time.monotonic() - started:.0f} s.")
    return 1 if counted["failed"] or lacking else 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.controls", description=(__doc__ or "").split("\n\n")[1])
    parser.add_argument("--table", action="store_true", required=True, help="try every cell and print what was seen")
    parser.add_argument("--control", type=int, action="append", metavar="N", help="only this one; may be repeated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    wanted = [cell for cell in CELLS if not options.control or cell.edge.control in options.control]
    return report(tried(wanted, options.jobs), [] if options.control else list(missing(CELLS)))


if __name__ == "__main__":
    sys.exit(main())
