"""A session of trading held to all that must be true of one, whatever its length."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable

from msgspec import Struct

from core.domain.orders import OrderState
from core.practice.hub import ReceivedFrame
from tests.warp.books import differences
from tests.warp.harness import Floor, FloorOptions, trading_floor
from tests.warp.leaks import no_leaks
from tests.warp.trading import Plan, Trading, agree

CANCEL_ORDER = 4
MOST_A_SECOND = 45


class Outcome(Struct, frozen=True, kw_only=True):
    """What a session came to; that it was right has been asserted."""

    real_seconds: float
    done: Counter[str]
    states: Counter[str]
    """Orders by their state at the end."""
    executions: int
    frames: int
    busiest_second: int
    """Most frames of core that the gateway had within any second."""
    slowest_cancel: float
    """Seconds of market time between the asking and the gateway."""


async def trade(plan: Plan, listed: int) -> Outcome:
    """Trade by a plan on a market of so many instruments, and hold the end to all that must be true of it."""
    began = time.monotonic()
    async with no_leaks(), trading_floor(FloorOptions(instruments=listed)) as floor:
        trading = Trading(floor, plan)
        await trading.run()
        for screen in floor.screens:
            await agree(screen, floor)
        _hold(floor)
        assert not trading.refused, trading.refused[:5]
        received = floor.gateway.received
        outcome = Outcome(
            real_seconds=0.0,
            done=trading.done,
            states=Counter(order.state.value for order in floor.snapshot.orders),
            executions=len(floor.snapshot.executions),
            frames=len(received),
            busiest_second=busiest_second(frame.at for frame in received),
            slowest_cancel=slowest_cancel(floor.broker.cancels, received),
        )
    assert outcome.busiest_second <= MOST_A_SECOND
    values = {name: getattr(outcome, name) for name in outcome.__struct_fields__}
    return Outcome(**values | {"real_seconds": time.monotonic() - began})


def _hold(floor: Floor) -> None:
    """The books agree, no order hangs in the air, and core subscribes to what it should and nothing else."""
    snapshot = floor.snapshot
    assert differences(floor.gateway.ledger, snapshot) == []
    open_states = {OrderState.INTENT, OrderState.SENT, OrderState.UNKNOWN}
    assert not [order.text for order in snapshot.orders if order.state in open_states]
    held = {position.con_id for position in snapshot.positions or () if position.quantity}
    live = {order.con_id for order in snapshot.orders if order.is_live}
    followed = {con_id for con_id, _ in floor.gateway.hub.feed.quotes.readers.by_contract()}
    assert set(snapshot.watchlist) <= followed <= set(snapshot.watchlist) | held | live
    assert floor.broker.lines == len(followed)
    assert floor.service.desks == len(floor.screens)


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


def slowest_cancel(asked: list[tuple[float, int]], received: list[ReceivedFrame]) -> float:
    """The longest way of a cancel to the gateway. Fails if anything but cancels left while one waited."""
    came = {frame.fields[1 if len(frame.fields) < 4 else 2]: number for number, frame in _cancels(received)}
    slowest = 0.0
    for when, order_id in asked:
        number = came.get(str(order_id))
        if number is None:
            # Withdrawn together with the placement that had not left.
            continue
        arrived = received[number].at
        slowest = max(slowest, arrived - when)
        while number and received[number].at > when:
            assert received[number].message_id == CANCEL_ORDER, (
                f"{received[number].fields} left before cancel {order_id}"
            )
            number -= 1
    return slowest


def _cancels(received: list[ReceivedFrame]) -> Iterable[tuple[int, ReceivedFrame]]:
    # Of several cancels of one order the first counts, so the last ones are written first.
    return [(number, frame) for number, frame in enumerate(received) if frame.message_id == CANCEL_ORDER][::-1]
