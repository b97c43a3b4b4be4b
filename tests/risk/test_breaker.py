"""The breaker by itself, against a model that remembers everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.trading import BreakerState
from core.risk.breaker import LONGEST_FACTOR, Breaker, BreakerRule

RULE = BreakerRule(failures=3, within=60.0, pause=30.0)
CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


def failed(breaker: Breaker, *moments: float) -> Breaker:
    """After failures at these moments."""
    for at in moments:
        breaker = breaker.failed(at, RULE)
    return breaker


def test_it_opens_at_so_many_failures_within_the_time_and_not_before() -> None:
    assert failed(Breaker(), 0, 30).state(30) is CLOSED
    assert failed(Breaker(), 0, 30, 59.9).state(59.9) is OPEN
    assert failed(Breaker(), 0, 30, 60).state(60) is CLOSED, "the first is a minute old"
    assert failed(Breaker(), 0, 30, 60, 89).state(89) is OPEN


def test_it_is_half_open_after_the_pause_and_each_failure_begins_that_anew() -> None:
    opened = failed(Breaker(), 0, 1, 2)

    assert (opened.state(31.9), opened.state(32)) == (OPEN, HALF_OPEN)
    assert failed(opened, 20).state(49.9) is OPEN
    assert failed(opened, 20).state(50) is HALF_OPEN


def test_one_success_closes_it_half_open_and_proves_nothing_before() -> None:
    opened = failed(Breaker(), 0, 1, 2)

    assert opened.succeeded(31) == opened
    assert opened.succeeded(32) == Breaker()
    assert failed(Breaker(), 0).succeeded(1) == failed(Breaker(), 0), "failures in between still count"


def test_each_attempt_that_fails_doubles_the_pause_up_to_a_longest() -> None:
    breaker, now, pauses = failed(Breaker(), 0, 1, 2), 2.0, []
    for _ in range(6):
        assert breaker.until is not None
        pauses.append(breaker.until - now)
        now = breaker.until
        breaker = failed(breaker, now)

    assert pauses == [30, 60, 120, 240, 480, 480]
    assert pauses[-1] == LONGEST_FACTOR * RULE.pause
    assert breaker.succeeded(now + 480) == Breaker(), "and one success ends all of that"


@given(
    steps=st.lists(st.tuples(st.floats(0.01, 100), st.sampled_from(["fail", "succeed", "look"])), max_size=60),
    failures=st.integers(1, 4),
)
def test_whatever_happens_it_is_as_a_model_with_a_whole_memory_says(
    steps: list[tuple[float, str]], failures: int
) -> None:
    rule = BreakerRule(failures=failures, within=60.0, pause=30.0)
    breaker, now = Breaker(), 0.0
    since: list[float] = []
    opened: list[float] = []
    for pause, step in steps:
        now += pause
        doubled = min(30.0 * 2 ** (len(opened) - 1), 480.0) if opened else 0.0
        half = bool(opened) and now >= opened[-1] + doubled
        expected = HALF_OPEN if half else OPEN if opened else CLOSED
        assert breaker.state(now) is expected
        if step == "fail":
            breaker = breaker.failed(now, rule)
            since.append(now)
            if half:
                opened.append(now)
            elif opened:
                opened[-1] = now
            elif sum(now - at < 60.0 for at in since) >= failures:
                opened.append(now)
        elif step == "succeed":
            breaker = breaker.succeeded(now)
            if half:
                since, opened = [], []
