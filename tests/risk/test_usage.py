"""How far limits are used: each figure is the one that its control compares, so they agree on what is too much."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.budgets import Budget, Unit
from core.domain.denials import Denial
from core.domain.instruments import Instrument, SecType
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.quotes import Quote
from core.risk import budgets, exposure, margin, value
from core.risk.behaviour import Day
from core.risk.circumstances import Circumstances, Control
from core.risk.sizing import largest_allowed
from core.risk.usage import Standing, of_account, of_order
from tests.risk.room import FLAT, RICH

D = Decimal
AAPL = Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
BUY = OrderRequest(
    order_ref="ibd-1",
    account="DU1",
    con_id=1,
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.LMT,
    limit_price=D("233.33"),
)
QUOTE = Quote(con_id=1, bid=D("233.33"), ask=D("233.34"))
AROUND = Circumstances(
    instrument=AAPL,
    quote=QUOTE,
    accounts=("DU1",),
    limits=Limits(),
    exposure=replace(FLAT, held=D(50), expected=D(50), same_side=D(30), open_here=2, open_all=5, unexecuted=D(7_000)),
    funds=replace(RICH, equity=D(100_000), initial_margin=D(20_000), reserved=D(5_000)),
    day=Day(orders=41, trades=14, value=D(50_000)),
)
STANDING = Standing(
    day=Day(orders=41, trades=14, value=D(50_000)), open_orders=5, lost=D(120), margin=D(20_000), equity=D(100_000)
)


def named(found: tuple[Budget, ...]) -> dict[str, tuple[Decimal | None, Decimal | None, Decimal]]:
    return {budget.name: (budget.used, budget.after, budget.limit) for budget in found}


def test_what_an_order_uses() -> None:
    assert named(of_order(BUY, AROUND)) == {
        "order_quantity": (D(0), D(100), D(10_000)),
        "order_value": (D(0), D(23_333), D(1_000_000)),
        "open_orders_side": (D(2), D(3), D(10)),
        "open_orders": (D(5), D(6), D(60)),
        "unexecuted_value": (D(7_000), D(30_333), D(5_000_000)),
        "position_quantity": (D(80), D(180), D(50_000)),
        "position_value": (D("18666.40"), D("41999.40"), D(5_000_000)),
        "margin_percent": (D(25_000), D(48_333), D(100_000)),
        "day_orders": (D(41), D(42), D(1000)),
        "day_trades": (D(14), D(14), D(2000)),
        "day_value": (D(50_000), D(73_333), D(20_000_000)),
    }


UNITS = {
    "order_quantity": Unit.UNITS,
    "order_value": Unit.MONEY,
    "open_orders_side": Unit.ORDERS,
    "open_orders": Unit.ORDERS,
    "unexecuted_value": Unit.MONEY,
    "position_quantity": Unit.UNITS,
    "position_value": Unit.MONEY,
    "margin_percent": Unit.MONEY,
    "day_orders": Unit.ORDERS,
    "day_trades": Unit.TRADES,
    "day_value": Unit.MONEY,
    "daily_loss": Unit.MONEY,
}


def test_what_each_figure_counts() -> None:
    of_both = (*of_order(BUY, AROUND), *of_account(Limits(daily_loss=D(9)), STANDING))

    assert {(budget.name, budget.unit) for budget in of_both} == set(UNITS.items())


@pytest.mark.parametrize(
    ("quantity", "after"), [("1", "1"), ("0.5", "0.5"), ("50", "50"), ("50.5", "50.5"), ("100", "100")]
)
def test_the_last_unit_of_an_order_is_counted(quantity: str, after: str) -> None:
    flat = replace(AROUND, exposure=replace(AROUND.exposure, held=D(0), expected=D(0), same_side=D(0)))
    found = named(of_order(replace(BUY, quantity=D(quantity)), flat))

    assert found["order_quantity"] == (D(0), D(quantity), D(10_000))
    assert found["position_quantity"] == (D(0), D(after), D(50_000))


@pytest.mark.parametrize(("quantity", "counts"), [("49", False), ("50", False), ("51", True)])
def test_a_position_that_ends_flat_or_smaller_uses_nothing_of_its_limit(quantity: str, counts: bool) -> None:
    short = replace(AROUND, exposure=replace(FLAT, held=D(-50), expected=D(-50)))
    found = named(of_order(replace(BUY, quantity=D(quantity)), short))

    assert found.keys() >= {"position_quantity", "position_value"} if counts else "position_quantity" not in found


def test_units_are_known_where_their_value_is_not() -> None:
    found = named(of_order(BUY, replace(AROUND, exposure=replace(AROUND.exposure, rate=None))))

    assert found["position_quantity"] == (D(80), D(180), D(50_000))
    assert found["position_value"] == (None, None, D(5_000_000))
    assert found["unexecuted_value"] == (D(7_000), None, D(5_000_000))


def test_an_order_that_only_closes_has_more_room_and_takes_no_margin() -> None:
    sell = replace(BUY, side=Side.SELL, quantity=D(50), limit_price=D("233.34"))
    found = named(of_order(sell, AROUND))

    assert found["open_orders_side"] == (D(2), D(3), D(10 + exposure.CLOSING_ROOM))
    assert not found.keys() & {"open_orders", "unexecuted_value", "margin_percent"}


def test_a_change_is_no_further_order_of_the_day() -> None:
    changed = replace(AROUND, before=replace(BUY, quantity=D(60)))

    assert named(of_order(BUY, changed))["day_orders"] == (D(41), D(41), D(1000))


def test_what_is_attached_counts_for_no_day_and_no_margin() -> None:
    found = named(of_order(BUY, replace(AROUND, attached=True)))

    assert not found.keys() & {"day_orders", "day_trades", "day_value", "margin_percent"}


def test_limits_that_there_are_not_have_no_figures() -> None:
    limits = Limits(day_orders=None, day_trades=None, day_value=None)

    assert not named(of_order(BUY, replace(AROUND, limits=limits))).keys() & {"day_orders", "day_trades", "day_value"}


def test_what_nobody_knows_is_none_and_not_0() -> None:
    nothing = replace(AROUND, quote=None, exposure=replace(FLAT, rate=None, held=None, unexecuted=None))
    found = named(of_order(replace(BUY, order_type=OrderType.MKT, limit_price=None), nothing))

    assert found["order_value"] == (D(0), None, D(1_000_000))
    assert found["unexecuted_value"] == (None, None, D(5_000_000))
    assert found["position_quantity"] == (None, None, D(50_000))
    assert found["day_value"] == (D(50_000), None, D(20_000_000))
    assert "margin_percent" not in found


@pytest.mark.parametrize("quantity", ["0", "-5", "NaN"])
def test_what_is_no_order_yet_uses_nothing(quantity: str) -> None:
    assert of_order(replace(BUY, quantity=D(quantity)), AROUND) == ()
    assert of_order(BUY, replace(AROUND, instrument=None)) == ()


CONTROLLED: dict[str, Control] = {
    "order_value": value.within_value,
    "unexecuted_value": exposure.within_unexecuted,
    "position_quantity": exposure.within_position,
    "margin_percent": margin.within_margin,
    "day_value": budgets.within_day,
}
TIGHT = Limits(
    order_value=D(30_000),
    unexecuted_value=D(40_000),
    position_quantity=D(300),
    day_value=D(90_000),
)


@given(
    quantity=st.integers(1, 500),
    held=st.integers(-200, 200),
    works=st.integers(0, 100),
    equity=st.integers(10_000, 200_000),
    side=st.sampled_from(list(Side)),
)
def test_a_figure_is_above_its_limit_exactly_where_its_control_refuses(
    quantity: int, held: int, works: int, equity: int, side: Side
) -> None:
    stakes = replace(AROUND.exposure, held=D(held), expected=D(held), same_side=D(works), same_side_taking=D(works))
    around = replace(AROUND, limits=TIGHT, exposure=stakes, funds=replace(AROUND.funds, equity=D(equity), rate=None))
    request = replace(BUY, quantity=D(quantity), side=side)
    closing = held * side.sign < 0 and quantity <= abs(held)
    for name, (_, after, limit) in named(of_order(request, around)).items():
        if name in CONTROLLED and after is not None and not closing:
            denied = CONTROLLED[name](request, around)
            refused = isinstance(denied, Denial) and denied.limit == name
            assert refused is (after > limit), name


@given(wanted=st.integers(1, 2_000))
def test_the_largest_size_that_all_controls_let_pass(wanted: int) -> None:
    around = replace(AROUND, limits=TIGHT)
    fits = largest_allowed(replace(BUY, quantity=D(wanted)), around)

    # 30,000 / 233.33 is 128.6; what works and the day leave more room.
    assert fits == min(wanted, 128)


def test_what_an_account_has_used() -> None:
    limits = Limits(daily_loss=D(1_500), margin_percent=D(50))

    assert named(of_account(limits, STANDING)) == {
        "daily_loss": (D(120), D(120), D(1_500)),
        "day_orders": (D(41), D(41), D(1000)),
        "day_trades": (D(14), D(14), D(2000)),
        "day_value": (D(50_000), D(50_000), D(20_000_000)),
        "open_orders": (D(5), D(5), D(60)),
        "margin_percent": (D(20_000), D(20_000), D(50_000)),
    }


def test_an_account_that_is_not_told_and_has_no_limits() -> None:
    limits = Limits(day_orders=None, day_trades=None, day_value=None)
    silent = replace(STANDING, lost=None, margin=None, equity=None)

    assert named(of_account(limits, silent)) == {"open_orders": (D(5), D(5), D(60))}
    assert named(of_account(replace(limits, daily_loss=D(9)), silent))["daily_loss"] == (None, None, D(9))
    assert {budget.unit for budget in of_account(Limits(), STANDING)} == {Unit.ORDERS, Unit.TRADES, Unit.MONEY}
