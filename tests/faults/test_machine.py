"""A state machine that trades and breaks things in any order; its model of the truth is the gateway's ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.domain.orders import Order, Side
from tests.faults.scale import FULL
from tests.faults.soak import heal
from tests.faults.wire import How
from tests.faults.world import World, WorldOptions, world
from tests.warp.loop import WarpLoop

MANNERS = st.sampled_from(list(How))
_REPORTS = ("duplicate=2*3", "shuffle*3", "late-exec=1*1", "no-order-status*2", "no-open-order*2", "late-submitted*1")
_ORDERS = ("silent-order*1", "lost-order*1", "fill-after-cancel*1", "exec-correction*1", "bad-frame=execDetails*1")
_LINES = ("modify-refused*1", "cancel-refused=10148*1", "drop-mid-order=after*1", "drop-mid-order=before*1")
FAULTS = st.sampled_from((*_REPORTS, *_ORDERS, *_LINES))


class Trader(RuleBasedStateMachine):
    """One world, one core at a time."""

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.ERROR)
        self._runner = asyncio.Runner(loop_factory=WarpLoop)
        self._stack = AsyncExitStack()
        self._world: World = self._runner.run(
            self._stack.enter_async_context(world(WorldOptions(moves=False, keeps=True)))
        )

    def _do(self, work: Coroutine[object, object, object]) -> None:
        async def wrapped() -> None:
            await work
            await asyncio.sleep(0.05)

        self._runner.run(wrapped())

    def _live(self) -> list[Order]:
        return [order for order in self._world.now.snapshot.orders if order.is_live]

    @rule(
        quantity=st.sampled_from([1, 10, 100]),
        side=st.sampled_from(list(Side)),
        away=st.sampled_from([None, -1, 0, 2, 40]),
    )
    def place(self, quantity: int, side: Side, away: int | None) -> None:
        """An order at, in or behind the market; it may be refused while nothing may leave."""
        core = self._world.now
        if any(quote.bid is not None and quote.ask is not None for quote in core.snapshot.quotes):
            self._do(core.place(core.request(quantity, side, away=away)))

    @precondition(lambda self: self._live())
    @rule(number=st.integers(0, 20), quantity=st.sampled_from([5, 60]))
    def change(self, number: int, quantity: int) -> None:
        """A new quantity for one that is live."""
        orders = self._live()
        self._do(self._world.now.modify(orders[number % len(orders)].order_ref, quantity=quantity))

    @precondition(lambda self: self._live())
    @rule(number=st.integers(0, 20))
    def cancel(self, number: int) -> None:
        """The end of one that is live."""
        orders = self._live()
        self._do(self._world.now.cancel(orders[number % len(orders)].order_ref))

    @rule(steps=st.integers(1, 6))
    def move(self, steps: int) -> None:
        """The market goes on."""

        async def advance() -> None:
            for _ in range(steps):
                self._world.gateway.hub.advance()
                await asyncio.sleep(0)

        self._do(advance())

    @rule(seconds=st.sampled_from([0.2, 3.0, 15.0]))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self._do(asyncio.sleep(seconds))

    @rule(how=MANNERS)
    def cut(self, how: How) -> None:
        """The wire breaks."""

        async def now() -> None:
            self._world.wire.cut(how)

        self._do(now())

    @rule()
    def crash(self) -> None:
        """SIGKILL, and another core."""

        async def again() -> None:
            await self._world.crash()
            await self._world.start()

        self._do(again())

    @rule()
    def restart_gateway(self) -> None:
        """The gateway ends and comes back with its state."""
        self._do(self._world.restart_gateway())

    @rule(data_lost=st.booleans())
    def lose_or_restore(self, data_lost: bool) -> None:
        """IBKR's own link goes, or comes back."""

        async def turn() -> None:
            link = self._world.gateway.link
            if link.up:
                link.lose()
            else:
                link.restore(data_lost=data_lost)

        self._do(turn())

    @rule(fault=FAULTS)
    def arm(self, fault: str) -> None:
        """The gateway will misbehave."""
        self._world.gateway.arm(fault)

    @invariant()
    def holds(self) -> None:
        """I1 to I5, I8 and I12, whatever has happened."""
        self._world.watch.check()

    def teardown(self) -> None:
        """All is well again: core's books must become the ledger's."""
        try:
            self._runner.run(heal(self._world))
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()
            logging.disable(logging.NOTSET)


TestTrader = pytest.mark.timeout(3600 if FULL else 240)(pytest.mark.row(75)(Trader.TestCase))
TestTrader.settings = settings(
    max_examples=1000 if FULL else 40,
    stateful_step_count=25,
    deadline=None,
    derandomize=not FULL,
    suppress_health_check=list(HealthCheck),
)
