"""Columns fill the line exactly, whatever the text, and the least important give way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.columns import UNBOUNDED, Align, Column, clean, fit, place, shorten

aligns = st.sampled_from(["left", "right", "center"])
texts = st.text(max_size=30) | st.text(alphabet="漢字ab▲− 1.", max_size=30)


@given(texts, st.integers(min_value=0, max_value=20), aligns)
def test_a_field_is_exactly_as_wide_as_its_column(text: str, width: int, align: Align) -> None:
    before, shown, after = fit(text, width, align)
    assert before + cell_len(shown) + after == width
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "width", "align", "wanted"),
    [
        ("AAPL", 6, "left", "AAPL  "),
        ("233.33", 8, "right", "  233.33"),
        ("AB", 5, "center", " AB  "),
        ("a long note", 6, "left", "a lon…"),
        ("1,240.50", 6, "right", "1,240…"),
        ("漢字漢字", 5, "left", "漢字…"),
        ("漢字漢字", 6, "right", " 漢字…"),
        ("x", 0, "left", ""),
        ("[red]x[/]", 9, "left", "[red]x[/]"),
    ],
)
def test_fitting(text: str, width: int, align: Align, wanted: str) -> None:
    before, shown, after = fit(text, width, align)
    assert " " * before + shown + " " * after == wanted


def test_a_shortened_text_says_so() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
    assert shorten("ab  efg", 5) == "ab…"


def test_nothing_can_move_the_terminals_cursor() -> None:
    assert clean("a\x1b[2Jb\nc\td\u202e") == "a�[2Jb�c�d�"


def columns(*widths: int) -> list[Column]:
    return [Column(f"c{i}", "", width) for i, width in enumerate(widths)]


def test_columns_stand_side_by_side_with_a_gap() -> None:
    placed = place(columns(8, 5, 5), 40, left=2)
    assert [(spot.x, spot.width) for spot in placed] == [(2, 8), (11, 5), (17, 5)]
    assert placed[0].end == 10


def test_the_least_important_columns_vanish_first_and_the_rightmost_among_equals() -> None:
    wide = [Column("a", "", 10, priority=5), *columns(10, 10), Column("b", "", 10, priority=1)]
    shown = {width: [spot.column.key for spot in place(wide, width)] for width in (43, 42, 32, 31, 21, 9)}
    assert shown[43] == ["a", "c0", "c1", "b"]
    assert shown[42] == ["a", "c0", "c1"]
    assert shown[32] == ["a", "c0", "c1"]
    assert shown[31] == ["c0", "c1"]
    assert shown[21] == ["c0", "c1"]
    assert shown[9] == ["c0"]


def test_spare_room_goes_to_flexible_columns_up_to_their_limit() -> None:
    flexible = [
        Column("a", "", 5),
        Column("b", "", 5, max_width=7),
        Column("c", "", 5, max_width=UNBOUNDED),
    ]
    assert [spot.width for spot in place(flexible, 17)] == [5, 5, 5]
    assert [spot.width for spot in place(flexible, 20)] == [5, 7, 6]
    assert [spot.width for spot in place(flexible, 60)] == [5, 7, 46]


def test_the_last_column_is_cut_to_the_line() -> None:
    assert [(spot.x, spot.width) for spot in place(columns(30), 12, left=2)] == [(2, 10)]
    assert place(columns(30), 2, left=2) == ()
    assert place([], 80) == ()


@given(
    st.lists(
        st.builds(
            lambda width, priority, grow: (width, priority, width + grow if grow else None),
            st.integers(1, 20),
            st.integers(0, 5),
            st.integers(0, 10),
        ),
        max_size=8,
    ),
    st.integers(0, 120),
    st.integers(0, 3),
    st.integers(0, 2),
)
def test_columns_never_leave_the_line_or_overlap(
    shapes: list[tuple[int, int, int | None]], available: int, left: int, gap: int
) -> None:
    every = [
        Column(str(i), "", width, priority=priority, max_width=most) for i, (width, priority, most) in enumerate(shapes)
    ]
    placed = place(every, available, left=left, gap=gap)
    x = left
    for spot in placed:
        assert spot.x == x
        assert 0 < spot.width <= max(spot.column.width, spot.column.max_width or 0)
        x = spot.end + gap
    assert not placed or placed[-1].end <= available
    assert bool(placed) == (available > left and bool(every))
    gone = [column for column in every if column not in [spot.column for spot in placed]]
    assert not placed or not gone or max(c.priority for c in gone) <= min(s.column.priority for s in placed)
