"""Core and a practice gateway in one loop over real TCP, a real journal, and a script that sends orders."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

from core.bootstrap.serve import ib_broker
from core.broker.adapter import IbBroker
from core.clock import LoopClock
from core.domain.commands import Ack, CancelOrder, ModifyOrder, OrderPreview, PlaceOrder, PreviewOrder, Qualified, Watch
from core.domain.connection import Connection, Endpoint, LinkState, Mode
from core.domain.entries import Entry, WatchlistSet
from core.domain.events import Envelope, Snapshot
from core.domain.instruments import Instrument
from core.domain.limits import Limits
from core.domain.orders import Order, OrderRequest, OrderState, OrderType, Pending, Side
from core.domain.prices import ceil_tick, floor_tick
from core.domain.quotes import Quote
from core.domain.reports import ErrorReport, OpenOrderReport, OrderStatusReport
from core.execution.keeper import KeeperOptions
from core.execution.service import ExecutionService
from core.execution.service_options import ServiceOptions
from core.execution.state import DeskState
from core.ids import mint_order_ref
from core.journal.kill_mark import KillMarkFile
from core.journal.recovery import read_entries
from core.journal.store import open_journal
from core.link.inproc import InProcessClient
from core.ports import Approved, Broker, BrokerListener, ConnectPermit, Journal
from core.practice.orders import Order as PracticeOrder
from core.practice.server import GatewayOptions, PracticeGateway
from core.practice.tables import Record
from core.practice.tables_order import PLACE_ORDER
from tests.broker.scripted import Ear
from tests.limits import FixedLimits
from tests.wide import WIDE

PATIENCE = 10.0
"""Seconds after which something that did not happen counts as failed."""
CLIENT_ID = 17
AAPL = 265598
EUR_USD = 12087792
ACCOUNT = "DU1234567"


class _There:
    pid = None

    def __init__(self, port: int) -> None:
        self._endpoint = Endpoint("127.0.0.1", port)

    async def endpoint(self) -> Endpoint:
        return self._endpoint


class Stranger:
    """Another client."""

    def __init__(self, broker: IbBroker, ear: Ear) -> None:
        self.broker = broker
        self._ear = ear

    async def place(self, request: OrderRequest, instrument: Instrument) -> int | None:
        """Send an order as it is. The code of the gateway's refusal, None if it takes the order."""
        order_id, heard = self.broker.take_order_id(), len(self._ear.reports)
        await self.broker.place(Approved(request, instrument), order_id, modify=False)

        def told() -> list[int | None]:
            return [
                one.code if isinstance(one, ErrorReport) else None
                for one in self._ear.reports[heard:]
                if (isinstance(one, ErrorReport) and one.request_id == order_id)
                or (isinstance(one, OrderStatusReport) and one.order_id == order_id)
            ]

        await self._ear.wait_for(lambda: bool(told()))
        return told()[0]


