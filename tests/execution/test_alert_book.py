"""Folding: whatever comes, never a storm and never silence."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.alerts import AlertKind, Severity
from core.execution.alert_book import CALM_SECONDS, KEPT, QUIET_SECONDS, AlertBook, Occurrence, cause_of
from tests.execution.clockwork import START


def met(cause: str = "1100", severity: Severity = Severity.ALARM, text: str = "the link is down") -> Occurrence:
    """Something of one cause."""
    return Occurrence(AlertKind.CONNECTION, cause, severity, text)


def after(seconds: float) -> datetime:
    """So long after the start."""
    return START + timedelta(seconds=seconds)


@pytest.mark.covers("D4.9")
def test_a_hundred_times_the_same_is_one_alert_with_a_count_that_calls_once() -> None:
    book = AlertBook()
    rung = [book.happened(met(text=f"time {second}"), after(second)).rings for second in range(100)]

    (alert,) = book
    assert rung == [True] + [False] * 99
    assert (alert.count, alert.text, alert.since, alert.time) == (100, "time 99", START, after(99))
    assert not alert.seen


@pytest.mark.covers("D4.9")
def test_a_flapping_link_is_one_alert_with_a_count() -> None:
    book = AlertBook()
    rung = 0
    for flap in range(100):
        begun = book.begins(met(), after(2 * flap))
        assert begun is not None
        rung += begun.rings
        assert book.begins(met(), after(2 * flap + 0.5)) is None, "it is down already"
        ended = book.ends(AlertKind.CONNECTION, "1100", after(2 * flap + 1))
        assert ended is not None
        assert ended.over == after(2 * flap + 1)

    (alert,) = book
    assert (rung, alert.count, alert.holds) == (1, 100, False)


def test_a_cause_that_was_quiet_for_long_calls_again_as_another_alert() -> None:
    book = AlertBook()
    book.happened(met(), START)

    assert not book.happened(met(), after(QUIET_SECONDS - 1)).rings
    assert book.happened(met(), after(2 * QUIET_SECONDS - 1)).rings
    assert [alert.number for alert in book] == [1, 2]


def test_what_was_seen_is_new_again_at_once_and_calls_after_a_calm_minute() -> None:
    book = AlertBook()
    book.happened(met(), START)
    assert [alert.number for alert in book.see(())] == [1]
    assert book.see(()) == [], "seen already"

    again = book.happened(met(), after(CALM_SECONDS - 1))
    assert (again.rings, again.alert.seen, again.alert.number) == (False, False, 1)

    book.see([1])
    later = book.happened(met(), after(2 * CALM_SECONDS))
    assert (later.rings, later.alert.number) == (True, 2)


def test_what_ended_for_a_calm_minute_calls_when_it_is_back_though_nobody_saw_it() -> None:
    book = AlertBook()
    book.begins(met(), START)
    book.ends(AlertKind.CONNECTION, "1100", after(300))

    back = book.begins(met(), after(300 + CALM_SECONDS))
    assert back is not None
    assert (back.rings, back.alert.number) == (True, 2)


def test_a_state_that_was_seen_stays_seen_for_as_long_as_it_lasts() -> None:
    book = AlertBook()
    book.begins(met(), START)
    book.see([1])

    assert book.begins(met(), after(10 * QUIET_SECONDS)) is None
    assert next(iter(book)).seen


def test_getting_severer_calls_at_once_and_getting_milder_does_not() -> None:
    book = AlertBook()
    assert book.happened(met(severity=Severity.WARNING), START).rings
    severer = book.happened(met(severity=Severity.ALARM), after(1))
    milder = book.happened(met(severity=Severity.WARNING), after(2))

    assert (severer.rings, milder.rings) == (True, False)
    assert milder.alert.severity is Severity.ALARM

    lasting = AlertBook()
    assert lasting.begins(met(severity=Severity.WARNING), START) is not None
    worse = lasting.begins(met(severity=Severity.ALARM), after(1))
    assert worse is not None
    assert (worse.rings, worse.alert.count) == (True, 2)


def test_what_is_only_information_calls_nobody() -> None:
    assert not AlertBook().happened(met(severity=Severity.INFO), START).rings


def test_causes_and_kinds_are_apart() -> None:
    book = AlertBook()
    book.happened(met("1100"), START)
    book.happened(met("gateway"), START)
    book.happened(met("1100")._replace(kind=AlertKind.OTHER), START)

    assert [alert.count for alert in book] == [1, 1, 1]
    assert [alert.number for alert in book] == [1, 2, 3]


def test_an_end_that_nobody_told_the_beginning_of_is_none() -> None:
    book = AlertBook()
    book.happened(met(), START)

    assert book.ends(AlertKind.CONNECTION, "1100", after(1)) is None, "it does not last"
    assert book.ends(AlertKind.CONNECTION, "gateway", after(1)) is None


def test_an_event_of_the_same_cause_does_not_end_what_lasts() -> None:
    book = AlertBook()
    book.begins(met(), START)
    book.happened(met(), after(1))

    assert next(iter(book)).holds


def test_the_oldest_that_was_seen_is_forgotten_first_and_what_holds_last() -> None:
    book = AlertBook()
    book.begins(met("holds"), START)
    for number in range(KEPT - 1):
        book.happened(met(f"{number}"), after(number))
    book.see([5])
    book.happened(met("one more"), after(500))
    book.happened(met("and one"), after(501))

    numbers = [alert.number for alert in book]
    assert len(numbers) == KEPT
    assert {1, KEPT + 1, KEPT + 2} <= set(numbers)
    assert not {2, 5} & set(numbers)
    assert book.get(5) is None
    assert book.happened(met("3"), after(502)).alert.number == KEPT + 3, "number 5 was its alert"


def test_numbers_are_never_given_out_twice() -> None:
    book = AlertBook()
    for number in range(KEPT + 1):
        book.happened(met(f"{number}"), START)
    book.see(())
    copy = book.copy()

    assert book.highest == copy.highest == KEPT + 1
    assert copy.happened(met("new"), START).alert.number == KEPT + 2
    assert book.highest == KEPT + 1


def test_words_that_differ_by_figures_alone_are_one_cause() -> None:
    assert cause_of("Core stood still for 7 s: prices are old") == cause_of(
        "Core stood still for 1,012.5 s: prices are old"
    )
    assert cause_of("#7 was cancelled") == cause_of("#12 was cancelled")
    assert cause_of("The farm usfarm is broken") != cause_of("The farm eufarm is broken")


class Step(NamedTuple):
    """One thing that comes, so long after the one before."""

    seconds: float
    what: str
    cause: int
    severity: Severity


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from([0.0, 0.1, 1.0, 30.0, 59.0, 61.0, 599.0, 601.0]),
        st.sampled_from(["happens", "begins", "ends", "is seen"]),
        st.integers(1, 3),
        st.sampled_from(list(Severity)),
    ),
    max_size=80,
)


@pytest.mark.covers("D4.9")
@given(STEPS)
def test_never_a_storm_and_never_silent(steps: list[Step]) -> None:
    book, now = AlertBook(), START
    rang: dict[int, list[tuple[datetime, Severity]]] = {}
    occurrences = 0
    for step in steps:
        now += timedelta(seconds=step.seconds)
        cause = f"{step.cause}"
        one = met(cause, step.severity, text=f"at {now}")
        folded = None
        match step.what:
            case "happens":
                folded = book.happened(one, now)
            case "begins":
                held = book.latest(one.kind, cause)
                folded = book.begins(one, now)
                assert folded is not None or (held is not None and held.holds)
            case "ends":
                book.ends(one.kind, cause, now)
            case _:
                book.see(())
                assert all(alert.seen for alert in book)
        if folded is None:
            continue
        occurrences += 1
        latest = book.latest(one.kind, cause)
        assert latest == folded.alert
        assert (latest.text, latest.time, latest.seen, latest.over) == (one.text, now, False, None), "never silent"
        assert latest.severity.rank >= one.severity.rank
        if folded.rings:
            rang.setdefault(step.cause, []).append((now, one.severity))

    assert sum(alert.count for alert in book) == occurrences
    for calls in rang.values():
        for (before, mild), (later, severe) in pairwise(calls):
            calm = (later - before).total_seconds() >= CALM_SECONDS
            assert calm or severe.rank > mild.rank, "never a storm"
        assert all(severity is not Severity.INFO for _, severity in calls)
