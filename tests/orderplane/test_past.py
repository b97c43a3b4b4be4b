"""Facts from before the order plane attached, while core's journal is still being written."""

from __future__ import annotations

import asyncio
from pathlib import Path

from core.orderplane.past import facts_between
from tests.core_process import PATIENCE
from tests.journal.books import opened
from tests.journal.values import intent


async def numbers(path: Path, after: int, upto: int) -> list[int]:
    return [number async for page in facts_between(path, after, upto) for number, _ in page.facts]


async def test_what_core_has_told_is_waited_for_until_it_is_on_the_disk(tmp_path: Path) -> None:
    """Also where another order plane has already reported what is not there yet."""
    path = tmp_path / "journal.db"
    async with opened(path) as journal:
        await journal.commit([intent(1)])
        reading = [asyncio.create_task(numbers(path, after, 4)) for after in (0, 1, 2, 3)]
        await asyncio.wait(reading, timeout=0.1)
        await journal.commit([intent(2), intent(3), intent(4)])

        found = await asyncio.wait_for(asyncio.gather(*reading), PATIENCE)

    assert found == [[1, 2, 3, 4], [2, 3, 4], [3, 4], [4]]
