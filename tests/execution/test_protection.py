"""Whether a position that was to have a stop has one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.instructions import Oca
from core.domain.orders import Order, OrderState, OrderType, Pending, Side, terms_of
from core.execution.book import OrderBook
from core.execution.holdings import Holdings
from core.execution.protection import Guarded, missing
from tests.execution.clockwork import START
from tests.journal.values import order as taken

D = Decimal
KEY = taken(1).account, taken(1).con_id


def entry(number: int = 1, *, filled: str = "0", state: OrderState = OrderState.WORKING) -> Order:
    """An order that opens a long position of 100."""
    return replace(taken(number), side=Side.BUY, quantity=D(100), filled=D(filled), state=state)


def stop(number: int = 2, *, quantity: str = "100", state: OrderState = OrderState.WORKING, **about: object) -> Order:
    """A stop under a long position."""
    made = replace(
        taken(number),
        side=Side.SELL,
        quantity=D(quantity),
        order_type=OrderType.STP,
        limit_price=None,
        stop_price=D(230),
        state=state,
    )
    return replace(made, **about)


def holding(units: str) -> Holdings:
    """What is held of it."""
    made = Holdings()
    made.restore([(*KEY, D(units))], START)
    return made


def told(*orders: Order, units: str = "100") -> Guarded:
    """What is guarded after these orders were heard of."""
    book, guarded = OrderBook(), Guarded()
    for order in orders:
        book.put(order)
    for order in orders:
        guarded.order(order, book, holding(units))
    return guarded


@pytest.mark.covers("D4.9")
def test_a_stop_that_works_under_what_is_held_guards_it() -> None:
    assert KEY in told(stop())
    assert list(told(stop())) == [KEY]


def test_a_bracket_guards_from_its_first_fill_on_whatever_became_of_the_stop() -> None:
    for state in OrderState:
        assert KEY in told(entry(filled="10"), stop(parent_ref=entry().order_ref, state=state), units="10"), state


@pytest.mark.parametrize(
    "orders",
    [
        (entry(filled="100"),),
        (stop(state=OrderState.CANCELLED),),
        (stop(external=True),),
        (stop(side=Side.BUY),),
        (stop(order_type=OrderType.LMT),),
        (entry(), stop(parent_ref=entry().order_ref, state=OrderState.DENIED)),
    ],
)
def test_what_had_no_stop_of_ours_is_not_guarded(orders: tuple[Order, ...]) -> None:
    assert KEY not in told(*orders)


def test_nothing_is_guarded_that_is_flat_or_not_known() -> None:
    assert KEY not in told(stop(), units="0")
    book, guarded = OrderBook(), Guarded()
    book.put(stop())
    guarded.order(stop(), book, Holdings())
    assert KEY not in guarded


@pytest.mark.parametrize(("units", "kept"), [("100", True), ("1", True), ("0", False), ("-100", False)])
def test_flat_or_turned_round_it_is_no_longer_what_was_guarded(units: str, kept: bool) -> None:
    guarded = told(stop())
    guarded.position(KEY, holding(units))

    assert (KEY in guarded) is kept


def test_an_unknown_position_changes_nothing() -> None:
    guarded = told(stop())
    guarded.position(KEY, Holdings())
    guarded.position(("DU1", 1), holding("100"))

    assert list(guarded) == [KEY]


def test_the_record_brings_back_the_same() -> None:
    guarded = told(stop())
    again = Guarded(guarded.recorded())
    again.position(KEY, holding("-100"))

    assert guarded.recorded() == ((*KEY, 1),)
    assert list(again) == []


def lacks(units: str, *orders: Order, others: tuple[Order, ...] = ()) -> Decimal:
    """Units without a stop."""
    book = OrderBook()
    for order in (*orders, *others):
        book.put(order)
    return missing(D(units), orders, book)


@pytest.mark.covers("D4.9")
def test_without_a_stop_all_of_it_is_missing_and_with_one_what_it_does_not_cover() -> None:
    assert lacks("100") == 100
    assert lacks("-100") == 100
    assert lacks("100", stop()) == 0
    assert lacks("100", stop(quantity="30")) == 70
    assert lacks("100", stop(2, quantity="30"), stop(3, quantity="30")) == 40
    assert lacks("100", stop(quantity="500")) == 0
    assert lacks("-100", stop(side=Side.BUY)) == 0


def test_a_stop_of_another_client_counts() -> None:
    assert lacks("100", stop(external=True)) == 0


@pytest.mark.parametrize("state", [one for one in OrderState if one is not OrderState.WORKING])
def test_a_stop_that_does_not_surely_work_does_not_count(state: OrderState) -> None:
    assert lacks("100", stop(state=state)) == 100


def test_a_stop_that_is_being_cancelled_or_stands_on_the_wrong_side_does_not_count() -> None:
    assert lacks("100", stop(pending=Pending.CANCEL)) == 100
    assert lacks("100", stop(side=Side.BUY)) == 100
    assert lacks("100", stop(order_type=OrderType.LMT)) == 100


def test_what_a_stop_has_filled_it_no_longer_covers() -> None:
    assert lacks("60", stop(filled=D(40))) == 0
    assert lacks("100", stop(filled=D(40))) == 40


def test_while_a_change_is_pending_the_fewer_units_count() -> None:
    more = stop(quantity="100", pending=Pending.MODIFY, previous=terms_of(stop(quantity="40")))
    fewer = stop(quantity="40", pending=Pending.MODIFY, previous=terms_of(stop(quantity="100")))

    assert lacks("100", more) == lacks("100", fewer) == 60


def test_of_stops_that_cancel_each_other_the_largest_counts() -> None:
    group = Oca(group="out")

    assert lacks("100", stop(2, quantity="60", oca=group), stop(3, quantity="80", oca=group)) == 20


def test_a_stop_that_waits_for_its_entry_covers_what_that_has_filled() -> None:
    waits = stop(parent_ref=entry().order_ref)

    assert lacks("100", waits, others=(entry(),)) == 100
    assert lacks("100", waits, others=(entry(filled="30"),)) == 70
    assert lacks("30", waits, others=(entry(filled="30", state=OrderState.CANCELLED),)) == 0
    assert lacks("100", waits, others=(entry(filled="100", state=OrderState.FILLED),)) == 0
