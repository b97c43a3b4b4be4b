"""Rule 6: four printable keys within 8 ms of each other are no typing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.hands.bursts import GAP, Burst, add_key


def run(gaps: list[float], *, printable: bool = True, in_field: bool = False) -> Burst:
    burst, now = Burst(), 10.0
    for gap in gaps:
        now += gap
        burst = add_key(burst, now, printable=printable, in_field=in_field)
    return burst


@pytest.mark.row(65)
def test_rule_6_the_fourth_key_makes_a_burst() -> None:
    assert not run([1, 0.001, 0.001]).is_dropped
    assert run([1, 0.001, 0.001, 0.001]).is_dropped


@pytest.mark.row(65)
def test_rule_6_what_follows_without_a_pause_is_dropped_too() -> None:
    burst = run([1, 0.001, 0.001, 0.001])

    assert add_key(burst, burst.at + 0.004, printable=False, in_field=False).is_dropped
    assert not add_key(burst, burst.at + 0.1, printable=False, in_field=False).is_dropped


def test_rule_6_a_run_that_begins_in_a_field_is_a_paste_into_it() -> None:
    assert not run([1, 0.001, 0.001, 0.001, 0.001], in_field=True).is_dropped


def test_a_field_that_opens_within_a_run_does_not_save_it() -> None:
    burst = add_key(Burst(), 1, printable=True, in_field=False)
    for beat in range(3):
        burst = add_key(burst, 1.001 + beat / 1000, printable=True, in_field=True)

    assert burst.is_dropped


@given(st.lists(st.floats(GAP + 0.0005, 2), min_size=1, max_size=30))
def test_fingers_are_never_dropped(gaps: list[float]) -> None:
    assert not run(gaps).is_dropped


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=30))
def test_keys_that_type_nothing_make_no_burst(gaps: list[float]) -> None:
    assert not run(gaps, printable=False).is_dropped
