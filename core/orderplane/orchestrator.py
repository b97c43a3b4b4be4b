"""The order plane: takes intents from a bus as fast as core takes orders, and reports what becomes of them.

Several may run on one bus and one core. Each message is worked on by one of them, each order is placed once whoever
asks for it, and each change of it is reported by whoever is first.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from core.api import DeskClient
from core.domain.events import Snapshot
from core.errors import ConfigError, DeskError, LinkError
from core.link.paths import state_dir
from core.orderplane.bus import Delivery, IntentBus
from core.orderplane.counts import Counts
from core.orderplane.deciding import Deciding
from core.orderplane.participation import Participation, PovLimit
from core.orderplane.patience import Patience
from core.orderplane.placing import Placer, PlacingOptions, StoppingError
from core.orderplane.reporter import Reporter
from core.orderplane.sessions import CoreSession, Sessions
from core.orderplane.tasks import end
from core.orderplane.view import View

_TAKE_SECONDS = 0.5
"""How long one look for messages may take."""
_CORE_PAUSES = (0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts to reach core; the last one for ever."""
_MAX_BEHIND = 2000
"""Facts that may wait to be reported before no more intents are taken."""
_BEHIND_SECONDS = 0.05
_LEAVE_SECONDS = 5.0
_MAX_FAILURES = 5
"""Deliveries after which a message that fails inside the order plane is set aside."""

log = logging.getLogger(__name__)

Connect = Callable[[], Awaitable[DeskClient]]
"""Attaches to core, starting it where it has to; raises DeskError."""
Part = Callable[[DeskClient], Awaitable[None]]
"""Detaches from core."""


class OrderPlaneOptions(Struct, frozen=True, kw_only=True):
    """How an order plane works."""

    journal: Path | None = None
    """Of the core that it places at: what was published while nobody listened is read there. None for where the
    profile that core names keeps it."""
    pov: PovLimit | None = None
    """None scales nothing down."""
    placing: PlacingOptions = PlacingOptions()
    in_flight: int = 64
    """Messages that are worked on at once: what core, its journal or the bus can't take waits on the bus."""
    drain_seconds: float = 10.0
    """How long what was begun may take to end once the order plane is asked to."""


