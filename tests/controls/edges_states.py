"""Edges in time: what stops trading, and when it may go on. Controls 15, 16, 17 and 25."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import CancelOrder, Kill, Resume
from core.domain.connection import LinkState
from core.domain.events import Envelope, OrderChanged, TradingState
from core.domain.orders import OrderState, Pending, Side
from core.domain.trading import KillScope
from core.execution.service import ExecutionService
from tests.controls.cells import ACCEPTED, Edge
from tests.controls.plane_door import Answer
from tests.controls.spot import STAGE, Case, Door, Spot, Way

D = Decimal
PRICE = D("300.00")
CASH = D(1_000_000)
BEYOND_MARGIN = D(100_000)
"""Shares for which the gateway's account has not the margin: it refuses them, and no control of ours does."""


class _KillAtIntent:
    """Pulls the kill switch in the turn in which what was asked for is being recorded."""

    def __init__(self, service: ExecutionService) -> None:
        self._service = service

    def publish(self, *envelopes: Envelope) -> None:
        """The service's sink."""
        for envelope in envelopes:
            match envelope.event:
                case OrderChanged(order=order) if order.state is OrderState.INTENT or order.pending is Pending.MODIFY:
                    self._service.remove_sink(self)
                    asyncio.get_running_loop().call_soon(self._service.kill, Kill(), "desk-9")


async def _exit(spot: Spot) -> None:
    """10 are held, and what is asked for is a part of the exit: KILL spares it."""
    await spot.hold(10)
    await spot.base(side=Side.SELL, quantity=D(5), limit_price=PRICE)


async def around_kill(spot: Spot) -> Answer:
    """KILL right after the answer, while the order is being recorded, before it is asked for."""
    await _exit(spot)
    service = spot.floor.service
    if spot.case is Case.ON:
        service.add_sink(_KillAtIntent(service))
    elif spot.case is Case.OUTSIDE:
        service.kill(Kill(), "desk-9")
    ack = await spot.ask(quantity=D(6))
    if ack.ok:
        service.kill(Kill(scope=KillScope.OURS), "desk-9")
        ref = ack.order_ref
        await spot.until(lambda: all(one.order_ref != ref or not one.is_live for one in spot.floor.snapshot.orders))
    return ack


async def until_resumed(spot: Spot) -> Answer:
    """KILL, then `resume` typed at a desk, said by a script, not said; cancels pass all the time."""
    await _exit(spot)
    other = await spot.place(side=Side.SELL, limit_price=PRICE)
    await spot.desk.send(Kill())
    assert (await spot.door.send(CancelOrder(order_ref=other.order_ref))).ok
    await spot.until(lambda: not spot.known(other).is_live)
    if spot.case is Case.INSIDE:
        assert (await spot.desk.send(Resume())).ok
    elif spot.case is Case.ON:
        script = await spot.floor.attach("stranger")
        assert not (await script.send(Resume())).ok
    return await spot.ask(quantity=D(6))


async def in_state(spot: Spot) -> Answer:
    """10 are held, and trading is ACTIVE, REDUCING or HALTED; what is asked for is bought or sold by the caller."""
    if spot.case is Case.ON:
        await spot.only_reducing()
    elif spot.case is Case.OUTSIDE:
        await spot.desk.send(Kill())
        await spot.until(lambda: spot.floor.snapshot.trading_state is TradingState.HALTED)
    return await spot.ask(quantity=D(6))


async def opening_in_state(spot: Spot) -> Answer:
    """More is bought."""
    await spot.hold(10)
    await spot.base(quantity=D(5))
    return await in_state(spot)


async def closing_in_state(spot: Spot) -> Answer:
    """A part of it is sold."""
    await _exit(spot)
    return await in_state(spot)


async def _fail(spot: Spot, times: int) -> None:
    """So many orders leave at once, and the gateway refuses every one."""
    requests = [spot.request(quantity=BEYOND_MARGIN, limit_price=D(200)) for _ in range(times)]
    for request in requests:
        await spot.desk.place(request)
    await spot.until(lambda: all(spot.known(one).state is OrderState.REJECTED for one in requests))


async def after_failures(spot: Spot) -> Answer:
    """So many orders were refused."""
    await spot.base()
    await _fail(spot, spot.count)
    return await spot.ask(limit_price=D("99.00"))


async def failures_apart(spot: Spot) -> Answer:
    """Two orders were refused, and a third one 10 s later."""
    await spot.base()
    await spot.whole_second()
    await _fail(spot, 2)
    await spot.later(10 + float(spot.text))
    await _fail(spot, 1)
    return await spot.ask(limit_price=D("99.00"))


