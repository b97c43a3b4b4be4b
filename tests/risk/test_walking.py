"""Control 4 where something is not known, at a price of 0, and in the last second of its window."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.orders import OrderRequest, OrderType
from core.risk.circumstances import Circumstances
from core.risk.walking import level, near_the_first
from tests.risk.test_behaviour import AROUND, BUY, SELL, recent

D = Decimal


def words(request: OrderRequest, around: Circumstances) -> str:
    """The refusal of what must be refused."""
    denied = near_the_first(request, around)
    assert denied is not None
    return denied.message


def test_without_a_market_a_limit_stands_where_it_is() -> None:
    quiet = replace(AROUND, quote=None)

    assert level(BUY, quiet) == D(100)
    assert level(replace(SELL, limit_price=D(97)), quiet) == D(97)
    assert level(replace(BUY, order_type=OrderType.MKT, limit_price=None), AROUND) == D(100)


@pytest.mark.parametrize(
    ("age", "wait"), [(0.0, "60 s"), (57.0, "3 s"), (58.0, "2 s"), (59.0, "1 s"), (59.9, "1 s"), (61.0, "1 s")]
)
def test_how_long_to_wait_is_never_no_time(age: float, wait: str) -> None:
    said = words(replace(BUY, limit_price=D(106)), recent(first_level=D(100), first_age=age))

    assert f"you met AAPL {age:.0f} s ago; your limit is 5 % in 60 s. Wait {wait}, or press x" in said


def test_from_a_price_of_0_no_part_can_be_told() -> None:
    around = recent(first_level=D(0), first_age=12.0)

    assert words(replace(BUY, limit_price=D("0.05")), around).startswith("0.05 is 0.05 beyond 0, where you met AAPL")
    assert near_the_first(replace(BUY, limit_price=D(0)), around) is None


def test_below_0_the_limit_is_a_part_of_the_amount() -> None:
    paid = recent(first_level=D(-10))

    assert near_the_first(replace(BUY, limit_price=D("-9.50")), paid) is None
    assert words(replace(BUY, limit_price=D("-9.40")), paid).startswith("-9.40 is 6.0 % beyond -10, where")


def test_an_instrument_that_nobody_knows_has_no_name() -> None:
    nameless = replace(recent(first_level=D(100)), instrument=None)

    assert "where you met this instrument 0 s ago" in words(replace(BUY, limit_price=D(106)), nameless)
