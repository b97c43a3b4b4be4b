"""What works, summed up: after any changes the sums are those of a recount."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.instructions import Oca, Trail
from core.domain.orders import Order, OrderState, OrderType, Pending, Side, Terms, terms_of
from core.execution.book import OrderBook
from core.execution.working import NOTHING, Tally, key_of, part_of
from tests.domain.test_values import ORDER

D = Decimal
ONE = replace(ORDER, order_ref="a", perm_id=None, state=OrderState.WORKING, quantity=D(100), limit_price=D(10))

sizes = st.decimals(min_value=0, max_value=10**9, places=4)
prices = st.one_of(
    st.none(),
    st.decimals(min_value=-(10**6), max_value=10**9, places=8),
    st.sampled_from([D("NaN"), D("Infinity"), D("1E+300"), D("1E-1000000")]),
)
terms = st.builds(
    Terms,
    quantity=sizes,
    limit_price=prices,
    stop_price=prices,
    trail=st.one_of(st.none(), st.builds(Trail, amount=st.just(D(1)), stop_price=prices)),
)


@st.composite
def changes(draw: st.DrawFn) -> Order:
    """An order as any message may leave it."""
    now = draw(terms)
    pending = draw(st.one_of(st.none(), terms))
    return replace(
        ORDER,
        order_ref=draw(st.sampled_from("abcde")),
        account=draw(st.sampled_from(["DU1", "DU2"])),
        con_id=draw(st.integers(1, 3)),
        side=draw(st.sampled_from(Side)),
        state=draw(st.sampled_from(OrderState)),
        external=draw(st.booleans()),
        parent_ref=draw(st.sampled_from(["", "p"])),
        oca=draw(st.sampled_from([None, Oca(group="g")])),
        filled=draw(sizes),
        perm_id=None,
        quantity=now.quantity,
        limit_price=now.limit_price,
        stop_price=now.stop_price,
        trail=now.trail,
        previous=pending,
        pending=Pending.NONE if pending is None else Pending.MODIFY,
    )


def recount(book: OrderBook) -> dict[tuple[str, int, Side], Tally]:
    """The tallies as they come out by looking at every order."""
    found: dict[tuple[str, int, Side], Tally] = {}
    for order in book.orders():
        if order.is_live:
            found[key_of(order)] = found.get(key_of(order), NOTHING).plus(part_of(order))
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(changes(), max_size=12))
def test_sums_are_those_of_a_recount(orders: list[Order]) -> None:
    book = OrderBook()
    for order in orders:
        book.put(order)
        counted = recount(book)
        for account in ("DU1", "DU2"):
            for con_id in (1, 2, 3):
                for side in Side:
                    expected = counted.get((account, con_id, side), NOTHING)
                    assert book.working.tally(account, con_id, side) == expected
                    live = [one for one in book.live() if key_of(one) == (account, con_id, side)]
                    assert book.working.tally(account, con_id, side).units == sum(one.remaining for one in live)
                here = [one for one in book.live() if (one.account, one.con_id) == (account, con_id)]
                assert {one.order_ref for one in here} == {one.order_ref for one in book.live_in(account, con_id)}
                assert all(book.get(one.order_ref) is one for one in book.live_in(account, con_id))
            mine = [one for one in book.live() if one.account == account]
            assert book.working.ours(account) == sum(not one.external for one in mine)
            assert set(book.working.instruments(account)) == {one.con_id for one in mine}


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(changes())
def test_an_order_that_has_ended_counts_for_nothing(order: Order) -> None:
    book = OrderBook()
    book.put(order)
    book.put(replace(order, state=OrderState.CANCELLED))

    assert book.working.tally(*key_of(order)) == NOTHING
    assert book.working.ours(order.account) == 0
    assert book.working.instruments(order.account) == ()


def test_what_changed_is_told_once() -> None:
    book = OrderBook()
    book.put(ONE)
    book.put(replace(ONE, note="nothing that counts"))

    assert book.working.take_touched(ONE.account) == {ONE.con_id}
    assert book.working.take_touched(ONE.account) == set()
    book.put(replace(ONE, note="still nothing"))
    assert book.working.take_touched(ONE.account) == set()
    book.put(replace(ONE, filled=D(1)))
    assert book.working.take_touched(ONE.account) == {ONE.con_id}


def test_an_order_alone() -> None:
    assert part_of(ONE) == Tally(1, 1, D(100), D(100), D(100), D(1000), D(0))
    assert part_of(replace(ONE, external=True)).ours == 0
    assert part_of(replace(ONE, filled=D(40))) == Tally(1, 1, D(60), D(60), D(60), D(600), D(0))


@pytest.mark.parametrize("state", [OrderState.UNKNOWN, OrderState.HELD, OrderState.INTENT, OrderState.SENT])
def test_doubt_counts_whole(state: OrderState) -> None:
    assert part_of(replace(ONE, state=state)) == part_of(ONE)


def test_what_protects_is_no_taker() -> None:
    stop = replace(ONE, order_type=OrderType.STP, limit_price=None, stop_price=D(9))

    assert part_of(stop) == Tally(1, 1, D(100), D(100), D(0), D(900), D(0))
    assert part_of(replace(ONE, oca=Oca(group="g"))).taking == 0
    attached = part_of(replace(ONE, parent_ref="p"))
    assert [attached.units, attached.standing, attached.taking] == [D(100), D(0), D(0)]


def test_the_worse_of_both_terms_counts_while_a_change_is_pending() -> None:
    cheaper = replace(ONE, limit_price=D(9), quantity=D(50), previous=terms_of(ONE), pending=Pending.MODIFY)
    dearer = replace(ONE, limit_price=D(12), quantity=D(150), previous=terms_of(ONE), pending=Pending.MODIFY)
    market = replace(ONE, limit_price=None, previous=terms_of(ONE), pending=Pending.MODIFY)

    assert part_of(cheaper).priced == 1000
    assert part_of(dearer).priced == 1800
    assert [part_of(market).priced, part_of(market).unpriced] == [D(0), D(100)]


def test_an_order_that_is_becoming_a_stop_takes_until_ibkr_has_said_so() -> None:
    stop = replace(ONE, order_type=OrderType.STP, limit_price=None, stop_price=D(9))

    assert part_of(replace(stop, pending=Pending.MODIFY, previous=terms_of(ONE))).taking == 100
    assert part_of(replace(ONE, pending=Pending.MODIFY, previous=terms_of(stop))).taking == 100
    assert part_of(replace(stop, pending=Pending.MODIFY, previous=terms_of(stop))).taking == 0
