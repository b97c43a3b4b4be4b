"""A book kept from its changes."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.domain.charts import BookChange, BookOperation, BookReset
from core.domain.depth import DEPTH_ROWS, DepthBook


def change(place: int, operation: BookOperation, price: int = 0, *, is_bid: bool = True) -> BookChange:
    """A change of one row."""
    return BookChange(
        place=place, operation=operation, is_bid=is_bid, price=Decimal(price), size=Decimal(1), market_maker=""
    )


def made(*changes: BookChange | BookReset) -> DepthBook:
    """The book that changes make."""
    book = DepthBook()
    for one in changes:
        book.apply(one)
    return book


def prices(book: DepthBook) -> tuple[list[int], list[int]]:
    """Bids and asks."""
    return [int(row.price) for row in book.bids], [int(row.price) for row in book.asks]


def test_rows_shift_close_up_and_are_replaced() -> None:
    insert, update, delete = BookOperation.INSERT, BookOperation.UPDATE, BookOperation.DELETE
    book = made(change(0, insert, 10), change(1, insert, 8), change(1, insert, 9), change(0, insert, 11, is_bid=False))
    assert prices(book) == ([10, 9, 8], [11])

    book.apply(change(0, delete))
    book.apply(change(1, update, 7))
    book.apply(change(2, update, 6))
    book.apply(change(9, delete))
    assert prices(book) == ([9, 7, 6], [11])

    book.apply(BookReset())
    assert prices(book) == ([], [])


def test_rows_beyond_those_asked_for_fall_away() -> None:
    book = made(*(change(0, BookOperation.INSERT, price) for price in range(DEPTH_ROWS + 3)))

    assert prices(book)[0] == list(range(DEPTH_ROWS + 2, 2, -1))


@given(
    st.lists(
        st.builds(
            change,
            st.integers(0, DEPTH_ROWS + 1),
            st.sampled_from(BookOperation),
            st.integers(1, 99),
            is_bid=st.booleans(),
        ),
        max_size=60,
    )
)
def test_a_book_told_whole_is_the_same_book(changes: list[BookChange]) -> None:
    book = made(*changes)
    other = made(change(0, BookOperation.INSERT, 5), *book.whole())

    assert (other.bids, other.asks) == (book.bids, book.asks)
