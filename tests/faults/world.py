"""A gateway whose ledger is the truth, a wire that breaks, and cores that come and go over one journal: in one loop."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from core.bootstrap.serve import Parts, RunOptions, assemble
from core.broker.adapter import IbBroker
from core.clock import Clock
from core.domain.commands import Ack, CancelOrder, ModifyOrder, PlaceOrder, SearchSymbols
from core.domain.connection import Endpoint, LinkState, Mode
from core.domain.events import (
    ConnectionChanged,
    Envelope,
    Incident,
    OrderChanged,
    Snapshot,
    TradingState,
    TradingStateChanged,
)
from core.domain.orders import Order, OrderRequest, OrderState, Side
from core.ids import mint_ulid
from core.journal.database import Connect
from core.journal.opened import JournalOptions
from core.ports import Broker, BrokerListener
from core.practice.options import GatewayOptions
from core.practice.server import PracticeGateway
from tests.faults.disk import Disk
from tests.faults.invariants import Watch
from tests.faults.wire import How, Wire
from tests.limits import FixedLimits
from tests.requests import behind_market, request_for
from tests.warp.loop import WarpClock, warp_loop
from tests.warp.parts import Found, Unwritten
from tests.wide import WIDE

WAIT = 120.0
"""Seconds of warp time within which whatever a test waits for must have happened."""
CLIENT_ID = 17
CRASHED = "core was killed"

MakeInner = Callable[[BrokerListener, Clock, int], Broker]


class WorldOptions(Struct, frozen=True, kw_only=True):
    """What a world is made of."""

    symbols: tuple[str, ...] = ("AAPL",)
    latency: str = "0"
    faults: tuple[str, ...] = ()
    pace: int = 45
    moves: bool = True
    """False lets the market stand still: every session then says the same."""
    keeps: bool = False
    """True lets the gateway keep its state on disk, so that it can be restarted."""
    seed: int = 1
    daily_loss: Decimal | None = None
    """Core's limit of the day's loss."""


STILL = WorldOptions(moves=False)
"""A world whose market stands still."""


class Core:
    """One run of core in this loop."""

    def __init__(self, parts: Parts, clock: WarpClock) -> None:
        self.service = parts.service
        self.journal = parts.journal
        self.clock = clock
        self.events: list[Envelope] = []
        """Everything that it published."""
        self.closed_at: float | None = None
        """Loop time since which no order may leave; None while one may."""
        self._news = asyncio.Event()
        self.service.add_sink(self)
        self._note_gate()
        self.running: asyncio.Task[None] | None = None

    def publish(self, *envelopes: Envelope) -> None:
        """The service's sink."""
        self.events.extend(envelopes)
        if any(isinstance(envelope.event, ConnectionChanged | TradingStateChanged) for envelope in envelopes):
            self._note_gate()
        self._news.set()

    def _note_gate(self) -> None:
        halted = self.service.snapshot().trading_state is TradingState.HALTED or self.journal.failure
        if self.service.connection.can_trade and not halted:
            self.closed_at = None
        elif self.closed_at is None:
            self.closed_at = asyncio.get_running_loop().time()

    @property
    def snapshot(self) -> Snapshot:
        """Everything that core knows."""
        return self.service.snapshot()

    @property
    def told(self) -> list[str]:
        """The texts of the incidents that this run published."""
        return [envelope.event.text for envelope in self.events if isinstance(envelope.event, Incident)]

    def order(self, order_ref: str) -> Order:
        """An order as it stands. Raises StopIteration if core does not have it."""
        return next(order for order in self.snapshot.orders if order.order_ref == order_ref)

    def state(self, order_ref: str) -> OrderState | None:
        """The state of an order; None if core does not have it."""
        return next((order.state for order in self.snapshot.orders if order.order_ref == order_ref), None)

    def states(self, order_ref: str) -> list[OrderState]:
        """The states in which this run published an order, in order."""
        changes = [told.event for told in self.events if isinstance(told.event, OrderChanged)]
        return [change.order.state for change in changes if change.order.order_ref == order_ref]

    def request(
        self, quantity: int = 100, side: Side = Side.BUY, *, away: int | None = None, symbol: str = "AAPL"
    ) -> OrderRequest:
        """A request with a new reference: at the market, or `away` ticks behind the own side's best price."""
        snapshot = self.snapshot
        price = None if away is None else behind_market(snapshot, symbol, side, away)
        return request_for(snapshot, symbol, side, quantity, price)

    async def place(self, request: OrderRequest) -> Ack:
        """Send an order as a desk does."""
        return await self.service.execute(PlaceOrder(request=request), "desk")

    async def cancel(self, order_ref: str) -> Ack:
        """Ask for a cancel."""
        return await self.service.execute(CancelOrder(order_ref=order_ref), "desk")

    async def modify(self, order_ref: str, *, quantity: int | None = None, price: Decimal | None = None) -> Ack:
        """Change an order as it stands."""
        order = self.order(order_ref)
        return await self.service.execute(
            ModifyOrder(
                order_ref=order_ref,
                revision=order.revision,
                quantity=None if quantity is None else Decimal(quantity),
                limit_price=price,
            ),
            "desk",
        )

    async def until(self, true: Callable[[Snapshot], bool], seconds: float = WAIT) -> Snapshot:
        """Wait until what core knows is as wanted. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not true(snapshot := self.snapshot):
                self._news.clear()
                await self._news.wait()
        return snapshot

    async def until_state(self, order_ref: str, *states: OrderState) -> Order:
        """Wait until an order is in one of the states."""
        await self.until(lambda snapshot: any(o.order_ref == order_ref and o.state in states for o in snapshot.orders))
        return self.order(order_ref)

    async def placed(self, request: OrderRequest, *states: OrderState) -> Order:
        """Send an order, which core must take, and wait until it is in one of the states."""
        ack = await self.place(request)
        assert ack.ok, ack.denied
        return await self.until_state(request.order_ref, *states)

    async def resting(self) -> Order:
        """An order that works behind the market."""
        return await self.placed(self.request(away=30), OrderState.WORKING)

    @asynccontextmanager
    async def flooded(self) -> AsyncIterator[None]:
        """500 look-ups of symbols, for which the pace has no room, beside the block."""
        flood = [asyncio.ensure_future(self.service.execute(SearchSymbols(pattern="A"), "desk")) for _ in range(500)]
        await asyncio.sleep(0.5)
        try:
            yield
        finally:
            for one in flood:
                one.cancel()
            await asyncio.gather(*flood, return_exceptions=True)

    async def ready(self) -> Snapshot:
        """Wait until orders can be sent and everything that is watched is quoted."""

        def quoted(snapshot: Snapshot) -> bool:
            if snapshot.connection.state is not LinkState.READY or not snapshot.connection.can_trade:
                return False
            fresh = {quote.con_id for quote in snapshot.quotes if quote.tradable}
            return bool(snapshot.watchlist) and set(snapshot.watchlist) <= fresh

        return await self.until(quoted)


class World:
    """One gateway, one wire, one journal, one core at a time."""

    def __init__(self, folder: Path, options: WorldOptions) -> None:
        self.folder = folder
        self.options = options
        self.clock = WarpClock()
        self.gateway = self._new_gateway()
        self.wire = Wire(0)
        self.disk = Disk()
        self.connect: Connect = self.disk.connect
        """Opens the journal for core."""
        self.core: Core | None = None
        self.make_broker: MakeInner = lambda listener, clock, pace: IbBroker(listener, clock, messages_per_second=pace)
        self.watch = Watch(self)
        self._probe: list[Unwritten] = []

    @property
    def journal(self) -> Path:
        """The file."""
        return self.folder / "journal.db"

    @property
    def now(self) -> Core:
        """The core that runs. Raises RuntimeError if none does."""
        if self.core is None:
            raise RuntimeError("no core runs")
        return self.core

    def _new_gateway(self) -> PracticeGateway:
        given = self.options
        return PracticeGateway(
            GatewayOptions(
                cash=Decimal(100_000_000),
                pacing=50,
                latency=given.latency,
                faults=given.faults,
                keep_frames=100_000,
                seed=given.seed,
                state=self.folder / "gateway" if given.keeps else None,
            ),
            now=self.clock.epoch,
        )

    async def start_gateway(self) -> None:
        """Start it and lead the wire to it."""
        self.wire.gateway_port = await self.gateway.start()
        if not self.options.moves:
            # A market whose next step is planned for later makes none by itself.
            if self.gateway.hub._clock is not None:
                self.gateway.hub._clock.cancel()
            self.gateway.hub._clock = asyncio.get_running_loop().call_later(1e9, lambda: None)

    async def restart_gateway(self) -> None:
        """Stop it, which cuts whoever is connected, and start it again over its state."""
        await self.gateway.stop()
        self.gateway = self._new_gateway()
        await self.start_gateway()

    async def start(self) -> Core:
        """A new run of core over the journal."""
        with warp_loop().hold():
            parts = await assemble(self._run_options(), Found(self.wire.port), self.clock, self.make_broker)
        core = self.core = Core(parts, self.clock)
        self._probe[:] = [Unwritten(parts.journal)]
        core.running = asyncio.create_task(core.service.run(), name="service")
        return core

    async def stop(self) -> None:
        """End core as it ends in life."""
        await self._end(self._gone())

    async def crash(self) -> None:
        """End core as SIGKILL does: no row reaches the disk any more, no byte the wire."""
        self.disk.failure = CRASHED
        self.wire.cut(How.RST)
        await self._end(self._gone())
        self.disk.failure = ""

    def _gone(self) -> Core:
        core, self.core = self.now, None
        return core

    async def _end(self, core: Core) -> None:
        assert core.running is not None
        core.running.cancel()
        (ended,) = await asyncio.gather(core.running, return_exceptions=True)
        await core.service.close()
        with warp_loop().hold():
            await core.journal.close()
        self._probe.clear()
        if isinstance(ended, Exception):
            raise ended

    def unwritten(self) -> bool:
        """True while rows are on their way to the disk."""
        return any(probe() for probe in self._probe)

    async def settle(self, seconds: float = 4.0) -> None:
        """Let everything be said that is on its way."""
        await asyncio.sleep(seconds)

    async def converged(self) -> None:
        """Core is ready, everything has been said, and its books are the ledger's."""
        await self.now.ready()
        await self.settle()
        await self.watch.check_converged()

    def _run_options(self) -> RunOptions:
        given = self.options
        return RunOptions(
            session=mint_ulid(),
            profile="practice",
            mode=Mode.PRACTICE,
            endpoint=Endpoint("127.0.0.1", self.wire.port),
            client_id=CLIENT_ID,
            account="",
            timeout=5.0,
            read_only=False,
            symbols=given.symbols,
            limits=FixedLimits(replace(WIDE, daily_loss=given.daily_loss)),
            pace=given.pace,
            journal=self.journal,
            keeping=JournalOptions(connect=self.connect),
            socket=self.folder / "core.sock",
        )


@asynccontextmanager
async def world(options: WorldOptions | None = None, *, start: bool = True) -> AsyncIterator[World]:
    """A world until the end of the block, on a warp loop; with a core that is ready for orders, unless not wanted.

    Every message of core is held to the invariants as it leaves.
    """
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="ibf", dir=memory if memory.is_dir() else None) as folder:
        made = World(Path(folder), options or WorldOptions())
        async with made.wire:
            await made.start_gateway()
            with warp_loop().probe(made.unwritten):
                try:
                    if start:
                        core = await made.start()
                        await core.ready()
                    yield made
                finally:
                    if made.core is not None:
                        await made.stop()
                    await made.gateway.stop()
    if made.gateway.failure is not None:
        raise made.gateway.failure
