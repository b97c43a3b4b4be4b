"""How core and its links feel, once a second."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from msgspec.structs import replace

from core.clock import Clock
from core.domain.connection import Endpoint, LinkState
from core.domain.metrics import Metrics
from core.execution.keeper import ConnectionKeeper
from core.execution.latency import OrderMeter, milliseconds
from core.execution.publisher import Publisher
from core.execution.state import DeskState
from core.ports import Broker, Journal

HEALTH_SECONDS = 1.0
BEATS = 2
"""How often in that time the loop's lateness is looked at."""
LAG_SECONDS = 60
"""The time over which the greatest lateness counts."""


class GatewayProcess(Protocol):
    """The gateway, as far as core may have started it."""

    @property
    def pid(self) -> int | None:
        """The process of the gateway that core started; None when it started none."""


class Gateway(GatewayProcess, Protocol):
    """Where the broker is to be found."""

    async def endpoint(self) -> Endpoint:
        """Where to connect; starts the practice gateway where that is wanted. Raises DeskError."""


class HealthReporter:
    """Measures and publishes what changed."""

    def __init__(
        self,
        broker: Broker,
        state: DeskState,
        publisher: Publisher,
        journal: Journal,
        clock: Clock,
        keeper: ConnectionKeeper,
        gateway: GatewayProcess,
        desks: Callable[[], int],
    ) -> None:
        """`desks` counts the clients that are attached."""
        self._broker = broker
        self._state = state
        self._publisher = publisher
        self._journal = journal
        self._clock = clock
        self._keeper = keeper
        self._gateway = gateway
        self._desks = desks
        self.meter = OrderMeter(clock)
        """Counts and times orders; told of answers and errors by whoever sees them."""
        publisher.add_sink(self.meter)
        self._began = self._looked = clock.mono()
        self._connected = 0.0
        self._traffic = broker.traffic
        self._late: deque[float] = deque(maxlen=BEATS * LAG_SECONDS)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            self._renew()
            for _ in range(BEATS):
                due = self._clock.mono() + HEALTH_SECONDS / BEATS
                await asyncio.sleep(HEALTH_SECONDS / BEATS)
                self._late.append(max(0.0, self._clock.mono() - due))

    def _renew(self) -> None:
        beat, pulse = self._keeper.heartbeat_at, self._keeper.pulse
        age = None if beat is None else Decimal(round(self._clock.mono() - beat, 1)).quantize(Decimal("0.1"))
        health = replace(
            self._state.health,
            round_trip_ms=None if pulse is None else pulse.round_trip_ms,
            clock_offset_s=None if pulse is None else pulse.clock_offset_s,
            heartbeat_age_s=age,
            journal_sync_ms=self._journal.last_sync_ms,
            journal_head=self._journal.durable,
            desks=self._desks(),
            lines=self._broker.lines if self._state.connection.state is LinkState.READY else 0,
            core_pid=os.getpid(),
            gateway_pid=self._gateway.pid,
            bad_frames=self._broker.bad_frames,
            metrics=self._metrics(),
        )
        if health != self._state.health:
            self._state.health = health
            self._publisher.state(health)

    def _metrics(self) -> Metrics:
        now, traffic = self._clock.mono(), self._broker.traffic
        passed = now - self._looked
        if self._state.connection.state is LinkState.READY:
            self._connected += passed
        rates = [round((new - old) / passed) if passed else 0 for new, old in zip(traffic, self._traffic, strict=True)]
        self._looked, self._traffic = now, traffic
        return Metrics(
            uptime_s=int(now - self._began),
            connected_s=int(self._connected),
            loop_lag_ms=milliseconds(max(self._late)) if self._late else None,
            sent_per_s=rates[0],
            received_per_s=rates[1],
            latencies=self.meter.latencies(),
            counters=self.meter.counters(*traffic),
        )
