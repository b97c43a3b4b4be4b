"""The loop under these tests."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.warp.loop import START, StuckError, WarpClock, WarpLoop, warp_loop, warping


@warping
async def test_hours_pass_in_no_time_and_in_order() -> None:
    clock, began, order = WarpClock(), time.monotonic(), list[int]()

    async def after(seconds: int) -> None:
        await asyncio.sleep(seconds)
        order.append(seconds)

    await asyncio.gather(after(7200), after(60), after(3600))

    assert order == [60, 3600, 7200]
    assert (clock.utc() - START).total_seconds() == 7200
    assert time.monotonic() - began < 5


@warping
async def test_time_stands_still_while_callbacks_run_and_bytes_are_on_their_way() -> None:
    loop = warp_loop()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)
        writer.close()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    began = loop.time()
    async with asyncio.timeout(0.001):
        for _ in range(500):
            writer.write(bytes(100_000))
            await reader.readexactly(100_000)
    assert loop.time() == began
    writer.close()
    await writer.wait_closed()
    await gone.wait()
    server.close()
    await server.wait_closed()


@warping
async def test_time_stands_still_while_an_executor_works() -> None:
    loop = warp_loop()
    began = loop.time()
    async with asyncio.timeout(0.01):
        await asyncio.to_thread(time.sleep, 0.2)
    assert loop.time() == began
    await asyncio.sleep(5)
    assert loop.time() == began + 5


@warping
async def test_time_stands_still_while_a_probe_is_busy_or_time_is_held() -> None:
    loop = warp_loop()
    began, real = loop.time(), time.monotonic()

    def works() -> bool:
        return time.monotonic() < real + 0.2

    with loop.probe(works):
        await asyncio.sleep(1)
    assert time.monotonic() >= real + 0.2
    assert loop.time() == began + 1

    told = asyncio.Event()
    with loop.hold():
        sleeping = asyncio.create_task(asyncio.sleep(1))
        thread = asyncio.to_thread(time.sleep, 0.1)
        await thread
        loop.call_soon_threadsafe(told.set)
        await told.wait()
        assert not sleeping.done()
        assert loop.time() == began + 1
    await sleeping
    assert loop.time() == began + 2


def test_a_timer_that_a_rounded_difference_misses_does_not_hold_time_for_ever() -> None:
    async def plan_anew() -> int:
        loop, turns = asyncio.get_running_loop(), 0
        for number in range(2000):
            when = loop.time() + 0.1 + number * 1e-7
            while loop.time() < when:
                turns += 1
                woken = loop.create_future()
                loop.call_at(when, woken.set_result, None)
                await woken
        return turns

    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        assert runner.run(plan_anew()) == 2000


def test_a_loop_in_which_nothing_can_happen_says_so() -> None:
    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    loop = WarpLoop(patience=0.2)
    waiting = loop.create_task(forever())
    with pytest.raises(StuckError, match="no timer is set"):
        loop.run_until_complete(waiting)
    waiting.cancel()
    loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
    loop.close()


def test_a_thread_that_never_finishes_is_named() -> None:
    async def held() -> None:
        with warp_loop().hold():
            await asyncio.sleep(1)

    loop = WarpLoop(patience=0.2)
    waiting = loop.create_task(held())
    with pytest.raises(StuckError, match="a thread does not finish"):
        loop.run_until_complete(waiting)
    waiting.cancel()
    loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
    loop.close()
