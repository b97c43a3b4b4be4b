"""Core's figures in the text format of Prometheus.

Sources of the names: prometheus.io/docs, "Exposition formats" and "Metric and label naming": base units, `_total` for
what only rises. Accounts are masked.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from core.bootstrap.metrics_board import MetricsBoard
from core.domain.connection import LinkState
from core.domain.events import TradingState
from core.domain.metrics import Metrics, StageLatency
from core.domain.trading import BreakerState
from core.text import mask_account

_MILLI = Decimal(1000)


def exposition(board: MetricsBoard) -> bytes:
    """The figures as they stand; what is not known is left out. May be called in any thread."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(board))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, board: MetricsBoard) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        """Every family, built anew for each reading."""
        metrics = self._board.health.metrics
        yield from self._state()
        yield from self._links()
        yield from _orders(metrics)
        yield from _stages(metrics.latencies)
        yield from self._profit()

    def _state(self) -> Iterator[Metric]:
        board = self._board
        about = GaugeMetricFamily("ibdesk_info", "Which core this is.", labels=("profile", "mode", "version"))
        about.add_metric((board.profile, board.connection.mode.value, board.version), 1)
        yield about
        metrics = board.health.metrics
        yield _gauge("uptime_seconds", "Since this run of core began.", metrics.uptime_s)
        yield _counter("connected_seconds", "Of this run, in which orders could be sent.", metrics.connected_s)
        connected = board.connection.state is LinkState.READY
        yield _gauge("connected", "1 while orders can be sent to the broker.", int(connected))
        trading = GaugeMetricFamily("ibdesk_trading_state", "1 for the state in force.", labels=("state",))
        for state in TradingState:
            trading.add_metric((state.value,), int(state is board.trading_state))
        yield trading
        breakers = GaugeMetricFamily("ibdesk_breaker", "1 for the state of each breaker.", labels=("breaker", "state"))
        for one in board.health.breakers:
            for breaker_state in BreakerState:
                breakers.add_metric((one.name, breaker_state.value), int(one.state is breaker_state))
        yield breakers

    def _links(self) -> Iterator[Metric]:
        health = self._board.health
        metrics = health.metrics
        seconds = {
            "loop_lag_seconds": ("The most by which core's loop was late within a minute.", metrics.loop_lag_ms),
            "round_trip_seconds": ("The gateway's answer to the last heartbeat.", health.round_trip_ms),
            "journal_commit_seconds": ("The last durable commit.", health.journal_sync_ms),
        }
        for name, (words, figure) in seconds.items():
            if figure is not None:
                yield _gauge(name, words, figure / _MILLI)
        if health.heartbeat_age_s is not None:
            yield _gauge("heartbeat_age_seconds", "Since the gateway last answered.", health.heartbeat_age_s)
        yield _counter("journal_rows", "Durable rows of the journal.", health.journal_head)
        yield _gauge("clients", "Desks and scripts attached.", health.desks)
        yield _gauge("market_data_lines", "Instruments that are quoted.", health.lines)
        yield _gauge("bad_frames", "Frames of this connection that could not be decoded.", health.bad_frames)
        counts = metrics.counters
        yield _counter("frames_sent", "Frames that went to the gateway.", counts.calls)
        yield _counter("frames_received", "Frames that came from it.", counts.received)
        yield _counter("broker_errors", "Errors that the broker told.", counts.errors)
        yield _counter("disconnects", "Connections to the gateway that were lost.", counts.disconnects)

    def _profit(self) -> Iterator[Metric]:
        labels = ("account", "currency")
        day = GaugeMetricFamily("ibdesk_day_pnl", "Profit since the previous close.", labels=labels)
        opened = GaugeMetricFamily("ibdesk_open_pnl", "Profit of what is held.", labels=labels)
        for money in self._board.money.values():
            for family, profit in ((day, money.day), (opened, money.open)):
                if profit.amount is not None:
                    family.add_metric((mask_account(money.account), money.base_currency), float(profit.amount))
        yield day
        yield opened


def _orders(metrics: Metrics) -> Iterator[Metric]:
    counts = metrics.counters
    orders = GaugeMetricFamily("ibdesk_orders", "Orders of this run, by what became of them.", labels=("outcome",))
    for outcome in ("sent", "taken", "refused", "unanswered", "filled", "cancelled", "denied"):
        orders.add_metric((outcome,), getattr(counts, outcome))
    yield orders
    if counts.success_rate is not None:
        yield _gauge(
            "order_success_ratio", "Of the orders that left, those that were taken.", counts.success_rate / 100
        )


def _stages(latencies: tuple[StageLatency, ...]) -> Iterator[Metric]:
    words = "Of the latest thousand orders; quantile 1 is the longest."
    times = GaugeMetricFamily("ibdesk_order_latency_seconds", words, labels=("stage", "quantile"))
    counts = CounterMetricFamily("ibdesk_order_latency_orders", "Orders that were timed.", labels=("stage",))
    for one in latencies:
        counts.add_metric((one.stage.value,), one.count)
        for quantile, figure in (("0.5", one.p50_ms), ("0.95", one.p95_ms), ("0.99", one.p99_ms), ("1", one.max_ms)):
            times.add_metric((one.stage.value, quantile), float(figure / _MILLI))
    yield times
    yield counts


def _gauge(name: str, words: str, figure: Decimal | int) -> Metric:
    return GaugeMetricFamily(f"ibdesk_{name}", words, value=float(figure))


def _counter(name: str, words: str, figure: int) -> Metric:
    return CounterMetricFamily(f"ibdesk_{name}", words, value=figure)
