"""Somebody at the keys of the real desk, with core and the practice gateway behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from textual import events
from textual.pilot import Pilot

from core.domain.instruments import Instrument
from core.domain.limits import Limits
from core.link.inproc import InProcessClient
from core.practice.tables import Record
from core.practice.tables_order import PLACE_ORDER
from tests.orders.floor import AAPL, Floor, floor
from tests.tui.desk_pilot import settle, words_of
from tests.tui.hands_desk import TurnedClock
from tests.wide import WIDE
from tui.app import DeskApp
from tui.panes.order_entry import OrderEntry
from tui.screens.desk import DeskScreen

PATIENCE = 10.0
PAUSE = 0.002
_KEYS = {"-": "minus", ".": "full_stop", "%": "percent_sign", "$": "dollar_sign"}


class SteadyClock(TurnedClock):
    """Every key comes half a second after the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.handled = 0

    def pressed(self, stamp: float) -> float:
        self.time += 0.5
        self.handled += 1
        return self.time

    def has_handled(self, keys: int) -> bool:
        """True once so many keys were handled."""
        return self.handled >= keys


class Person:
    """Somebody at the keyboard, without a sense of time."""

    def __init__(self, app: DeskApp, pilot: Pilot[None], behind: Floor, instrument: Instrument) -> None:
        self.app = app
        self.pilot = pilot
        self.behind = behind
        self.instrument = instrument
        self.clock = SteadyClock()
        self.entry.timing = self.clock

    @property
    def entry(self) -> OrderEntry:
        """The pane of the ticket."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, DeskScreen)
        return screen.query_one(OrderEntry)

    @property
    def ticket(self) -> str:
        """What the ticket pane shows, as running text."""
        return " ".join(self.entry.face.plain.split())

    async def press(self, *keys: str) -> None:
        """Press keys, each once the one before was handled."""
        for key in keys:
            if key == "enter":
                # What it sends must have been painted.
                await self.pilot.pause()
            due = self.clock.handled + 1
            name = _KEYS.get(key, key)
            self.app.post_message(events.Key(name, key if len(key) == 1 else None))
            await self.until(partial(self.clock.has_handled, due))

    async def see(self, *texts: str) -> None:
        """Wait until the ticket pane shows these texts."""
        await self.until(lambda: all(text in self.ticket for text in texts))

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds, with the desk painting meanwhile."""
        for _ in range(int(PATIENCE / PAUSE)):
            if holds():
                return
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"never came: {self.ticket} · {words_of(self.app)}")

    def placed(self) -> list[Record]:
        """Every order that came to the gateway, as its frame."""
        return [frame for frame in self._frames() if not frame.flag("whatIf")]

    def asked_about(self) -> list[Record]:
        """Every what-if that came to the gateway, as its frame."""
        return [frame for frame in self._frames() if frame.flag("whatIf")]

    def _frames(self) -> list[Record]:
        return [PLACE_ORDER.decode(frame.fields) for frame in self.behind.gateway.received if frame.fields[0] == "3"]

    async def send(self) -> Record:
        """Press Enter; the frame that comes to the gateway. A market that moved meanwhile asks for Enter again."""
        before = len(self.placed())
        for _ in range(5):
            await self.press("enter")
            await self.until(lambda: len(self.placed()) > before or "Not sent" in self.ticket)
            if len(self.placed()) > before:
                return self.placed()[-1]
        raise AssertionError(f"nothing was sent: {self.ticket}")


@asynccontextmanager
async def person(
    *, others: tuple[str, ...] = (), faults: tuple[str, ...] = (), limits: Limits = WIDE
) -> AsyncIterator[Person]:
    """A desk on core and gateway, with AAPL in focus, quoted; the login has `others` beside ACCOUNT."""
    async with floor(others=others, faults=faults, limits=limits) as behind:
        instrument = await behind.watch(AAPL)

        async def connect() -> InProcessClient:
            return InProcessClient(behind.service, "desk")

        app = DeskApp(connect, theme="ibdesk-dark")
        async with app.run_test(size=(120, 40)) as pilot:
            await settle(pilot)
            yield Person(app, pilot, behind, instrument)
