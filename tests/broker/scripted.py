"""A gateway that says what a test tells it, and a listener that keeps what the adapter tells."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

from core.broker.adapter import IbBroker
from core.clock import LoopClock
from core.domain.connection import Endpoint, Mode
from core.domain.instruments import Instrument, SecType
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.reports import Report, Tick
from core.ports import Approved, ConnectPermit

PATIENCE = 5.0
"""Seconds that any wait of these tests may take before it is a failure."""

AAPL = Instrument(
    con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART", primary_exchange="NASDAQ", local_symbol="AAPL"
)


def frame(*fields: object) -> bytes:
    """One message: length, then the fields, each ended by NUL."""
    payload = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(payload)) + payload


GREETING = frame(178, "20261120 10:00:00 UTC")
ACCOUNTS = frame(15, 1, "DU1234567")
NEXT_ID = frame(9, 1, 5)


class Peer:
    """The gateway's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.seen: list[list[str]] = []
        self.times: list[float] = []
        self._news = asyncio.Condition()

    async def greet(self, greeting: bytes = GREETING, rest: bytes = ACCOUNTS + NEXT_ID) -> None:
        """The server's side of the handshake: hello, version, startApi, accounts and first id."""
        assert await self.reader.readexactly(4) == b"API\0"
        await self.read_frame()
        self.writer.write(greeting)
        self.seen.append(await self.read_frame())
        self.writer.write(rest)

    async def read_frame(self) -> list[str]:
        """The next message, as its fields."""
        (length,) = struct.unpack(">I", await self.reader.readexactly(4))
        return (await self.reader.readexactly(length)).decode().split("\0")[:-1]

    async def listen(self) -> None:
        """Keep every message, with the time of its arrival, until the client leaves."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                fields = await self.read_frame()
                self.times.append(loop.time())
                self.seen.append(fields)
                async with self._news:
                    self._news.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    async def wait_for(self, enough: Callable[[], bool]) -> None:
        """Wait until a message makes `enough` true."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(enough)

    async def message(self, message_id: int) -> list[str]:
        """The first message with this id, when it has come."""
        await self.wait_for(lambda: any(fields[0] == str(message_id) for fields in self.seen))
        return next(fields for fields in self.seen if fields[0] == str(message_id))

    def send(self, *frames: bytes) -> None:
        """Say these in one piece."""
        self.writer.write(b"".join(frames))

    @property
    def transport(self) -> asyncio.Transport:
        """The gateway's end of the socket, whose reading can be paused."""
        transport = self.writer.transport
        assert isinstance(transport, asyncio.Transport)
        return transport

    def hang_up(self) -> None:
        """Close the socket."""
        self.writer.close()


Script = Callable[[Peer], Awaitable[None]]


class Gateway:
    """A loopback server; each connection runs the script."""

    def __init__(self) -> None:
        self.port = 0
        self.read_only = False
        """What the permit says of the profile."""
        self.peers: list[Peer] = []
        self.connected = asyncio.Event()

    @property
    def peer(self) -> Peer:
        """The latest connection."""
        return self.peers[-1]

    @property
    def permit(self) -> ConnectPermit:
        """Leave to connect here."""
        return ConnectPermit(Endpoint("127.0.0.1", self.port), Mode.PAPER, "", read_only=self.read_only)


async def obedient(peer: Peer) -> None:
    """Shake hands, then listen."""
    await peer.greet()
    await peer.listen()


@asynccontextmanager
async def gateway(script: Script = obedient) -> AsyncIterator[Gateway]:
    """Serve `script` on a free loopback port; at the end every connection is closed and every script has ended."""
    made = Gateway()
    tasks: list[asyncio.Task[None]] = []

    async def serve(peer: Peer) -> None:
        made.peers.append(peer)
        made.connected.set()
        try:
            await script(peer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            peer.writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.create_task(serve(Peer(reader, writer))))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


class Ear:
    """A listener that keeps everything."""

    def __init__(self) -> None:
        self.batches: list[list[Report]] = []
        self.tick_batches: list[list[Tick]] = []
        self.ends: list[str] = []
        self.order: list[str] = []
        """What each batch was, in order."""
        self._news = asyncio.Event()

    @property
    def reports(self) -> list[Report]:
        """All reports in order."""
        return [report for batch in self.batches for report in batch]

    @property
    def ticks(self) -> list[Tick]:
        """All ticks in order."""
        return [tick for batch in self.tick_batches for tick in batch]

    def on_reports(self, reports: Sequence[Report]) -> None:
        self.batches.append(list(reports))
        self.order.append("reports")
        self._news.set()

    def on_ticks(self, ticks: Sequence[Tick]) -> None:
        self.tick_batches.append(list(ticks))
        self.order.append("ticks")
        self._news.set()

    def on_disconnected(self, reason: str) -> None:
        self.ends.append(reason)
        self._news.set()

    async def wait_for(self, enough: Callable[[], bool]) -> None:
        """Wait until something told makes `enough` true."""
        async with asyncio.timeout(PATIENCE):
            while not enough():
                self._news.clear()
                await self._news.wait()


class Desk:
    """An adapter connected to a scripted gateway."""

    def __init__(self, broker: IbBroker, ear: Ear, made: Gateway) -> None:
        self.broker = broker
        self.ear = ear
        self.gateway = made

    @property
    def peer(self) -> Peer:
        """The gateway's end."""
        return self.gateway.peer


@asynccontextmanager
async def connected(
    script: Script = obedient,
    *,
    messages_per_second: int = 45,
    query_deadline: float = PATIENCE,
    read_only: bool = False,
) -> AsyncIterator[Desk]:
    """An adapter after its handshake with a scripted gateway."""
    async with gateway(script) as made:
        made.read_only = read_only
        ear = Ear()
        broker = IbBroker(ear, LoopClock(), messages_per_second=messages_per_second, query_deadline=query_deadline)
        await broker.open(made.permit, 7, PATIENCE)
        try:
            yield Desk(broker, ear, made)
        finally:
            await broker.close()


def request(
    order_ref: str = "ibd-AAAAAA-01",
    *,
    quantity: str = "100",
    limit_price: Decimal | None = Decimal("233.33"),
    side: Side = Side.BUY,
    account: str = "DU1234567",
) -> OrderRequest:
    """An order for AAPL; without a limit price it is a market order."""
    return OrderRequest(
        order_ref=order_ref,
        account=account,
        con_id=AAPL.con_id,
        side=side,
        quantity=Decimal(quantity),
        order_type=OrderType.MKT if limit_price is None else OrderType.LMT,
        limit_price=limit_price,
    )


def approved(order: OrderRequest) -> Approved[OrderRequest]:
    """As if every control had passed it."""
    return Approved(order, AAPL)
