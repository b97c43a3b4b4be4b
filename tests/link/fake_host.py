"""A service that does what a test tells it, behind a real link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from core.domain.commands import Ack, CancelEntries, CancelOrder, Command, Denial, DenialCode, Kill, PlaceOrder
from core.domain.connection import Connection, Endpoint, Mode
from core.domain.events import (
    Envelope,
    Event,
    Health,
    Incident,
    OrderChanged,
    QuotesUpdated,
    Severity,
    Snapshot,
    StateEvent,
    StreamEvent,
    TradingState,
)
from core.domain.executions import Execution
from core.domain.orders import Order
from core.domain.positions import Position
from core.domain.quotes import Quote
from core.link.client import SocketClient
from core.link.server import LinkServer
from core.link.wire import Welcome
from core.ports import EventSink, RecordedFacts
from tests.journal.values import NOON, order

SESSION = "SESSION"
INSTANCE = "ABCDEF"


class FakeHost:
    """Implements `core.ports.DeskHost`; facts are kept, out of memory below `oldest`, and lost below `journal_begins`.

    A PlaceOrder publishes an incident and an order whose number is the quantity; quantity 13 breaks the host. `gate`
    holds up every command but cancels.
    """

    session = SESSION
    instance = INSTANCE

    def __init__(self) -> None:
        self.facts: list[Envelope] = []
        self.oldest = 0
        self.journal_begins = 0
        self.read_back: list[int] = []
        self.orders: tuple[Order, ...] = ()
        self.executions: tuple[Execution, ...] = ()
        self.positions: tuple[Position, ...] | None = None
        self.sinks: list[EventSink] = []
        self.seen: list[str] = []
        self.hears: dict[str, Callable[[StreamEvent], None]] = {}
        self.commands: list[tuple[str, Command]] = []
        self.ended: list[Command] = []
        self.gate: asyncio.Event | None = None
        self.gone = asyncio.Event()
        self.came = asyncio.Event()

    async def execute(self, command: Command, client: str) -> Ack:
        self.commands.append((client, command))
        self.came.set()
        if self.gate is not None and not isinstance(command, CancelOrder | CancelEntries):
            await self.gate.wait()
        if isinstance(command, PlaceOrder) and command.request.quantity == 13:
            raise RuntimeError("the host broke")
        self.ended.append(command)
        if isinstance(command, PlaceOrder):
            self.publish_facts(1)
            self.publish(OrderChanged(order=order(int(command.request.quantity))))
        return Ack(ok=True)

    def call_off(self, command: Command, by: CancelEntries) -> Ack | None:
        if not isinstance(command, PlaceOrder) or command.request.con_id != by.con_id:
            return None
        return Ack(ok=False, denied=Denial(code=DenialCode.NOT_LIVE, message="called off"))

    def kill(self, command: Kill, client: str) -> Ack:
        self.commands.append((client, command))
        self.ended.append(command)
        return Ack(ok=True)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            session=SESSION,
            instance=INSTANCE,
            number=len(self.facts),
            time=NOON,
            connection=Connection(
                mode=Mode.PRACTICE, profile="practice", endpoint=Endpoint("127.0.0.1", 7497), client_id=1
            ),
            trading_state=TradingState.ACTIVE,
            trading_reason="",
            instruments=(),
            watchlist=(),
            quotes=(),
            orders=self.orders,
            executions=self.executions,
            positions=self.positions,
            accounts=(),
            incidents=(),
            health=Health(),
        )

    def facts_after(self, number: int) -> Sequence[Envelope] | None:
        return None if number < self.oldest else self.facts[number:]

    async def facts_recorded(self, number: int) -> RecordedFacts | None:
        self.read_back.append(number)
        await asyncio.sleep(0)
        if number < self.journal_begins:
            return None
        facts = tuple(self.facts[number : number + 100])
        return RecordedFacts(facts=facts, last=number + len(facts))

    def add_sink(self, sink: EventSink) -> None:
        self.sinks.append(sink)

    def remove_sink(self, sink: EventSink) -> None:
        if sink in self.sinks:
            self.sinks.remove(sink)

    def desk_attached(self, client: str) -> None:
        self.seen.append(f"+{client}")

    def streams_to(self, client: str, hear: Callable[[StreamEvent], None]) -> None:
        self.hears[client] = hear

    def desk_gone(self, client: str) -> None:
        self.seen.append(f"-{client}")
        self.gone.set()

    def publish(self, event: Event) -> None:
        """A fact gets the next number, state none."""
        if isinstance(event, StateEvent):
            envelope = Envelope(session=SESSION, number=None, event=event)
        else:
            envelope = Envelope(session=SESSION, number=len(self.facts) + 1, event=event)
            self.facts.append(envelope)
        for sink in list(self.sinks):
            sink.publish(envelope)

    def publish_facts(self, count: int) -> None:
        """So many incidents at once."""
        for _ in range(count):
            self.publish(incident(len(self.facts) + 1))

    def publish_quote(self, con_id: int, last: int) -> None:
        """A quote at a price."""
        self.publish(QuotesUpdated(quotes=(Quote(con_id=con_id, last=Decimal(last)),)))


def incident(number: int) -> Incident:
    """A fact that can be told from others."""
    return Incident(severity=Severity.INFO, text=f"fact {number}", time=NOON)


def welcome() -> Welcome:
    """Who the fake core is."""
    return Welcome(
        session=SESSION,
        instance=INSTANCE,
        profile="practice",
        mode=Mode.PRACTICE,
        endpoint="127.0.0.1:7497",
        pid=4242,
    )


@asynccontextmanager
async def serving(host: FakeHost, path: Path) -> AsyncIterator[LinkServer]:
    """A server on `path`, closed at the end."""
    server = LinkServer(host, path, welcome)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def attached(path: Path, name: str = "desk") -> AsyncIterator[SocketClient]:
    """A client on `path`, closed at the end."""
    client = await SocketClient.attach(path, name)
    try:
        yield client
    finally:
        await client.close()


async def take(events: AsyncIterator[Envelope], count: int) -> list[Envelope]:
    """The next `count` events, within ten seconds."""
    async with asyncio.timeout(10):
        return [await anext(events) for _ in range(count)]
