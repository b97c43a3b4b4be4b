"""A whole execution service between the two fakes, connected, with a market and a way to look at everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal

from core.domain.alerts import Alert, AlertKind
from core.domain.commands import Ack, CancelOrder, Command, ModifyOrder, PlaceOrder
from core.domain.connection import Connection, Endpoint, LinkState, Mode
from core.domain.entries import Entry
from core.domain.events import AlertChanged, Envelope, Event, ExecutionAdded, Incident, OrderChanged, Severity, Snapshot
from core.domain.limits import Limits
from core.domain.orders import Order, OrderRequest
from core.domain.reports import Report, Tick, TickField
from core.execution.alerts import AlertOptions
from core.execution.keeper import KeeperOptions
from core.execution.limit_keeper import LimitsSource
from core.execution.service import ExecutionService
from core.execution.service_options import ServiceOptions
from core.execution.state import DeskState
from core.ports import BrokerListener
from tests.execution.clockwork import START, JumpingClock
from tests.execution.fakes import FakeBroker, FakeJournal, FakeMark, Trace
from tests.execution.reports import AAPL, CLIENT_ID, TSLA, buy, ref, status
from tests.limits import UNASKED, FixedLimits

PATIENCE = 600.0
"""Seconds of the jumping loop that any wait may take."""
ENDPOINT = Endpoint("127.0.0.1", 7497)


class _Gateway:
    pid = None

    async def endpoint(self) -> Endpoint:
        return ENDPOINT


class Rig:
    """One service and all that it said."""

    def __init__(
        self,
        service: ExecutionService,
        broker: FakeBroker,
        journal: FakeJournal,
        clock: JumpingClock,
        state: DeskState,
    ) -> None:
        self.service = service
        self.state = state
        self.broker = broker
        self.journal = journal
        self.clock = clock
        self.trace = broker.trace
        self.envelopes: list[Envelope] = []
        self._news = asyncio.Event()
        service.add_sink(self)

    def publish(self, *envelopes: Envelope) -> None:
        """The service's sink."""
        self.envelopes.extend(envelopes)
        self._news.set()

    @property
    def events(self) -> list[Event]:
        """Every event so far."""
        return [envelope.event for envelope in self.envelopes]

    @property
    def snapshot(self) -> Snapshot:
        """Everything as it stands."""
        return self.service.snapshot()

    @property
    def connection(self) -> Connection:
        """The way to the broker as it stands."""
        return self.service.connection

    def order(self, number: int = 1) -> Order:
        """An order of ours as it stands."""
        return next(order for order in self.snapshot.orders if order.order_ref == ref(number))

    def told(self, severity: Severity | None = None) -> list[str]:
        """The texts of all incidents published, in order."""
        return [
            event.text for event in self.events if isinstance(event, Incident) and severity in (None, event.severity)
        ]

    def alerts(self, *kinds: AlertKind) -> list[Alert]:
        """Alerts as they stand, oldest first, of some kinds or of all."""
        return [alert for alert in self.snapshot.alerts if not kinds or alert.kind in kinds]

    def calls(self) -> list[str]:
        """The texts of all alerts that called a person, in order."""
        return [event.alert.text for event in self.events if isinstance(event, AlertChanged) and event.rings]

    def states(self, number: int = 1) -> list[str]:
        """The states through which an order was published, repetitions left out."""
        found: list[str] = []
        for event in self.events:
            if isinstance(event, OrderChanged) and event.order.order_ref == ref(number):
                found += [] if found[-1:] == [event.order.state.value] else [event.order.state.value]
        return found

    def executions(self) -> list[ExecutionAdded]:
        """Every execution that was published."""
        return [event for event in self.events if isinstance(event, ExecutionAdded)]

    def say(self, *reports: Report) -> None:
        """One socket read of the broker's."""
        self.service.on_reports(reports)

    async def send(self, command: Command, client: str = "desk") -> Ack:
        """Carry out one command."""
        return await self.service.execute(command, client)

    async def place(self, request: OrderRequest | None = None) -> Ack:
        """Send a new order."""
        return await self.send(PlaceOrder(request=request or buy()))

    async def working(self, request: OrderRequest | None = None) -> Order:
        """Send a new order and have the broker take it."""
        ack = await self.place(request)
        assert ack.ok, ack.denied
        assert ack.order is not None
        self.say(status(ack.order.order_id, perm_id=900_000 + ack.order.order_id))
        return next(order for order in self.snapshot.orders if order.order_ref == ack.order.order_ref)

    async def modify(self, *, quantity: str | None = None, price: str | None = None, number: int = 1) -> Ack:
        """Change an order of ours."""
        return await self.send(
            ModifyOrder(
                order_ref=ref(number),
                revision=self.order(number).revision,
                quantity=None if quantity is None else Decimal(quantity),
                limit_price=None if price is None else Decimal(price),
            )
        )

    async def cancel(self, number: int = 1, client: str = "desk") -> Ack:
        """Ask for a cancel."""
        return await self.send(CancelOrder(order_ref=ref(number)), client)

    def quote(self, bid: str = "233.33", ask: str = "233.34", con_id: int = AAPL.con_id) -> None:
        """A live market."""
        self.service.on_ticks(
            [
                Tick(con_id=con_id, field=TickField.BID, value=Decimal(bid)),
                Tick(con_id=con_id, field=TickField.ASK, value=Decimal(ask)),
            ]
        )

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something published makes it so."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def until_state(self, state: LinkState) -> None:
        """Wait for a state of the connection."""
        await self.until(lambda: self.connection.state is state)

    async def pass_time(self, seconds: float) -> None:
        """Let timers run."""
        await asyncio.sleep(seconds)


