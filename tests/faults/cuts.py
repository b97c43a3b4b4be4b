"""Sessions recorded once, then run again with the wire cut at one byte: what comes after must agree with the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from msgspec.structs import replace

from core.domain.commands import PlaceOrder
from core.domain.connection import Connection, LinkState
from core.domain.events import Snapshot
from core.domain.orders import OrderState, Side
from core.ids import mint_order_ref
from tests.faults.wire import GREETING, LENGTH, Cut, Way
from tests.faults.world import Core, World, WorldOptions, world
from tests.warp.loop import WarpLoop

_S = OrderState
_OVER = (_S.FILLED, _S.CANCELLED, _S.REJECTED, _S.EXPIRED, _S.DENIED)
_HEALING = 30.0
"""Seconds of market time within which core must have noticed a loss and be reconciled again: a stall takes longest."""

Act = Callable[[World], Awaitable[None]]


class Session(NamedTuple):
    """Something that happens over one connection."""

    name: str
    options: WorldOptions
    prepare: Act
    """What happened before, over earlier connections; ends with core stopped or never started."""
    act: Act
    """What happens over the connection that is cut; goes on as far as it can."""


class _LineLostError(Exception):
    """The cut came: the rest of the session does not happen."""


class _Hand:
    """A trader at a line that may go at any moment."""

    def __init__(self, made: World) -> None:
        self.core: Core = made.now
        self._lines = made.wire.lines
        self._first = len(self._lines) - (made.wire.line is not None)

    def _lost(self) -> bool:
        return any(line.is_cut or line.stalled for line in self._lines[self._first :])

    async def until(self, true: Callable[[Snapshot], bool]) -> None:
        """Wait for something. Raises _LineLostError once the line is gone and it is not so."""
        await self.core.until(lambda snapshot: true(snapshot) or self._lost())
        if not true(self.core.snapshot):
            raise _LineLostError

    async def ready(self) -> None:
        """Wait until orders can be sent."""
        await self.until(lambda s: s.connection.can_trade and any(quote.tradable for quote in s.quotes))

    async def place(self, *, away: int | None, side: Side = Side.BUY, state: OrderState) -> str:
        """Send an order, wait for a state of it; returns its reference. Raises _LineLostError."""
        request = self.core.request(side=side, away=away)
        if not (await self.core.place(request)).ok:
            raise _LineLostError
        await self.reach(request.order_ref, state)
        return request.order_ref

    async def reach(self, order_ref: str, state: OrderState) -> None:
        """Wait for a state of an order. Raises _LineLostError."""
        await self.until(lambda _: self.core.state(order_ref) in (state, *_OVER))

    async def change(self, order_ref: str) -> None:
        """Halve the quantity and wait until that is so. Raises _LineLostError."""
        if not (await self.core.modify(order_ref, quantity=50)).ok:
            raise _LineLostError
        await self.until(lambda _: self.core.order(order_ref).previous is None)

    async def cancel(self, order_ref: str) -> None:
        """Cancel and wait for the end. Raises _LineLostError."""
        if not (await self.core.cancel(order_ref)).ok:
            raise _LineLostError
        await self.reach(order_ref, _S.CANCELLED)


async def _nothing(made: World) -> None:
    """A world in which nothing has happened."""


async def _short(made: World) -> None:
    hand = _Hand(made)
    await hand.ready()
    await hand.place(away=None, state=_S.FILLED)


async def _plain(made: World) -> None:
    hand = _Hand(made)
    await hand.ready()
    await hand.place(away=None, state=_S.FILLED)
    resting = await hand.place(away=50, state=_S.WORKING)
    await hand.change(resting)
    await hand.cancel(resting)


async def _a_day(made: World) -> None:
    """Fills, an order that works and one that was cancelled, then core ends."""
    core = await made.start()
    await core.ready()
    hand = _Hand(made)
    await hand.place(away=None, state=_S.FILLED)
    await hand.place(away=60, state=_S.WORKING)
    await hand.cancel(await hand.place(away=70, state=_S.WORKING))
    await made.stop()


async def _again(made: World) -> None:
    hand = _Hand(made)
    await hand.ready()
    await hand.place(away=None, side=Side.SELL, state=_S.FILLED)


async def _family(made: World) -> None:
    hand = _Hand(made)
    await hand.ready()
    core = hand.core
    parent = core.request(away=50)
    child = replace(
        core.request(side=Side.SELL, away=50),
        order_ref=mint_order_ref(core.snapshot.instance),
        parent_ref=parent.order_ref,
        quantity=Decimal(100),
    )
    ack = await core.service.execute(PlaceOrder(request=parent, children=(child,)), "desk")
    if not ack.ok:
        raise _LineLostError
    await hand.reach(child.order_ref, _S.WORKING)
    await hand.cancel(parent.order_ref)
    await hand.reach(child.order_ref, _S.CANCELLED)


_STILL = WorldOptions(moves=False)
SESSIONS = {
    session.name: session
    for session in (
        Session("short", _STILL, _nothing, _short),
        Session("plain", _STILL, _nothing, _plain),
        Session("again", _STILL, _a_day, _again),
        Session("family", _STILL, _nothing, _family),
    )
}
"""By name: one order that fills; others changed and cancelled; one over a journal with orders and fills; a bracket."""


class Recording(NamedTuple):
    """One session without a cut."""

    lengths: dict[Way, int]
    """Bytes of each way."""
    boundaries: dict[Way, list[int]]
    """Where its messages end, in bytes of that way."""

    def offsets(self, step: int = 1, first: int = 0) -> Iterator[tuple[Way, int]]:
        """Every `step`th byte of both ways, from byte `first` on; byte 0 is before anything was passed."""
        for way, length in self.lengths.items():
            for after in range(first, length + 1, step):
                yield way, after


async def record(session: Session) -> Recording:
    """The session, uncut. Fails if it did not come to its end."""
    async with world(session.options, start=False) as made:
        await session.prepare(made)
        await made.start()
        await session.act(made)
        await made.settle(1.0)
        await made.watch.check_converged()
        line = made.wire.lines[-1]
        return Recording(
            {way: len(passed) for way, passed in line.passed.items()},
            {way: list(_ends(way, line.passed[way])) for way in Way},
        )


def _ends(way: Way, data: bytearray) -> Iterator[int]:
    """Where each message of one way ends; core's first word is the greeting alone."""
    place = GREETING if way is Way.TO_GATEWAY else 0
    while place < len(data):
        place += LENGTH + int.from_bytes(data[place : place + LENGTH], "big")
        yield place


