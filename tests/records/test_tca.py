"""Costs of orders: the table of a whole day says the same as the definitions for one order, and what bars add."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.clock import trading_day
from core.domain.costs import OrderCost, cost_of
from core.domain.entries import Entry, FactRecorded, Intent
from core.domain.events import ExecutionAdded, OrderChanged
from core.domain.instruments import Instrument, PriceBand
from core.domain.orders import OrderState, Side
from core.records.bars import Bars
from core.records.ledger_fold import LedgerFold
from core.records.ledger_frame import frame_of
from core.records.tca import By, orders_of, summary
from tests.journal.values import order
from tests.records.ledger_journals import AAPL, ARRIVAL, MORNING, known, life
from tests.records.test_ledger_properties import lives

DAY = trading_day(MORNING)
FINE = replace(AAPL, price_bands=(PriceBand(Decimal(0), Decimal("0.0001")), PriceBand(Decimal(1), Decimal("0.05"))))


def ledger(*entries: Entry) -> pl.DataFrame:
    """What the ledger has of these, each recorded when the order was taken."""
    fold = LedgerFold()
    for row, entry in enumerate((known(), *entries)):
        fold.apply(row, MORNING.isoformat(timespec="microseconds"), entry)
    return frame_of("ABCDEF", fold.rows[DAY])


def bars(*middles: float | None, begin: datetime = MORNING - timedelta(seconds=2), gap: bool = False) -> Bars:
    """One bar a second, bid and ask 0.02 apart."""
    frame = pl.DataFrame(
        {
            "time": [begin + timedelta(seconds=second) for second in range(len(middles))],
            "bid": [None if middle is None else middle - 0.01 for middle in middles],
            "ask": [None if middle is None else middle + 0.01 for middle in middles],
            "close": [None] * len(middles),
            "gap": [gap] * len(middles),
        },
        schema_overrides={"time": pl.Datetime("us", "UTC"), "close": pl.Float64()},
    )
    return Bars(Path("bars1s_AAPL.parquet"), DAY, frame)


def row(frame: pl.DataFrame, place: int = 0) -> dict[str, object]:
    """One row, by column."""
    return frame.row(place, named=True)


def _by_definition(entries: Sequence[Entry], instrument: Instrument) -> OrderCost | None:
    facts = [entry.fact for entry in entries if isinstance(entry, FactRecorded)]
    changes = [fact.order for fact in facts if isinstance(fact, OrderChanged)]
    return cost_of(changes[-1], [fact.execution for fact in facts if isinstance(fact, ExecutionAdded)], instrument)


@given(entries=lives(1), instrument=st.sampled_from([AAPL, FINE, replace(AAPL, multiplier=Decimal(100))]))
def test_the_table_says_what_the_definitions_say(entries: list[Entry], instrument: Instrument) -> None:
    found = row(orders_of(ledger(*entries), [instrument]))
    cost = _by_definition(entries, instrument)

    if cost is None:
        assert (found["filled"], found["avg_price"], found["slippage_bps"], found["fees"]) == (0, None, None, None)
        return
    expected = {
        "filled": cost.filled,
        "avg_price": cost.average,
        "slippage_bps": cost.slippage_bps,
        "slippage_ticks": cost.slippage_ticks,
        "slippage_money": cost.slippage_money,
        "effective_spread_bps": cost.effective_spread_bps,
        "first_fill_s": cost.first_fill_s,
        "fill_s": cost.fill_s,
        "fees": dict(cost.fees).get("USD"),
        "unreported": cost.unreported,
    }
    assert {name: found[name] for name in expected} == {
        name: None if value is None else pytest.approx(float(value), rel=1e-9, abs=1e-9)
        for name, value in expected.items()
    }


def test_worse_is_positive_for_both_sides() -> None:
    above = row(orders_of(ledger(*life(1, price="233.325")), [AAPL]))
    assert above["slippage_money"] == pytest.approx(1.0)
    assert above["slippage_ticks"] == pytest.approx(1.0)
    assert above["slippage_bps"] == pytest.approx(0.01 / float(ARRIVAL) * 10_000)
    assert (above["state"], above["hour"], above["arrival_from"]) == ("FILLED", 10, "order")
    assert above["fees_bps"] == pytest.approx(1.05 / 23_332.5 * 10_000)

    sold = [
        replace(entry, fact=replace(entry.fact, execution=replace(entry.fact.execution, side=Side.SELL)))
        if isinstance(entry, FactRecorded) and isinstance(entry.fact, ExecutionAdded)
        else replace(entry, fact=replace(entry.fact, order=replace(entry.fact.order, side=Side.SELL)))
        if isinstance(entry, FactRecorded) and isinstance(entry.fact, OrderChanged)
        else replace(entry, order=replace(entry.order, side=Side.SELL))
        if isinstance(entry, Intent)
        else entry
        for entry in life(1, price="233.325")
    ]
    assert row(orders_of(ledger(*sold), [AAPL]))["slippage_money"] == pytest.approx(-1.0)


def test_what_is_not_known_is_null_and_never_nothing() -> None:
    unmeasured = [
        replace(entry, fact=replace(entry.fact, order=replace(entry.fact.order, arrival_price=None)))
        if isinstance(entry, FactRecorded) and isinstance(entry.fact, OrderChanged)
        else replace(entry, order=replace(entry.order, arrival_price=None))
        if hasattr(entry, "order") and hasattr(entry, "request")
        else entry
        for entry in life(1, fee=None)
    ]

    found = row(orders_of(ledger(*unmeasured)))

    assert (found["arrival"], found["arrival_from"], found["slippage_money"]) == (None, None, None)
    assert (found["fees"], found["unreported"], found["avg_price"]) == (None, 1, pytest.approx(233.33))
    (total,) = summary(orders_of(ledger(*unmeasured)), [By.SYMBOL]).to_dicts()
    assert (total["unmeasured"], total["slippage_money"], total["slippage_bps"]) == (1, None, None)

    future = replace(AAPL, untold=("multiplier", "tick"))
    found = row(orders_of(ledger(*life(1)), [future]))
    assert found["slippage_ticks"] is None


def test_bars_give_the_market_at_the_intent_and_afterwards() -> None:
    # The last second before the intent ended at it; the fill is at the intent's second.
    prices = [233.3, 233.31, *[233.32] * 58, *[233.4] * 5]

    found = row(orders_of(ledger(*life(1)), [AAPL], {"AAPL": bars(*prices)}))

    assert found["quoted_spread_bps"] == pytest.approx(0.02 / float(ARRIVAL) * 10_000)
    assert found["markout_bps"] == pytest.approx((233.4 - 233.33) / 233.33 * 10_000)
    assert found["arrival_from"] == "order"
    other = row(orders_of(ledger(*life(1)), [AAPL], {"MSFT": bars(*prices)}))
    assert (other["quoted_spread_bps"], other["markout_bps"]) == (None, None)


@pytest.mark.parametrize(
    "given_bars",
    [
        bars(233.3, begin=MORNING),
        bars(233.3, begin=MORNING - timedelta(seconds=62)),
        bars(233.3, 233.3, gap=True),
        bars(None, None),
    ],
    ids=["of the future", "too old", "with a gap", "without a price"],
)
def test_bars_that_say_nothing_of_the_moment_are_not_taken(given_bars: Bars) -> None:
    assert row(orders_of(ledger(*life(1)), [AAPL], {"AAPL": given_bars}))["quoted_spread_bps"] is None


def test_sums_weigh_by_what_was_traded_and_keep_currencies_apart() -> None:
    entries = [*life(1, price="233.325", fee="1"), *life(2, price="233.345", fee="2")]
    found = orders_of(ledger(*entries), [AAPL])
    found = pl.concat([found, found.with_columns(pl.lit("EUR").alias("currency"))])

    totals = summary(found, [By.SYMBOL, By.TYPE]).sort("currency")

    assert totals["currency"].to_list() == ["EUR", "USD"]
    euro, dollar = totals.to_dicts()
    assert dollar["slippage_money"] == pytest.approx(1 + 3)
    assert dollar["slippage_ticks"] == pytest.approx(2)
    assert (dollar["orders"], dollar["with_fills"], dollar["fees"], dollar["other_fees"]) == (2, 2, 3.0, 0)
    assert (euro["fees"], euro["other_fees"]) == (0.0, 2)


def test_a_refused_order_costs_nothing_and_is_counted() -> None:
    asked = order(3)
    rejected = FactRecorded(fact=OrderChanged(order=replace(asked, state=OrderState.REJECTED, note="no")))

    found = orders_of(ledger(*life(1), rejected), [AAPL])

    assert found["state"].to_list() == ["FILLED", "REJECTED"]
    assert found["filled"].to_list() == [100, 0]
    (total,) = summary(found, [By.ACCOUNT]).to_dicts()
    assert (total["orders"], total["rejected"], total["unmeasured"]) == (2, 1, 0)
