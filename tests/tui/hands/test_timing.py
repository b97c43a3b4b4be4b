"""A key counts from when it was read from the terminal."""

from __future__ import annotations

import time

import pytest

from tui.hands.timing import LoopTiming


async def test_a_key_that_waited_was_pressed_before() -> None:
    timing = LoopTiming()

    assert timing.pressed(time.monotonic() - 2) == pytest.approx(timing.now() - 2, abs=0.5)


async def test_a_stamp_from_the_future_is_now() -> None:
    timing = LoopTiming()

    assert timing.pressed(time.monotonic() + 1000) <= timing.now()
