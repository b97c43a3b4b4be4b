"""HEALTH: how fast and how well core works, from the intent of an order to its fill."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from core.domain.metrics import Counters, Metrics, Stage, StageLatency
from core.domain.money import Profit
from tui import format as fmt
from tui import messages
from tui.panes.breaker_line import breaker_line
from tui.panes.instrument import STYLES
from tui.panes.line_row import Part
from tui.panes.lines_pane import Line, LinesPane, labelled
from tui.panes.mode_words import link_summary
from tui.panes.quote_cells import profit_cell

STAGES = {
    Stage.INTENT_TO_SUBMIT: "intent → submit",
    Stage.SUBMIT_TO_ACK: "submit → ack",
    Stage.ACK_TO_FILL: "ack → fill",
    Stage.TOTAL: "total",
}
SLOW_LOOP_MS = Decimal(50)
"""A loop that was late by more is shown as a problem: every order waited so long."""
POOR_PERCENT = Decimal(90)
"""Fewer orders that IBKR took, of a hundred, are shown as a problem."""


class HealthPane(LinesPane):
    """Figures of this run of core; what has not been measured shows as none."""

    TITLE = "HEALTH"
    HEARS: ClassVar[tuple[type[messages.DeskMessage], ...]] = (
        messages.SnapshotLoaded,
        messages.LinkLost,
        messages.LinkRestored,
        messages.ConnectionUpdated,
        messages.HealthUpdated,
        messages.MoneyUpdated,
        messages.SecondPassed,
    )

    def summary(self) -> str:
        """The connection in a word."""
        return link_summary(self.replica.connection, lost=self.replica.lost_since is not None)

    def lines(self, width: int) -> Sequence[Line]:
        """Core, its links, the orders, the profit, the breakers, then the times."""
        if not self.replica.is_loaded:
            return [[Part("starting core…", "$text-muted")]]
        metrics = self.replica.health.metrics
        lost = "core lost: everything here is the last known"
        return [
            *([[Part(lost, "bold $attention")]] if self.replica.lost_since else []),
            *self._core(metrics),
            *_orders(metrics.counters),
            self._profit(),
            *(breaker_line(breaker, self.now) for breaker in self.replica.health.breakers),
            [],
            *_latencies(metrics.latencies),
        ]

    def _core(self, metrics: Metrics) -> list[Line]:
        health, counts = self.replica.health, metrics.counters
        late = metrics.loop_lag_ms
        loop = f"loop late {duration(late)} at most in a minute"
        style = "bold $attention" if late is not None and late > SLOW_LOOP_MS else ""
        share = metrics.connected_percent
        connected = fmt.NONE if share is None else f"{share:.1f} % of the time"
        bad = f" · {health.bad_frames} not understood" if health.bad_frames else ""
        return [
            labelled("core", f"up {fmt.age(metrics.uptime_s)} · ", Part(loop, style)),
            labelled("connection", f"{connected} · lost {_times(counts.disconnects)}"),
            labelled("gateway", f"round trip {duration(health.round_trip_ms)}"),
            labelled("journal", f"commit {duration(health.journal_sync_ms)} · row {fmt.size(health.journal_head)}"),
            labelled("frames", f"{metrics.sent_per_s} out and {metrics.received_per_s} in a second{bad}"),
            labelled("calls", f"{fmt.size(counts.calls)} · {fmt.size(counts.errors)} errors of IBKR"),
        ]

    def _profit(self) -> Line:
        replica = self.replica
        return labelled("P&L", "day ", _amount(replica.day_pnl()), " · open ", _amount(replica.total_open_pnl()))


def _orders(counts: Counters) -> list[Line]:
    rate = counts.success_rate
    style = "bold $attention" if rate is not None and rate < POOR_PERCENT else ""
    answers = f"{counts.sent} sent · {counts.taken} taken, {counts.refused} refused, {counts.unanswered} unanswered"
    success = fmt.NONE if rate is None else f"{rate:.1f} %"
    return [
        labelled("orders", answers),
        labelled("", f"{counts.filled} filled, {counts.cancelled} cancelled · {counts.denied} kept back by core"),
        labelled("success", Part(success, style), " of those that left were taken"),
    ]


def _latencies(latencies: Sequence[StageLatency]) -> list[Line]:
    """A table, of the latest thousand orders of each stage."""
    known = {one.stage: one for one in latencies}
    titles = "".join(f"{title:>10}" for title in ("p50", "p95", "p99", "max"))
    return [
        [Part(f"{'LATENCY':<16}{'orders':>8}{titles}", "$text-muted")],
        *(_stage(words, known.get(stage)) for stage, words in STAGES.items()),
    ]


def _stage(words: str, one: StageLatency | None) -> Line:
    if one is None:
        return [Part(f"{words:<16}", "$text-muted"), Part(f"{0:>8}{fmt.NONE:>10}")]
    figures = "".join(f"{duration(value):>10}" for value in (one.p50_ms, one.p95_ms, one.p99_ms, one.max_ms))
    return [Part(f"{words:<16}", "$text-muted"), Part(f"{fmt.size(one.count):>8}{figures}")]


def duration(milliseconds: Decimal | None) -> str:
    """A time in the unit that fits it: `0.31 ms`, `12.4 ms`, `250 ms`, `3.8 s`, `4:10`; None is shown as none."""
    if milliseconds is None:
        return fmt.NONE
    # The limits are where rounding would carry into the next unit.
    for limit, decimals in ((Decimal("9.995"), 2), (Decimal("99.95"), 1), (Decimal("999.5"), 0)):
        if milliseconds < limit:
            return f"{milliseconds:.{decimals}f} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < Decimal("59.95") else fmt.age(round(seconds))


def _times(count: int) -> str:
    return "never" if not count else "once" if count == 1 else f"{count} times"


def _amount(profit: Profit) -> Part:
    if profit.amount is None:
        return Part(fmt.UNKNOWN)
    cell = profit_cell(profit)
    return Part(cell.text, STYLES.get(cell.style, ""))
