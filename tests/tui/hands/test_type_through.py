"""Rule 2: typing a ticker in a pane finds a symbol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.hands.type_through import NOTHING, WINDOW, Typed, is_foreign, is_letter, type_letter

lower = st.sampled_from("abcdefghijklmnopqrstuvwxyz")


def type_word(word: str, gap: float) -> str | None:
    """What is searched for after each letter was typed so fast; None while nothing is."""
    typed, now = NOTHING, 0.0
    for letter in word:
        typed, text = type_letter(typed, letter, now)
        if text is not None:
            return text
        now += gap
    return None


@given(lower, lower.filter(lambda letter: letter not in "hjkl"), st.floats(0, WINDOW))
def test_rule_2_two_letters_within_the_window_are_a_word(first: str, second: str, gap: float) -> None:
    assert type_word(first + second, gap) == first + second


@given(lower, lower, st.floats(WINDOW + 0.001, 60))
def test_rule_2_a_late_letter_is_a_first_one(first: str, second: str, gap: float) -> None:
    assert type_word(first + second, gap) is None


@given(lower, lower, st.floats(0, 600))
def test_rule_2_a_letter_over_the_untouched_ticket_of_the_first_is_a_word(first: str, second: str, gap: float) -> None:
    typed, text = type_letter(NOTHING, first, 0)
    assert text is None

    _, text = type_letter(typed, second, gap, opened=first)

    assert text == first + second or (first == second and first in "hjkl" and gap <= WINDOW)


@pytest.mark.parametrize("letter", ["A", "Z", "B"])
def test_rule_2_an_upper_case_letter_searches_at_once(letter: str) -> None:
    assert type_word(letter, 0) == letter


@pytest.mark.parametrize("word", ["jj", "jjjj", "kkk", "llllll", "hh"])
def test_moving_the_cursor_by_the_same_letter_stays_moving(word: str) -> None:
    assert type_word(word, 0.03) is None


@pytest.mark.parametrize(("word", "text"), [("kkr", "kkr"), ("lly", "lly"), ("jjsf", "jjs"), ("hhc", "hhc")])
def test_a_ticker_that_begins_with_moves_is_found_whole(word: str, text: str) -> None:
    assert type_word(word, 0.1) == text


def test_holding_a_move_does_not_grow_a_word() -> None:
    typed = NOTHING
    for beat in range(40):
        typed, text = type_letter(typed, "j", beat * 0.03)
        assert text is None

    assert type_letter(typed, "b", 1.3)[1] == "jjb"


def test_after_a_search_nothing_is_left_over() -> None:
    typed, _ = type_letter(Typed("a", 0), "b", 0.1)

    assert typed == NOTHING


def test_rule_10_letters_of_other_layouts_are_no_commands() -> None:
    assert is_foreign("и")
    assert is_foreign("ß")
    assert not is_foreign("b")
    assert not is_foreign("1")
    assert not is_foreign(None)
    assert not is_letter("и")
    assert is_letter("b")
