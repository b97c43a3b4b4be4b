"""Reaching core for real: started before, found again, started anew where it has ended."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from core.api import begin_launch
from core.domain.commands import Leave
from core.errors import CoreStartError
from tests.desk_home import DeskHome
from tui.reach import Reach

PATIENCE = 30.0


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskHome]:
    """Settings and state of its own; whatever is started in it ends with the test."""
    with DeskHome() as made:
        for name, value in made.env.items():
            monkeypatch.setenv(name, value)
        yield made


async def test_the_core_that_was_begun_is_taken_and_found_again(home: DeskHome) -> None:
    reach = Reach({}, begin_launch({}, "practice"))
    async with asyncio.timeout(PATIENCE):
        first = await reach.connect()
        second = await reach.connect()
        one, other = await first.snapshot(), await second.snapshot()

        assert one.session == other.session
        await first.send(Leave(stop=True))
        await first.close()
        await second.send(Leave(stop=True))
        await second.close()


@pytest.mark.row(64)
async def test_a_core_that_was_killed_is_started_anew_on_the_same_journal(home: DeskHome) -> None:
    reach = Reach({}, None)
    async with asyncio.timeout(PATIENCE):
        first = await reach.connect()
        before = await first.snapshot()
        os.kill(before.health.core_pid, signal.SIGKILL)
        await first.close()
        second = await reach.connect()
        after = await second.snapshot()

        assert after.session != before.session
        assert after.instance == before.instance
        await second.send(Leave(stop=True))
        await second.close()


async def test_what_core_says_of_its_settings_is_what_a_person_reads(home: DeskHome) -> None:
    reach = Reach({"port": "7496"}, None)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(CoreStartError, match="Port 7496 is where a live gateway listens") as refused:
            await reach.connect()

    assert refused.value.title == "Live guard"
