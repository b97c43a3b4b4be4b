"""How fast and how well one run of core works: figures for people, for scripts and for whatever watches the machine."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Stage(StrEnum):
    """A part of an order's way.

    Source of the names: the document "Order Execution System", section "Latency Tracking".
    """

    INTENT_TO_SUBMIT = "intent_to_submit"
    """From the moment core takes the order until the kernel has its frame: controls passed, journal synced, paced."""
    SUBMIT_TO_ACK = "submit_to_ack"
    """Until the broker says that it holds the order."""
    ACK_TO_FILL = "ack_to_fill"
    """Until all of it has filled, of orders that fill: one that rests takes as long as it rests."""
    TOTAL = "total"
    """All three together, of orders that fill."""


class StageLatency(Struct, frozen=True, kw_only=True):
    """Milliseconds of one stage, over the latest orders of this run of core, by a clock that never runs backwards."""

    stage: Stage
    count: int
    """Orders measured in this run; at least 1. The figures are of the latest thousand."""
    p50_ms: Decimal
    p95_ms: Decimal
    p99_ms: Decimal
    max_ms: Decimal


class Counters(Struct, frozen=True, kw_only=True):
    """What this run of core has done so far. Orders of other clients are not counted."""

    sent: int = 0
    """Orders whose frame left."""
    taken: int = 0
    """Of those, the ones that the broker took."""
    refused: int = 0
    """The ones that it refused, at once or later."""
    unanswered: int = 0
    """The ones of which nobody knows what became; they leave this count on evidence."""
    filled: int = 0
    """The ones that filled in whole."""
    cancelled: int = 0
    """The ones that were cancelled or expired; parts may have filled."""
    denied: int = 0
    """Orders that core's own controls kept back; nothing of them was sent."""
    calls: int = 0
    """Frames sent to the gateway, of every kind."""
    received: int = 0
    """Frames that the gateway sent."""
    errors: int = 0
    """Errors that the broker told; notices and warnings apart."""
    disconnects: int = 0
    """How often the connection to the gateway was lost."""

    @property
    def success_rate(self) -> Decimal | None:
        """Percent of the orders with an outcome, or none in time, that the broker took; None before the first."""
        judged = self.taken + self.refused + self.unanswered
        return Decimal(100) * self.taken / judged if judged else None


class Metrics(Struct, frozen=True, kw_only=True):
    """All of it. None means not measured yet."""

    uptime_s: int = 0
    """Whole seconds since this run of core began."""
    connected_s: int = 0
    """Whole seconds of those in which orders could be sent."""
    loop_lag_ms: Decimal | None = None
    """The most by which core's loop was late within the last minute."""
    sent_per_s: int = 0
    """Frames that went to the gateway within the last second."""
    received_per_s: int = 0
    """Frames that came from it within the last second."""
    latencies: tuple[StageLatency, ...] = ()
    """By stage, in the order of an order's way; a stage that no order has come through is left out."""
    counters: Counters = Counters()

    @property
    def connected_percent(self) -> Decimal | None:
        """The part of the run in which orders could be sent; None within its first second."""
        return Decimal(100) * self.connected_s / self.uptime_s if self.uptime_s else None
