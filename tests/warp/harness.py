"""Core and the practice gateway in one warp loop, over real TCP and a real Unix socket, and desks that come and go."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct

from core.bootstrap.serve import Parts, RunOptions, assemble
from core.broker.adapter import IbBroker
from core.broker.pacer import Outgoing, Pacer
from core.clock import Clock
from core.domain.commands import Ack, Command, PlaceOrder
from core.domain.connection import Endpoint, Mode
from core.domain.events import Snapshot
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.reports import ErrorReport, Report
from core.errors import LinkError
from core.ids import mint_order_ref, mint_ulid
from core.link.client import SocketClient
from core.ports import BrokerListener
from core.practice.options import DEFAULT_ACCOUNT, GatewayOptions
from core.practice.server import PracticeGateway
from tests.limits import FixedLimits
from tests.warp.loop import START, WarpClock, warp_loop
from tests.warp.parts import Found, Unwritten
from tests.wide import WIDE
from tui.replica import Replica

WAIT = 60.0
"""Seconds of warp time within which whatever a test waits for must have happened."""

CLIENT_ID = 17


class FloorOptions(Struct, frozen=True, kw_only=True):
    """What a trading floor is made of."""

    instruments: int = 0
    """The gateway lists at least so many."""
    cash: Decimal = Decimal(100_000_000)
    symbols: tuple[str, ...] = ("AAPL", "SPY")
    """The watchlist at the start."""
    pacing: int = 50
    """The gateway cuts whoever sends more frames a second, as IBKR does; 0 never does."""
    pace: int = 45
    latency: str = "0"
    faults: tuple[str, ...] = ()
    lines: int = 100
    """Market data lines of core; the gateway gives 100."""
    hours: str = "always"
    """`exchange` closes the gateway's markets as their exchanges do."""
    account: str = DEFAULT_ACCOUNT
    """The one that the gateway is logged in to."""
    mode: Mode = Mode.PRACTICE
    """Of the profile; a live one pins `account`."""
    limits: FixedLimits | None = None
    """None: those that nothing meets."""
    start: datetime = START
    """The time at the beginning."""


class _Overheard:
    """A listener that counts error codes before the real one hears them."""

    def __init__(self, listener: BrokerListener, codes: Counter[int]) -> None:
        self._listener = listener
        self._codes = codes
        self.on_ticks = listener.on_ticks
        self.on_disconnected = listener.on_disconnected

    def on_reports(self, reports: Sequence[Report]) -> None:
        self._codes.update(report.code for report in reports if isinstance(report, ErrorReport))
        self._listener.on_reports(reports)


class _CountingPacer(Pacer):
    """The real pacer, which counts what it lets out."""

    def __init__(self, pace: int) -> None:
        super().__init__(pace)
        self.left = 0

    def start(self, write: Callable[[Outgoing], None]) -> None:
        def leave(frame: Outgoing) -> None:
            self.left += 1
            write(frame)

        super().start(leave)


class AskedCancel(Struct, frozen=True):
    """A cancel at the moment at which the adapter is asked for it."""

    at: float
    """Loop time in seconds."""
    order_id: int
    left: int
    """How many frames had left by then."""


class RecordingBroker(IbBroker):
    """The real adapter, which notes when a cancel is asked for."""

    def __init__(self, listener: BrokerListener, clock: Clock, pace: int) -> None:
        self.codes: Counter[int] = Counter()
        """Error codes that came, however often."""
        super().__init__(_Overheard(listener, self.codes), clock, messages_per_second=pace)
        self._pacer = self._counting = _CountingPacer(pace)
        self.cancels: list[AskedCancel] = []

    def cancel(self, order_id: int) -> Awaitable[None]:
        """Note it, then as ever."""
        self.cancels.append(AskedCancel(asyncio.get_running_loop().time(), order_id, self.left))
        return super().cancel(order_id)

    @property
    def left(self) -> int:
        """Frames that left, the greeting apart."""
        return self._counting.left


class Screen:
    """A desk without a picture: a client of the link and the desk's own replica of what core tells."""

    def __init__(self, client: SocketClient, replica: Replica) -> None:
        """`replica` holds the snapshot from which the events continue."""
        self.client = client
        self.replica = replica
        self.events = 0
        self._news = asyncio.Event()
        self._following = asyncio.create_task(self._follow(), name="screen")

    @classmethod
    async def attach(cls, socket: Path, name: str) -> Screen:
        """Attach, take a snapshot and follow."""
        client = await SocketClient.attach(socket, name)
        replica = Replica()
        replica.load(await client.snapshot())
        return cls(client, replica)

    async def _follow(self) -> None:
        with contextlib.suppress(LinkError):
            async for envelope in self.client.events(self.replica.number):
                self.events += self.replica.apply(envelope)
                self._news.set()

    async def send(self, command: Command) -> Ack:
        """One command."""
        return await self.client.send(command)

    def buying(self, con_id: int, quantity: int, limit: Decimal | None = None) -> OrderRequest:
        """A request to buy with a new reference: at the market, or with a limit."""
        return OrderRequest(
            order_ref=mint_order_ref(self.client.instance),
            account=self.replica.account,
            con_id=con_id,
            side=Side.BUY,
            quantity=Decimal(quantity),
            order_type=OrderType.MKT if limit is None else OrderType.LMT,
            limit_price=limit,
        )

    async def place(self, request: OrderRequest) -> None:
        """Send an order, which core must take."""
        ack = await self.send(PlaceOrder(request=request))
        assert ack.ok, ack.denied

    async def until(self, true: Callable[[Replica], bool]) -> None:
        """Wait until what the screen shows is as wanted."""
        async with asyncio.timeout(WAIT):
            while not true(self.replica):
                self._news.clear()
                await self._news.wait()

    async def close(self) -> None:
        """Detach."""
        await self.client.close()
        self._following.cancel()
        await asyncio.gather(self._following, return_exceptions=True)


