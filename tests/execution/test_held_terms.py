"""What an openOrder says of the terms, for types whose prices the broker moves by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from core.domain.instructions import Adaptive, Trail
from core.domain.orders import Order, OrderState, OrderType, Pending, Side, TimeInForce, terms_of, with_terms
from core.domain.reports import OpenOrderReport
from core.execution import lifecycle
from tests.domain.test_values import ORDER
from tests.execution.reports import NOON, D, completed, open_order, status

LATER = NOON + timedelta(seconds=1)
UNTIL = datetime(2026, 12, 31, 21, 0, 0, 250_000, tzinfo=UTC)


def held(order: Order, **changes: object) -> OpenOrderReport:
    """The broker's word on `order`, with what it says otherwise."""
    said = {name: getattr(order, name) for name in terms_of(order).__struct_fields__}
    return replace(open_order(), **{**said, "type_text": order.type_text, **changes})


def of(kind: OrderType, **terms: object) -> Order:
    """ORDER as another type."""
    base = replace(ORDER, order_type=kind, type_text=kind.value, limit_price=None)
    return replace(base, **terms)


TILL = of(OrderType.LMT, limit_price=D(1), tif=TimeInForce.GTD, good_till=UNTIL)
MOVED = [
    (of(OrderType.REL, offset=D("0.01"), limit_price=D(142)), {"limit_price": D("141.37")}),
    (of(OrderType.REL, offset=D("0.01")), {"limit_price": D("141.37")}),
    (of(OrderType.MIDPRICE), {"limit_price": D("141.205")}),
    (of(OrderType.MTL), {"order_type": OrderType.LMT, "limit_price": D("141.20")}),
    (of(OrderType.LMT, limit_price=D(142), algo=Adaptive()), {"limit_price": D("141.19")}),
    (of(OrderType.MKT, tif=TimeInForce.OPG), {"order_type": OrderType.MOO}),
    (of(OrderType.LMT, tif=TimeInForce.OPG, limit_price=D(1)), {"order_type": OrderType.LOO}),
    (
        of(OrderType.LMT, limit_price=D(1), tif=TimeInForce.GTD, good_till=UNTIL),
        {"good_till": UNTIL.replace(microsecond=0)},
    ),
    (TILL, {"good_till": None}),
]


@pytest.mark.parametrize(("order", "said"), MOVED)
def test_what_the_broker_moves_is_no_change_of_terms(order: Order, said: dict[str, object]) -> None:
    seen = lifecycle.from_open_order(order, held(order, **said), LATER).order

    assert terms_of(seen) == terms_of(order)
    assert seen.note == order.note


@pytest.mark.parametrize(("order", "said"), MOVED)
def test_a_change_of_such_an_order_is_confirmed(order: Order, said: dict[str, object]) -> None:
    asked = replace(order, quantity=D(50), pending=Pending.MODIFY, previous=terms_of(order))

    waits = lifecycle.from_open_order(asked, held(order, **said), LATER).order
    done = lifecycle.from_open_order(asked, held(asked, **said), LATER).order

    assert (waits.pending, waits.quantity) == (Pending.MODIFY, D(50))
    assert (done.pending, done.previous, done.quantity, done.note) == (Pending.NONE, None, D(50), order.note)


def test_a_trailing_stop_is_where_the_broker_says() -> None:
    order = of(OrderType.TRAIL, side=Side.SELL, trail=Trail(amount=D(1), stop_price=D(140)))
    moved = lifecycle.from_open_order(order, held(order, trail=Trail(amount=D(1), stop_price=D("140.70"))), LATER).order

    assert moved.trail == Trail(amount=D(1), stop_price=D("140.70"))
    assert moved.note == order.note
    wider = lifecycle.from_open_order(order, held(order, trail=Trail(amount=D(2), stop_price=D(139))), LATER).order
    assert (wider.trail, wider.note) == (Trail(amount=D(2), stop_price=D(139)), "terms as the broker holds them")


@pytest.mark.parametrize(
    "said",
    [
        {"stop_price": D(139)},
        {"order_type": OrderType.STP_LMT, "limit_price": D(139)},
        {"tif": TimeInForce.GTC},
        {"outside_rth": True},
        {"display_size": D(10)},
    ],
)
def test_every_other_difference_is_taken_over_and_told(said: dict[str, object]) -> None:
    order = of(OrderType.STP, stop_price=D(140))
    seen = lifecycle.from_open_order(order, held(order, **said), LATER).order

    assert seen.note == "terms as the broker holds them"
    assert {name: getattr(seen, name) for name in said} == said


def test_a_strangers_type_is_shown_as_the_broker_spells_it() -> None:
    order = of(OrderType.STP, stop_price=D(140), external=True)
    report = held(order, order_type=OrderType.OTHER, type_text="PEG BEST", stop_price=None)
    seen = lifecycle.from_open_order(order, report, LATER).order

    assert (seen.order_type, seen.type_text, seen.text) == (OrderType.OTHER, "PEG BEST", "BUY 100 NVDA PEG BEST")


def test_old_terms_come_back_whole() -> None:
    order = of(OrderType.STP, stop_price=D(140))
    other = replace(terms_of(order), order_type=OrderType.LMT, stop_price=None, limit_price=D(150))
    asked = replace(with_terms(order, other), pending=Pending.MODIFY, previous=terms_of(order))

    assert asked.type_text == "LMT"
    assert lifecycle.with_old_terms(asked) == order


@pytest.mark.parametrize("tif", [TimeInForce.IOC, TimeInForce.FOK])
def test_what_must_fill_at_once_and_did_not_is_over(tif: TimeInForce) -> None:
    order = replace(ORDER, tif=tif)

    assert lifecycle.from_status(order, status(5, "Inactive"), LATER).order.state is OrderState.CANCELLED
    assert lifecycle.from_completed(order, completed(word="Inactive"), LATER).order.state is OrderState.CANCELLED
    assert lifecycle.from_open_order(order, held(order, status="Inactive"), LATER).order.state is OrderState.CANCELLED
