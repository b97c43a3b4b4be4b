"""Controls 5, 14 and 19: which limit a question is about, at a desk and from a script, and what a figure counts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.orders import OrderRequest
from core.risk.circumstances import Circumstances, Control
from core.risk.fat_finger import usual_quantity, usual_value
from core.risk.repeats import few_repeats, once_only
from core.risk.short_sale import meant_short
from tests.risk.test_behaviour import AROUND, BUY, DOLLAR, SCRIPT, SELL, code, holding, recent

D = Decimal
LARGE = replace(BUY, quantity=D(751))
ASKED: list[tuple[Control, OrderRequest, Circumstances, DenialCode, str, str]] = [
    (
        once_only,
        BUY,
        recent(twin="#7", twin_age=3.0),
        DenialCode.DUPLICATE,
        "duplicate_seconds",
        "The same as #7, sent 3 s ago.",
    ),
    (few_repeats, BUY, recent(repeats=5), DenialCode.REPEATED, "", "5 repeats in 10 s."),
    (
        usual_quantity,
        replace(BUY, quantity=D(2500)),
        recent(usual=D(100)),
        DenialCode.UNUSUAL_QUANTITY,
        "unusual_times",
        "Quantity 2,500 is 25x your usual for AAPL.",
    ),
    (
        usual_value,
        LARGE,
        AROUND,
        DenialCode.UNUSUAL_VALUE,
        "unusual_value_percent",
        "Value 75,100.00 is near your limit of 100,000 an order.",
    ),
    (
        meant_short,
        SELL,
        holding("0"),
        DenialCode.SHORT_SALE,
        "ask_short",
        "SELL 100 AAPL opens a short position: you hold 0.",
    ),
]


@pytest.mark.parametrize(("control", "request_", "around", "why", "limit", "fact"), ASKED)
def test_a_question_names_its_limit_and_says_how_it_is_answered(
    control: Control, request_: OrderRequest, around: Circumstances, why: DenialCode, limit: str, fact: str
) -> None:
    desk, script = control(request_, around), control(request_, replace(around, asked=SCRIPT))

    assert desk is not None
    assert (desk.code, desk.limit, desk.retype) == (why, limit, request_.quantity)
    assert desk.message == f"{fact} Type {request_.quantity:f} to send it, Esc to go back."
    assert script is not None
    assert (script.code, script.limit, script.retype) == (why, limit, None)
    assert script.message == f"{fact} Not sent. A script that means it confirms {why}."


@pytest.mark.parametrize(("quantity", "passes"), [("1500", True), ("1501", False)])
def test_a_usual_value_is_one_in_the_base_currency(quantity: str, passes: bool) -> None:
    half = replace(AROUND, exposure=replace(AROUND.exposure, rate=replace(DOLLAR, value=D("0.5"))))

    assert code(usual_value(replace(BUY, quantity=D(quantity)), half)) == (None if passes else DenialCode.UNUSUAL_VALUE)


def test_one_unit_is_sold_short_too() -> None:
    one = replace(SELL, quantity=D(1))

    assert code(meant_short(one, holding("0"))) is DenialCode.SHORT_SALE
    assert code(meant_short(one, holding("0.5"))) is DenialCode.SHORT_SALE
    assert meant_short(one, holding("1")) is None
