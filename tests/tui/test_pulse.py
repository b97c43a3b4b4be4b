"""The pace of the desk: at once after a pause, then at most once a period, and a word each second."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tests.tui import sample
from tui import messages
from tui.pulse import PERIOD, Pulse


class Paced:
    """A pulse whose flushes and words are counted."""

    def __init__(self) -> None:
        self.flushes = 0
        self.dirty = True
        self.now = sample.NOW
        self.posted: list[messages.DeskMessage] = []
        self.pulse = Pulse(self._flush, self.posted.append, self._utc)

    def _flush(self) -> bool:
        self.flushes += 1
        return self.dirty

    def _utc(self) -> datetime:
        return self.now


async def test_the_first_change_after_a_pause_is_announced_at_the_end_of_the_turn() -> None:
    paced = Paced()

    for _ in range(5):
        paced.pulse.hurry()
    assert paced.flushes == 0
    await asyncio.sleep(0)

    assert paced.flushes == 1


async def test_what_changes_within_a_period_waits_for_the_beat() -> None:
    paced = Paced()
    paced.pulse.hurry()
    await asyncio.sleep(0)

    paced.pulse.hurry()
    await asyncio.sleep(0)
    assert paced.flushes == 1
    paced.pulse.beat()

    assert paced.flushes == 2


async def test_a_beat_without_news_does_not_slow_the_next_change() -> None:
    paced = Paced()
    paced.dirty = False
    paced.pulse.beat()
    paced.pulse.hurry()
    await asyncio.sleep(0)

    assert paced.flushes == 2


async def test_each_second_is_told_once() -> None:
    paced = Paced()
    for milliseconds in range(0, 2500, round(PERIOD * 1000)):
        paced.now = sample.NOW + timedelta(milliseconds=milliseconds)
        paced.pulse.beat()

    assert [type(message) for message in paced.posted] == [messages.SecondPassed] * 3
