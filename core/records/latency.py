"""How long the stages of orders took, by the times at which the journal recorded them.

These are wall times, of rows that may be written some milliseconds after what they tell of, and survive restarts. What
a running core measures by a clock that never runs backwards is `core.domain.metrics`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from core.domain.entries import Entry, FactRecorded, Intent
from core.domain.events import OrderChanged
from core.domain.metrics import Stage
from core.domain.orders import Order, OrderState

if TYPE_CHECKING:
    import polars as pl

_NEVER_LEFT = frozenset({OrderState.INTENT, OrderState.DENIED})
_TAKEN = frozenset({OrderState.WORKING, OrderState.HELD, OrderState.FILLED})


class _Way(Struct, gc=False):
    """When an order came where, as the journal spells it; None for where it has not been."""

    taken_on: str
    sent: str | None = None
    acknowledged: str | None = None
    filled: str | None = None
    in_doubt: bool = False


class StageFold:
    """Takes the journal's rows in, in order. Orders whose intent it has not seen are left out."""

    def __init__(self) -> None:
        """Starts without any order."""
        self._ways: dict[str, _Way] = {}

    def recall(self, entries: Iterable[Entry]) -> None:
        """Nothing: the summary of earlier rows does not tell when what happened."""

    def apply(self, sequence: int, timestamp: str, entry: Entry) -> None:
        """Take one more row in: its number, its time as the journal spells it, what it says."""
        match entry:
            case Intent(order=order):
                self._ways[order.order_ref] = _Way(timestamp)
            case FactRecorded(fact=OrderChanged(order=order)) if order.order_ref in self._ways:
                _move(self._ways[order.order_ref], timestamp, order)
            case _:
                pass

    def stages(self) -> pl.DataFrame:
        """Milliseconds of each order (`order_ref`) in each `Stage`, a column each; null where it has not come through.

        An order whose outcome was ever in doubt has none: how long it took is not known.
        """
        import polars as pl

        sure = {ref: way for ref, way in self._ways.items() if not way.in_doubt}
        moments = {
            name: pl.Series([getattr(way, name) for way in sure.values()], dtype=pl.String).str.to_datetime(
                time_unit="us", time_zone="UTC"
            )
            for name in ("taken_on", "sent", "acknowledged", "filled")
        }
        frame = pl.DataFrame({"order_ref": list(sure), **moments}, schema_overrides={"order_ref": pl.String()})
        return frame.select("order_ref", *(_between(begun, ended, stage) for stage, begun, ended in _STAGES))


_STAGES = (
    (Stage.INTENT_TO_SUBMIT, "taken_on", "sent"),
    (Stage.SUBMIT_TO_ACK, "sent", "acknowledged"),
    (Stage.ACK_TO_FILL, "acknowledged", "filled"),
    (Stage.TOTAL, "taken_on", "filled"),
)


def percentiles(stages: pl.DataFrame) -> pl.DataFrame:
    """A row a `Stage` through which orders have come: count, p50_ms, p95_ms, p99_ms, max_ms.

    Each is the least of the figures that so many percent do not exceed.
    """
    import polars as pl

    return (
        stages.drop("order_ref")
        .unpivot(variable_name="stage", value_name="ms")
        .drop_nulls()
        .group_by("stage", maintain_order=True)
        .agg(
            pl.len().alias("count"),
            *(pl.col("ms").quantile(part / 100, "equiprobable").alias(f"p{part}_ms") for part in (50, 95, 99)),
            pl.col("ms").max().alias("max_ms"),
        )
    )


def _move(way: _Way, timestamp: str, order: Order) -> None:
    if order.state is OrderState.UNKNOWN:
        way.in_doubt = True
    if way.sent is None and order.state not in _NEVER_LEFT:
        way.sent = timestamp
    if way.acknowledged is None and order.state in _TAKEN:
        way.acknowledged = timestamp
    if order.state is OrderState.FILLED:
        way.filled = way.filled or timestamp


def _between(begun: str, ended: str, stage: Stage) -> pl.Expr:
    import polars as pl

    # A wall clock that was set back in between says nothing.
    milliseconds = (pl.col(ended) - pl.col(begun)).dt.total_microseconds() / 1000
    return pl.when(milliseconds >= 0).then(milliseconds).alias(stage)
