"""Control 2: an order's value in the base currency, and the rate that it is judged by."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.instruments import Instrument, SecType
from core.domain.limits import Limits
from core.domain.money import Rate, RateSource
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.quotes import Quote
from core.risk.basics import quantity
from core.risk.behaviour import COMPUTED, PAST_KILL, PERSON, Asked
from core.risk.circumstances import Circumstances
from core.risk.value import order_value, unit_value, within_value, worst_price
from tests.risk.room import FLAT

D = Decimal
NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
EWG = Instrument(con_id=1, symbol="EWG", sec_type=SecType.STK, exchange="SMART", currency="EUR", multiplier=D(10))
RATE = Rate(currency="EUR", value=D("1.25"), source=RateSource.ACCOUNT, time=NOW)
AROUND = Circumstances(
    instrument=EWG,
    quote=Quote(con_id=1, bid=D(99), ask=D(101)),
    accounts=("DU1234567",),
    limits=Limits(order_value=D(12_500)),
    exposure=replace(FLAT, rate=RATE),
)
BUY = OrderRequest(
    order_ref="ibd-AAAAAA-1",
    account="DU1234567",
    con_id=1,
    side=Side.BUY,
    quantity=D(10),
    order_type=OrderType.LMT,
    limit_price=D(100),
)


def judged(request: OrderRequest, **changes: object) -> Denial | None:
    """What the control says of a request in other circumstances."""
    return within_value(request, replace(AROUND, **changes))


@pytest.mark.parametrize(("price", "passes"), [("99.99", True), ("100", True), ("100.01", False)])
def test_value_in_the_base_currency(price: str, passes: bool) -> None:
    denial = judged(replace(BUY, limit_price=D(price)))

    assert (denial is None) == passes
    if denial is not None:
        assert (denial.code, denial.limit) == (DenialCode.VALUE_MAX, "order_value")
        assert denial.message == (
            "Value 12,501.25 USD at 1.25 a EUR is above your limit of 12,500 an order. Type a smaller quantity, or "
            "raise the limit order_value (`ibdesk limits`)."
        )


@pytest.mark.parametrize(
    ("asked", "held", "passes"),
    [
        (COMPUTED, 10, True),
        (Asked(script="exit", computed=True), 11, True),
        (COMPUTED, 9, False),
        (COMPUTED, 0, False),
        (PERSON, 10, False),
        (PAST_KILL, 10, False),
    ],
)
def test_the_maxima_of_one_order_hold_back_no_closing_order_that_core_computed(
    asked: Asked, held: int, passes: bool
) -> None:
    sell = replace(BUY, side=Side.SELL)
    tight = replace(
        AROUND,
        limits=Limits(order_value=D(1), order_quantity=D(1)),
        exposure=replace(FLAT, rate=RATE, held=D(held), expected=D(held)),
        asked=asked,
    )

    codes = [None if denial is None else denial.code for denial in (quantity(sell, tight), within_value(sell, tight))]
    assert codes == ([None, None] if passes else [DenialCode.QUANTITY_MAX, DenialCode.VALUE_MAX])


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("", "IBKR has not told the base currency of DU…567 yet."),
        ("USD", "No exchange rate from EUR to USD is known, so the order's value isn't."),
    ],
)
def test_without_a_rate_it_refuses_and_says_which(base: str, words: str) -> None:
    exposure = replace(FLAT, rate=None, base_currency=base)

    denial = judged(BUY, exposure=exposure)

    assert denial is not None
    assert denial.code is DenialCode.NO_RATE
    assert denial.message.startswith(words)
    held = replace(exposure, held=D(10), expected=D(10))
    assert judged(replace(BUY, side=Side.SELL), exposure=held) is None, "it gets the trader out"
    assert judged(BUY, exposure=held) is not None


def test_without_any_price_it_refuses() -> None:
    denial = judged(replace(BUY, order_type=OrderType.MKT, limit_price=None), quote=None)

    assert denial is not None
    assert denial.code is DenialCode.NO_VALUE
    assert denial.message == "No price of EWG is known, so its value isn't. Wait for a quote."


def test_one_unit_is_worth_its_multiplier_in_the_base_currency() -> None:
    assert unit_value(BUY, AROUND) == D(1250)
    assert unit_value(replace(BUY, order_type=OrderType.MKT, limit_price=None), AROUND) == D("1262.50")
    for unknown in (
        replace(AROUND, instrument=None),
        replace(AROUND, exposure=replace(FLAT, rate=None)),
        replace(AROUND, quote=None),
    ):
        assert unit_value(replace(BUY, limit_price=None), unknown) is None


def test_a_price_of_0_is_a_price() -> None:
    assert worst_price(replace(BUY, limit_price=D(0)), replace(AROUND, quote=None)) == 0
    assert worst_price(replace(BUY, limit_price=None), replace(AROUND, quote=None)) is None


@pytest.mark.parametrize(
    ("side", "limit", "stop", "price"),
    [
        (Side.BUY, "100", None, "100"),
        (Side.BUY, "120", None, "120"),
        (Side.SELL, "90", None, "99"),
        (Side.SELL, "120", None, "120"),
        (Side.BUY, None, "130", "130"),
        (Side.SELL, None, "80", "99"),
        (Side.BUY, None, None, "101"),
        (Side.SELL, None, None, "99"),
        (Side.BUY, "-3", None, "3"),
        (Side.BUY, "0", None, "0"),
    ],
)
def test_the_price_that_makes_an_order_worth_most(side: Side, limit: str | None, stop: str | None, price: str) -> None:
    request = replace(
        BUY,
        side=side,
        limit_price=None if limit is None else D(limit),
        stop_price=None if stop is None else D(stop),
    )

    assert worst_price(request, AROUND) == D(price)


amounts = st.decimals(min_value=1, max_value=100_000, places=2)


@given(amounts, amounts, st.decimals(min_value="0.001", max_value=200, places=4), st.sampled_from(Side))
def test_what_passes_is_worth_no_more_than_the_limit(
    quantity: Decimal, price: Decimal, rate: Decimal, side: Side
) -> None:
    request = replace(BUY, side=side, quantity=quantity, limit_price=price)
    around = replace(AROUND, exposure=replace(FLAT, rate=replace(RATE, value=rate)))

    value = order_value(request, around)

    assert value is not None
    assert value >= quantity * price * 10
    assert (within_value(request, around) is None) == (value * rate <= 12_500)