class Floor:
    """One gateway, one core, one script."""

    def __init__(
        self,
        gateway: PracticeGateway,
        service: ExecutionService,
        state: DeskState,
        broker: Broker,
        journal: Journal,
        path: Path,
    ) -> None:
        self.gateway = gateway
        self.service = service
        self.state = state
        self.client = InProcessClient(service, "script")
        self._broker = broker
        self._journal = journal
        self._path = path
        self._news = asyncio.Event()
        service.add_sink(self)

    def publish(self, *envelopes: Envelope) -> None:
        """The service's sink."""
        self._news.set()

    @property
    def snapshot(self) -> Snapshot:
        """Everything as it stands."""
        return self.service.snapshot()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something published makes it so."""
        async with asyncio.timeout(PATIENCE):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def watch(self, con_id: int) -> Instrument:
        """An instrument with a two-sided market."""
        ack = await self.client.send(Watch(con_id=con_id))
        assert isinstance(ack.result, Qualified), ack.denied
        await self.until(lambda: any(q.con_id == con_id and q.tradable for q in self.snapshot.quotes))
        return ack.result.instrument

    def quote(self, con_id: int) -> Quote:
        """Its market as it stands."""
        return next(quote for quote in self.snapshot.quotes if quote.con_id == con_id)

    def near(self, instrument: Instrument, part: str, side: Side = Side.BUY) -> Decimal:
        """A price on a tick: `part` times the side of the market that `side` stands on."""
        quote = self.quote(instrument.con_id)
        touch = quote.bid if side is Side.BUY else quote.ask
        assert touch is not None
        rounded = floor_tick if side is Side.BUY else ceil_tick
        return rounded(touch * Decimal(part), instrument.price_bands)

    def request(self, instrument: Instrument, order_type: OrderType = OrderType.LMT, **terms: object) -> OrderRequest:
        """A request to buy 100, or the least that the instrument takes."""
        size = max(Decimal(100), instrument.min_size)
        given: dict[str, object] = {"account": ACCOUNT, "side": Side.BUY, "quantity": size, **terms}
        # Tests name fields freely; msgspec does not check types at construction.
        make: Callable[..., OrderRequest] = OrderRequest
        return make(
            order_ref=mint_order_ref(self.service.instance),
            con_id=instrument.con_id,
            order_type=order_type,
            **given,
        )

    async def place(self, request: OrderRequest, *children: OrderRequest) -> Ack:
        """Send an order with what is attached to it."""
        return await self.client.send(PlaceOrder(request=request, children=children))

    async def refuses(self, request: OrderRequest) -> bool:
        """True if core's controls would refuse it now."""
        ack = await self.client.send(PreviewOrder(request=request))
        assert isinstance(ack.result, OrderPreview)
        return ack.result.denied is not None

    async def placed(self, request: OrderRequest, *children: OrderRequest) -> Order:
        """Send an order that core must take, and wait for the gateway's word on it."""
        ack = await self.place(request, *children)
        assert ack.ok, ack.denied
        await self.until(lambda: self.order(request).state not in (OrderState.INTENT, OrderState.SENT))
        return self.order(request)

    def order(self, request: OrderRequest) -> Order:
        """An order as core knows it."""
        known = self.state.book.get(request.order_ref)
        assert known is not None
        return known

    async def modify(self, request: OrderRequest, **terms: object) -> Ack:
        """Ask for a change of an order."""
        make: Callable[..., ModifyOrder] = ModifyOrder
        return await self.client.send(make(order_ref=request.order_ref, revision=self.order(request).revision, **terms))

    async def modified(self, request: OrderRequest, **terms: object) -> Order:
        """Change an order, and wait for the gateway's word on it."""
        ack = await self.modify(request, **terms)
        assert ack.ok, ack.denied
        await self.until(lambda: self.order(request).pending is Pending.NONE)
        return self.order(request)

    async def cancelled(self, request: OrderRequest) -> Order:
        """Cancel an order, and wait until it has ended."""
        ack = await self.client.send(CancelOrder(order_ref=request.order_ref))
        assert ack.ok, ack.denied
        await self.until(lambda: not self.order(request).is_live)
        return self.order(request)

    def at_gateway(self, request: OrderRequest) -> PracticeOrder:
        """The same order as the gateway keeps it."""
        order = self.gateway.ledger.find(CLIENT_ID, self.order(request).order_id)
        assert order is not None
        return order

    def frames(self, request: OrderRequest) -> list[Record]:
        """Every placeOrder frame of an order as it came to the gateway."""
        order_id = str(self.order(request).order_id)
        return [
            PLACE_ORDER.decode(frame.fields)
            for frame in self.gateway.received
            if frame.fields[0] == "3" and frame.fields[1] == order_id
        ]

    async def open_orders(self) -> Sequence[OpenOrderReport]:
        """The gateway's open orders, told to core too."""
        return await self._broker.open_orders()

    @asynccontextmanager
    async def stranger(self) -> AsyncIterator[Stranger]:
        """Another client of the gateway, whose orders no control judges."""
        broker = IbBroker(ear := Ear(), LoopClock(), messages_per_second=1000)
        permit = ConnectPermit(Endpoint("127.0.0.1", self.gateway.port), Mode.PRACTICE, "", read_only=False)
        await broker.open(permit, 99, PATIENCE)
        try:
            yield Stranger(broker, ear)
        finally:
            await broker.close()

    async def entries(self) -> list[Entry]:
        """The journal, once all of it is on the disk."""
        await self._journal.commit([WatchlistSet(con_ids=self.state.watchlist)])
        return [entry for _, entry in read_entries(self._path)]

    async def replayed(self) -> DeskState:
        """What another core would make of the journal."""
        state = DeskState(self.snapshot.connection)
        state.replay(await self.entries(), self.snapshot.time)
        return state


@asynccontextmanager
async def floor(
    *,
    seed: int = 7,
    faults: tuple[str, ...] = (),
    cash: int = 50_000_000,
    others: tuple[str, ...] = (),
    limits: Limits = WIDE,
) -> AsyncIterator[Floor]:
    """A fresh gateway, which manages `others` beside ACCOUNT, with a core that is ready."""
    options = GatewayOptions(seed=seed, keep_frames=20_000, faults=faults, cash=Decimal(cash), others=others)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        async with PracticeGateway(options) as gateway:
            clock = LoopClock()
            endpoint = Endpoint("127.0.0.1", gateway.port)
            state = DeskState(
                Connection(mode=Mode.PRACTICE, profile="practice", endpoint=endpoint, client_id=CLIENT_ID)
            )
            failed: list[str] = []
            journal = await open_journal(path, "SESSION", clock, on_failure=failed.append)
            brokers: list[Broker] = []

            def make(listener: BrokerListener) -> Broker:
                brokers.append(ib_broker(listener, clock, 1000))
                return brokers[-1]

            service = ExecutionService(
                state,
                journal,
                clock,
                _There(gateway.port),
                make,
                ServiceOptions(
                    session="SESSION",
                    keeper=KeeperOptions(mode=Mode.PRACTICE, account="", client_id=CLIENT_ID, timeout=5.0),
                    limits=FixedLimits(limits),
                    read_only=False,
                    kill_mark=KillMarkFile(path),
                    symbols=(),
                ),
            )
            made = Floor(gateway, service, state, brokers[0], journal, path)
            running = asyncio.create_task(service.run())
            try:
                await made.until(lambda: service.connection.state is LinkState.READY)
                yield made
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await service.close()
                await journal.close()
            assert failed == []
