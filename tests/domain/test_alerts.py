"""Price alerts: which price of the market meets them, and what never does."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.alerts import Alert, AlertKind, Comparison, PriceAlert, Severity, fired_at
from core.domain.quotes import DataType, Quote

D = Decimal
NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
QUOTE = Quote(con_id=1, bid=D("599.90"), ask=D("600.10"), last=D("600.00"))


@pytest.mark.parametrize(
    ("comparison", "at", "holds"),
    [
        (Comparison.ABOVE, "600.01", True),
        (Comparison.ABOVE, "600", False),
        (Comparison.AT_OR_ABOVE, "600", True),
        (Comparison.AT_OR_ABOVE, "599.99", False),
        (Comparison.BELOW, "599.99", True),
        (Comparison.BELOW, "600", False),
        (Comparison.AT_OR_BELOW, "600", True),
        (Comparison.AT_OR_BELOW, "600.01", False),
    ],
)
def test_each_comparison_means_what_it_says(comparison: Comparison, at: str, holds: bool) -> None:
    assert comparison.holds(D(at), D(600)) is holds


@pytest.mark.parametrize(
    ("comparison", "level", "met"),
    [
        (Comparison.ABOVE, "599.95", ("last", D("600.00"))),
        (Comparison.AT_OR_ABOVE, "600", ("last", D("600.00"))),
        (Comparison.ABOVE, "600", None),
        (Comparison.AT_OR_ABOVE, "600.10", None),
        (Comparison.BELOW, "600.05", ("last", D("600.00"))),
        (Comparison.BELOW, "600", None),
        (Comparison.AT_OR_BELOW, "599.90", None),
    ],
)
def test_the_last_trade_fires_and_the_far_side_of_the_market_does_not(
    comparison: Comparison, level: str, met: tuple[str, Decimal] | None
) -> None:
    assert fired_at(comparison, D(level), QUOTE) == met


def test_upwards_the_bid_counts_and_downwards_the_ask() -> None:
    old = replace(QUOTE, last=D(600), bid=D(605), ask=D("605.10"))
    fallen = replace(QUOTE, last=D(600), bid=D("594.90"), ask=D(595))

    assert fired_at(Comparison.ABOVE, D(604), old) == ("bid", D(605))
    assert fired_at(Comparison.BELOW, D(596), fallen) == ("ask", D(595))
    assert fired_at(Comparison.BELOW, D(600), old) is None
    assert fired_at(Comparison.ABOVE, D(600), fallen) is None


def test_a_crossed_quote_has_a_last_trade_and_no_sides() -> None:
    crossed = replace(QUOTE, bid=D(700), ask=D(500))

    assert fired_at(Comparison.ABOVE, D(650), crossed) is None
    assert fired_at(Comparison.BELOW, D(550), crossed) is None
    assert fired_at(Comparison.ABOVE, D(599), crossed) == ("last", D("600.00"))


@pytest.mark.parametrize(
    "doubt",
    [{"stale": True}, {"halted": True}, *({"data_type": kind} for kind in DataType if kind is not DataType.LIVE)],
)
def test_a_quote_that_is_not_the_market_now_fires_nothing(doubt: dict[str, object]) -> None:
    assert fired_at(Comparison.ABOVE, D(1), replace(QUOTE, **doubt)) is None


def test_a_price_that_nobody_told_fires_nothing() -> None:
    assert fired_at(Comparison.ABOVE, D(1), Quote(con_id=1)) is None
    assert fired_at(Comparison.BELOW, D(1000), Quote(con_id=1)) is None


def test_a_price_alert_reads_as_the_order_line_writes_it() -> None:
    waiting = PriceAlert(number=3, con_id=1, label="SPY", comparison=Comparison.ABOVE, price=D("600.00"), created=NOON)

    assert waiting.text == "SPY > 600"


def test_an_alert_in_words_says_how_often_and_whether_it_is_over() -> None:
    alert = Alert(
        number=1,
        kind=AlertKind.RESTRICTION,
        cause="halt 1",
        severity=Severity.WARNING,
        text="GME is halted.",
        since=NOON,
        time=NOON,
    )

    assert alert.words == "WARNING GME is halted."
    assert replace(alert, count=3, lasting=True, over=NOON).words == "WARNING GME is halted. (3 times) - over"
    assert not alert.holds
    assert replace(alert, lasting=True).holds
    assert not replace(alert, lasting=True, over=NOON).holds
