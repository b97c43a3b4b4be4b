"""Stages of orders by the journal's times."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest
from msgspec.structs import replace

from core.domain.entries import Entry, FactRecorded, Intent
from core.domain.events import OrderChanged
from core.domain.metrics import Stage
from core.domain.orders import OrderState
from core.records.latency import StageFold, percentiles
from tests.journal.values import order, request
from tests.records.ledger_journals import MORNING

SENT, WORKING, FILLED = OrderState.SENT, OrderState.WORKING, OrderState.FILLED


def stages(*steps: tuple[int, int, OrderState]) -> pl.DataFrame:
    """Of steps: the order's number, milliseconds from the morning, its state."""
    fold = StageFold()
    for row, (number, after, state) in enumerate(steps):
        now = replace(order(number), state=state, filled=Decimal(0))
        entry: Entry = FactRecorded(fact=OrderChanged(order=now))
        if state is OrderState.INTENT:
            entry = Intent(order=now, request=request(number))
        fold.apply(row, (MORNING + timedelta(milliseconds=after)).isoformat(timespec="microseconds"), entry)
    return fold.stages()


def test_each_stage_is_timed_once() -> None:
    (found,) = stages(
        (1, 0, OrderState.INTENT), (1, 5, SENT), (1, 25, WORKING), (1, 30, WORKING), (1, 125, FILLED), (1, 999, FILLED)
    ).to_dicts()

    assert found == {
        "order_ref": order(1).order_ref,
        Stage.INTENT_TO_SUBMIT: 5,
        Stage.SUBMIT_TO_ACK: 20,
        Stage.ACK_TO_FILL: 100,
        Stage.TOTAL: 125,
    }


@pytest.mark.parametrize(
    "steps",
    [
        [(1, 0, OrderState.INTENT), (1, 5, OrderState.UNKNOWN), (1, 9, WORKING), (1, 20, FILLED)],
        [(1, 5, SENT), (1, 9, WORKING), (1, 20, FILLED)],
        [(1, 0, OrderState.INTENT), (1, 0, OrderState.DENIED)],
        [(1, 9, OrderState.INTENT), (1, 5, SENT)],
    ],
    ids=["in doubt", "intent not seen", "denied", "the clock was set back"],
)
def test_what_is_not_sure_is_left_out(steps: list[tuple[int, int, OrderState]]) -> None:
    assert percentiles(stages(*steps)).is_empty()


def test_percentiles_by_stage() -> None:
    steps = [
        (number, after, state) for number in range(1, 101) for after, state in ((0, OrderState.INTENT), (number, SENT))
    ]

    (found,) = percentiles(stages(*steps)).to_dicts()

    assert found == {
        "stage": "intent_to_submit",
        "count": 100,
        "p50_ms": 50,
        "p95_ms": 95,
        "p99_ms": 99,
        "max_ms": 100,
    }
