"""One seed, one story: orders and every kind of fault mixed, held to the invariants at each step, healed at the end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from random import Random

from msgspec.structs import replace

from core.domain.commands import Ack, PlaceOrder
from core.domain.connection import LinkState
from core.domain.events import Snapshot, TradingState
from core.domain.orders import Order, OrderState, Pending, Side
from core.domain.prices import step_ticks
from tests.faults.disk import BROKEN, FULL
from tests.faults.wire import Cut, How, Way
from tests.faults.world import Core, World, WorldOptions, world
from tests.warp.loop import WarpLoop

STEPS = 13
"""Deeds of one story."""
HEALING = 180.0
"""Seconds of warp time within which everything must have converged once all is well again."""

_FAULTS = (
    *("duplicate=3*2", "shuffle*3", "late-exec=2*1", "late-commission=2*1", "no-order-status*3", "no-open-order*2"),
    *("late-submitted*1", "exec-correction*1", "fill-after-cancel*1", "silent-order*1", "lost-order*1"),
    *("modify-refused*1", "cancel-refused=10148*1", "cancel-refused=10147*1", "order-error=399*1", "size-reduced=50*1"),
    *("next-id-rollback=4*1", "drop-mid-order=before*1", "drop-mid-order=after*1", "no-message=openOrderEnd*1"),
    *("no-message=execDetailsEnd*1", "no-message=positionEnd*1", "no-message=completedOrdersEnd*1"),
    *("bad-frame=execDetails*1", "bad-frame=openOrder*1", "unknown-message*2", "huge-frame*1", "inactive=locate*1"),
    *("completed-unfilled*2", "hostile-text*2", "tif-preset*1", "child-refused*1", "overfill=3*1"),
)
_IN_FLIGHT = frozenset({OrderState.INTENT, OrderState.SENT})

Deed = Callable[[], Awaitable[None]]


class Story:
    """What one seed makes happen in one world."""

    def __init__(self, made: World, seed: int) -> None:
        self._world = made
        self._random = Random(seed)
        self.done: Counter[str] = Counter()
        """How often each kind of deed was done."""
        self._deeds: list[tuple[int, Deed]] = [
            (30, self._order),
            (6, self._family),
            (12, self._change),
            (14, self._cancel),
            (16, self._market),
            (10, self._wait),
            (6, self._cut),
            (4, self._cut_later),
            (5, self._crash),
            (2, self._restart),
            (2, self._restart_gateway),
            (5, self._link),
            (14, self._fault),
            (2, self._disk),
            (3, self._outside),
        ]

    async def run(self) -> None:
        """Do the deeds, each followed by a look at everything. Raises AssertionError where something is broken."""
        weights = [weight for weight, _ in self._deeds]
        for _ in range(STEPS):
            (deed,) = self._random.choices([deed for _, deed in self._deeds], weights)
            await deed()
            self.done[deed.__name__.strip("_")] += 1
            self._world.watch.check()
            await asyncio.sleep(self._random.choice((0.0, 0.0, 0.05, 0.3, 1.5)))
            self._world.watch.check()
        await heal(self._world)

    async def _core(self) -> Core:
        if self._world.core is None:
            await self._world.start()
        return self._world.now

    async def _live(self) -> list[Order]:
        core = await self._core()
        return [order for order in core.snapshot.orders if order.is_live and not order.external]

    async def _order(self) -> None:
        core = await self._core()
        symbol = self._random.choice(("AAPL", "SPY"))
        snapshot = core.snapshot
        known = {one.symbol: one for one in snapshot.instruments}
        quotes = {quote.con_id for quote in snapshot.quotes if quote.bid is not None and quote.ask is not None}
        if symbol not in known or known[symbol].con_id not in quotes:
            return
        side, quantity = self._random.choice((Side.BUY, Side.SELL)), self._random.choice((1, 10, 100, 300))
        away = self._random.choice((None, None, -2, 0, 2, 40, 40))
        request = core.request(quantity, side, away=away, symbol=symbol)
        placing = asyncio.ensure_future(core.place(request))
        if self._random.random() < 0.15:
            # Not waited for: whatever comes next comes while it is being recorded.
            await asyncio.sleep(0)
            placing.add_done_callback(lambda _: None)
            await self._unawaited(placing)
        else:
            await placing

    async def _family(self) -> None:
        """An entry with a stop of the same size attached."""
        core = await self._core()
        snapshot = core.snapshot
        quotes = [quote for quote in snapshot.quotes if quote.bid is not None and quote.ask is not None]
        symbols = {one.con_id: one.symbol for one in snapshot.instruments}
        if not quotes:
            return
        symbol = symbols[self._random.choice(quotes).con_id]
        parent = core.request(self._random.choice((10, 100)), away=self._random.choice((-2, 1, 40)), symbol=symbol)
        exit_ = core.request(int(parent.quantity), Side.SELL, away=self._random.choice((5, 60)), symbol=symbol)
        child = replace(exit_, parent_ref=parent.order_ref)
        await core.service.execute(PlaceOrder(request=parent, children=(child,)), "desk")

    async def _unawaited(self, placing: asyncio.Future[Ack]) -> None:
        deed = self._random.choice((self._crash, self._cut, self._link, self._cancel))
        await deed()
        with suppress(asyncio.CancelledError):
            await placing

    async def _change(self) -> None:
        orders = await self._live()
        core = await self._core()
        if not orders:
            return
        order = self._random.choice(orders)
        if order.limit_price is None or self._random.random() < 0.5:
            await core.modify(order.order_ref, quantity=self._random.choice((20, 50, 150)))
        else:
            bands = next(one for one in core.snapshot.instruments if one.con_id == order.con_id).price_bands
            price = step_ticks(order.limit_price, self._random.choice((-3, 1, 5)), bands)
            await core.modify(order.order_ref, price=price)

    async def _cancel(self) -> None:
        orders = await self._live()
        if not orders:
            return
        order, core = self._random.choice(orders), await self._core()
        connected = bool(core.snapshot.connection.accounts)
        ack = await core.cancel(order.order_ref)
        assert ack.ok or not connected, f"I9: a cancel was refused: {ack.denied}"

    async def _market(self) -> None:
        for _ in range(self._random.choice((1, 3, 8))):
            self._world.gateway.hub.advance()
            await asyncio.sleep(0)

    async def _wait(self) -> None:
        await asyncio.sleep(self._random.choice((0.5, 3.0, 12.0)))

    async def _cut(self) -> None:
        self._world.wire.cut(self._random.choice((How.FIN, How.RST, How.STALL)))

    async def _cut_later(self) -> None:
        way = self._random.choice((Way.TO_CORE, Way.TO_CORE, Way.TO_GATEWAY))
        most = 9000 if way is Way.TO_CORE else 1500
        how = self._random.choice((How.FIN, How.RST, How.STALL))
        self._world.wire.next_cut = Cut(way, self._random.randrange(most), how)

    async def _crash(self) -> None:
        await self._core()
        await self._world.crash()
        await asyncio.sleep(self._random.choice((0.0, 1.0, 10.0)))
        await self._world.start()

    async def _restart(self) -> None:
        await self._core()
        await self._world.stop()
        await self._world.start()

    async def _restart_gateway(self) -> None:
        await self._world.restart_gateway()

    async def _link(self) -> None:
        link = self._world.gateway.link
        if link.up:
            link.lose()
        else:
            link.restore(data_lost=self._random.random() < 0.5)

    async def _fault(self) -> None:
        self._world.gateway.arm(self._random.choice(_FAULTS))

    async def _disk(self) -> None:
        self._world.disk.failure = self._random.choice((FULL, BROKEN))
        await asyncio.sleep(0.5)
        self._world.watch.check()
        # The disk works again; core must not believe it before it is started anew.
        self._world.disk.failure = ""

    async def _outside(self) -> None:
        orders = self._world.gateway.ledger.live_orders()
        if orders:
            self._world.gateway.cancel_outside(self._random.choice(orders))


async def heal(made: World) -> None:
    """All is well again, for good: core's books must become the ledger's. Raises AssertionError or TimeoutError."""
    made.disk.failure = ""
    made.gateway.hub.faults.clear()
    made.gateway.link.restore()
    made.wire.next_cut = None
    core = made.core or await made.start()
    if core.journal.failure or core.snapshot.trading_state is TradingState.HALTED:
        await made.crash()
        core = await made.start()
    line = made.wire.line
    if line is not None and line.stalled:
        line.end(How.RST)
    since = made.clock.utc()
    await core.until(lambda snapshot: _over(snapshot, since), HEALING)
    await made.settle(5.0)
    await made.watch.check_converged()


def _over(snapshot: Snapshot, since: datetime) -> bool:
    """True once the books were read after a moment and nothing hangs in the air but what is named."""
    connection = snapshot.connection
    read = connection.reconciled is not None and connection.reconciled > since
    known = [order for order in snapshot.orders if order.state is not OrderState.UNKNOWN]
    pending = [order for order in known if order.state in _IN_FLIGHT or order.pending is not Pending.NONE]
    unknown = [
        order for order in snapshot.orders if order.state is OrderState.UNKNOWN and not order.note.startswith("in open")
    ]
    return connection.state is LinkState.READY and read and not pending and not unknown


async def tell(seed: int) -> Counter[str]:
    """One story. Raises AssertionError or TimeoutError where it did not end well."""
    chosen = Random(f"world {seed}")
    options = WorldOptions(
        symbols=("AAPL", "SPY"), latency=chosen.choice(("0", "0", "ibkr")), moves=False, keeps=True, seed=seed % 50 + 1
    )
    async with world(options, start=False) as made:
        core = await made.start()
        await core.ready()
        story = Story(made, seed)
        await story.run()
        story.done["orders"] = len(made.now.snapshot.orders)
        story.done["fills"] = len(made.gateway.ledger.executions)
        story.done["connections"] = len(made.wire.lines)
        return story.done


def again(seed: int) -> str:
    """How to see a story once more."""
    return f"python -m tests.faults --soak 1 --seed {seed}"


def run_seeds(seeds: Iterable[int]) -> Counter[str]:
    """Many stories, each on a loop of its own. Raises AssertionError naming the first seed that did not end well."""
    logging.disable(logging.ERROR)
    total: Counter[str] = Counter()
    try:
        for seed in seeds:
            try:
                with asyncio.Runner(loop_factory=WarpLoop) as runner:
                    total += runner.run(tell(seed))
            except Exception as error:
                raise AssertionError(f"seed {seed}: {error!r}\nagain: {again(seed)}") from error
            total["seeds"] += 1
    finally:
        logging.disable(logging.NOTSET)
    return total
