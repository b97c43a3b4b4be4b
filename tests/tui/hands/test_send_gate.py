"""Rules 3 and 5: Enter sends what was read, once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.hands.send_gate import DEAD, STAND, SendGate, Verdict, acted, is_dead, other_key, paint, press, refocus


def test_rule_3_nothing_is_sent_before_it_stood_for_150_ms() -> None:
    gate = paint(SendGate(), "buy", 10)

    assert press(gate, "enter", "buy", 10 + STAND - 0.001)[1] is Verdict.TOO_EARLY
    assert press(gate, "enter", "buy", 10 + STAND + 0.001)[1] is Verdict.SEND


def test_rule_3_a_change_begins_the_wait_anew() -> None:
    gate = paint(SendGate(), "buy 100", 10)
    gate = paint(gate, "buy 1000", 20)

    assert press(gate, "enter", "buy 1000", 20.1)[1] is Verdict.TOO_EARLY


def test_rule_3_what_is_not_painted_is_not_sent() -> None:
    gate = paint(SendGate(), "buy 100", 10)

    assert press(gate, "enter", "buy 1000", 20)[1] is Verdict.TOO_EARLY
    assert press(SendGate(), "enter", "buy 100", 20)[1] is Verdict.TOO_EARLY
    assert press(SendGate(), "enter", None, 20)[1] is Verdict.TOO_EARLY


def test_rule_3_painting_the_same_again_is_no_change() -> None:
    gate = paint(paint(SendGate(), "buy", 10), "buy", 10.14)

    assert press(gate, "enter", "buy", 10.16)[1] is Verdict.SEND


def test_rule_3_a_ticket_that_gets_the_focus_must_be_read_again() -> None:
    gate = refocus(paint(SendGate(), "buy", 10), 20)

    assert press(gate, "enter", "buy", 20.1)[1] is Verdict.TOO_EARLY
    assert press(gate, "enter", "buy", 20.2)[1] is Verdict.SEND


@pytest.mark.row(65)
def test_rule_5_the_key_that_acted_is_dead_until_700_ms_without_it() -> None:
    gate = acted(paint(SendGate(), "buy", 0), "enter", 10)

    assert is_dead(gate, "enter", 10 + DEAD - 0.001)
    assert not is_dead(gate, "enter", 10 + DEAD + 0.001)
    assert not is_dead(gate, "f5", 10.1)


@pytest.mark.row(65)
@given(st.lists(st.floats(0.001, DEAD - 0.001), min_size=1, max_size=50))
def test_rule_5_a_key_held_down_stays_dead(gaps: list[float]) -> None:
    gate, now = acted(paint(SendGate(), "buy", 0), "enter", 10.0), 10.0
    for gap in gaps:
        now += gap
        gate, verdict = press(gate, "enter", "buy", now)
        assert verdict is Verdict.DEAD
        gate = other_key(gate, "enter", now)


def test_rule_5_another_key_ends_the_wait() -> None:
    gate = acted(paint(SendGate(), "buy", 0), "enter", 10)
    gate = other_key(gate, "b", 10.1)

    assert press(gate, "enter", "buy", 10.2)[1] is Verdict.SEND
