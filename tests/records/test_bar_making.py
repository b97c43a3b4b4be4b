"""Bars against a plain reading of the same ticks, second by second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from core.records.bar_making import make_bars
from core.records.hearing_ticks import micros
from core.records.tick_rows import TickKind, TickRow, tick_frame

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
PRICES = st.integers(100, 120).map(float)


@st.composite
def ticks(draw: st.DrawFn) -> list[TickRow]:
    """Rows as a recorder writes them: time goes on, sometimes far, sometimes behind a gap."""
    rows, second = [], 0
    for _ in range(draw(st.integers(1, 25))):
        second += draw(st.sampled_from((0, 0, 0, 1, 2, 5)))
        time = micros(NOON) + second * 1_000_000 + draw(st.integers(0, 999_999))
        kind = draw(st.sampled_from(TickKind))
        gap, conflated = draw(st.booleans()), draw(st.booleans())
        if kind is TickKind.QUOTE:
            bid, ask = draw(st.none() | PRICES), draw(st.none() | PRICES)
            rows.append(TickRow(1, time, time, kind, gap, conflated, bid, ask, 100.0, 200.0))
        elif kind is TickKind.TRADE:
            price, size, unreported = draw(PRICES), draw(st.sampled_from((1.0, 100.0))), draw(st.booleans())
            rows.append(TickRow(1, time, time, kind, gap, conflated, price=price, size=size, unreported=unreported))
        else:
            rows.append(TickRow(1, time, time, kind, gap, conflated=False))
    return rows


def second_of(row: TickRow) -> int:
    return (row.time - micros(NOON)) // 1_000_000


def plain(rows: list[TickRow]) -> list[dict[str, object]]:
    """What the bars must be: one after another, carrying forward what is known."""
    gaps: set[int] = set()
    for before, row in zip([rows[0], *rows], rows, strict=False):
        if row.gap:
            gaps.update(range(second_of(before), second_of(row) + 1))
    known: dict[str, float | None] = dict.fromkeys(("close", "bid", "ask"))
    bars: list[dict[str, object]] = []
    for second in range(second_of(rows[0]), second_of(rows[-1]) + 1):
        heard = [row for row in rows if second_of(row) == second]
        missing = second in gaps and not heard
        if missing:
            known = dict.fromkeys(known)
        trades = [row for row in heard if row.kind is TickKind.TRADE and not row.unreported]
        prices = [row.price for row in trades if row.price is not None]
        quotes = [row for row in heard if row.kind is TickKind.QUOTE]
        if quotes:
            known |= {"bid": quotes[-1].bid, "ask": quotes[-1].ask}
        if prices:
            known["close"] = prices[-1]
        bars.append(
            {
                "time": NOON + timedelta(seconds=second),
                "open": prices[0] if prices else known["close"],
                "high": max(prices) if prices else known["close"],
                "low": min(prices) if prices else known["close"],
                "close": known["close"],
                "volume": None if missing else sum(row.size or 0 for row in trades),
                "count": len(trades),
                "bid": known["bid"],
                "ask": known["ask"],
                "gap": second in gaps,
                "conflated": any(row.conflated for row in heard),
            }
        )
    return bars


@settings(max_examples=60)
@given(rows=ticks())
def test_bars_are_those_of_a_plain_reading(rows: list[TickRow]) -> None:
    rows.sort(key=second_of)

    made = make_bars(tick_frame("one", enumerate(rows)))

    expected = plain(rows)
    assert made.select(list(expected[0])).rows(named=True) == expected
    worth = made.filter(pl.col("count") > 0)
    assert ((worth["vwap"] >= worth["low"] - 1e-9) & (worth["vwap"] <= worth["high"] + 1e-9)).all()
