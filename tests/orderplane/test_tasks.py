"""Tasks end also where a cancel of them is dropped."""

from __future__ import annotations

import asyncio
import contextlib

from core.orderplane.tasks import end


async def _drops_one_cancel() -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    await asyncio.sleep(60)


async def _fails() -> None:
    raise ValueError("no matter")


async def test_a_dropped_cancel_is_sent_again() -> None:
    tasks = [asyncio.create_task(_drops_one_cancel()), asyncio.create_task(_fails())]
    await asyncio.sleep(0)

    await asyncio.wait_for(end(tasks), 5)

    assert tasks[0].cancelled()
    assert isinstance(tasks[1].exception(), ValueError)
