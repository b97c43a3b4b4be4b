"""Size presets and steps."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.sizes import Size, SizeKind, size_of
from tests.tui.sample import ES, EUR, INSTRUMENTS
from tui.hands.sizes import Chosen, presets_of, size_text, step_size, stepped, unit_of

D = Decimal
AAPL = INSTRUMENTS[0]
FUTURE = next(i for i in INSTRUMENTS if i.con_id == ES)
PAIR = next(i for i in INSTRUMENTS if i.con_id == EUR)
STOCK = presets_of(AAPL, {})
TOLD = {"AAPL": ("50", "$10k", "25%bp", "$200r"), "default": ("10", "20", "0.5%r", "40")}


def units(number: int) -> Size:
    return Size(SizeKind.UNITS, D(number))


def test_presets_of_a_stock() -> None:
    assert (units(100), units(200), units(500), units(1000)) == STOCK


def test_a_future_is_not_bought_by_the_hundred() -> None:
    assert presets_of(FUTURE, {})[0] == units(1)
    assert unit_of(FUTURE) == "contracts"


def test_a_pair_counts_its_first_currency() -> None:
    assert unit_of(PAIR) == "EUR"


def test_the_profile_says_presets_by_symbol_or_for_all() -> None:
    assert [size.text for size in presets_of(AAPL, TOLD)] == list(TOLD["AAPL"])
    assert [size.text for size in presets_of(FUTURE, TOLD)] == list(TOLD["default"])


@pytest.mark.parametrize("texts", [(), ("100", "200", "300"), ("100", "200", "300", "lots")])
def test_presets_that_are_none_leave_the_own_ones(texts: tuple[str, ...]) -> None:
    assert presets_of(AAPL, {"AAPL": texts}) == STOCK


@pytest.mark.parametrize(("text", "shown"), [("1000", "1,000 shares"), ("$10k", "$10k"), ("25%bp", "25%bp")])
def test_a_size_for_a_person(text: str, shown: str) -> None:
    size = size_of(text)

    assert size is not None
    assert size_text(size, "shares") == shown


def test_steps_name_a_preset_where_they_land_on_one() -> None:
    assert step_size(Chosen(units(100), 1), 1, STOCK) == Chosen(units(200), 2)
    assert step_size(Chosen(units(200), 2), 1, STOCK) == Chosen(units(300), None)
    assert step_size(Chosen(units(100), 1), -1, STOCK) == Chosen(units(100), 1)


@pytest.mark.parametrize(
    ("size", "steps", "expected"),
    [
        ("150", 1, "200"),
        ("150", -1, "100"),
        ("$10k", 1, "$20k"),
        ("$12.5k", 1, "$20k"),
        ("$12.5k", -1, "$10k"),
        ("25%bp", 2, "75%bp"),
        ("25%bp", 9, "100%bp"),
        ("$200r", -5, "$200r"),
    ],
)
def test_each_kind_steps_by_its_own_preset(size: str, steps: int, expected: str) -> None:
    presets = (units(100), *presets_of(AAPL, TOLD)[1:])
    before = size_of(size)

    assert before is not None
    assert stepped(before, steps, presets).text == expected


def test_without_a_preset_of_its_kind_a_step_is_one_unit_or_the_size_itself() -> None:
    money = tuple(Size(SizeKind.VALUE, D(1000)) for _ in range(4))

    assert stepped(units(137), 1, money) == units(138)
    assert stepped(Size(SizeKind.RISK, D(200)), 1, money) == Size(SizeKind.RISK, D(400))


def test_nothing_steps_up_to_the_least() -> None:
    assert stepped(units(0), 1, STOCK) == units(100)


@given(st.integers(1, 10_000), st.integers(-20, 20).filter(bool))
def test_a_step_goes_its_way_and_never_below_one_step(quantity: int, steps: int) -> None:
    amount = stepped(units(quantity), steps, STOCK).amount

    assert amount % 100 == 0
    assert amount >= 100
    if steps > 0:
        assert amount > quantity
    else:
        assert amount < quantity or amount == 100