class Floor:
    """One gateway, one core, and the desks at it."""

    def __init__(
        self, gateway: PracticeGateway, parts: Parts, broker: RecordingBroker, clock: WarpClock, path: Path
    ) -> None:
        self.gateway = gateway
        self.service = parts.service
        self.journal = parts.journal
        self.link = parts.link
        self.broker = broker
        self.clock = clock
        self.socket = path
        """Where core listens for desks."""
        self.screens: list[Screen] = []

    @property
    def snapshot(self) -> Snapshot:
        """Everything that core knows."""
        return self.service.snapshot()

    async def attach(self, name: str = "desk") -> Screen:
        """One more screen, attached until `detach` or the end."""
        screen = await Screen.attach(self.socket, name)
        self.screens.append(screen)
        return screen

    async def detach(self, screen: Screen) -> None:
        """Close a screen."""
        self.screens.remove(screen)
        await screen.close()

    async def ready(self) -> None:
        """Wait until orders can be sent and everything that is watched at the start is quoted."""

        def quoted(replica: Replica) -> bool:
            watched = set(replica.watchlist)
            return replica.can_trade and bool(watched) and watched <= _tradable(replica)

        screen = await self.attach("first")
        await screen.until(quoted)
        await self.detach(screen)

    async def settle(self) -> None:
        """Let everything be said that is on its way: the gateway tells money at least every three seconds."""
        await asyncio.sleep(7.0)


def _tradable(replica: Replica) -> set[int]:
    return {con_id for con_id, quote in replica.quotes.items() if quote.tradable}


@asynccontextmanager
async def trading_floor(options: FloorOptions | None = None, *, ready: bool = True) -> AsyncIterator[Floor]:
    """A floor that runs until the end of the block, on a warp loop; `ready` waits until orders can be sent.

    Everything is closed at the end as it closes in life. An exception of core's own tasks is raised.
    """
    given = options or FloorOptions()
    loop, clock = warp_loop(), WarpClock(given.start)
    brokers: list[RecordingBroker] = []

    def make_broker(listener: BrokerListener, clock: Clock, pace: int) -> RecordingBroker:
        brokers.append(RecordingBroker(listener, clock, pace))
        return brokers[-1]

    gateway = PracticeGateway(
        GatewayOptions(
            instruments=given.instruments,
            account=given.account,
            cash=given.cash,
            pacing=given.pacing,
            latency=given.latency,
            faults=given.faults,
            hours=given.hours,
            keep_frames=1_000_000,
        ),
        now=clock.epoch,
    )
    # Short: the path of a Unix socket has 108 bytes.
    with tempfile.TemporaryDirectory(prefix="ibw") as folder:
        port = await gateway.start()
        with loop.hold():
            parts = await assemble(_run_options(Path(folder), port, given), Found(port), clock, make_broker)
        floor = Floor(gateway, parts, brokers[0], clock, Path(folder) / "run" / "core.sock")
        with loop.probe(Unwritten(parts.journal)):
            await parts.link.start()
            running = asyncio.create_task(parts.service.run(), name="service")
            try:
                if ready:
                    await floor.ready()
                yield floor
            finally:
                await _close(floor, running)


async def _close(floor: Floor, running: asyncio.Task[None]) -> None:
    for screen in list(floor.screens):
        await floor.detach(screen)
    running.cancel()
    (ended,) = await asyncio.gather(running, return_exceptions=True)
    await floor.link.close()
    await floor.service.close()
    with warp_loop().hold():
        await floor.journal.close()
    await floor.gateway.stop()
    if isinstance(ended, Exception):
        raise ended
    if floor.gateway.failure is not None:
        raise floor.gateway.failure


def _run_options(folder: Path, port: int, given: FloorOptions) -> RunOptions:
    (folder / "run").mkdir(mode=0o700)
    return RunOptions(
        session=mint_ulid(),
        profile="practice",
        mode=given.mode,
        endpoint=Endpoint("127.0.0.1", port),
        client_id=CLIENT_ID,
        account=given.account if given.mode is Mode.LIVE else "",
        timeout=5.0,
        read_only=False,
        symbols=given.symbols,
        lines=given.lines,
        limits=given.limits or FixedLimits(WIDE),
        pace=given.pace,
        journal=folder / "journal.db",
        socket=folder / "run" / "core.sock",
    )
