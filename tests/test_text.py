"""Text from outside can drive no terminal and shift no frame, and account numbers are never shown whole."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import (
    MAX_OUTSIDE_TEXT,
    clean,
    clean_lines,
    is_clean,
    is_wire_safe,
    mask_account,
    mask_accounts,
    masked_traceback,
    printable_json,
)
from tests.hostile import ACCOUNT, CORPUS, unclean

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
HOSTILE = st.text(
    st.sampled_from("\x1b\x00\x07\x9b\u202e\u2066\u200b\ufeff\u2028\u2029\n\r\t\ud800\ue000ab[]"), max_size=40
)


@given(ANY_TEXT | HOSTILE, st.integers(2, 60))
def test_no_control_character_survives(text: str, limit: int) -> None:
    cleaned = clean(text, limit)

    assert not {unicodedata.category(char) for char in cleaned} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert len(cleaned) <= limit
    cleaned.encode()


@given(ANY_TEXT | HOSTILE, st.integers(2, 60))
def test_cleaning_twice_changes_nothing(text: str, limit: int) -> None:
    once = clean(text, limit)

    assert clean(once, limit) == once


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=MAX_OUTSIDE_TEXT))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean(text) == text
    assert is_wire_safe(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Order\r\nrefused\t!", "Order  refused !"),
        ("a\x1b]52;c;aGk=\x07b", "ab"),
        ("\x1b]0;never ended", "]0;never ended"),
        ("\x1b\x1b[31m[31mred", "[31mred"),
        ("\x9b8;1tx\x1bPq\x1b\\", "x"),
        ("\u202eabc", "abc"),
        ("Société Générale", "Société Générale"),
        ("a\u2028b", "ab"),
    ],
)
def test_what_is_dropped(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_long_texts_end_in_an_ellipsis() -> None:
    assert clean("x" * 501) == "x" * 499 + "…"
    assert clean("x" * 500) == "x" * 500
    assert len(clean("\u202e" * 1_000_000 + "y" * 1_000_000)) == MAX_OUTSIDE_TEXT


@given(ANY_TEXT)
def test_wire_safe_is_printable_ascii(text: str) -> None:
    assert is_wire_safe(text) == all(" " <= char <= "~" for char in text)


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_nothing_of_the_corpus_survives(text: str) -> None:
    cleaned = clean(text)

    assert unclean(cleaned) == ""
    assert is_clean(cleaned)
    assert is_clean(text) == (cleaned == text)
    assert not ACCOUNT.search(mask_accounts(cleaned))


@given(ANY_TEXT | HOSTILE)
def test_lines_are_cleaned_one_by_one(text: str) -> None:
    assert clean_lines(text).split("\n") == [clean(line) for line in text.split("\n")]


@given(st.recursive(ANY_TEXT | HOSTILE, lambda inner: st.lists(inner) | st.dictionaries(ANY_TEXT, inner), max_leaves=5))
def test_json_keeps_its_meaning_and_drives_no_terminal(value: object) -> None:
    line = printable_json(json.dumps(value, ensure_ascii=False))

    assert line.isprintable()
    assert json.loads(line) == json.loads(json.dumps(value))


def test_a_traceback_shows_no_account_and_no_control_character() -> None:
    def fail(account: str) -> None:
        raise ValueError(f"no {account}\x1b[31m \u202e of DU12\x0034567")

    with pytest.raises(ValueError, match="no ") as caught:
        fail("DU1234567")
    report = masked_traceback(caught.value)

    assert "ValueError: no DU…567  of DU…567" in report
    assert "in fail" in report
    assert not any(map(unclean, report.split("\n")))


@pytest.mark.parametrize(
    ("account", "masked"),
    [("DU1234567", "DU…567"), ("U123456", "U…456"), ("DFP1234", "DFP…234"), ("", "no account"), ("1234567", "…567")],
)
def test_masked_account(account: str, masked: str) -> None:
    assert mask_account(account) == masked


ACCOUNTS = st.builds(
    lambda prefix, digits: prefix + digits,
    st.sampled_from(["U", "DU", "DF", "DUP", "DFP", "F", "I"]),
    st.text("0123456789", min_size=5, max_size=9),
)


@given(ACCOUNTS)
def test_masking_twice_changes_nothing_and_hides_all_but_three_digits(account: str) -> None:
    masked = mask_account(account)

    assert mask_account(masked) == masked
    assert mask_accounts(account) == masked
    assert sum(char.isdigit() for char in masked) == 3


@given(st.lists(ACCOUNTS, min_size=1, max_size=4), st.sampled_from([" ", ", ", ":", "/", "(", "="]))
def test_every_account_in_a_text_is_masked(accounts: list[str], between: str) -> None:
    masked = mask_accounts(f"account {between.join(accounts)} refused")

    assert not any(account in masked for account in accounts)
    assert mask_accounts(masked) == masked
    assert masked == f"account {between.join(mask_account(account) for account in accounts)} refused"


@pytest.mark.parametrize(
    "text", ["AAPL 233.33", "#7 BUY 100 F", "[201]", "U1234", "I 1000000", "EUR.USD", "XDU1234567"]
)
def test_other_text_is_not_masked(text: str) -> None:
    assert mask_accounts(text) == text
