"""Fills: corrections replace, duplicates add nothing, whatever the order of arrival."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.executions import Execution, filled_and_average, latest_revisions, split_exec_id
from core.domain.orders import Side

TIME = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def fill(exec_id: str, quantity: int, price: str = "10") -> Execution:
    """One execution report of order `ref`."""
    return Execution(
        exec_id=exec_id,
        order_ref="ref",
        perm_id=1,
        order_id=1,
        client_id=17,
        account="DU1234567",
        con_id=1,
        label="AAPL",
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal(price),
        time=TIME,
    )


@st.composite
def told(draw: st.DrawFn) -> tuple[list[Execution], dict[str, tuple[Decimal, Decimal]]]:
    """Reports in any order, some more than once, of fills with up to four revisions; and what stands of each fill."""
    stands: dict[str, tuple[Decimal, Decimal]] = {}
    reports: list[Execution] = []
    for index in range(draw(st.integers(0, 5))):
        for revision in range(1, draw(st.integers(1, 4)) + 1):
            one = fill(
                f"0001f4e8.{index:08x}.01.{revision:02d}", draw(st.integers(0, 300)), str(draw(st.integers(1, 999)))
            )
            reports += [one] * draw(st.integers(1, 3))
            stands[one.stem] = (one.quantity, one.price)
    return draw(st.permutations(reports)), stands


@given(told())
def test_filled_is_the_sum_of_the_latest_revisions(
    case: tuple[list[Execution], dict[str, tuple[Decimal, Decimal]]],
) -> None:
    reports, stands = case
    quantity = sum((units for units, _ in stands.values()), Decimal(0))
    value = sum((units * price for units, price in stands.values()), Decimal(0))

    filled, average = filled_and_average(reports)

    assert filled == quantity
    assert average == (value / quantity if quantity else None)
    assert {one.stem: (one.quantity, one.price) for one in latest_revisions(reports)} == stands


@pytest.mark.parametrize(
    ("exec_id", "parts"),
    [
        ("0000e0d5.6566a9a3.01.01", ("0000e0d5.6566a9a3.01", 1)),
        ("0000e0d5.6566a9a3.01.12", ("0000e0d5.6566a9a3.01", 12)),
        ("plain", ("plain", 0)),
        ("a.b", ("a.b", 0)),
        ("a.", ("a.", 0)),
        (".5", ("", 5)),
        ("", ("", 0)),
        ("a.²", ("a.²", 0)),
        ("a.٣", ("a.٣", 0)),
    ],
)
def test_the_last_segment_counts_corrections(exec_id: str, parts: tuple[str, int]) -> None:
    assert split_exec_id(exec_id) == parts


@given(st.text(max_size=40))
def test_no_text_of_the_broker_breaks_the_split(exec_id: str) -> None:
    stem, revision = split_exec_id(exec_id)

    assert exec_id.startswith(stem)
    assert revision >= 0


def test_a_bust_takes_its_fill_back() -> None:
    assert filled_and_average([fill("a.01", 100), fill("b.01", 50, "20"), fill("a.02", 0)]) == (
        Decimal(50),
        Decimal(20),
    )
    assert filled_and_average([fill("a.01", 100), fill("a.02", 0)]) == (Decimal(0), None)
