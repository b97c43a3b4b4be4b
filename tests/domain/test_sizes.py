"""Sizes as a person writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.domain.sizes import Size, SizeKind, size_of

D = Decimal


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("100", SizeKind.UNITS, "100"),
        ("20k", SizeKind.UNITS, "20000"),
        ("0.5", SizeKind.UNITS, "0.5"),
        ("$10k", SizeKind.VALUE, "10000"),
        ("$1_500.50", SizeKind.VALUE, "1500.50"),
        ("$200r", SizeKind.RISK, "200"),
        ("$1kR", SizeKind.RISK, "1000"),
        ("25%bp", SizeKind.BUYING_POWER, "25"),
        ("0.5%r", SizeKind.RISK_PERCENT, "0.5"),
        ("50%", SizeKind.POSITION, "50"),
        (" 100 ", SizeKind.UNITS, "100"),
    ],
)
def test_what_a_text_says(text: str, kind: SizeKind, amount: str) -> None:
    size = size_of(text)

    assert size == Size(kind, D(amount))
    assert size_of(size.text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "$0",
        "-100",
        "+100",
        "00",
        "1e3",
        "1,000",
        "$50%",
        "$25%bp",
        "10r",
        "101%",
        "101%bp",
        "1k%",
        "100 x",
        "٣",
    ],
)
def test_a_text_that_says_none(text: str) -> None:
    assert size_of(text) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (Size(SizeKind.UNITS, D(1000)), "1000"),
        (Size(SizeKind.VALUE, D(10_000)), "$10k"),
        (Size(SizeKind.VALUE, D(12_500)), "$12.5k"),
        (Size(SizeKind.VALUE, D(1_050)), "$1050"),
        (Size(SizeKind.VALUE, D(500)), "$500"),
        (Size(SizeKind.RISK, D("200.50")), "$200.5r"),
        (Size(SizeKind.BUYING_POWER, D(25)), "25%bp"),
        (Size(SizeKind.RISK_PERCENT, D("0.5")), "0.5%r"),
        (Size(SizeKind.POSITION, D(50)), "50%"),
    ],
)
def test_how_a_size_is_written(size: Size, text: str) -> None:
    assert size.text == text
