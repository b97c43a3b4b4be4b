"""What counts as a number, and what a person reads where it does not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.hands.numbers import explain_number, parse_number

D = Decimal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("100", "100"),
        ("0", "0"),
        ("-5", "-5"),
        ("\N{MINUS SIGN}5", "-5"),
        ("+5", "5"),
        (".33", "0.33"),
        ("233.", "233"),
        (" 7 ", "7"),
        ("1e9", "1000000000"),
        ("1E-2", "0.01"),
    ],
)
def test_numbers(text: str, number: str) -> None:
    parsed = parse_number(text)

    assert parsed is not None
    assert str(parsed) == number


@pytest.mark.parametrize(
    "text",
    ["", "abc", "10,000", "1_000", "nan", "Infinity", "1e", "1e999999", "1e16", "0x10", ".", "-", "٣", "1e-13", "--1"],
)
def test_no_numbers(text: str) -> None:
    assert parse_number(text) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_a_written_number_is_read_back(number: Decimal) -> None:
    assert parse_number(f"{number:f}") == number


@given(st.text(max_size=32))
def test_any_text_is_a_finite_number_or_none(text: str) -> None:
    parsed = parse_number(text)

    assert parsed is None or (parsed.is_finite() and len(f"{parsed:f}") < 60)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("abc", "abc is not a number"),
        ("10,000", "10,000: write 10000"),
        ("1,234,567.5", "1,234,567.5: write 1234567.5"),
        ("233,33", "233,33: write 233.33"),
        ("1e99", "1e99 is out of all proportion"),
    ],
)
def test_what_is_wrong_and_what_to_write(text: str, words: str) -> None:
    assert explain_number(text) == words
