"""The wire cut at bytes of recorded sessions, in both directions; afterwards core's books are the ledger's.

Every run takes a session's message ends, the bytes beside them, and a part of the rest; the table takes every byte.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise

import pytest

from tests.faults.cuts import SESSIONS, Recording, record, run_cuts
from tests.faults.scale import FULL, scaled
from tests.faults.spreading import spread
from tests.faults.wire import Cut, How, Way
from tests.warp.loop import WarpLoop

PARTS = 8
"""A session's bytes are tried in so many tests, which may run beside each other."""
LONGEST = 10_000
"""Bytes of the session of which the table tries each one."""

Property = Callable[[str, object], None]


@cache
def recorded(name: str) -> Recording:
    """One session as it is without a cut."""
    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        return runner.run(record(SESSIONS[name]))


def try_all(name: str, cuts: Sequence[Cut]) -> Counter[str]:
    """Every one of these cuts in a world of its own."""
    return spread(partial(run_cuts, name), cuts)


@pytest.mark.row(23, 25)
@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(PARTS))
def test_fin_throughout_a_session(part: int, record_property: Property) -> None:
    recording = recorded("short")
    assert sum(recording.lengths.values()) <= LONGEST
    cuts = [Cut(way, after, How.FIN) for way, after in recording.offsets()][part::PARTS]

    seen = try_all("short", cuts)

    record_property("cases", seen["cut"])
    assert seen["cut"] == seen["runs"] == len(cuts)


@pytest.mark.row(23, 25)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("name", "how"), [(name, how) for name in SESSIONS for how in (How.FIN, How.RST)][1:], ids=str)
def test_fin_and_rst_in_every_session(name: str, how: How, record_property: Property) -> None:
    step = 1 if FULL else 20
    cuts = [Cut(way, after, how) for way, after in recorded(name).offsets(step, first=step // 2)]

    seen = try_all(name, cuts)

    record_property("cases", seen["cut"])
    assert seen["cut"] == seen["runs"] == len(cuts)


@pytest.mark.row(24)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", list(SESSIONS))
def test_stall_after_any_message(name: str, record_property: Property) -> None:
    boundaries = recorded(name).boundaries
    cuts = [Cut(way, after, How.STALL) for way in Way for after in boundaries[way][:: scaled(4, 2, 1)]]

    seen = try_all(name, cuts)

    record_property("cases", seen["cut"])
    assert seen["cut"] == seen["runs"] == len(cuts)


@pytest.mark.row(25)
def test_a_cut_inside_placeorder_has_both_outcomes() -> None:
    """All bytes of the message but the last: the gateway never has the order. All of them: it has it and fills it."""
    ends = recorded("short").boundaries[Way.TO_GATEWAY]
    placement = next(end for begin, end in pairwise(ends) if end - begin > 200)

    inside = try_all("short", [Cut(Way.TO_GATEWAY, placement - n, How.RST) for n in (1, 40, 100)])
    arrived = try_all("short", [Cut(Way.TO_GATEWAY, placement, How.RST)])

    assert (inside["UNKNOWN"], inside["FILLED"]) == (3, 0)
    assert (arrived["UNKNOWN"], arrived["FILLED"]) == (0, 1)
