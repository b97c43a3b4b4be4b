"""What is left behind is found, whatever it is."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from functools import partial

import pytest

from tests.warp.leaks import no_leaks
from tests.warp.loop import warping


def a_task(_: list[object]) -> Callable[[], object]:
    return asyncio.create_task(asyncio.Event().wait(), name="forgotten").cancel


def a_future(kept: list[object]) -> Callable[[], object]:
    future = asyncio.get_running_loop().create_future()
    kept.append(future)
    return future.cancel


def a_thread(_: list[object]) -> Callable[[], object]:
    told = threading.Event()
    threading.Thread(target=told.wait, name="forgotten").start()
    return told.set


def a_file(_: list[object]) -> Callable[[], object]:
    end, other = os.pipe()
    os.close(other)
    return partial(os.close, end)


def a_timer(_: list[object]) -> Callable[[], object]:
    return asyncio.get_running_loop().call_later(3600, print).cancel


@pytest.mark.parametrize("leak", [a_task, a_future, a_thread, a_file, a_timer])
@warping
async def test_what_is_left_behind_is_found(leak: Callable[[list[object]], Callable[[], object]]) -> None:
    kept: list[object] = []
    with pytest.raises(AssertionError):
        async with no_leaks():
            end = leak(kept)
    end()
    await asyncio.sleep(1)


@warping
async def test_what_is_tidied_up_is_no_leak() -> None:
    async with no_leaks():
        await asyncio.create_task(asyncio.sleep(5))
