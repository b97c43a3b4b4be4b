"""One run of core, wired: journal, service, adapter, link; and when it ends."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from msgspec import Struct

from core.bootstrap.journal import start_journal
from core.bootstrap.lifetime import Lifetime
from core.bootstrap.metrics import metrics_served
from core.bootstrap.notices import Notices
from core.bootstrap.records import RecordsProcess
from core.clock import Clock, LoopClock
from core.domain.connection import Connection, Endpoint, Mode
from core.domain.entries import SessionStarted
from core.execution.alerts import AlertOptions
from core.execution.keeper import KeeperOptions
from core.execution.limit_keeper import LimitsSource
from core.execution.order_log import OrderLog
from core.execution.service import ExecutionService
from core.execution.service_options import ServiceOptions
from core.execution.state import DeskState
from core.journal.kill_mark import KillMarkFile
from core.journal.opened import JournalOptions
from core.journal.store import JournalStore, SealedJournal
from core.link.server import LinkServer
from core.link.wire import BUILD, Welcome
from core.ports import Broker, BrokerListener, MakeBroker


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
    restart: str = ""
    """When the gateway restarts every day; empty if nobody has said."""
    first_wait: float = 0.5
    """Seconds before the second attempt."""
    read_only: bool
    symbols: tuple[str, ...]
    lines: int = 100
    """Market data lines of the account."""
    limits: LimitsSource
    """What files and variables say of limits."""
    pace: int
    """Frames to the gateway in any second."""
    journal: Path
    keeping: JournalOptions = JournalOptions()
    """How that is kept."""
    socket: Path
    alerts: AlertOptions = AlertOptions()
    metrics_port: int = 0
    """Of 127.0.0.1, where figures are served; 0 serves none."""
    records: Path | None = None
    """The folder of ledgers and audit logs that are kept up to date; None keeps none."""


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


def replay_broker(listener: BrokerListener, clock: Clock, pace: int) -> Broker:
    """The same for the profile of `ibdesk replay`, which begins only while no core of it runs."""
    from core.broker.adapter import IbBroker

    absent = "No replay plays there: quit this desk, start `ibdesk replay`, then open the desk again."
    return IbBroker(listener, clock, messages_per_second=pace, absent=absent)


class Parts(NamedTuple):
    """One core, wired; nothing runs but the journal's writer."""

    service: ExecutionService
    journal: JournalStore | SealedJournal
    link: LinkServer
    """Not listening yet."""
    lifetime: Lifetime


async def assemble(options: RunOptions, gateway: Gateway, clock: Clock, make_broker: MakeBroker) -> Parts:
    """Open the journal, bring the state back from it and wire every part to it. Raises JournalError."""
    session = options.session
    connection = Connection(
        mode=options.mode, profile=options.profile, endpoint=options.endpoint, client_id=options.client_id
    )
    state = DeskState(connection)
    started = await start_journal(options.journal, session, clock, _later(lambda: service), options.keeping)
    journal, now = started.store, clock.utc()
    state.adopt(started.recorded, now)
    state.tail_lost = started.tail_lost
    state.highest_order_id = max(state.highest_order_id, journal.order_ids)
    # The same moment, so that a replay leaves the same days behind.
    journal.append([SessionStarted(session=session, build=BUILD, time=now)])
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
                restart=options.restart,
                first_wait=options.first_wait,
                read_only=options.read_only,
            ),
            limits=options.limits,
            read_only=options.read_only,
            kill_mark=KillMarkFile(options.journal),
            symbols=options.symbols,
            lines=options.lines,
            # The rest is for orders, and for what they need to know.
            data_frames=options.pace * 2 // 3,
            alerts=options.alerts,
        ),
    )
    service.add_sink(OrderLog())
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

    lifetime = Lifetime(service, clock)
    return Parts(service, journal, LinkServer(service, options.socket, describe, tenure=lifetime), lifetime)


async def serve(
    options: RunOptions,
    gateway: Gateway,
    ready: Callable[[], None],
    *,
    make_broker: MakeBroker,
    notices: Notices,
) -> None:
    """Run until told to stop or deserted. `ready` is called when desks can attach.

    `notices` become incidents. An exception in an essential part ends core: PartFailedError is raised from here once
    that stands in the journal and everything is closed.
    """
    loop = asyncio.get_running_loop()
    parts = await assemble(options, gateway, LoopClock(loop), make_broker)
    service, journal, link, lifetime = parts
    lifetime.listen(loop)
    notices.listen(service.alert)
    await link.start()
    ready()
    # What the start made stays for good: no later collection has to walk it, which would hold the loop for 10 ms.
    gc.freeze()
    gc.enable()
    running = asyncio.create_task(service.run(), name="service")
    records = None
    if options.records is not None:
        records = RecordsProcess(options.journal, options.records, lambda: journal.durable, service.alert)
    keeping = asyncio.create_task(records.run(), name="records") if records is not None else None
    try:
        async with metrics_served(options.metrics_port, service, notices.tell):
            await lifetime.over(running, link.turn_away)
    finally:
        working = [task for task in (running, keeping) if task is not None]
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await link.close(lifetime.farewell)
        await service.close()
        await journal.close()
        if records is not None:
            await records.close(wanted=any(not order.external for order in service.snapshot().orders))
        if options.alerts.hook is not None:
            await options.alerts.hook.close()
        if not service.desks:
            await gateway.stop()


def _later(service: Callable[[], ExecutionService]) -> Callable[[str], None]:
    """Halt a service that is made after whoever may call this."""
    return lambda reason: service().halt(reason)