class OrderPlane:
    """One of them, from `run` to `stop`."""

    def __init__(self, bus: IntentBus, connect: Connect, part: Part, options: OrderPlaneOptions) -> None:
        """`bus` is opened and closed by `run`."""
        self._bus = bus
        self._patiently = Patience()
        self._connect = connect
        self._part = part
        self._options = options
        self.counts = Counts()
        """What was done so far."""
        self._sessions = Sessions()
        self._participation = None if options.pov is None else Participation(options.pov)
        deciding = Deciding(self._participation)
        self._placer = Placer(bus, self._sessions, deciding, options.placing, self.counts, self._knows, self._patiently)
        self._reporter: Reporter | None = None
        self._working: dict[asyncio.Task[None], Delivery] = {}
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Take nothing more, end what was begun, publish what is known; `run` returns then."""
        self._stop.set()
        self._placer.stop()

    @property
    def client(self) -> str:
        """The name by which a person grants live trading; empty while core is not attached."""
        session = self._sessions.present
        return "" if session is None else session.client.name

    async def run(self) -> None:
        """Work until `stop`. What can't be reached is waited for.

        Raises ConfigError for settings that can't be used, JournalError if core's can't be read.
        """
        if not await self._opened():
            return
        following = asyncio.create_task(self._follow())
        taking = asyncio.create_task(self._take())
        stop = asyncio.create_task(self._stop.wait())
        try:
            # Both end by an error alone.
            await asyncio.wait((following, taking, stop), return_when=asyncio.FIRST_COMPLETED)
            for task in (following, taking):
                if task.done():
                    task.result()
            await self._drain(taking)
        finally:
            stop.cancel()
            await end([following, taking, *self._working])
            await self._bus.close()

    def _knows(self, order_ref: str) -> bool:
        return self._reporter is not None and self._reporter.knows(order_ref)

    async def _follow(self) -> None:
        """Attach to core, report on it, and again when it was lost."""
        attempt = 0
        while True:
            try:
                client = await self._connect()
                snapshot = await self._shown(client)
            except ConfigError:
                raise
            except DeskError as error:
                if attempt == 0:
                    log.warning("Core is away: %s Trying again.", error)
                await asyncio.sleep(_CORE_PAUSES[min(attempt, len(_CORE_PAUSES) - 1)])
                attempt += 1
                continue
            attempt = 0
            log.info("Attached to core as %s, profile %s.", client.name, snapshot.connection.profile)
            session = CoreSession(client, snapshot, View(snapshot, self._participation))
            journal = self._options.journal or state_dir(snapshot.connection.profile) / "journal.db"
            self._reporter = Reporter(self._bus, session, journal, self.counts, self._patiently)
            self._sessions.found(session)
            try:
                await self._reporter.run()
            except LinkError as error:
                log.warning("Core was lost: %s Attaching again.", error)
            finally:
                self._sessions.lost(session)
                await self._leave(client)

    async def _shown(self, client: DeskClient) -> Snapshot:
        """What core shows first. Raises LinkError; it is left then."""
        try:
            return await client.snapshot()
        except BaseException:
            await self._leave(client)
            raise

    async def _leave(self, client: DeskClient) -> None:
        """Detach; a core that does not answer is not waited for."""
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._part(client)
        except TimeoutError:
            log.warning("Core did not answer to a goodbye.")

    async def _take(self) -> None:
        """Take as many messages as there is room for."""
        while not self._stop.is_set():
            room = self._options.in_flight - len(self._working)
            behind = self._reporter is not None and self._reporter.behind > _MAX_BEHIND
            if behind or self._sessions.present is None:
                await asyncio.sleep(_BEHIND_SECONDS)
            elif room <= 0:
                await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
            else:
                deliveries = await self._patiently(partial(self._bus.take, room, _TAKE_SECONDS))
                self._begin(deliveries)

    def _begin(self, deliveries: Sequence[Delivery]) -> None:
        self.counts.taken += len(deliveries)
        for delivery in deliveries:
            task = asyncio.create_task(self._work(delivery))
            self._working[task] = delivery
            task.add_done_callback(lambda done: self._working.pop(done, None))

    async def _work(self, delivery: Delivery) -> None:
        try:
            await self._placer.work(delivery)
        except StoppingError:
            await self._patiently(partial(self._bus.give_back, [delivery]))
        except Exception:
            log.exception("message %s failed inside the order plane", delivery.id)
            if delivery.attempts < _MAX_FAILURES:
                await self._patiently(partial(self._bus.give_back, [delivery]))
                return
            text = f"It failed {delivery.attempts} times inside the order plane, whose log says why."
            await self._placer.set_aside(delivery, f"{text} Look at the orders before it is sent again.")

    async def _drain(self, taking: asyncio.Task[None]) -> None:
        """End what was begun; what does not end in time is abandoned, and another order plane goes on with it."""
        try:
            async with asyncio.timeout(self._options.drain_seconds):
                await asyncio.wait((taking,))
                if self._working:
                    await asyncio.wait(self._working)
                if self._reporter is not None and self._sessions.present is not None:
                    await self._reporter.drained()
        except TimeoutError:
            log.warning("%d messages did not end in time; they stay on the bus.", len(self._working))

    async def _opened(self) -> bool:
        """Reach the bus; False if the order plane was stopped before it answered."""
        opening, stop = asyncio.create_task(self._patiently(self._bus.open)), asyncio.create_task(self._stop.wait())
        await asyncio.wait((opening, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if opening.done():
            opening.result()
            return True
        opening.cancel()
        await self._bus.close()
        return False
