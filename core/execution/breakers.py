"""The breakers on orders and on the connection: what counts as a failure, and what happens while one is open."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from msgspec.structs import replace

from core.clock import Clock
from core.domain.connection import Connection, FarmStatus
from core.domain.events import ConnectionChanged, Envelope, OrderChanged
from core.domain.orders import Order, OrderState
from core.domain.trading import BREAKER_REASON, BreakerShown, BreakerState
from core.execution.halting import Halting
from core.execution.publisher import Publisher
from core.execution.state import DeskState
from core.risk.breaker import Breaker, BreakerRule

ORDERS, CONNECTION = "orders", "connection"
_UNANSWERED = (OrderState.INTENT, OrderState.SENT)
_FAILED = (OrderState.REJECTED, OrderState.UNKNOWN)
_TAKEN = (OrderState.WORKING, OrderState.HELD, OrderState.FILLED)


class Breakers:
    """An event sink. While one of the two is open only reducing orders leave; cancels pass always.

    A new order that IBKR refuses, or of which nothing is heard, is a failure of the one on orders, and one that IBKR
    takes a success. A lost connection, to the gateway or from there to IBKR, is a failure of the other, and a
    connection that can trade once the pause is over a success. A new run of core begins with both closed.
    """

    def __init__(self, state: DeskState, publisher: Publisher, halting: Halting, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._publisher = publisher
        self._halting = halting
        self._clock = clock
        self._breakers = {ORDERS: Breaker(), CONNECTION: Breaker()}
        self._failures = {ORDERS: "", CONNECTION: ""}
        self._asked: set[str] = set()
        """Orders of ours on their way that nobody has answered yet."""
        self._doubted: float | None = None
        self._was = state.connection
        self._timer: asyncio.TimerHandle | None = None
        publisher.add_sink(self)

    def publish(self, *envelopes: Envelope) -> None:
        """Hear every event."""
        for envelope in envelopes:
            match envelope.event:
                case OrderChanged(order=order) if not order.external and not order.parent_ref:
                    self._hear_order(order)
                case ConnectionChanged(connection=connection):
                    self._hear_connection(connection)
                case _:
                    pass

    def _hear_order(self, order: Order) -> None:
        if order.state in _UNANSWERED:
            self._asked.add(order.order_ref)
            return
        if order.order_ref not in self._asked:
            return
        self._asked.discard(order.order_ref)
        if order.state in _FAILED:
            now = self._clock.mono()
            # What is in flight when a connection goes is doubted together: that is one failure.
            if order.state is not OrderState.UNKNOWN or self._doubted != now:
                self._fail(ORDERS, f"{order.name}: {order.note or order.state.lower()}")
            if order.state is OrderState.UNKNOWN:
                self._doubted = now
        elif order.state in _TAKEN:
            self._succeed(ORDERS)

    def _hear_connection(self, connection: Connection) -> None:
        was, self._was = self._was, connection
        lost = bool(was.accounts) and not connection.accounts
        if lost or (was.ibkr is FarmStatus.UP and connection.ibkr is FarmStatus.DOWN):
            self._fail(CONNECTION, connection.problem.rstrip("."))
        elif connection.can_trade:
            self._succeed(CONNECTION)

    def _fail(self, name: str, what: str) -> None:
        limits = self._state.limits.of("", "")
        if limits.breaker_failures is None:
            return
        rule = BreakerRule(failures=limits.breaker_failures, within=limits.breaker_seconds, pause=limits.breaker_pause)
        self._failures[name] = what
        self._become(name, self._breakers[name].failed(self._clock.mono(), rule))

    def _succeed(self, name: str) -> None:
        self._become(name, self._breakers[name].succeeded(self._clock.mono()))

    def _become(self, name: str, breaker: Breaker) -> None:
        if breaker != self._breakers[name]:
            self._breakers[name] = breaker
            # Not from inside of what is just being published.
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        """Block or let go, tell the desks, and come back when the next one is half open."""
        now = self._clock.mono()
        if self._state.connection.can_trade:
            self._breakers[CONNECTION] = self._breakers[CONNECTION].succeeded(now)
        opened = [name for name, one in self._breakers.items() if one.state(now) is BreakerState.OPEN]
        self._halting.break_circuit(" ".join(self._reason(name) for name in opened))
        self._show(now)
        if self._timer is not None:
            self._timer.cancel()
        due = [one.until for one in self._breakers.values() if one.state(now) is BreakerState.OPEN and one.until]
        self._timer = asyncio.get_running_loop().call_later(min(due) - now, self._look) if due else None

    def _reason(self, name: str) -> str:
        limits, pause = self._state.limits.of("", ""), self._breakers[name].pause
        if pause > limits.breaker_pause:
            happened = "it failed again"
        elif name == ORDERS:
            happened = f"IBKR refused or left unanswered {limits.breaker_failures} orders in {limits.breaker_seconds} s"
        else:
            happened = f"the connection was lost {limits.breaker_failures} times in {limits.breaker_seconds} s"
        return (
            f"{BREAKER_REASON} {name}: {happened}, last {self._failures[name]}. It lets orders through again after "
            f"{pause:.0f} s without another."
        )

    def _show(self, now: float) -> None:
        shown = tuple(
            BreakerShown(
                name=name,
                state=one.state(now),
                until=None if one.until is None else self._clock.utc() + timedelta(seconds=one.until - now),
                last=self._failures[name],
            )
            for name, one in self._breakers.items()
        )
        health = replace(self._state.health, breakers=shown)
        if health != self._state.health:
            self._state.health = health
            self._publisher.state(health)