async def settle() -> None:
    """Let everything run that is ready to."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def rig(
    *,
    mode: Mode = Mode.PAPER,
    account: str = "",
    read_only: bool = False,
    entries: Iterable[Entry] = (),
    head: int = 0,
    start: datetime = START,
    prepare: Callable[[FakeBroker], None] = lambda _: None,
    ready: bool = True,
    max_attempts: int = 0,
    first_wait: float = 0.5,
    restart: str = "",
    limits: Limits | LimitsSource | None = None,
    mark: FakeMark | None = None,
    lines: int = 100,
    data_frames: int = 30,
    alerts: AlertOptions | None = None,
) -> AsyncIterator[Rig]:
    """A service that runs; by default connected, with AAPL and TSLA watched and quoted. `entries` were journalled."""
    clock, trace = JumpingClock(start), Trace()
    journal = FakeJournal(trace)
    journal.head = head
    state = DeskState(Connection(mode=mode, profile=mode.value, endpoint=ENDPOINT, client_id=CLIENT_ID))
    state.replay(entries, clock.utc())
    brokers: list[FakeBroker] = []

    def make(listener: BrokerListener) -> FakeBroker:
        brokers.append(FakeBroker(listener, trace))
        prepare(brokers[-1])
        return brokers[-1]

    service = ExecutionService(
        state,
        journal,
        clock,
        _Gateway(),
        make,
        ServiceOptions(
            session="SESSION",
            keeper=KeeperOptions(
                mode=mode,
                account=account,
                client_id=CLIENT_ID,
                timeout=5.0,
                max_attempts=max_attempts,
                first_wait=first_wait,
                restart=restart,
                read_only=read_only,
            ),
            limits=FixedLimits(limits or UNASKED) if isinstance(limits, Limits | None) else limits,
            read_only=read_only,
            kill_mark=mark or FakeMark(),
            symbols=("AAPL", "TSLA"),
            lines=lines,
            data_frames=data_frames,
            alerts=alerts or AlertOptions(),
        ),
    )
    made = Rig(service, brokers[0], journal, clock, state)
    service.recover()
    running = asyncio.create_task(service.run())
    try:
        if ready:
            await made.until_state(LinkState.READY)
            await settle()
            made.quote()
            made.quote("413.70", "413.78", TSLA.con_id)
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        beside = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
