"""The cursor belongs to a row: it moves only when that row goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.columns import Cell, Column
from tui.widgets.grid_rows import GridRows

orders = st.lists(st.sampled_from("abcdefgh"), unique=True)


def make() -> GridRows:
    return GridRows([Column("x", "X", 5), Column("y", "Y", 5)], {"", "up"}.__contains__)


def rearrange(rows: GridRows, order: list[str]) -> int | None:
    rows.drop([key for key in rows.order if key not in order])
    rows.add({key: {"x": Cell(key)} for key in order if key not in rows})
    return rows.arrange(order)


@given(st.lists(orders, max_size=6))
def test_the_cursor_keeps_its_row_while_the_row_is_there(steps: list[list[str]]) -> None:
    rows = make()
    for order in steps:
        before, old = rows.cursor, list(rows.order)
        first = rearrange(rows, order)
        assert len(rows) == len(order)
        assert [rows.index(key) for key in order] == list(range(len(order)))
        if before in order:
            assert rows.cursor == before
        else:
            assert rows.cursor in order if order else rows.cursor is None
        if first is None:
            assert old == order
        else:
            assert old[:first] == order[:first]
            assert old[first : first + 1] != order[first : first + 1]


@pytest.mark.parametrize(
    ("left", "wanted"), [("acd", "c"), ("ab", "b"), ("a", "a"), ("xy", "x"), ("dca", "c"), ("", None)]
)
def test_the_next_row_takes_a_lost_cursor(left: str, wanted: str | None) -> None:
    rows = make()
    rearrange(rows, list("abcd"))
    rows.cursor = "b"
    rearrange(rows, list(left))
    assert rows.cursor == wanted


def test_only_what_looks_different_is_a_change() -> None:
    rows = make()
    rearrange(rows, ["a"])
    assert rows.change("a", {"x": Cell("a"), "y": Cell("")}) == frozenset()
    assert rows.change("a", {"x": Cell("a", "up"), "y": Cell("")}) == {"x"}
    assert rows.change("a", {"x": Cell("b", "up"), "y": Cell("z")}) == {"x", "y"}
    assert rows["a"] == {"x": Cell("b", "up"), "y": Cell("z")}


@pytest.mark.parametrize("cells", [{"z": Cell("?")}, {"x": Cell("?", "down")}])
def test_what_could_not_be_drawn_is_refused_and_changes_nothing(cells: dict[str, Cell]) -> None:
    rows = make()
    rearrange(rows, ["a"])
    with pytest.raises(KeyError, match="the grid has no"):
        rows.change("a", {"y": Cell("new"), **cells})
    with pytest.raises(KeyError, match="the grid has no"):
        rows.add({"b": cells})
    assert rows["a"] == {"x": Cell("a")}
    assert "b" not in rows
