"""How long orders take, stage by stage, and what became of them."""

from __future__ import annotations

from collections import Counter, deque
from decimal import Decimal
from math import ceil

from msgspec import Struct

from core.clock import Clock
from core.domain.commands import Ack, ClosePosition, Command, PlaceOrder
from core.domain.events import ConnectionChanged, Envelope, OrderChanged
from core.domain.metrics import Counters, Stage, StageLatency
from core.domain.orders import Order, OrderState
from core.domain.reports import ErrorClass, ErrorReport

KEPT = 1000
"""Figures of a stage that percentiles are of."""

_TAKEN = (OrderState.WORKING, OrderState.HELD, OrderState.FILLED)
_ENDED_BY_CANCEL = (OrderState.CANCELLED, OrderState.EXPIRED)
_OUTCOMES = {
    **dict.fromkeys((*_TAKEN, *_ENDED_BY_CANCEL), "taken"),
    OrderState.REJECTED: "refused",
    OrderState.UNKNOWN: "unanswered",
    OrderState.PRESUMED_NOT_PLACED: "",
}
"""The counter of an order with an outcome, by its state; the others leave it where it stands."""
_NO_ERROR = frozenset(
    {
        ErrorClass.INFO,
        ErrorClass.WARNING,
        ErrorClass.CANCELLED,
        ErrorClass.FARM_UP,
        ErrorClass.LINK_UP_DATA_LOST,
        ErrorClass.LINK_UP_DATA_KEPT,
    }
)


class _Way(Struct):
    """The moments of one order, by the monotonic clock; None for those that have not come."""

    taken_on: float
    sent: float | None = None
    acknowledged: float | None = None
    has_left: bool = False
    in_doubt: bool = False
    """True once its outcome was not known: how long it took is not known either."""
    outcome: str = ""
    """The counter of outcomes that it stands in; empty before there is one."""


class OrderMeter:
    """An event sink. It measures the orders that this run takes on; what is recovered or foreign is left out."""

    def __init__(self, clock: Clock) -> None:
        """`clock` is that of the service."""
        self._clock = clock
        self._ways: dict[str, _Way] = {}
        self._latest: dict[Stage, deque[float]] = {stage: deque(maxlen=KEPT) for stage in Stage}
        self._measured: Counter[Stage] = Counter()
        self._counts: Counter[str] = Counter()
        self._summed: tuple[StageLatency, ...] | None = ()
        self._was_connected = False

    def publish(self, *envelopes: Envelope) -> None:
        """Hear every event."""
        for envelope in envelopes:
            match envelope.event:
                case OrderChanged(order=order) if not order.external:
                    self._hear(order)
                case ConnectionChanged(connection=connection):
                    connected = bool(connection.accounts)
                    self._counts["disconnects"] += self._was_connected and not connected
                    self._was_connected = connected
                case _:
                    pass

    def answered(self, command: Command, ack: Ack) -> Ack:
        """Count what was refused before it became an order; the answer itself goes on."""
        if isinstance(command, PlaceOrder | ClosePosition) and ack.denied is not None and ack.order is None:
            self._counts["denied"] += 1
        return ack

    def erred(self, report: ErrorReport) -> None:
        """Count an error of the broker."""
        self._counts["errors"] += report.error_class not in _NO_ERROR

    def counters(self, sent: int, received: int) -> Counters:
        """As they stand; the frames are counted where they pass."""
        return Counters(**self._counts, calls=sent, received=received)

    def latencies(self) -> tuple[StageLatency, ...]:
        """The stages through which orders have come."""
        if self._summed is None:
            self._summed = tuple(self._sum_up(stage) for stage in Stage if self._measured[stage])
        return self._summed

    def _hear(self, order: Order) -> None:
        now, state = self._clock.mono(), order.state
        if state is OrderState.INTENT:
            self._ways.setdefault(order.order_ref, _Way(now))
            return
        way = self._ways.get(order.order_ref)
        if way is None:
            return
        if not way.has_left and state is not OrderState.DENIED:
            way.has_left = True
            self._counts["sent"] += 1
        if state is OrderState.UNKNOWN:
            way.in_doubt = True
        if not way.in_doubt:
            self._time(state, way, now)
        self._count(state, way)
        if not order.is_live:
            del self._ways[order.order_ref]

    def _time(self, state: OrderState, way: _Way, now: float) -> None:
        if way.sent is None and way.has_left:
            way.sent = now
            self._measure(Stage.INTENT_TO_SUBMIT, way.taken_on, now)
        if way.acknowledged is None and way.sent is not None and state in _TAKEN:
            way.acknowledged = now
            self._measure(Stage.SUBMIT_TO_ACK, way.sent, now)
        if state is OrderState.FILLED and way.acknowledged is not None:
            self._measure(Stage.ACK_TO_FILL, way.acknowledged, now)
            self._measure(Stage.TOTAL, way.taken_on, now)

    def _count(self, state: OrderState, way: _Way) -> None:
        """Put an order where it belongs now; it stands in one of the outcomes at most."""
        outcome = _OUTCOMES.get(state, way.outcome)
        if outcome != way.outcome and not (state is OrderState.UNKNOWN and way.outcome):
            for name, step in ((way.outcome, -1), (outcome, 1)):
                if name:
                    self._counts[name] += step
            way.outcome = outcome
        self._counts["filled"] += state is OrderState.FILLED
        self._counts["cancelled"] += state in _ENDED_BY_CANCEL
        self._counts["denied"] += state is OrderState.DENIED

    def _measure(self, stage: Stage, begun: float, ended: float) -> None:
        self._latest[stage].append(ended - begun)
        self._measured[stage] += 1
        self._summed = None

    def _sum_up(self, stage: Stage) -> StageLatency:
        ordered = sorted(self._latest[stage])

        def at(part: float) -> Decimal:
            return milliseconds(ordered[ceil(part * len(ordered)) - 1])

        return StageLatency(
            stage=stage,
            count=self._measured[stage],
            p50_ms=at(0.5),
            p95_ms=at(0.95),
            p99_ms=at(0.99),
            max_ms=milliseconds(ordered[-1]),
        )


def milliseconds(seconds: float) -> Decimal:
    """Seconds as milliseconds with three decimals."""
    return Decimal(round(seconds * 1e6)) / 1000
