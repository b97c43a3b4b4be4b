"""One practice core for the tests of a module: its limits wide, its rate raised."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import pytest

from tests.core_process import CoreProcess
from tests.desk_home import DeskHome
from tests.orderplane.plane import Planes
from tests.processes.orders import journal_of, write_profile
from tests.wide import WIDE_PROFILE

PROFILE = f"messages_per_second = 1000\n{WIDE_PROFILE}"


class Stage(NamedTuple):
    """A core that runs."""

    home: DeskHome
    core: CoreProcess


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Started once, ready for orders in AAPL."""
    with DeskHome() as home:
        write_profile(home, "practice", PROFILE)
        core = CoreProcess(home)
        asyncio.run(_ready(core))
        yield Stage(home, core)
        asyncio.run(core.stop())


async def _ready(core: CoreProcess) -> None:
    await core.start()
    async with await core.attach() as watcher:
        await watcher.ready_for("AAPL")


@pytest.fixture
async def planes(stage: Stage) -> AsyncIterator[Planes]:
    """A new bus at that core."""
    async with Planes(stage.core.socket, journal_of(stage.home, "practice")) as made:
        yield made