async def run_cut(session: Session, cut: Cut) -> Counter[str]:
    """The session with one cut; then the wire is well. Fails if anything is not as it must be; says what became."""
    async with world(session.options, start=False) as made:
        await session.prepare(made)
        before = len(made.wire.lines)
        made.wire.next_cut = cut
        core = await made.start()
        seen: Counter[str] = Counter(runs=1)
        try:
            await session.act(made)
        except _LineLostError:
            seen["broke off"] += 1
        made.watch.check()
        lost_at = made.clock.utc()
        # The recording has a second more than the session.
        await made.settle(1.0)
        made.watch.check()
        line = made.wire.lines[before]
        if line.is_cut or line.stalled:
            seen["cut"] += 1
            await core.until(lambda snapshot: _healed(snapshot.connection, lost_at), _HEALING)
        await made.settle(1.0)
        await made.watch.check_converged()
        for order in core.snapshot.orders:
            seen[order.state.value] += 1
        seen["frames"] += made.watch.frames
        return seen


def _healed(connection: Connection, since: datetime) -> bool:
    """True once core has connected anew and read the books after a moment."""
    verified, reconciled = connection.verified, connection.reconciled
    fresh = verified is not None and reconciled is not None and since < verified <= reconciled
    return fresh and connection.state is LinkState.READY


async def run_all(session: Session, cuts: Iterable[Cut]) -> Counter[str]:
    """Each cut in a world of its own; the first that is not as it must be fails, naming itself."""
    total: Counter[str] = Counter()
    for cut in cuts:
        try:
            total += await run_cut(session, cut)
        except (AssertionError, TimeoutError, StopIteration) as error:
            where = f"session {session.name!r}, {cut.how.value} after {cut.after} bytes {cut.way.value}"
            raise AssertionError(f"{where}: {error!r}") from error
    return total


def run_cuts(name: str, cuts: Iterable[Cut]) -> Counter[str]:
    """As `run_all`, on a loop of its own, for a session by its name."""
    logging.disable(logging.ERROR)
    try:
        with asyncio.Runner(loop_factory=WarpLoop) as runner:
            return runner.run(run_all(SESSIONS[name], cuts))
    finally:
        logging.disable(logging.NOTSET)
