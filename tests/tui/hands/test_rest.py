"""The ticket for what an order did not fill."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.instructions import Oca, Trail
from core.domain.orders import Order, OrderState, OrderType, Side, TimeInForce
from tests.tui.sample import INSTRUMENTS, ORDERS
from tui.hands.editing import move_field
from tui.hands.order_kinds import Field
from tui.hands.order_words import request_of
from tui.hands.rest import rest_ticket, why_no_rest

D = Decimal
ENDED = replace(
    next(order for order in ORDERS if order.number == 4),
    state=OrderState.CANCELLED,
    filled=D(40),
    tif=TimeInForce.GTC,
)
INSTRUMENT = next(one for one in INSTRUMENTS if one.con_id == ENDED.con_id)


def request(order: Order) -> tuple[object, ...]:
    """What the ticket would send, in short."""
    ticket = rest_ticket(order, INSTRUMENT, desk_account="DU1", presets=(), accounts=())
    sent = request_of(ticket, "ibd-X")
    assert sent is not None
    return sent.side, sent.quantity, sent.order_type, sent.limit_price, sent.stop_price, sent.trail, sent.tif


def test_the_rest_has_the_terms_of_the_order() -> None:
    assert why_no_rest(ENDED, INSTRUMENT, ()) == ""
    assert request(ENDED) == (Side.SELL, D(60), OrderType.LMT, D("236.00"), None, None, TimeInForce.GTC)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"order_type": OrderType.MKT, "limit_price": None}, (OrderType.MKT, None, None, None)),
        ({"order_type": OrderType.STP_LMT, "stop_price": D(230)}, (OrderType.STP_LMT, D("236.00"), D(230), None)),
        (
            {"order_type": OrderType.TRAIL, "limit_price": None, "trail": Trail(percent=D("1.5"))},
            (OrderType.TRAIL, None, None, Trail(percent=D("1.5"))),
        ),
        (
            {
                "order_type": OrderType.TRAIL_LIMIT,
                "limit_price": None,
                "trail": Trail(amount=D(2), limit_offset=D("0.1")),
            },
            (OrderType.TRAIL_LIMIT, None, None, Trail(amount=D(2), limit_offset=D("0.1"))),
        ),
    ],
)
def test_types_with_other_prices(changes: dict[str, object], wanted: tuple[object, ...]) -> None:
    assert request(replace(ENDED, **changes))[2:6] == wanted


def test_tab_goes_on_in_a_ticket_without_a_price() -> None:
    stop = replace(ENDED, order_type=OrderType.STP, limit_price=None, stop_price=D(230))
    ticket = rest_ticket(stop, INSTRUMENT, desk_account="DU1", presets=(), accounts=())
    assert ticket.field is Field.QUANTITY
    assert move_field(ticket, 1).field is Field.TIF


def test_a_day_comes_back_as_it_was_written() -> None:
    order = replace(ENDED, tif=TimeInForce.GTD, good_till=datetime(2026, 12, 24, 4, 59, 59, tzinfo=UTC))
    assert rest_ticket(order, INSTRUMENT, desk_account="", presets=(), accounts=()).till_text == "2026-12-23"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": OrderState.WORKING}, "still works. Del cancels it"),
        ({"state": OrderState.UNKNOWN}, "nobody knows its outcome"),
        ({"filled": D(100)}, "nothing is left of it"),
        ({"external": True, "number": 0}, "is not of this profile"),
        ({"oca": Oca(group="g")}, "instructions that no ticket can say"),
        ({"hidden": True}, "instructions that no ticket can say"),
    ],
)
def test_why_there_is_none(changes: dict[str, object], told: str) -> None:
    assert told in why_no_rest(replace(ENDED, **changes), INSTRUMENT, ())


def test_without_an_order_or_its_contract() -> None:
    assert why_no_rest(None, None, ()).startswith("o places what the selected order did not fill.")
    assert "its contract is not known" in why_no_rest(ENDED, None, ())
