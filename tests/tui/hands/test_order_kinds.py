"""A ticket of every type: its fields, what it says is missing, and the order that it becomes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace as change

from core.domain.order_types import RULES, misfit
from core.domain.orders import OrderRequest, OrderType, TimeInForce
from core.domain.quotes import Quote
from tests.tui.hands.test_ticket import APPLE, HALTED, QUOTE, ticket, typed
from tui.hands.editing import erase, move_field, restyle, step, type_text
from tui.hands.order_kinds import KINDS, Field, fields_of, parse_till, waits_for
from tui.hands.order_words import problem_with, request_of
from tui.hands.ticket import OrderTicket, reopen

D = Decimal


def of_kind(kind: OrderType, verb: str = "sell", quote: Quote | None = QUOTE) -> OrderTicket:
    """A ticket whose type was walked to, with the type's field active."""
    made = at(ticket(verb, quote), Field.TYPE)
    for _ in KINDS:
        if made.order_type is kind:
            return made
        made = restyle(made, 1, quote)
    raise AssertionError(f"{kind} is not on the way")


def at(start: OrderTicket, field: Field) -> OrderTicket:
    """Tab to a field."""
    for _ in Field:
        if start.field is field:
            return start
        start = move_field(start, 1)
    raise AssertionError(f"{field} is not there")


def written(kind: OrderType, price: str = "", trigger: str = "") -> OrderTicket:
    """A ticket with its prices typed."""
    made = of_kind(kind)
    made = type_text(at(made, Field.PRICE), price) if price else made
    return type_text(at(made, Field.TRIGGER), trigger) if trigger else made


def sent(made: OrderTicket) -> OrderRequest:
    """What it becomes."""
    request = request_of(made, "ibd-x-1")
    assert request is not None, problem_with(made)
    return request


