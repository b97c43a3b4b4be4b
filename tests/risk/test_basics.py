"""What every order must get right: texts that can be sent, and the words where they can't."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.orders import TAG_LIMIT, OrderType
from core.risk.basics import sendable
from core.risk.circumstances import deny, is_plain, short
from tests.risk.test_prices import AROUND, fitting

D = Decimal
LIMIT = fitting(OrderType.LMT)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"order_ref": ""}, "order_ref is empty or has characters outside printable ASCII. Not sent; give it another."),
        ({"account": "DU\t"}, "account is empty or has characters outside printable ASCII. Not sent; give it another."),
        (
            {"tag": "x" * (TAG_LIMIT + 1)},
            "tag is longer than 64 characters or has some that can't be printed. Not sent; give it another.",
        ),
        (
            {"strategy": "a\x07"},
            "strategy is longer than 64 characters or has some that can't be printed. Not sent; give it another.",
        ),
        ({"arrival_price": D("NaN")}, "arrival price is no number. Not sent; leave it out."),
    ],
)
def test_texts_that_can_not_be_sent_are_named(change: dict[str, object], words: str) -> None:
    denied = sendable(replace(LIMIT, **change), AROUND)

    assert denied is not None
    assert denied.code is DenialCode.BAD_COMMAND
    assert denied.message == f"The order's {words}"


def test_the_longest_tag_and_an_arrival_price_pass() -> None:
    assert (
        sendable(replace(LIMIT, tag="x" * TAG_LIMIT, strategy="y" * TAG_LIMIT, arrival_price=D("233.335")), AROUND)
        is None
    )


@pytest.mark.parametrize(
    ("number", "plain", "words"),
    [
        ("1234567.5", True, "1234567.5"),
        ("999999999999999", True, "999999999999999"),
        ("1E+15", False, "1e+15"),
        ("1E-28", True, "0.0000000000000000000000000001"),
        ("1E-29", False, "1e-29"),
        ("-12", True, "-12"),
        ("NaN", False, "NaN"),
        ("sNaN", False, "sNaN"),
        ("-Infinity", False, "-Infinity"),
    ],
)
def test_numbers_that_a_person_could_have_meant(number: str, plain: bool, words: str) -> None:
    assert is_plain(D(number)) is plain
    assert short(D(number)) == words


def test_a_denial_names_no_limit_unless_it_met_one() -> None:
    assert deny(DenialCode.TICK, "Off.").limit == ""
    assert deny(DenialCode.TICK, "Off.", limit="order_value").limit == "order_value"
