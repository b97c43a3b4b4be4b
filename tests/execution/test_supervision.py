"""Work that core can be without for a while."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from core.execution.supervision import kept_up
from tests.execution.clockwork import jumping


@jumping
async def test_what_fails_starts_again_with_growing_pauses_and_each_time_a_person_is_told() -> None:
    loop = asyncio.get_running_loop()
    begun: list[float] = []
    told: list[str] = []

    async def work() -> None:
        begun.append(loop.time())
        if len(begun) < 9:
            raise RuntimeError("no")

    await kept_up("Market data", work, told.append)

    pauses = [round(after - before) for before, after in pairwise(begun)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert len(told) == 8
    assert told[0] == "Market data failed (RuntimeError) and starts again in 1 s. Orders go on; see core's log."


@jumping
async def test_what_ran_for_long_starts_with_the_first_pause() -> None:
    loop = asyncio.get_running_loop()
    begun: list[float] = []

    async def work() -> None:
        begun.append(loop.time())
        if len(begun) == 3:
            await asyncio.sleep(3600)
        if len(begun) < 5:
            raise RuntimeError("no")

    await kept_up("Health", work, lambda _: None)

    assert [round(after - before) for before, after in pairwise(begun)] == [1, 2, 3601, 2]
