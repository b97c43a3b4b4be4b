"""A session of trading held to all that must be true of one, whatever its length."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Sequence

from msgspec import Struct

from core.broker.pacer import RESERVED_FOR_CANCELS
from core.domain.orders import OrderState
from core.practice.hub import ReceivedFrame
from tests.warp.books import differences
from tests.warp.harness import Floor, FloorOptions, trading_floor
from tests.warp.leaks import at_rest, no_leaks
from tests.warp.trading import Plan, Trading, agree

CANCEL_ORDER = 4
MOST_A_SECOND = 45


class Outcome(Struct, frozen=True, kw_only=True):
    """What a session came to; that it was right has been asserted."""

    real_seconds: float
    done: Counter[str]
    states: Counter[str]
    """Orders by their state at the end."""
    booked: int
    """Orders that the gateway had."""
    executions: int
    screens: int
    """Most screens that were attached at once."""
    frames: int
    busiest_second: int
    """Most frames of core that the gateway had within any second."""
    slowest_cancel: float
    """Seconds of market time between the asking at a screen and the gateway."""


async def trade(plan: Plan, listed: int) -> Outcome:
    """Trade by a plan on a market of so many instruments, and hold the end to all that must be true of it."""
    began = time.monotonic()
    async with no_leaks(), trading_floor(FloorOptions(instruments=listed)) as floor:
        await floor.settle()
        before = at_rest()
        trading = Trading(floor, plan)
        await trading.run()
        for screen in floor.screens:
            await agree(screen, floor)
        _hold(floor)
        assert not trading.refused, trading.refused[:5]
        assert trading.most_screens == plan.screens
        assert min(trading.done["came"], trading.done["went"]) >= plan.screens
        for screen in list(floor.screens):
            await floor.detach(screen)
        await floor.settle()
        assert not (more := at_rest() - before), more
        return Outcome(
            real_seconds=time.monotonic() - began,
            done=trading.done,
            states=Counter(order.state.value for order in floor.snapshot.orders),
            booked=len(floor.gateway.ledger.orders),
            executions=len(floor.snapshot.executions),
            screens=trading.most_screens,
            frames=len(floor.gateway.received),
            busiest_second=_paced(floor),
            slowest_cancel=_unhindered(floor, trading),
        )


def _hold(floor: Floor) -> None:
    """The books agree, no order hangs in the air, and core subscribes to what it should and nothing else."""
    snapshot, hub = floor.snapshot, floor.gateway.hub
    assert differences(floor.gateway.ledger, snapshot) == []
    open_states = {OrderState.INTENT, OrderState.SENT, OrderState.UNKNOWN}
    assert not [order.text for order in snapshot.orders if order.state in open_states]
    held = {position.con_id for position in snapshot.positions or () if position.quantity}
    live = {order.con_id for order in snapshot.orders if order.is_live}
    followed = {con_id for con_id, _ in hub.feed.quotes.readers.by_contract()}
    assert set(snapshot.watchlist) <= followed <= set(snapshot.watchlist) | held | live
    assert floor.broker.lines == len(followed)
    feed = hub.feed
    others = (feed.ticks, feed.depth, feed.bars, feed.charts, feed.news, feed.scans)
    assert not [type(part).__name__ for part in others if part.readers]
    (client,) = hub.clients.values()
    watching = client.watching
    assert watching.account
    assert watching.positions
    assert (len(watching.pnl), len(watching.pnl_single)) == (1, len(held))
    asked_once = (watching.summaries, watching.account_multi, watching.positions_multi)
    assert not any(asked_once)
    assert floor.service.desks == len(floor.screens)


def _paced(floor: Floor) -> int:
    """Frames in the busiest second. Fails if it had too many, or too many beside cancels."""
    received = floor.gateway.received
    busiest = busiest_second(frame.at for frame in received)
    assert busiest <= MOST_A_SECOND
    beside = busiest_second(frame.at for frame in received if frame.message_id != CANCEL_ORDER)
    assert beside <= MOST_A_SECOND - RESERVED_FOR_CANCELS
    return busiest


def _unhindered(floor: Floor, trading: Trading) -> float:
    """The slowest cancel. Fails if one waited behind anything but cancels, on its way from screen or adapter."""
    received, placed = floor.gateway.received, floor.gateway.ledger.orders.values()
    ids = {order.order_ref: order.order_id for order in floor.snapshot.orders}
    assert floor.broker.left == len(received), "every frame that left has come"
    by_adapter = [(one.order_id, one.left) for one in floor.broker.cancels]
    by_screen = [(ids[order_ref], _after(received, at)) for at, order_ref in trading.cancels]
    came = hindered_by_nothing(by_adapter, received)
    assert came == hindered_by_nothing(by_screen, received)
    # Those that never came took their order back before it had left.
    assert not {order.order_id for order in placed} & {one.order_id for one in floor.broker.cancels} - came.keys()
    return max(received[came[ids[ref]]].at - at for at, ref in trading.cancels if ids[ref] in came)


def busiest_second(times: Iterable[float]) -> int:
    """The most of these moments, which rise, within any second that slides along them; its end is not in it."""
    window: deque[float] = deque()
    most = 0
    for moment in times:
        window.append(moment)
        while window[0] <= moment - 1:
            window.popleft()
        most = max(most, len(window))
    return most


def hindered_by_nothing(asked: Iterable[tuple[int, int]], received: Sequence[ReceivedFrame]) -> dict[int, int]:
    """Where the first cancel of each order stands among the frames, by the order's id.

    `asked` has order ids and how many frames had left by then. Fails if anything but cancels left while one waited.
    """
    came: dict[int, int] = {}
    for place, frame in enumerate(received):
        if frame.message_id == CANCEL_ORDER:
            came.setdefault(int(frame.fields[1 if len(frame.fields) < 4 else 2]), place)
    for order_id, left in asked:
        for frame in received[left : came.get(order_id, left)]:
            assert frame.message_id == CANCEL_ORDER, f"{frame.fields} left before the cancel of {order_id}"
    return came


def _after(received: Sequence[ReceivedFrame], moment: float) -> int:
    """How many frames had come by a moment."""
    return bisect_right(received, moment, key=lambda frame: frame.at)
