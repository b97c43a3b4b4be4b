"""Orders that core cancels when their time is up: the deadline is journalled with the order, so it survives core."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

from core.clock import Clock
from core.domain.commands import Denial, DenialCode
from core.domain.events import Envelope, OrderChanged, Severity
from core.domain.orders import Order, OrderState, Pending
from core.execution.cancels import Cancels
from core.execution.incidents import incident
from core.execution.publisher import Publisher
from core.execution.state import DeskState

RETRY_SECONDS = 1.0
"""How often a cancel is tried that can't be sent."""
AGAIN_SECONDS = 15.0
"""After how long a cancel that ended nothing is asked for once more."""
LONGEST = Decimal(7 * 24 * 3600)
"""Seconds that an order may be given."""


def why_no_deadline(seconds: Decimal | None) -> Denial | None:
    """Why an order can't be given so many seconds; None if it can, or if it has no limit."""
    if seconds is None or (seconds.is_finite() and 0 < seconds <= LONGEST):
        return None
    text = f"A time limit is more than 0 and at most {LONGEST:,} seconds, not {seconds}. Not sent."
    return Denial(code=DenialCode.TIME, message=text)


def why_too_late(not_after: datetime | None, now: datetime) -> Denial | None:
    """Why a command comes too late, if its sender said until when it may be taken; None if it may be."""
    if not_after is None:
        return None
    if not_after.tzinfo is None:
        return Denial(code=DenialCode.TIME, message="The time until which it may be taken has no zone. Not sent.")
    late = (now - not_after).total_seconds()
    if late <= 0:
        return None
    text = f"It came {late:.1f} s after the time until which its sender let it be placed. Not sent."
    return Denial(code=DenialCode.TIME, message=text)


def deadline(now: datetime, seconds: Decimal | None) -> datetime | None:
    """The moment that lies so many seconds ahead; None without a limit."""
    return None if seconds is None else now + timedelta(seconds=float(seconds))


class Deadlines:
    """Cancels what has outlived its time; what ended before is left alone."""

    def __init__(self, state: DeskState, publisher: Publisher, clock: Clock, cancels: Cancels) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._cancels = cancels
        self._due: dict[str, float] = {}
        """When an order is due for a cancel, monotonic: a wall clock that is set moves no deadline."""
        self._blind: set[str] = set()
        """Orders in doubt that a cancel was sent for: nothing more is sent until something is heard of them."""
        self._told: set[str] = set()
        self._wake = asyncio.Event()
        publisher.add_sink(self)

    async def run(self) -> None:
        """Look until cancelled; what an earlier run of core left is taken up first."""
        for order in self._state.book.live():
            self.follow(order)
        while True:
            self._wake.clear()
            self._look()
            try:
                async with asyncio.timeout(self._pause()):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def publish(self, *envelopes: Envelope) -> None:
        """Hear every event: what lives again after its time, or is heard of after a cancel in the dark, is due."""
        for envelope in envelopes:
            match envelope.event:
                case OrderChanged(order=order) if order.is_live and order.cancel_at is not None:
                    if order.state is not OrderState.UNKNOWN and order.order_ref in self._blind:
                        self._blind.discard(order.order_ref)
                        self.follow(order)
                    elif order.order_ref not in self._due:
                        self.follow(order)
                case _:
                    pass

    def follow(self, order: Order) -> None:
        """Take up an order that has a time limit."""
        if order.cancel_at is not None and not order.external:
            left = (order.cancel_at - self._clock.utc()).total_seconds()
            self._due[order.order_ref] = self._clock.mono() + left
            self._wake.set()

    def _pause(self) -> float | None:
        """Seconds to the next time that is up; None while there is none."""
        return max(0.0, min(self._due.values()) - self._clock.mono()) if self._due else None

    def _look(self) -> None:
        now = self._clock.mono()
        for order_ref in [ref for ref, due in self._due.items() if due <= now]:
            order = self._state.book.get(order_ref)
            if order is None or not order.is_live:
                del self._due[order_ref]
            elif order.pending is Pending.CANCEL or order_ref in self._blind:
                self._due[order_ref] = now + AGAIN_SECONDS
            else:
                self._end(order, now)

    def _end(self, order: Order, now: float) -> None:
        denial = self._cancels.why_not(order)
        self._due[order.order_ref] = now + (AGAIN_SECONDS if denial is None else RETRY_SECONDS)
        if denial is None:
            if order.state is OrderState.UNKNOWN:
                self._blind.add(order.order_ref)
            self._cancels.ask(order)
            self._tell(order, f"The time of {order.name} is up: its cancel was sent.", Severity.INFO)
            return
        text = f"The time of {order.name} is up, but its cancel can't be sent yet: {denial.message}"
        self._tell(order, text, Severity.ALARM)

    def _tell(self, order: Order, text: str, severity: Severity) -> None:
        if f"{severity} {order.order_ref}" in self._told:
            return
        self._told.add(f"{severity} {order.order_ref}")
        self._publisher.facts([incident(self._state, self._clock, text, severity, order.order_ref)])
