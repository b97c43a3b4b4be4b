"""A desk on a core that does what a test says, driven by a pilot, with a fixed wall time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from textual.app import App
from textual.message import Message
from textual.pilot import Pilot

from core.domain.events import Snapshot
from tests.tui import sample
from tests.tui.fake_desk import FakeDesk
from tui.app import DeskApp
from tui.messages import DeskMessage
from tui.screens.desk import DeskScreen

PATIENCE = 5.0
"""Seconds that anything may take in these tests."""


class Desk(NamedTuple):
    """Everything that a test of the desk needs."""

    app: DeskApp
    core: FakeDesk
    pilot: Pilot[None]
    heard: list[DeskMessage]
    """Every message that was given out, in order, each once."""

    @property
    def screen(self) -> DeskScreen:
        """The desk's own screen, below whatever stands above it."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, DeskScreen)
        return screen

    def lines(self) -> list[str]:
        """What stands on the terminal, line by line."""
        return lines_of(self.app)

    def words(self) -> str:
        """The same as running text, without frames and rules."""
        return words_of(self.app)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds, processing messages all the time."""
        await until(self.pilot, condition)


def lines_of(app: App[None]) -> list[str]:
    """What stands on the terminal, line by line, blanks at the ends cut."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips(app.size)]


def words_of(app: App[None]) -> str:
    """The same as running text, without frames and rules: a text reads whole wherever its lines break."""
    return re.sub(r"[│┃─━╭╮╰╯┏┓┗┛\s]+", " ", "\n".join(lines_of(app)))


async def until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    """Wait until something holds, processing messages all the time. Raises TimeoutError when it never does."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await pilot.pause()
    await pilot.pause()


@asynccontextmanager
async def desk_on(
    core: FakeDesk | Snapshot = sample.SNAPSHOT, *, size: tuple[int, int] = (80, 24), theme: str = "ibdesk-dark"
) -> AsyncIterator[Desk]:
    """A desk that has its first snapshot already."""
    fake = core if isinstance(core, FakeDesk) else FakeDesk(core)
    app = DeskApp(fake.connect, theme=theme, utc=lambda: sample.NOW)
    heard: list[DeskMessage] = []

    def hear(message: Message) -> None:
        if isinstance(message, DeskMessage) and not any(message is known for known in heard):
            heard.append(message)

    async with app.run_test(size=size, message_hook=hear) as pilot:
        await settle(pilot)
        yield Desk(app, fake, pilot, heard)


async def settle(pilot: Pilot[None]) -> None:
    """Wait until the desk stands and shows its snapshot."""
    app = pilot.app
    assert isinstance(app, DeskApp)
    await until(pilot, lambda: app.replica.is_loaded and isinstance(app.screen_stack[0], DeskScreen))
    for _ in range(3):
        await pilot.pause()
