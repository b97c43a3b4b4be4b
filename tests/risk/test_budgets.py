"""Control 13: the words of each budget of the day, and what a change adds to the day's value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.orders import OrderRequest, OrderType, Terms, terms_of
from core.risk.budgets import added_value, within_day
from core.risk.circumstances import Circumstances
from tests.risk.test_behaviour import AAPL, AROUND, BUY, SELL, code, used

D = Decimal
ENDS = "Only orders that reduce a position are sent until 17:00 in New York."
MARKET = replace(BUY, order_type=OrderType.MKT, limit_price=None)
STOP = replace(BUY, order_type=OrderType.STP, limit_price=None, stop_price=D(110))


def refused(request: OrderRequest, around: Circumstances) -> Denial:
    """The refusal of what must be refused."""
    denied = within_day(request, around)
    assert denied is not None
    return denied


@pytest.mark.parametrize(
    ("around", "limit", "words"),
    [
        (used(orders=1234), "day_orders", f"1,234 orders were sent today; your limit is 10. {ENDS}"),
        (used(trades=1234), "day_trades", f"1,234 trades were made today; your limit is 20. {ENDS}"),
        (
            used(value="45000"),
            "day_value",
            "Value 10,000.00 is more than the 5,000.00 that is left of your 50,000 for today's orders. Type a smaller "
            f"quantity. {ENDS}",
        ),
        (
            used(value="50000.25"),
            "day_value",
            "Value 10,000.00 is more than the 0.00 that is left of your 50,000 for today's orders. Type a smaller "
            f"quantity. {ENDS}",
        ),
    ],
)
def test_words_of_each_budget(around: Circumstances, limit: str, words: str) -> None:
    denied = refused(BUY, around)

    assert (denied.limit, denied.message) == (limit, words)


def holding(held: str, **exposure: Decimal) -> Circumstances:
    """An account that holds so many, with every budget used up."""
    known = replace(AROUND.exposure, held=D(held), expected=D(held), **exposure)
    return replace(used(orders=10, trades=20, value="50000"), exposure=known)


def test_what_has_filled_of_a_reducing_order_reduces_no_more() -> None:
    assert within_day(SELL, holding("60", filled=D(40))) is None
    assert refused(SELL, holding("59", filled=D(40))).code is DenialCode.DAY_ORDERS


def test_part_of_a_unit_is_a_position_and_adding_to_it_does_not_reduce_it() -> None:
    part = holding("0.5")

    assert within_day(replace(SELL, quantity=D("0.5")), part) is None
    assert code(within_day(replace(BUY, quantity=D("0.5")), part)) is DenialCode.DAY_ORDERS


@pytest.mark.parametrize(
    ("request_", "before", "added"),
    [
        (replace(BUY, quantity=D(1), limit_price=D(101)), replace(terms_of(BUY), quantity=D(1)), "1"),
        (replace(STOP, stop_price=D(112)), terms_of(STOP), "200"),
        (replace(STOP, quantity=D(90)), terms_of(STOP), "0"),
        (MARKET, terms_of(MARKET), "0"),
        (replace(MARKET, quantity=D(0)), Terms(quantity=D(100), order_type=OrderType.MKT), "0"),
        (replace(MARKET, quantity=D(1)), Terms(quantity=D("0.5"), order_type=OrderType.MKT), "50"),
    ],
)
def test_what_a_change_adds(request_: OrderRequest, before: Terms, added: str) -> None:
    assert added_value(request_, replace(AROUND, before=before)) == D(added)
    contract = replace(AROUND, before=before, instrument=replace(AAPL, multiplier=D(50)))
    assert added_value(request_, contract) == D(added) * 50
