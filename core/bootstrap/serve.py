"""One run of core, wired: journal, service, adapter, link; and when it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from msgspec import Struct

from core.clock import Clock, LoopClock
from core.domain.connection import Connection, Endpoint, Mode
from core.domain.entries import SessionStarted
from core.domain.limits import Limits
from core.execution.keeper import KeeperOptions
from core.execution.service import ExecutionService, ServiceOptions
from core.execution.state import DeskState
from core.journal.recovery import read_entries
from core.journal.store import JournalStore, open_journal
from core.link.server import LinkServer
from core.link.wire import BUILD, Welcome
from core.ports import Broker, BrokerListener, MakeBroker

log = logging.getLogger(__name__)

FIRST_DESK_SECONDS = 60.0
"""Core ends if no desk came within this time of its start, and nothing works at the broker."""
DESERTED_SECONDS = 30.0
"""Core ends this long after its last desk was lost, unless something works at the broker; a goodbye ends it now."""


class RunOptions(Struct, frozen=True, kw_only=True):
    """One profile's run, as the settings say."""

    session: str
    """A ULID, this run's name."""
    profile: str
    mode: Mode
    endpoint: Endpoint
    """Of an outside gateway; of practice only a placeholder until its gateway listens."""
    client_id: int
    account: str
    timeout: float
    max_attempts: int = 0
    """Attempts to connect until a person has to ask for the next; 0 is without end."""
    first_wait: float = 0.5
    """Seconds before the second attempt."""
    read_only: bool
    symbols: tuple[str, ...]
    lines: int = 100
    """Market data lines of the account."""
    limits: Limits
    pace: int
    """Frames to the gateway in any second."""
    journal: Path
    socket: Path


class Gateway(Protocol):
    """A gateway that core may have started."""

    @property
    def pid(self) -> int | None:
        """Its process, if core started it."""

    async def endpoint(self) -> Endpoint:
        """Where to connect."""

    async def stop(self) -> None:
        """End it, if it is core's."""


def ib_broker(listener: BrokerListener, clock: Clock, pace: int) -> Broker:
    """The real adapter; imports ib_async, so it is called as late as can be."""
    from core.broker.adapter import IbBroker

    return IbBroker(listener, clock, messages_per_second=pace)


class Parts(NamedTuple):
    """One core, wired; nothing runs but the journal's writer."""

    service: ExecutionService
    journal: JournalStore
    link: LinkServer
    """Not listening yet."""


async def assemble(options: RunOptions, gateway: Gateway, clock: Clock, make_broker: MakeBroker) -> Parts:
    """Open the journal, bring the state back from it and wire every part to it. Raises JournalError."""
    session = options.session
    connection = Connection(
        mode=options.mode, profile=options.profile, endpoint=options.endpoint, client_id=options.client_id
    )
    state = DeskState(connection)
    state.replay((entry for _, entry in read_entries(options.journal)), clock.utc())
    journal = await open_journal(options.journal, session, clock, on_failure=_later(lambda: service))
    journal.append([SessionStarted(session=session, build=BUILD, time=clock.utc())])
    service = ExecutionService(
        state,
        journal,
        clock,
        gateway,
        lambda listener: make_broker(listener, clock, options.pace),
        ServiceOptions(
            session=session,
            keeper=KeeperOptions(
                mode=options.mode,
                account=options.account,
                client_id=options.client_id,
                timeout=options.timeout,
                max_attempts=options.max_attempts,
                first_wait=options.first_wait,
            ),
            limits=options.limits,
            read_only=options.read_only,
            symbols=options.symbols,
            lines=options.lines,
            # The rest is for orders, and for what they need to know.
            data_frames=options.pace * 2 // 3,
        ),
    )
    service.recover()

    def describe() -> Welcome:
        return Welcome(
            session=session,
            instance=journal.instance,
            profile=options.profile,
            mode=options.mode,
            endpoint=str(service.connection.endpoint),
            pid=os.getpid(),
        )

    return Parts(service, journal, LinkServer(service, options.socket, describe))


async def serve(
    options: RunOptions,
    gateway: Gateway,
    ready: Callable[[], None],
    *,
    make_broker: MakeBroker,
) -> None:
    """Run until told to stop or deserted. `ready` is called when desks can attach.

    An exception in an essential part ends core: it is raised from here after everything was closed.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    clock = LoopClock(loop)
    parts = await assemble(options, gateway, clock, make_broker)
    service, journal, link = parts.service, parts.journal, parts.link
    await link.start()
    ready()
    # What the start made stays for good: no later collection has to walk it, which would hold the loop for 10 ms.
    gc.collect()
    gc.freeze()
    running = asyncio.create_task(service.run(), name="service")
    leaving = asyncio.create_task(_until_deserted(service, clock, stop), name="lifetime")
    try:
        await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
    finally:
        for task in (running, leaving):
            task.cancel()
        await asyncio.gather(running, leaving, return_exceptions=True)
        await link.close()
        await service.close()
        await journal.close()
        if not service.desks:
            await gateway.stop()


def _later(service: Callable[[], ExecutionService]) -> Callable[[str], None]:
    """Halt a service that is made after whoever may call this."""
    return lambda reason: service().halt(reason)


async def _until_deserted(service: ExecutionService, clock: Clock, stop: asyncio.Event) -> None:
    """Return when core should end: told to, or nobody is there and nothing works at the broker."""
    deadline = clock.mono() + FIRST_DESK_SECONDS
    while not stop.is_set():
        if service.told_to_stop:
            log.info("the last desk left")
            return
        if service.desks or service.has_live_orders:
            deadline = clock.mono() + DESERTED_SECONDS
        elif clock.mono() >= deadline:
            log.info("no desk and no working order: ending")
            return
        service.desks_changed.clear()
        waiting = {asyncio.ensure_future(stop.wait()), asyncio.ensure_future(service.desks_changed.wait())}
        await asyncio.wait(waiting, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