TYPED = {
    OrderType.LMT: ("234", ""),
    OrderType.MKT: ("", ""),
    OrderType.STP: ("", "230"),
    OrderType.STP_LMT: ("229.5", "230"),
    OrderType.TRAIL: ("", "2%"),
    OrderType.TRAIL_LIMIT: ("0.10", "1.50"),
    OrderType.MIT: ("", "236"),
    OrderType.LIT: ("235.9", "236"),
    OrderType.MOC: ("", ""),
    OrderType.LOC: ("233", ""),
    OrderType.REL: ("", "0.01"),
    OrderType.MIDPRICE: ("", ""),
    OrderType.MTL: ("", ""),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_type_becomes_an_order_whose_prices_fit(kind: OrderType) -> None:
    request = sent(written(kind, *TYPED[kind]))

    assert request.order_type is kind
    assert misfit(request) == ""


@pytest.mark.parametrize("kind", [kind for kind in KINDS if TYPED[kind][1]])
def test_a_second_price_is_never_made_up(kind: OrderType) -> None:
    made = written(kind, TYPED[kind][0])

    assert request_of(made, "ibd-x-1") is None
    assert "is missing" in problem_with(made)


@pytest.mark.parametrize("kind", [OrderType.STP_LMT, OrderType.LIT, OrderType.TRAIL_LIMIT])
def test_a_price_that_is_erased_is_missed(kind: OrderType) -> None:
    made = at(written(kind, "1", "2"), Field.PRICE)

    assert "is missing" in problem_with(erase(made))


def test_the_parts_of_a_trail() -> None:
    percent, amount = (
        sent(written(OrderType.TRAIL, "", "2%")).trail,
        sent(written(OrderType.TRAIL_LIMIT, "0.10", "1.50")).trail,
    )

    assert percent is not None
    assert amount is not None
    assert (percent.percent, percent.amount) == (D(2), None)
    assert (amount.amount, amount.limit_offset) == (D("1.50"), D("0.10"))
    assert sent(written(OrderType.TRAIL_LIMIT, "0.10", "1.50")).limit_price is None


def test_a_computed_price_does_not_become_a_stop_or_an_offset() -> None:
    stop = of_kind(OrderType.STP)
    trail = of_kind(OrderType.TRAIL_LIMIT)

    assert (stop.price_text, stop.trigger_text, stop.style, stop.seen) == ("", "", None, None)
    assert (trail.price_text, trail.trigger_text) == ("", "")
    assert of_kind(OrderType.STP_LMT).price_text == ""


def test_back_at_a_limit_order_its_keys_price_is_computed_again() -> None:
    stop = of_kind(OrderType.STP)
    back = restyle(restyle(stop, -1, QUOTE), -1, QUOTE)

    assert (back.order_type, back.price_text) == (OrderType.LMT, "233.34")
    assert sent(back).stop_price is None


def test_rule_12_without_a_market_the_walk_leaves_the_market_order_out() -> None:
    start = at(ticket("sell", HALTED), Field.TYPE)

    assert restyle(start, 1, HALTED).order_type is OrderType.STP
    assert restyle(restyle(start, 1, HALTED), -1, HALTED).order_type is OrderType.LMT


def test_arrows_on_a_price_of_another_type_compute_nothing() -> None:
    made = at(written(OrderType.STP_LMT, "229.5", "230"), Field.PRICE)

    assert restyle(made, 1, QUOTE).price_text == "229.5"
    assert "no computed price" in restyle(made, 1, QUOTE).note


def test_ticks_move_a_stop_and_a_distance() -> None:
    stop = at(of_kind(OrderType.STP), Field.TRIGGER)
    trail = at(of_kind(OrderType.TRAIL), Field.TRIGGER)

    assert step(stop, -10, QUOTE).trigger_text == "233.24"
    assert step(trail, 10, QUOTE).trigger_text == "0.10"
    assert step(step(trail, 1, QUOTE), -5, QUOTE).trigger_text == "0.00"
    assert "no tick" in step(type_text(trail, "2%"), 1, QUOTE).note
    assert "no tick" in step(stop, 1, None).note


def test_a_date_stands_exactly_with_gtd() -> None:
    made = typed(at(ticket(), Field.TIF), *"gtd")
    assert "last day" in problem_with(made)
    made = type_text(at(made, Field.TILL), "2026-12-31")
    request = sent(made)

    assert request.good_till == datetime(2027, 1, 1, 4, 59, 59, tzinfo=UTC)
    assert "no date" in problem_with(type_text(made, "x"))
    assert sent(replace(made, tif=TimeInForce.DAY)).good_till is None
    assert Field.TILL not in fields_of(OrderType.LMT, TimeInForce.DAY)


@pytest.mark.parametrize("zone", ["", "Nowhere/Town", "../x"])
def test_a_zone_that_nobody_knows_is_new_york(zone: str) -> None:
    till = parse_till("2026-12-31", zone)

    assert till is not None
    assert till.utcoffset() == datetime(2026, 12, 31, tzinfo=till.tzinfo).utcoffset()
    assert str(till.tzinfo) == "America/New_York"


def test_outside_regular_hours_is_switched() -> None:
    made = at(ticket(), Field.RTH)

    assert not sent(made).outside_rth
    assert sent(step(made, 1, QUOTE)).outside_rth
    assert not sent(typed(made, "e", " ")).outside_rth
    assert change(sent(restyle(made, 1, QUOTE)), outside_rth=False) == sent(made)


@pytest.mark.parametrize(
    ("kind", "tif", "words"),
    [
        (OrderType.LMT, TimeInForce.DAY, ""),
        (OrderType.LMT, TimeInForce.OPG, "for the open"),
        (OrderType.MOC, TimeInForce.DAY, "for the close"),
        (OrderType.STP, TimeInForce.GTC, "for 230"),
        (OrderType.MIT, TimeInForce.DAY, "for 230"),
        (OrderType.TRAIL, TimeInForce.DAY, "trailing by 230"),
        (OrderType.REL, TimeInForce.DAY, ""),
    ],
)
def test_what_an_order_waits_for(kind: OrderType, tif: TimeInForce, words: str) -> None:
    assert waits_for(kind, tif, "230 ") == words


def test_words_name_the_type_and_its_stop() -> None:
    assert written(OrderType.STP, "", "230").words == "SELL 100 AAPL STP 230"
    assert written(OrderType.STP_LMT, "229.5", "230").words == "SELL 100 AAPL @ 229.5 STP LMT 230"
    assert of_kind(OrderType.MKT).words == "SELL 100 AAPL MKT"
    assert set(KINDS) < set(RULES)
    assert APPLE.label == "AAPL"


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_of_any_type_opens_at_its_first_field_and_goes_round(kind: OrderType) -> None:
    draft = written(kind, *TYPED[kind])
    opened = reopen(draft, draft.account, QUOTE)

    assert opened.field is opened.fields[0]
    assert move_field(opened, -1).field is Field.RTH
    assert sent(opened) == sent(draft)
