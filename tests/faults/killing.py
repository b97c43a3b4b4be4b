"""A gateway and a wire in the test, core in a process of its own that is killed and started again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path

from core.domain.commands import Command, PlaceOrder
from core.domain.events import Snapshot
from core.domain.orders import Order, OrderState, Side
from core.errors import LinkError
from core.practice.options import GatewayOptions
from core.practice.server import PracticeGateway
from tests.core_process import CoreProcess, Watcher, running_core
from tests.desk_home import DeskHome
from tests.faults.invariants import (
    Watch,
    i4_ended_on_evidence,
    i5_filled_is_the_sum,
    i5_no_fill_invented,
    i6_books_agree,
    i10_i11_texts,
)
from tests.faults.wire import Wire
from tests.processes.orders import journal_of, write_profile
from tests.requests import below_bid, request_for
from tests.wide import WIDE_PROFILE

PROFILE = "paper"
SYMBOL = "AAPL"
KILLING = ("-m", "tests.faults.killing_core")
_PATIENCE = 20.0


class Stage:
    """What a kill is done to, and what it is judged by."""

    def __init__(self, home: DeskHome, gateway: PracticeGateway, wire: Wire) -> None:
        self.home = home
        self.gateway = gateway
        self.wire = wire
        self.watch = Watch(self)

    @property
    def core(self) -> None:
        """It lives in another process: the wire and the ledger say what it did."""

    @property
    def journal(self) -> Path:
        """Core's journal."""
        return journal_of(self.home, PROFILE)

    @asynccontextmanager
    async def doomed(self, point: str) -> AsyncIterator[Watcher]:
        """A core that will be killed at this moment, ready for orders. Fails if it outlives the block."""
        self.home.env["FAULTS_KILL"] = point
        core = await CoreProcess(self.home, {"port": str(self.wire.port)}, KILLING).start()
        try:
            async with await core.attach() as watcher:
                await watcher.ready_for(SYMBOL)
                yield watcher
            await self.gone(core)
        finally:
            core.kill()

    async def start_doomed(self, point: str) -> None:
        """Start a core that is killed before anybody can ask it anything, and wait until it is."""
        self.home.env["FAULTS_KILL"] = point
        core = CoreProcess(self.home, {"port": str(self.wire.port)}, KILLING)
        try:
            # It may die before it has said that it is ready.
            await asyncio.gather(core.start(), return_exceptions=True)
            await self.gone(core)
        finally:
            core.kill()

    async def gone(self, core: CoreProcess) -> None:
        """Wait until SIGKILL has ended it."""
        assert core.process is not None
        status = await asyncio.wait_for(asyncio.to_thread(core.process.wait), _PATIENCE)
        assert status == -9, f"core ended with {status} and was not killed"

    async def killed_over(self, point: str, *, below: str = "") -> PlaceOrder:
        """The order over which a core was killed at this moment."""
        async with self.doomed(point) as watcher:
            command = order_for(watcher.snapshot, below=below)
            await send_in_vain(watcher, command)
        return command

    def running(self) -> AbstractAsyncContextManager[CoreProcess]:
        """A core that nothing kills, until the end of the block."""
        return running_core(self.home, {"port": str(self.wire.port)})

    @asynccontextmanager
    async def healthy(self) -> AsyncIterator[Watcher]:
        """A core that lives, reconciled. At the end everything that is asserted of every kill is."""
        self.home.env.pop("FAULTS_KILL", None)
        async with self.running() as core, await core.attach() as watcher:
            await watcher.ready()
            yield watcher
            await self.agrees(watcher)

    async def agrees(self, watcher: Watcher) -> Snapshot:
        """Wait until core's books are the ledger's, then hold everything to the invariants; returns the snapshot."""
        ledger = self.gateway.ledger

        def differences(snapshot: Snapshot) -> list[str]:
            return i6_books_agree(ledger, snapshot)

        try:
            snapshot = await watcher.until(lambda snapshot: not differences(snapshot))
        except TimeoutError:
            snapshot = await watcher.client.snapshot()
            assert differences(snapshot) == []
        broken = [
            *self.watch.broken,
            *i4_ended_on_evidence(ledger, snapshot),
            *i5_filled_is_the_sum(snapshot),
            *i5_no_fill_invented(ledger, snapshot),
            *i10_i11_texts(snapshot),
        ]
        assert broken == []
        return snapshot

    def placements(self, order_ref: str) -> int:
        """How many placeOrder messages of an order left core, changes included."""
        return sum(order_ref in frame.fields for frame in self.wire.placements())


@asynccontextmanager
async def stage(*faults: str, latency: str = "0") -> AsyncIterator[Stage]:
    """A gateway with these faults armed, and a home for cores."""
    options = GatewayOptions(faults=faults, latency=latency, cash=Decimal(100_000_000), keep_frames=10_000)
    with DeskHome() as home:
        write_profile(home, PROFILE, WIDE_PROFILE)
        async with PracticeGateway(options) as gateway, Wire(gateway.port) as wire:
            yield Stage(home, gateway, wire)


def order_for(snapshot: Snapshot, *, below: str = "") -> PlaceOrder:
    """A buy at the market, or with a limit so many per cent below the bid."""
    limit = below_bid(snapshot, SYMBOL, Decimal(below)) if below else None
    return PlaceOrder(request=request_for(snapshot, SYMBOL, Side.BUY, 100, limit))


async def resting(watcher: Watcher) -> Order:
    """An order that works below the market."""
    command = order_for(watcher.snapshot, below="5")
    assert (await watcher.send(command)).ok
    return await reach(watcher, command.request.order_ref, in_state(OrderState.WORKING))


async def send_in_vain(watcher: Watcher, command: Command) -> None:
    """Send something; core may die over it."""
    try:
        await watcher.send(command)
    except LinkError:
        return


async def reach(watcher: Watcher, order_ref: str, true: Callable[[Order], bool]) -> Order:
    """Wait until an order is as wanted; returns it."""
    snapshot = await watcher.until(lambda s: any(o.order_ref == order_ref and true(o) for o in s.orders))
    return next(order for order in snapshot.orders if order.order_ref == order_ref)


def in_state(*states: OrderState) -> Callable[[Order], bool]:
    """What `reach` waits for."""
    return lambda order: order.state in states
