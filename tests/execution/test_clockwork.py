"""The loop under these tests."""

from __future__ import annotations

import asyncio
import time

from tests.execution.clockwork import START, JumpingClock, jumping


@jumping
async def test_hours_pass_in_no_time_and_in_order() -> None:
    clock, began, order = JumpingClock(), time.monotonic(), list[int]()

    async def after(seconds: int) -> None:
        await asyncio.sleep(seconds)
        order.append(seconds)

    await asyncio.gather(after(7200), after(60), after(3600))

    assert order == [60, 3600, 7200]
    assert (clock.utc() - START).total_seconds() >= 7200
    assert time.monotonic() - began < 5


@jumping
async def test_a_busy_machine_makes_no_timer_fire() -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()
    time.sleep(0.05)
    await asyncio.sleep(0)

    assert loop.time() == before
