"""The ticket that changes a working order."""

from __future__ import annotations

from dataclasses import replace as with_
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode, ModifyOrder
from core.domain.instructions import Oca, Trail
from core.domain.orders import Order, OrderState, OrderType, Pending, TimeInForce
from tests.tui.sample import INSTRUMENTS, ORDERS
from tui.hands import editing
from tui.hands.change_ticket import (
    ELSEWHERE,
    NOTHING_YET,
    ChangeTicket,
    catch_up_change,
    change_command,
    change_ticket,
    why_no_change,
)
from tui.hands.order_kinds import Field
from tui.hands.retype import Retype
from tui.hands.ticket import OrderTicket, Phase

D = Decimal
WORKING = replace(next(order for order in ORDERS if order.number == 4), revision=3)
STOP = replace(WORKING, order_type=OrderType.STP, type_text="STP", limit_price=None, stop_price=D("230.00"))
STOP_LIMIT = replace(STOP, order_type=OrderType.STP_LMT, type_text="STP LMT", limit_price=D("229.50"))
INSTRUMENT = next(one for one in INSTRUMENTS if one.con_id == WORKING.con_id)


def opened(order: Order) -> ChangeTicket:
    return change_ticket(order, INSTRUMENT, accounts=())


def change(ticket: OrderTicket) -> ChangeTicket:
    assert isinstance(ticket, ChangeTicket)
    return ticket


def typed(ticket: ChangeTicket, field: Field, text: str) -> ChangeTicket:
    while ticket.field is not field:
        ticket = change(editing.move_field(ticket, 1))
    return change(editing.type_text(ticket, text))


def test_it_begins_with_the_terms_of_the_order_and_sends_nothing() -> None:
    ticket = opened(WORKING)
    assert (ticket.side, ticket.price_text, ticket.quantity_text) == (WORKING.side, "236.00", "100")
    assert ticket.fields == (Field.PRICE, Field.QUANTITY)
    assert ticket.words == "CHANGE #4 SELL 100 AAPL @ 236.00"
    assert change_command(ticket) == NOTHING_YET


def test_what_changes_goes_out_alone_with_the_revision_that_was_seen() -> None:
    ticket = typed(opened(WORKING), Field.PRICE, "236.40")
    assert ticket.words == "CHANGE #4 SELL 100 AAPL @ 236.00 → 236.40"
    assert change_command(ticket) == ModifyOrder(order_ref=WORKING.order_ref, revision=3, limit_price=D("236.40"))

    ticket = typed(opened(WORKING), Field.QUANTITY, "200")
    assert ticket.words == "CHANGE #4 SELL 100 AAPL @ 236.00 → quantity 200"
    assert change_command(ticket) == ModifyOrder(order_ref=WORKING.order_ref, revision=3, quantity=D(200))


def test_the_same_number_written_otherwise_changes_nothing() -> None:
    assert change_command(typed(opened(WORKING), Field.PRICE, "236")) == NOTHING_YET


def test_a_stop_begins_at_its_stop_price() -> None:
    ticket = opened(STOP)
    assert (ticket.field, ticket.fields) == (Field.TRIGGER, (Field.TRIGGER, Field.QUANTITY))
    ticket = change(editing.step(ticket, 1, None))
    assert change_command(ticket) == ModifyOrder(order_ref=STOP.order_ref, revision=3, stop_price=D("230.01"))


def test_a_stop_limit_changes_both_prices_and_the_quantity_at_once() -> None:
    ticket = typed(typed(typed(opened(STOP_LIMIT), Field.PRICE, "229"), Field.TRIGGER, "229.60"), Field.QUANTITY, "50")
    wanted = ModifyOrder(
        order_ref=STOP.order_ref, revision=3, quantity=D(50), limit_price=D(229), stop_price=D("229.60")
    )
    assert change_command(ticket) == wanted
    assert ticket.words.endswith("→ 229, stop 229.60, quantity 50")


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        (Field.QUANTITY, "$10k", "Type all the AAPL shares it is for"),
        (Field.QUANTITY, "", "The quantity is missing"),
        (Field.PRICE, "", "limit price is missing. Type it: it was 236.00."),
        (Field.PRICE, "233,3", "Price 233,3"),
    ],
)
def test_what_is_no_number_is_said(field: Field, text: str, told: str) -> None:
    ticket = typed(opened(WORKING), field, "1")
    ticket = typed(change(editing.clear(ticket)), field, text)
    said = change_command(ticket)
    assert isinstance(said, str)
    assert told in said


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"external": True, "number": 0}, "is not of this profile"),
        ({"state": OrderState.UNKNOWN}, "nobody knows its outcome"),
        ({"state": OrderState.FILLED, "filled": D(100)}, "has ended: filled"),
        ({"state": OrderState.SENT}, "waits for an answer of IBKR"),
        ({"pending": Pending.CANCEL}, "waits for an answer of IBKR"),
        ({"order_type": OrderType.MKT, "limit_price": None}, "more to it than a limit and a stop price"),
        ({"order_type": OrderType.TRAIL, "trail": Trail(amount=D(1))}, "more to it than a limit and a stop price"),
        ({"oca": Oca(group="g")}, "instructions that no ticket can say"),
        ({"tif": TimeInForce.OTHER}, "instructions that no ticket can say"),
    ],
)
def test_why_there_is_none(changes: dict[str, object], told: str) -> None:
    assert told in why_no_change(replace(WORKING, **changes), INSTRUMENT, ())


def test_without_an_order_or_its_contract() -> None:
    assert why_no_change(WORKING, INSTRUMENT, ()) == ""
    assert why_no_change(None, None, ()).startswith("m changes the selected order.")
    assert "contract that is not known" in why_no_change(WORKING, None, ())


def test_what_was_typed_stays_when_the_order_changes_meanwhile_and_the_rest_follows() -> None:
    ticket = typed(opened(WORKING), Field.QUANTITY, "200")
    elsewhere = replace(WORKING, limit_price=D("236.50"), revision=4)
    follows = catch_up_change(ticket, elsewhere)
    assert (follows.note, follows.price_text) == (ELSEWHERE, "236.50")
    assert follows.content != ticket.content
    assert change_command(follows) == ModifyOrder(order_ref=WORKING.order_ref, revision=4, quantity=D(200))


def test_an_order_that_filled_meanwhile_is_not_changed() -> None:
    ticket = typed(opened(WORKING), Field.PRICE, "236.40")
    filled = catch_up_change(ticket, replace(WORKING, state=OrderState.FILLED, filled=D(100)))
    said = change_command(filled)
    assert isinstance(said, str)
    assert "has ended: filled" in said
    assert filled.price_text == "236.40"


def test_while_core_is_asked_it_follows_nothing() -> None:
    ticket = with_(opened(WORKING), phase=Phase.SENDING)
    assert catch_up_change(ticket, replace(WORKING, revision=4)) is ticket


@pytest.mark.parametrize(("answer", "carries"), [("100", True), ("10", False)])
def test_a_typed_quantity_goes_out_with_the_question_that_it_answers(answer: str, carries: bool) -> None:
    given = Retype(codes=(DenialCode.VALUE_MAX,), quantity=D(100), account=WORKING.account, typed=answer)
    ticket = with_(typed(opened(WORKING), Field.PRICE, "236.40"), phase=Phase.ASKED, retype=given)
    command = change_command(ticket)
    assert isinstance(command, ModifyOrder)
    assert (command.confirms, command.typed_quantity) == (((DenialCode.VALUE_MAX,), D(100)) if carries else ((), None))