async def after_a_pause(spot: Spot) -> Answer:
    """A breaker opened 5 s ago."""
    await spot.base()
    await spot.whole_second()
    await _fail(spot, 3)
    await spot.later(5 + float(spot.text))
    return await spot.ask(limit_price=D("99.00"))


async def around_a_cut(spot: Spot) -> Answer:
    """The connection is cut; what works goes on, since nobody offers to cancel it."""
    await spot.base()
    stays = await spot.place(limit_price=D("98.00"))
    if spot.case is not Case.INSIDE:
        spot.floor.gateway.drop_clients()
        await spot.until(lambda: spot.floor.service.connection.state is not LinkState.READY)
        await spot.sleep(spot.pick(0.0, 0.0, 0.001))
    ack = await spot.ask(limit_price=D("99.00"))
    await spot.until(lambda: spot.floor.service.connection.can_trade)
    (kept,) = (one for one in spot.floor.gateway.ledger.live_orders() if one.sent.text("orderRef") == stays.order_ref)
    assert kept.is_live
    assert spot.known(stays).state is OrderState.WORKING
    return ack


async def around_the_books(spot: Spot) -> Answer:
    """After a cut the books are read, are being read, are not asked for yet."""
    await spot.base()
    service = spot.floor.service
    if spot.case is Case.ON:
        spot.floor.gateway.arm("no-message=openOrderEnd*1")
    spot.floor.gateway.drop_clients()
    await spot.until(lambda: service.connection.state is not LinkState.READY)
    wanted = spot.pick(LinkState.READY, LinkState.SYNCING, LinkState.WAITING)
    await spot.until(lambda: service.connection.state is wanted)
    return await spot.ask(limit_price=D("99.00"))


BREAKER = {"breaker_failures": 3, "breaker_seconds": 10, "breaker_pause": 5}

EDGES = (
    Edge(
        15,
        "Kill switch",
        "KILL blocks in its own turn",
        ("after the answer", "while it is recorded", "before it is asked for"),
        around_kill,
        (ACCEPTED, "HALTED", "HALTED"),
        # What core recorded and did not send, reports tell by its state.
        differs={Door.PLANE: (ACCEPTED, "DENIED", "HALTED")},
    ),
    Edge(
        15,
        "Kill switch",
        "KILL until a person types resume",
        ("a desk says resume", "a script says it", "nobody says it"),
        until_resumed,
        (ACCEPTED, "HALTED", "HALTED"),
    ),
    Edge(
        16,
        "ACTIVE, REDUCING, HALTED",
        "what opens",
        ("ACTIVE", "REDUCING", "HALTED"),
        opening_in_state,
        (ACCEPTED, "REDUCING", "HALTED"),
        # KILL cancels what opens.
        differs={Way.MODIFY: (ACCEPTED, "REDUCING", "NOT_LIVE")},
    ),
    Edge(
        16,
        "ACTIVE, REDUCING, HALTED",
        "what closes",
        ("ACTIVE", "REDUCING", "HALTED"),
        closing_in_state,
        (ACCEPTED, ACCEPTED, "HALTED"),
    ),
    Edge(
        16,
        "Breakers on orders and on the connection",
        "breaker_failures = 3 in 10 s; refused orders before, one",
        ("2", "3", "4"),
        after_failures,
        (ACCEPTED, "REDUCING", "REDUCING"),
        limits=BREAKER,
        stage=replace(STAGE, cash=CASH, latency="ibkr"),
    ),
    Edge(
        16,
        "Breakers on orders and on the connection",
        "breaker_seconds = 10; seconds by which the third is later",
        ("0.001", "0", "-0.001"),
        failures_apart,
        (ACCEPTED, ACCEPTED, "REDUCING"),
        limits=BREAKER,
        stage=replace(STAGE, cash=CASH),
    ),
    Edge(
        16,
        "Breakers on orders and on the connection",
        "breaker_pause = 5; seconds beside its end",
        ("0.001", "0", "-0.001"),
        after_a_pause,
        (ACCEPTED, ACCEPTED, "REDUCING"),
        limits=BREAKER,
        stage=replace(STAGE, cash=CASH),
    ),
    Edge(
        17,
        "No cancel on disconnect",
        "a cut sends nothing and cancels nothing",
        ("connected", "in the turn of the cut", "0.001 s later"),
        around_a_cut,
        (ACCEPTED, "NOT_CONNECTED", "NOT_CONNECTED"),
    ),
    Edge(
        25,
        "Connected, reconciled, recorded",
        "nothing before the books are read",
        ("read", "being read", "not asked for yet"),
        around_the_books,
        (ACCEPTED, "NOT_RECONCILED", "NOT_CONNECTED"),
        # The order plane asks again, until that reading fails and the connection ends.
        differs={Door.PLANE: (ACCEPTED, "NOT_CONNECTED", "NOT_CONNECTED")},
    ),
)
