"""The table of types, the words for an order of each, and identities of combinations."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.combinations import combination, combination_id
from core.domain.instructions import Trail
from core.domain.instruments import ComboLeg, Instrument, SecType
from core.domain.order_types import RULES, at_open, misfit
from core.domain.orders import Order, OrderType, Terms, TimeInForce, named_price, terms_of, with_terms
from tests.domain.test_values import ORDER

D = Decimal
TERMS: dict[OrderType, tuple[dict[str, object], str]] = {
    OrderType.MKT: ({}, "MKT"),
    OrderType.LMT: ({"limit_price": D("233.33")}, "@ 233.33"),
    OrderType.STP: ({"stop_price": D(230)}, "STP 230"),
    OrderType.STP_LMT: ({"stop_price": D(230), "limit_price": D("229.5")}, "STP 230 LMT 229.5"),
    OrderType.TRAIL: ({"trail": Trail(percent=D(2))}, "TRAIL 2%"),
    OrderType.TRAIL_LIMIT: ({"trail": Trail(amount=D("1.5"), limit_offset=D("0.10"))}, "TRAIL 1.5 LMT 0.10"),
    OrderType.MIT: ({"stop_price": D(230)}, "MIT 230"),
    OrderType.LIT: ({"stop_price": D(230), "limit_price": D("230.1")}, "LIT 230 LMT 230.1"),
    OrderType.MOC: ({}, "MOC"),
    OrderType.LOC: ({"limit_price": D(233)}, "LOC 233"),
    OrderType.MOO: ({}, "MOO"),
    OrderType.LOO: ({"limit_price": D(233)}, "LOO 233"),
    OrderType.REL: ({"offset": D("0.01")}, "REL 0.01"),
    OrderType.MIDPRICE: ({"limit_price": D(234)}, "MIDPRICE 234"),
    OrderType.MTL: ({}, "MTL"),
}


def of(kind: OrderType) -> Order:
    """An order of a type."""
    base = replace(ORDER, order_type=kind, type_text=kind.value, limit_price=None)
    return replace(base, **TERMS[kind][0])


def test_every_type_that_is_sent_has_a_rule() -> None:
    assert set(RULES) == set(OrderType) - {OrderType.OTHER} == set(TERMS)


@pytest.mark.parametrize("kind", list(RULES))
def test_words_of_an_order_are_those_of_the_order_line(kind: OrderType) -> None:
    assert of(kind).text == f"BUY 100 NVDA {TERMS[kind][1]}"
    assert misfit(of(kind)) == ""


def test_a_type_of_others_is_named_as_they_spell_it() -> None:
    strange = replace(ORDER, order_type=OrderType.OTHER, type_text="PEG BEST", limit_price=None)

    assert strange.text == "BUY 100 NVDA PEG BEST"
    assert misfit(strange) == "a type that ibdesk does not send"


def test_one_price_for_a_narrow_column() -> None:
    assert named_price(of(OrderType.STP_LMT)) == D("229.5")
    assert named_price(of(OrderType.STP)) == 230
    assert named_price(of(OrderType.TRAIL)) is None
    assert named_price(Terms(quantity=D(1), trail=Trail(amount=D(1), stop_price=D(9)))) == 9
    assert named_price(of(OrderType.MOC)) is None


def test_terms_go_in_and_out() -> None:
    for kind in RULES:
        order = of(kind)
        assert terms_of(with_terms(ORDER, terms_of(order))) == terms_of(order)
        assert with_terms(ORDER, terms_of(order)).type_text == kind.value
    assert with_terms(ORDER, terms_of(ORDER)) == ORDER


def test_at_the_open_a_type_has_one_name() -> None:
    assert at_open(OrderType.MKT, TimeInForce.OPG) is OrderType.MOO
    assert at_open(OrderType.LOO, TimeInForce.OPG) is OrderType.LOO
    assert at_open(OrderType.MKT, TimeInForce.DAY) is OrderType.MKT


def option(con_id: int, strike: int) -> Instrument:
    """A call."""
    return Instrument(
        con_id=con_id,
        symbol="AAPL",
        sec_type=SecType.OPT,
        exchange="SMART",
        multiplier=D(100),
        last_trade_date="20261218",
        strike=D(strike),
        right="C",
    )


def test_a_combination_is_the_same_in_whatever_order_its_legs_come() -> None:
    bought, sold = ComboLeg(con_id=1, ratio=1), ComboLeg(con_id=2, ratio=-2)

    assert combination_id((bought, sold)) == combination_id((sold, bought))
    assert combination_id((bought, sold)) < 0
    assert combination_id((bought, sold)) != combination_id((bought, replace(sold, ratio=2)))


def test_a_combination_is_named_after_its_legs() -> None:
    legs = (ComboLeg(con_id=1, ratio=1), ComboLeg(con_id=2, ratio=-2))
    made = combination(legs, {1: option(1, 250), 2: option(2, 260)})

    assert made.label == "AAPL +261218c250 -2*261218c260"
    assert (made.multiplier, made.currency, made.legs) == (D(100), "USD", legs)
