"""Durations, bar sizes and bar dates as requests and answers spell them."""

from __future__ import annotations

import pytest

from core.practice.periods import (
    BAR_SIZES,
    DAY,
    LONGEST_INTRADAY,
    MOST_BARS,
    MOST_SHORT_BARS,
    bar_date,
    bar_seconds,
    check_size,
    duration_seconds,
    histogram_seconds,
)
from core.practice.terms import RefusedError

EPOCH = 1_795_185_000  # 20 November 2026, 14:30 UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60 S", 60), ("1 D", DAY), ("2 W", 14 * DAY), ("3 M", 90 * DAY), ("1 Y", 365 * DAY), ("1800", 1800), ("1D", DAY)],
)
def test_durations(text: str, seconds: int) -> None:
    assert duration_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 321),
        ("1 X", 321),
        ("0 D", 321),
        ("-1 D", 321),
        ("90000 S", 321),
        ("400 D", 321),
        ("1.5 D", 321),
        ("99 Y", 162),
    ],
)
def test_durations_that_are_none(text: str, code: int) -> None:
    with pytest.raises(RefusedError) as refusal:
        duration_seconds(text)
    assert refusal.value.code == code


def test_bar_sizes() -> None:
    assert len(BAR_SIZES) == 21
    assert [bar_seconds(text) for text in ("1 secs", "30 mins", "8 hours", "1 day", "1 week", "1W")] == [
        1,
        1800,
        28800,
        DAY,
        7 * DAY,
        7 * DAY,
    ]
    with pytest.raises(RefusedError, match="Legal ones are: 1 secs, 5 secs"):
        bar_seconds("7 mins")


@pytest.mark.parametrize(
    ("duration", "bar"), [(MOST_BARS * 300, 300), (MOST_SHORT_BARS * 5, 5), (LONGEST_INTRADAY, 3600)], ids=str
)
def test_more_bars_than_one_answer_has_are_refused(duration: int, bar: int) -> None:
    check_size(duration, bar)
    with pytest.raises(RefusedError, match="Time length exceed max"):
        check_size(duration + bar, bar)


def test_dates_of_bars() -> None:
    assert bar_date(EPOCH, 60, 1) == "20261120 14:30:00 UTC"
    assert bar_date(EPOCH, 60, 2) == str(EPOCH)
    assert bar_date(EPOCH, DAY, 1) == bar_date(EPOCH, DAY, 2) == "20261120"


def test_periods_of_histograms() -> None:
    assert histogram_seconds("3 days") == 3 * DAY
    assert histogram_seconds("1 week") == 7 * DAY
    with pytest.raises(RefusedError):
        histogram_seconds("3 D")
