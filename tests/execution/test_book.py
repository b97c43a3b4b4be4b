"""The book: orders by every name, executions by their stem."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.executions import Execution
from core.domain.instructions import Oca
from core.domain.orders import Order, OrderState, Pending, Side, Terms
from core.execution.book import OrderBook
from tests.domain.test_values import ORDER
from tests.execution.reports import D, filled

MINE = replace(ORDER, order_ref="mine", order_id=5, client_id=17, perm_id=None)
KNOWN = replace(ORDER, order_ref="known", order_id=6, client_id=17, perm_id=600)
THEIRS = replace(ORDER, order_ref="ext-700", order_id=5, client_id=0, perm_id=700, external=True)


def book() -> OrderBook:
    """Three orders, two of them with the same order id at different clients."""
    made = OrderBook()
    for order in (MINE, KNOWN, THEIRS):
        made.put(order)
    return made


def execution(exec_id: str, quantity: str, order_ref: str = "mine", perm_id: int = 0) -> Execution:
    """One execution."""
    return filled(exec_id, quantity, order_ref=order_ref, perm_id=perm_id).execution


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(list(OrderState)))))
def test_live_orders_are_those_that_may_still_fill_whatever_became_of_them(
    changes: list[tuple[str, OrderState]],
) -> None:
    made = OrderBook()
    for number, (order_ref, state) in enumerate(changes, start=1):
        made.put(replace(ORDER, order_ref=order_ref, order_id=number, perm_id=None, state=state))

    live = {order.order_ref for order in made.live()}
    assert live == {order.order_ref for order in made.orders() if order.is_live}
    assert all(made.get(order.order_ref) is order for order in made.live())


def test_the_best_name_finds_the_order() -> None:
    orders = book()

    assert orders.find(order_ref="mine", perm_id=600, client_id=17, order_id=6) == MINE
    assert orders.find(perm_id=600, client_id=17, order_id=5) == KNOWN
    assert orders.find(client_id=17, order_id=5) == MINE
    assert orders.find(client_id=0, order_id=5) == THEIRS
    assert orders.find(client_id=1, order_id=5) is None
    assert orders.find(order_id=0, client_id=17) is None
    assert orders.find() is None
    assert orders.get("mine") == MINE
    assert orders.get("nobody") is None


def test_an_address_is_not_believed_against_another_name() -> None:
    orders = book()

    assert orders.find(perm_id=999, client_id=17, order_id=6) is None, "this order has another permanent number"
    assert orders.find(perm_id=999, client_id=17, order_id=5) == MINE, "this one has none yet"
    assert orders.find(order_ref="another's", perm_id=999, client_id=17, order_id=5) is None
    assert orders.find(order_ref="their own text", client_id=0, order_id=5) == THEIRS


def test_a_replaced_order_is_found_by_its_new_names() -> None:
    orders = book()

    orders.put(replace(MINE, perm_id=500))

    assert orders.find(perm_id=500) == replace(MINE, perm_id=500)
    assert len(list(orders.orders())) == 3


def test_live_orders_and_what_they_may_still_fill() -> None:
    orders = OrderBook()
    shape = replace(MINE, quantity=D(100))
    orders.put(replace(shape, order_ref="a", filled=D(30)))
    orders.put(replace(shape, order_ref="b", state=OrderState.UNKNOWN))
    orders.put(replace(shape, order_ref="c", state=OrderState.CANCELLED))
    orders.put(replace(shape, order_ref="d", side=Side.SELL))
    orders.put(replace(shape, order_ref="e", con_id=2))
    orders.put(replace(shape, order_ref="f", account="DU7"))
    orders.put(replace(shape, order_ref="g", external=True))
    terms = Terms(quantity=D(100), limit_price=None)
    orders.put(replace(shape, order_ref="h", quantity=D(10), pending=Pending.MODIFY, previous=terms))

    assert [order.order_ref for order in orders.live()] == ["a", "b", "d", "e", "f", "g", "h"]
    assert orders.working.tally("DU1234567", 1, Side.BUY).units == 70 + 100 + 100 + 100
    assert orders.working.tally("DU1234567", 1, Side.SELL).units == 100
    assert orders.working.tally("DU1234567", 9, Side.SELL).units == 0


def test_executions_are_kept_once_and_corrected_upwards() -> None:
    orders = book()

    assert orders.add_execution(execution("x.01", "40"))
    assert not orders.add_execution(execution("x.01", "40"))
    assert orders.add_execution(execution("x.02", "60"))
    assert not orders.add_execution(execution("x.01", "40"))
    assert orders.filled("mine")[0] == 60
    assert orders.filled("known") == (D(0), None)
    assert orders.execution("x.01") == orders.execution("x.02") == execution("x.02", "60")
    assert orders.execution("y.01") is None


def test_a_commission_is_kept_through_repetitions() -> None:
    orders = book()
    paid = replace(execution("x.01", "40"), commission=D(1), commission_currency="USD")
    orders.add_execution(execution("x.01", "40"))

    assert orders.add_execution(paid)
    assert not orders.add_execution(paid)
    assert not orders.add_execution(execution("x.01", "40"))
    assert orders.execution("x.01") == paid


def test_executions_that_came_first_are_adopted() -> None:
    orders = OrderBook()
    orders.add_execution(execution("x.01", "40", order_ref="", perm_id=700))
    orders.add_execution(execution("y.01", "10", order_ref="text", perm_id=700))
    orders.add_execution(execution("z.01", "5", order_ref="", perm_id=0))
    orders.put(THEIRS)

    adopted = orders.adopt_executions(THEIRS)

    assert [(one.exec_id, one.order_ref) for one in adopted] == [("x.01", "ext-700"), ("y.01", "ext-700")]
    assert orders.filled("ext-700")[0] == 50
    assert orders.adopt_executions(THEIRS) == []


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.booleans()), max_size=20),
)
def test_any_order_of_arrival_keeps_the_latest_revisions(told: list[tuple[int, int, bool]]) -> None:
    orders = OrderBook()
    latest: dict[int, int] = {}
    for stem, revision, paid in told:
        one = execution(f"{stem}.{revision:02d}", str(revision * 10))
        orders.add_execution(replace(one, commission=D(1)) if paid else one)
        latest[stem] = max(latest.get(stem, 0), revision)

    assert orders.filled("mine")[0] == sum(revision * 10 for revision in latest.values())
    assert {one.exec_id for one in orders.executions()} == {f"{s}.{r:02d}" for s, r in latest.items()}


def attached(number: int, parent: int, **changes: object) -> Order:
    """An order that belongs to another one."""
    known = replace(ORDER, order_ref=f"ref-{number}", order_id=number, perm_id=None, parent_ref=f"ref-{parent}")
    return replace(known, **changes)


def test_children_are_the_live_ones_in_their_order() -> None:
    made = OrderBook()
    for number in (2, 3, 4):
        made.put(attached(number, 1))
    made.put(attached(3, 1, state=OrderState.CANCELLED))
    made.put(attached(2, 1, quantity=D(7)))

    assert [(child.order_ref, child.quantity) for child in made.children("ref-1")] == [
        ("ref-2", D(7)),
        ("ref-4", D(100)),
    ]
    assert made.children("ref-2") == []


@pytest.mark.parametrize(
    ("parent", "sibling", "expected"),
    [
        ({}, {}, False),
        ({"pending": Pending.CANCEL}, {}, True),
        ({"state": OrderState.REJECTED}, {}, True),
        ({}, {"filled": D(1)}, True),
        ({}, {"pending": Pending.CANCEL}, True),
        ({"filled": D(1)}, {}, False),
    ],
)
def test_an_exit_ends_with_its_parent_or_its_sibling(
    parent: dict[str, object], sibling: dict[str, object], expected: bool
) -> None:
    made = OrderBook()
    made.put(replace(ORDER, order_ref="ref-1", order_id=1, perm_id=None, **parent))
    made.put(attached(2, 1))
    made.put(attached(3, 1, **sibling))

    assert made.goes_with_another(attached(2, 1)) is expected


def test_members_of_a_group_end_with_each_other() -> None:
    made = OrderBook()
    group = replace(ORDER, oca=Oca(group="a"), perm_id=None)
    filled = replace(group, order_ref="one", order_id=1, filled=D(1))
    other = replace(group, order_ref="two", order_id=2)
    stranger = replace(other, order_ref="three", order_id=3, oca=Oca(group="b"))
    for order in (filled, other, stranger, ORDER):
        made.put(order)

    assert [made.goes_with_another(order) for order in (filled, other, stranger, ORDER)] == [False, True, False, False]


def test_a_combination_counts_its_own_fills() -> None:
    made = OrderBook()
    order = replace(ORDER, order_ref="ref-1", con_id=-5)
    made.put(order)
    for con_id, exec_id in ((-5, "0001.01.01"), (11, "0002.01.01"), (12, "0003.01.01")):
        one = replace(execution(exec_id, "2", order_ref="ref-1"), con_id=con_id, price=D(con_id))
        assert made.add_execution(one)

    assert made.filled("ref-1") == (D(2), D(-5))
