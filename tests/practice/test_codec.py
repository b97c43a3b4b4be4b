"""Frames and spellings."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.practice.codec import (
    MAX_FRAME,
    FrameBuffer,
    WireError,
    ascii_text,
    decimal_text,
    frame,
    parse_decimal,
    parse_flag,
    parse_integer,
)

FIELDS = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20), min_size=1, max_size=8)


@given(messages=st.lists(FIELDS, max_size=6), cuts=st.lists(st.integers(1, 40), max_size=40))
def test_frames_survive_any_cutting(messages: list[list[str]], cuts: list[int]) -> None:
    stream = b"".join(frame("".join(f"{field}\0" for field in fields)) for fields in messages)
    buffer, found = FrameBuffer(), []
    for cut in [*cuts, len(stream)]:
        buffer.feed(stream[:cut])
        stream = stream[cut:]
        found += buffer.take()

    assert found == messages


@pytest.mark.parametrize("length", [0, MAX_FRAME + 1, 0xFFFFFFFF, int.from_bytes(b"GET ", "big")])
def test_a_length_that_no_request_has_is_refused(length: int) -> None:
    buffer = FrameBuffer()
    buffer.feed(length.to_bytes(4, "big") + b"rest")

    with pytest.raises(WireError, match=f"frame of {length} bytes"):
        buffer.take()


def test_bytes_that_are_no_utf8_are_kept_visible() -> None:
    buffer = FrameBuffer()
    buffer.feed((5).to_bytes(4, "big") + b"A\xff\x00B\x00")

    assert buffer.take() == [["A\\xff", "B"]]


def test_the_greeting_comes_in_pieces() -> None:
    buffer = FrameBuffer()
    buffer.feed(b"AP")
    assert buffer.take_greeting() is None
    buffer.feed(b"I\0" + frame("x\0"))
    assert buffer.take_greeting()
    assert buffer.take() == [["x"]]


def test_another_greeting_is_refused_at_its_first_wrong_byte() -> None:
    buffer = FrameBuffer()
    buffer.feed(b"AX")

    with pytest.raises(WireError):
        buffer.take_greeting()


UNSET = ["", "1.7976931348623157e+308", "1.7976931348623157E308", "1.7976931348623157e308", "1.7976931348623157E+308"]


@pytest.mark.parametrize("text", UNSET)
def test_every_spelling_of_an_unset_number_is_none(text: str) -> None:
    assert parse_decimal(text) is None


WHOLE = ["2147483647", "9223372036854775807", "-9223372036854775808", "170141183460469231731687303715884105727"]


@pytest.mark.parametrize("text", WHOLE)
def test_the_largest_whole_numbers_are_unset_quantities(text: str) -> None:
    assert parse_decimal(text) is None
    assert parse_decimal(f"{text}.5") is not None


@pytest.mark.parametrize("text", [*UNSET, *WHOLE])
def test_every_spelling_of_an_unset_integer_is_none(text: str) -> None:
    assert parse_integer(text) is None
    assert parse_flag(text) is False


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("-1", -1), ("5.0", 5), ("1e3", 1000), (str(2**62), 2**62)])
def test_integers(text: str, value: int) -> None:
    assert parse_integer(text) == value


@pytest.mark.parametrize("text", ["x", "1.5", "nan", "Infinity", str(2**63), "9" * 5000, "1e300"])
def test_what_is_no_integer_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        parse_integer(text)


@pytest.mark.parametrize("text", ["nan", "sNaN", "abc", "1,5", "--1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        parse_decimal(text)


def test_infinity_is_a_number() -> None:
    assert parse_decimal("Infinite") == parse_decimal("Infinity") == Decimal("Infinity")
    assert decimal_text(Decimal("Infinity")) == "Infinity"


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("true", True), ("0", False), ("false", False), ("0.0", False), ("1.0", True)]
)
def test_flags(text: str, value: bool) -> None:
    assert parse_flag(text) is value


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_numbers_are_plain_on_the_wire_and_lose_nothing(value: Decimal) -> None:
    text = decimal_text(value)

    assert parse_decimal(text) == value
    assert "e" not in text.lower()
    assert not ("." in text and text.endswith(("0", ".")))


@pytest.mark.parametrize(
    ("value", "text"), [("100.0", "100"), ("1E+2", "100"), ("0.10", "0.1"), ("-0.0", "0"), ("233.33", "233.33")]
)
def test_sizes_have_no_decimals(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain 'text'\n", "plain 'text'\n"),
        ("é", "\\u00e9"),
        ("5 € 🙂", "5 \\u20ac \\ud83d\\ude42"),
        ("\udc80", "\\udc80"),
    ],
)
def test_text_beyond_ascii_is_escaped_in_units_of_utf16(text: str, escaped: str) -> None:
    assert ascii_text(text) == escaped


@given(text=st.text())
def test_escaped_text_is_ascii_and_comes_back(text: str) -> None:
    escaped = ascii_text(text)

    assert escaped.isascii()
    if "\\" not in text:
        units = escaped.encode().decode("unicode-escape").encode("utf-16-be", "surrogatepass")
        assert units == text.encode("utf-16-be", "surrogatepass")
