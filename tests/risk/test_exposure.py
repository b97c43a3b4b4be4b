"""Controls 8, 9, 10 and 20 at their edges: new orders, changes, brackets, and what gets a trader out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.instruments import Instrument, SecType
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.quotes import Quote
from core.risk.behaviour import PAST_KILL
from core.risk.circumstances import Circumstances, Control
from core.risk.closing import closes, reduces
from core.risk.exposure import (
    CLOSING_ROOM,
    reduce_only,
    within_open_orders,
    within_position,
    within_unexecuted,
)
from core.risk.facts import Exposure
from tests.risk.room import FLAT, RICH

D = Decimal
ACCOUNT = "DU1234567"
AAPL = Instrument(con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
LIMITS = Limits(
    open_orders=60,
    open_orders_side=10,
    unexecuted_value=D(100_000),
    position_quantity=D(1000),
    position_value=D(150_000),
)
AROUND = Circumstances(
    instrument=AAPL,
    quote=Quote(con_id=265598, bid=D(100), ask=D(100)),
    accounts=(ACCOUNT,),
    limits=LIMITS,
    exposure=FLAT,
    funds=RICH,
)
BUY = OrderRequest(
    order_ref="ibd-AAAAAA-1",
    account=ACCOUNT,
    con_id=265598,
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.LMT,
    limit_price=D(100),
)
SELL = replace(BUY, side=Side.SELL)
STOP = replace(SELL, order_type=OrderType.STP, limit_price=None, stop_price=D(95))
LONG = replace(FLAT, held=D(100), expected=D(100))
REFUSAL = Denial(code=DenialCode.REDUCING, message="Only orders that reduce a position are sent.")


def judged(control: Control, request: OrderRequest, exposure: Exposure, **changes: object) -> Denial | None:
    """What one control says with that at stake."""
    return control(request, replace(AROUND, exposure=exposure, **changes))


@pytest.mark.parametrize(("works", "passes"), [(0, True), (9, True), (10, False), (11, False)])
def test_open_orders_of_one_side(works: int, passes: bool) -> None:
    denial = judged(within_open_orders, BUY, replace(FLAT, open_here=works, open_all=works))

    assert (denial is None) == passes
    if denial is not None:
        assert (denial.code, denial.limit) == (DenialCode.OPEN_ORDERS, "open_orders_side")
        assert denial.message == (
            f"{works} orders to BUY AAPL work already, your limit is 10. Not sent. Cancel one of them first, or raise "
            "the limit open_orders_side (`ibdesk limits`)."
        )


@pytest.mark.parametrize(("works", "passes"), [(59, True), (60, False), (61, False)])
def test_open_orders_in_all(works: int, passes: bool) -> None:
    denial = judged(within_open_orders, BUY, replace(FLAT, open_all=works))

    assert (denial is None) == passes
    if denial is not None:
        assert (denial.code, denial.limit) == (DenialCode.OPEN_ORDERS, "open_orders")


@pytest.mark.parametrize(("works", "passes"), [(10, True), (9 + CLOSING_ROOM, True), (10 + CLOSING_ROOM, False)])
def test_what_closes_has_more_room_on_its_side_and_as_much_as_it_needs_in_all(works: int, passes: bool) -> None:
    exposure = replace(LONG, open_here=works, open_all=1000)

    assert (judged(within_open_orders, SELL, exposure) is None) == passes
    assert judged(within_open_orders, BUY, exposure) is not None
    assert judged(within_open_orders, replace(SELL, quantity=D(101)), exposure) is not None, "it would turn"


def test_what_is_attached_counts_like_all_else() -> None:
    exposure = replace(LONG, open_here=10, open_all=60, unexecuted=D(100_000))

    for control in (within_open_orders, within_unexecuted):
        assert judged(control, SELL, exposure) is None
        assert judged(control, SELL, exposure, attached=True) is not None


@pytest.mark.parametrize(("quantity", "passes"), [("399", True), ("400", True), ("401", False)])
def test_unexecuted_value(quantity: str, passes: bool) -> None:
    exposure = replace(FLAT, unexecuted=D(60_000))

    denial = judged(within_unexecuted, replace(BUY, quantity=D(quantity)), exposure)

    assert (denial is None) == passes
    if denial is not None:
        assert (denial.code, denial.limit) == (DenialCode.UNEXECUTED_MAX, "unexecuted_value")
        assert denial.message == (
            "With this order's 40,100.00 your orders could trade 100,100.00 USD, your limit is 100,000. Not sent. "
            "Cancel others first, or raise the limit unexecuted_value (`ibdesk limits`)."
        )


def test_of_a_change_only_what_is_left_counts() -> None:
    exposure = replace(FLAT, unexecuted=D(60_000), filled=D(100))

    assert judged(within_unexecuted, replace(BUY, quantity=D(500)), exposure) is None
    assert judged(within_unexecuted, replace(BUY, quantity=D(501)), exposure) is not None


def test_what_nobody_can_value_refuses_and_says_what() -> None:
    exposure = replace(FLAT, unexecuted=None, unvalued="EWG has no price")

    denial = judged(within_unexecuted, BUY, exposure)

    assert denial is not None
    assert denial.code is DenialCode.NO_VALUE
    assert denial.message == (
        "What your orders could trade can't be valued: EWG has no price. Not sent. Wait for it, or cancel that order."
    )
    assert judged(within_unexecuted, SELL, replace(exposure, held=D(100), expected=D(100))) is None, "it closes"


def test_without_a_rate_or_a_price_nothing_is_valued() -> None:
    no_rate = judged(within_unexecuted, BUY, replace(FLAT, rate=None))
    no_price = judged(within_unexecuted, replace(BUY, limit_price=None), FLAT, quote=None)

    assert no_rate is not None
    assert no_rate.code is DenialCode.NO_RATE
    assert no_price is not None
    assert no_price.code is DenialCode.NO_VALUE


@pytest.mark.parametrize(
    ("held", "works", "quantity", "passes"),
    [
        ("0", "0", "1000", True),
        ("0", "0", "1001", False),
        ("400", "500", "100", True),
        ("400", "500", "101", False),
        ("-400", "500", "900", True),
        ("-400", "500", "901", False),
        ("-2000", "0", "2000", True),
        ("-2000", "900", "2100", True),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_worst_position(held: str, works: str, quantity: str, passes: bool, side: Side) -> None:
    at_stake = D(held) * side.sign
    exposure = replace(FLAT, held=at_stake, expected=at_stake, same_side=D(works))
    request = replace(BUY, side=side, quantity=D(quantity), limit_price=D(1))

    denial = judged(within_position, request, exposure, quote=Quote(con_id=265598, bid=D(1), ask=D(1)))

    assert (denial is None) == passes
    if denial is not None:
        assert (denial.code, denial.limit) == (DenialCode.POSITION_MAX, "position_quantity")
        assert f"could become 1,001 {'long' if side is Side.BUY else 'short'}" in denial.message


@pytest.mark.parametrize(("price", "passes"), [("149.99", True), ("150.00", True), ("150.01", False)])
def test_worst_position_in_money(price: str, passes: bool) -> None:
    quote = Quote(con_id=265598, bid=D(price), ask=D(price))

    denial = judged(within_position, replace(BUY, quantity=D(1000), limit_price=D(price)), FLAT, quote=quote)

    assert (denial is None) == passes
    if denial is not None:
        assert (denial.code, denial.limit) == (DenialCode.POSITION_MAX, "position_value")
        assert "1,000 long, worth 150,010.00 USD" in denial.message


def test_fills_that_the_position_does_not_show_count() -> None:
    unseen = replace(FLAT, held=D(0), expected=D(950))
    gone = replace(FLAT, held=D(950), expected=D(0))

    for exposure in (unseen, gone):
        assert judged(within_position, replace(BUY, quantity=D(50)), exposure) is None
        assert judged(within_position, replace(BUY, quantity=D(51)), exposure) is not None


def test_a_bracket_waiting_on_a_full_position_keeps_nobody_from_closing_it() -> None:
    held = replace(FLAT, held=D(1000), expected=D(1000), same_side=D(2000), same_side_standing=D(0))
    taking = replace(held, same_side_taking=D(1000))
    close = replace(SELL, quantity=D(1000))

    assert judged(within_position, close, held) is None
    assert judged(within_position, close, taking) is None, "1,000 short at the worst"
    assert judged(within_position, close, replace(held, same_side_taking=D(1001))) is not None
    assert judged(within_position, replace(close, quantity=D(1001)), held) is not None, "it opens: all counts"


def test_unread_positions_refuse() -> None:
    denial = judged(within_position, BUY, replace(FLAT, held=None))

    assert denial is not None
    assert denial.code is DenialCode.NOT_RECONCILED


@pytest.mark.parametrize(
    ("side", "quantity", "works", "passes"),
    [
        (Side.SELL, "99", "0", True),
        (Side.SELL, "100", "0", True),
        (Side.SELL, "101", "0", False),
        (Side.SELL, "60", "40", True),
        (Side.SELL, "61", "40", False),
        (Side.BUY, "1", "0", False),
    ],
)
def test_reducing_only(side: Side, quantity: str, works: str, passes: bool) -> None:
    exposure = replace(LONG, same_side=D(works) + 500, same_side_taking=D(works), only_reducing=REFUSAL)
    request = replace(BUY, side=side, quantity=D(quantity))

    denial = judged(reduce_only, request, exposure)
    assert (denial is None) == passes
    assert denial is None or denial.code is DenialCode.REDUCING
    assert judged(reduce_only, request, replace(exposure, only_reducing=None)) is None
    assert judged(reduce_only, request, exposure, attached=True) == REFUSAL, "it goes with what opens"


def test_what_keeps_a_position_from_being_closed_is_said() -> None:
    exposure = replace(LONG, same_side=D(300), same_side_taking=D(200), only_reducing=REFUSAL)

    denial = judged(reduce_only, SELL, exposure)

    assert denial is not None
    assert denial.message == (
        "Only orders that reduce a position are sent now, and with 200 in exits that work already SELL 100 could turn "
        "the 100 that are held. Not sent. Cancel those first ( c ), then close."
    )


def test_a_stop_or_a_target_that_waits_keeps_no_exit_back_and_two_exits_that_take_do() -> None:
    waits = replace(LONG, same_side=D(200), only_reducing=REFUSAL)
    past_kill = judged(reduce_only, SELL, waits, asked=PAST_KILL)

    assert judged(reduce_only, SELL, waits) is None
    assert judged(reduce_only, SELL, replace(waits, same_side_taking=D(1))) is not None
    assert past_kill is not None, "there nothing else may work on its side"
    assert "with 200 in exits" in past_kill.message
    assert judged(reduce_only, STOP, waits) is not None, "one more stop than is held could turn it"


@pytest.mark.parametrize(
    ("request_", "before", "passes"),
    [
        (replace(STOP, stop_price=D(96)), STOP, True),
        (replace(STOP, quantity=D(50)), STOP, True),
        (replace(STOP, quantity=D(100)), replace(STOP, quantity=D(99)), False),
        (replace(STOP, quantity=D(101)), replace(STOP, quantity=D(101)), False),
        (replace(STOP, side=Side.BUY), replace(STOP, side=Side.BUY), False),
        (SELL, STOP, False),
        (SELL, replace(SELL, limit_price=D(101)), True),
    ],
)
def test_an_exit_is_moved_beside_others_but_grows_no_larger(
    request_: OrderRequest, before: OrderRequest, passes: bool
) -> None:
    exposure = replace(LONG, same_side=D(100), same_side_taking=D(100), only_reducing=REFUSAL)

    assert (judged(reduce_only, request_, exposure, before=before) is None) is passes
    assert judged(reduce_only, request_, exposure, before=before, attached=True) is not None
    assert judged(reduce_only, request_, exposure) is not None, "it is none that works already"


def test_a_change_reduces_by_what_is_left_of_it() -> None:
    exposure = replace(LONG, filled=D(50), only_reducing=REFUSAL)

    assert judged(reduce_only, replace(SELL, quantity=D(150)), exposure) is None
    assert judged(reduce_only, replace(SELL, quantity=D(151)), exposure) == REFUSAL


def test_nothing_known_refuses() -> None:
    for control in (within_unexecuted, within_position):
        assert judged(control, BUY, Exposure()) is not None


units = st.decimals(min_value=-2000, max_value=2000, places=0)
sizes = st.decimals(min_value=0, max_value=2000, places=0)


@given(units, units, sizes, sizes, sizes.filter(bool), st.sampled_from(Side))
def test_what_surely_reduces_is_never_refused_and_never_turns(
    held: Decimal, expected: Decimal, works: Decimal, taking: Decimal, quantity: Decimal, side: Side
) -> None:
    exposure = replace(
        FLAT, held=held, expected=expected, same_side=works, same_side_taking=min(works, taking), open_all=1000
    )
    exposure = replace(exposure, unexecuted=None, rate=None, only_reducing=REFUSAL)
    request = replace(BUY, side=side, quantity=quantity)

    if reduces(request, exposure):
        assert closes(request, exposure)
        for control in (reduce_only, within_open_orders, within_unexecuted, within_position):
            assert judged(control, request, exposure) is None
        for before in (held, expected):
            after = before + side.sign * (exposure.same_side_taking + quantity)
            assert after == 0 or (after > 0) == (before > 0)
    else:
        denial = judged(reduce_only, request, exposure)
        assert denial is not None
        assert denial.code is DenialCode.REDUCING


@given(units, sizes, sizes.filter(bool), st.sampled_from(Side))
def test_what_passes_keeps_the_position_within_its_limit_or_makes_it_smaller(
    held: Decimal, works: Decimal, quantity: Decimal, side: Side
) -> None:
    exposure = replace(FLAT, held=held, expected=held, same_side=works, same_side_taking=works)
    request = replace(BUY, side=side, quantity=quantity, limit_price=D(1))

    denial = judged(within_position, request, exposure, quote=Quote(con_id=265598, bid=D(1), ask=D(1)))

    worst = (held + side.sign * (works + quantity)) * side.sign
    assert (denial is None) == (worst <= LIMITS.position_quantity)
