"""Size presets and steps."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.tui.sample import ES, EUR, INSTRUMENTS
from tui.hands.sizes import Size, preset_size, presets_of, step_quantity, step_size, unit_of

D = Decimal
AAPL = INSTRUMENTS[0]
FUTURE = next(i for i in INSTRUMENTS if i.con_id == ES)
PAIR = next(i for i in INSTRUMENTS if i.con_id == EUR)


def test_presets_of_a_stock() -> None:
    assert presets_of(AAPL) == (D(100), D(200), D(500), D(1000))
    assert preset_size(AAPL, 3) == Size(D(500), 3)


def test_a_future_is_not_bought_by_the_hundred() -> None:
    assert preset_size(FUTURE, 1) == Size(D(1), 1)
    assert unit_of(FUTURE) == "contracts"


def test_a_pair_counts_its_first_currency() -> None:
    assert unit_of(PAIR) == "EUR"


def test_steps_name_a_preset_where_they_land_on_one() -> None:
    assert step_size(Size(D(100), 1), 1, AAPL) == Size(D(200), 2)
    assert step_size(Size(D(200), 2), 1, AAPL) == Size(D(300), None)
    assert step_size(Size(D(100), 1), -1, AAPL) == Size(D(100), 1)


def test_an_odd_quantity_steps_to_the_next_even_one() -> None:
    assert step_quantity(D(150), 1, AAPL) == D(200)
    assert step_quantity(D(150), -1, AAPL) == D(100)


@given(st.integers(1, 10_000), st.integers(-20, 20).filter(bool))
def test_a_step_goes_its_way_and_never_below_one_step(quantity: int, steps: int) -> None:
    stepped = step_quantity(D(quantity), steps, AAPL)

    assert stepped % 100 == 0
    assert stepped >= 100
    if steps > 0:
        assert stepped > quantity
    else:
        assert stepped < quantity or stepped == 100
