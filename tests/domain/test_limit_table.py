"""Limits by name: what a symbol and an account say, and which of two values lets more through."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.limit_table import (
    DEFAULTS,
    LIMIT_FIELDS,
    LOWER_IS_LOOSER,
    OF_ACCOUNT,
    OF_PROFILE,
    LimitName,
    LimitTable,
    loosens_text,
    name_of,
    text_of,
    texts_of,
    tighter_text,
)
from core.domain.limits import Limits
from core.domain.permissions import Permissions

D = Decimal


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("order_value", LimitName("limits", "", "order_value")),
        ("symbols.AAPL.order_value", LimitName("symbols", "AAPL", "order_value")),
        ("symbols.BRK.B.order_value", LimitName("symbols", "BRK.B", "order_value")),
        ("accounts.DU1.daily_loss", LimitName("accounts", "DU1", "daily_loss")),
        ("permissions.short", LimitName("permissions", "", "short")),
    ],
)
def test_a_name_taken_apart_and_put_together(text: str, name: LimitName) -> None:
    assert name_of(text) == name
    assert name.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "order_valu",
        "limits.order_value",
        "symbols.order_value",
        "symbols.AAPL",
        "symbols.AAPL.daily_loss",
        "symbols.AAPL.breaker_failures",
        "accounts.DU1.breaker_failures",
        "accounts.DU1.breaker_seconds",
        "accounts.DU1.breaker_pause",
        "symbols.AAPL.short",
        "permissions.x.short",
        "permissions.order_value",
        "presets.AAPL",
    ],
)
def test_what_is_no_name(text: str) -> None:
    assert name_of(text) is None


def test_the_fields_that_are_named_apart_exist() -> None:
    assert set(LIMIT_FIELDS) >= LOWER_IS_LOOSER | OF_ACCOUNT | OF_PROFILE
    assert not OF_ACCOUNT & OF_PROFILE


def test_a_table_gives_back_what_was_put_in() -> None:
    limits = Limits(order_quantity=D(7), order_value=D("1e4"), daily_loss=D("12.50"))
    permissions = Permissions(
        allowed_symbols=("AAPL", "BRK B"), forbidden_exchanges=("OTC",), allowed_accounts=(), short=False
    )
    table = LimitTable(texts_of(limits, permissions))

    assert table.general == table.of("AAPL", "DU1") == limits
    assert table.permissions == permissions
    assert table.said["order_value"] == "10000"
    assert LimitTable({"nonsense": "1", "symbols.AAPL.daily_loss": "2"}).said == DEFAULTS


def test_a_symbol_and_an_account_count_in_place_of_the_general_and_of_both_the_tighter() -> None:
    table = LimitTable(
        {
            "order_value": "1000",
            "symbols.AAPL.order_value": "5000",
            "symbols.AAPL.order_quantity": "3",
            "accounts.DU1.order_value": "2000",
            "accounts.DU2.order_value": "9000",
            "accounts.DU2.daily_loss": "50",
        }
    )

    assert table.of("", "").order_value == table.of("TSLA", "DU9").order_value == 1000
    assert table.of("AAPL", "DU9").order_value == 5000
    assert table.of("TSLA", "DU1").order_value == 2000
    assert table.of("AAPL", "DU1").order_value == 2000
    assert table.of("AAPL", "DU2").order_value == 5000
    assert table.of("AAPL", "DU2").order_quantity == 3
    assert table.of("AAPL", "DU2").daily_loss == 50
    assert table.texts("AAPL", "DU1")["order_value"] == "2000"
    assert table.symbols == {"AAPL"}
    assert table.accounts == {"DU1", "DU2"}


def test_a_change_makes_another_table() -> None:
    table = LimitTable({"symbols.AAPL.order_value": "5"})
    other = table.changed("symbols.AAPL.order_value", None).changed("order_value", "9")

    assert table.of("AAPL", "").order_value == 5
    assert other.of("AAPL", "").order_value == 9
    assert other.changed("order_value", None).general == Limits()


@pytest.mark.parametrize(
    ("field", "tight", "loose"),
    [
        ("order_value", "100", "100.5"),
        ("daily_loss", "100", "none"),
        ("short", "false", "true"),
        ("forbidden_symbols", "AAPL, TSLA", "AAPL"),
        ("forbidden_symbols", "AAPL", "TSLA"),
        ("forbidden_symbols", "AAPL", "none"),
        ("allowed_symbols", "AAPL", "any"),
        ("allowed_symbols", "AAPL", "AAPL, TSLA"),
        ("allowed_symbols", "none", "AAPL"),
    ],
)
def test_which_of_two_values_lets_more_through(field: str, tight: str, loose: str) -> None:
    assert loosens_text(field, tight, loose)
    assert not loosens_text(field, tight, tight)
    if (tight, loose) != ("AAPL", "TSLA"):
        assert not loosens_text(field, loose, tight)
        assert tighter_text(field, loose, tight) == tighter_text(field, tight, loose) == tight


AMOUNTS = st.one_of(st.none(), st.decimals(min_value=0, max_value=10**9, places=3))


@given(AMOUNTS, AMOUNTS)
def test_of_two_amounts_one_is_not_looser(one: Decimal | None, other: Decimal | None) -> None:
    texts = text_of(one), text_of(other)

    assert loosens_text("order_value", *texts) == (
        (other is None and one is not None) or (one is not None and other is not None and other > one)
    )
    assert texts[0] == texts[1] or loosens_text("order_value", *texts) != loosens_text("order_value", *texts[::-1])
