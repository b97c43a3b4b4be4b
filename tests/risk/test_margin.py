"""Control 11 at its edges: by the last what-if, by value alone, and where something is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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
from core.domain.what_ifs import MarginRate
from core.ports import Approved, Preview
from core.risk.circumstances import Circumstances
from core.risk.controls import judge, question
from core.risk.facts import Funds
from core.risk.margin import (
    AGE_SECONDS,
    MarginBound,
    margin_bound,
    unit_bound,
    units_beyond,
    within_margin,
)
from tests.limits import UNASKED
from tests.risk.room import FLAT

D = Decimal
NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
AAPL = Instrument(con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
PUT = Instrument(
    con_id=7, symbol="AAPL", sec_type=SecType.OPT, exchange="SMART", multiplier=D(100), strike=D(200), right="P"
)
FUNDS = Funds(equity=D(10_000), initial_margin=D(2_000), told=NOW, holds=True, reserved=D(1_000))
AROUND = Circumstances(
    instrument=AAPL,
    quote=Quote(con_id=265598, bid=D(100), ask=D(100)),
    accounts=("DU1234567",),
    limits=Limits(),
    now=NOW,
    exposure=FLAT,
    funds=FUNDS,
)
BUY = OrderRequest(
    order_ref="ibd-AAAAAA-1",
    account="DU1234567",
    con_id=265598,
    side=Side.BUY,
    quantity=D(10),
    order_type=OrderType.LMT,
    limit_price=D(100),
)
ASKED = MarginRate(rate=D("0.25"), time=NOW)


def judged(request: OrderRequest, **changes: object) -> Denial | None:
    """What the control says of a request in other circumstances."""
    return within_margin(request, replace(AROUND, **changes))


@pytest.mark.parametrize(("quantity", "passes"), [("69", True), ("70", True), ("71", False)])
def test_by_value_while_ibkr_was_not_asked(quantity: str, passes: bool) -> None:
    denial = judged(replace(BUY, quantity=D(quantity)))

    assert (denial is None) == passes
    if denial is not None:
        assert (denial.code, denial.limit) == (DenialCode.MARGIN, "margin_percent")
        assert denial.message == (
            "BUY 71 AAPL could take 7,100.00 USD of margin, by its whole value as IBKR was not asked about it yet; "
            "7,000.00 is free. 70 would fit."
        )


@pytest.mark.parametrize(("quantity", "passes"), [("254", True), ("255", False)])
def test_by_the_rate_of_the_last_what_if_and_a_tenth(quantity: str, passes: bool) -> None:
    denial = judged(replace(BUY, quantity=D(quantity)), funds=replace(FUNDS, rate=ASKED))

    assert (denial is None) == passes
    if denial is not None:
        assert denial.message == "BUY 255 AAPL could take 7,012.50 USD of margin; 7,000.00 is free. 254 would fit."


def test_figures_are_old_after_ten_minutes_and_a_what_if_after_a_day() -> None:
    for age, passes in ((600, True), (601, False)):
        funds = replace(FUNDS, told=NOW - timedelta(seconds=age))
        assert (judged(BUY, funds=funds) is None) is passes
    for age, passes in ((86_400, True), (86_401, False)):
        funds = replace(FUNDS, rate=replace(ASKED, time=NOW - timedelta(seconds=age)))
        assert (judged(replace(BUY, quantity=D(254)), funds=funds) is None) is passes


@pytest.mark.parametrize(("percent", "passes"), [("49", False), ("50", True)])
def test_how_much_of_the_equity_may_be_taken(percent: str, passes: bool) -> None:
    denial = judged(replace(BUY, quantity=D(20)), limits=Limits(margin_percent=D(percent)))

    assert (denial is None) == passes


@pytest.mark.parametrize(("age", "holds", "passes"), [(0, True, True), (1, True, False), (1, False, True)])
def test_old_figures_of_what_is_held_refuse(age: int, holds: bool, passes: bool) -> None:
    told = NOW - timedelta(seconds=AGE_SECONDS + age)

    denial = judged(BUY, funds=replace(FUNDS, told=told, holds=holds))

    assert (denial is None) == passes
    if denial is not None:
        assert denial.code is DenialCode.NO_MARGIN
        assert "IBKR's figures of DU…567 are 10 min old" in denial.message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"equity": None}, DenialCode.NO_MARGIN),
        ({"initial_margin": None}, DenialCode.NO_MARGIN),
        ({"told": None}, DenialCode.NO_MARGIN),
        ({"reserved": None}, DenialCode.NO_VALUE),
    ],
)
def test_what_is_not_known_refuses_but_never_what_closes(change: dict[str, object], code: DenialCode) -> None:
    funds = replace(FUNDS, **change)
    denial = judged(BUY, funds=funds)

    assert denial is not None
    assert denial.code is code
    short = replace(FLAT, held=D(-10), expected=D(-10))
    assert judged(BUY, funds=funds, exposure=short) is None
    assert judged(BUY, funds=funds, attached=True) is None
    assert margin_bound(BUY, replace(AROUND, funds=funds)) is None or "told" in change


def test_without_a_rate_of_exchange_it_refuses() -> None:
    denial = judged(BUY, exposure=replace(FLAT, rate=None, base_currency="EUR"))

    assert denial is not None
    assert denial.code is DenialCode.NO_RATE
    assert "No exchange rate from USD to EUR is known" in denial.message


def test_value_is_that_in_the_base_currency() -> None:
    half = Rate(currency="USD", value=D("0.5"), source=RateSource.ACCOUNT, time=NOW)
    exposure = replace(FLAT, rate=half, base_currency="EUR")

    assert judged(replace(BUY, quantity=D(140)), exposure=exposure) is None
    assert judged(replace(BUY, quantity=D(141)), exposure=exposure) is not None


def test_only_what_opens_takes_margin() -> None:
    exposure = replace(FLAT, held=D(-50), expected=D(-50))

    assert judged(replace(BUY, quantity=D(170)), exposure=exposure) is None, "50 close, 120 open: 70 more than before"
    assert judged(replace(BUY, quantity=D(171)), exposure=exposure) is not None
    flat = replace(FLAT, other_side_standing=D(500))
    assert judged(replace(BUY, quantity=D(500)), exposure=flat) is None, "no more than the sales that work may take"


def test_what_works_beside_it_counts() -> None:
    exposure = replace(FLAT, same_side=D(30), same_side_standing=D(30))

    assert judged(replace(BUY, quantity=D(40)), exposure=exposure) is None
    assert judged(replace(BUY, quantity=D(41)), exposure=exposure) is not None


def test_bounds_by_value() -> None:
    spread = replace(PUT, con_id=-1, sec_type=SecType.BAG, strike=None)

    assert unit_bound(AAPL, Side.SELL, D(100), None) == 100
    assert unit_bound(PUT, Side.BUY, D(3), None) == 300
    assert unit_bound(PUT, Side.SELL, D(3), None) == 20_300
    assert unit_bound(replace(PUT, strike=None), Side.SELL, D(3), None) is None
    assert unit_bound(spread, Side.BUY, D(1), None) is None
    assert unit_bound(spread, Side.BUY, D(1), D(41_000)) == 41_000
    assert unit_bound(spread, Side.BUY, D(500), D(41_000)) == 50_000


def test_a_combination_that_nobody_can_weigh_is_to_rest_in_the_ticket() -> None:
    spread = replace(PUT, con_id=-1, sec_type=SecType.BAG, strike=None)

    denial = judged(BUY, instrument=spread)

    assert denial is not None
    assert denial.code is DenialCode.NO_MARGIN
    assert denial.message.endswith("Leave it in the ticket for a moment: IBKR is asked about it then.")
    assert judged(replace(BUY, quantity=D(1)), instrument=spread, funds=replace(FUNDS, rate=ASKED)) is None


def test_ibkr_is_asked_about_what_margin_alone_holds_back() -> None:
    room = replace(AROUND, limits=UNASKED, quote=Quote(con_id=265598, bid=D("99.99"), ask=D(100)))
    large, unknown = replace(BUY, quantity=D(71)), replace(room, funds=Funds())
    too_many = replace(BUY, quantity=D(10_001))

    for request, around in ((BUY, room), (large, room), (BUY, unknown)):
        asked = question(request, around)
        assert isinstance(asked, Preview)
        assert (asked.value, asked.instrument) == (request, AAPL)
    assert isinstance(judge(BUY, room), Approved)
    for request, around, code in (
        (large, room, DenialCode.MARGIN),
        (BUY, unknown, DenialCode.NO_MARGIN),
    ):
        denied = judge(request, around)
        assert isinstance(denied, Denial)
        assert denied.code is code
    for request, around, code in (
        (too_many, room, DenialCode.QUANTITY_MAX),
        (too_many, unknown, DenialCode.QUANTITY_MAX),
        (BUY, replace(room, instrument=None), DenialCode.UNKNOWN_INSTRUMENT),
        (large, replace(room, queue_wait=2.5), DenialCode.THROTTLED),
    ):
        refused = question(request, around)
        assert isinstance(refused, Denial)
        assert refused.code is code


@pytest.mark.parametrize(("quantity", "passes"), [("12", True), ("13", False)])
def test_a_rate_is_of_the_value_with_its_multiplier(quantity: str, passes: bool) -> None:
    contract = replace(AAPL, multiplier=D(20))

    denial = judged(replace(BUY, quantity=D(quantity)), instrument=contract, funds=replace(FUNDS, rate=ASKED))

    # 100 x 20 x 0.25 x 1.1 = 550 each.
    assert (denial is None) == passes
    if denial is not None:
        assert "could take 7,150.00 USD of margin; 7,000.00 is free. 12 would fit." in denial.message


def test_an_option_that_is_sold_takes_its_strike_and_one_that_is_bought_its_price() -> None:
    sold, bought = replace(BUY, side=Side.SELL, quantity=D(1)), replace(BUY, quantity=D(1))

    writing, buying = judged(sold, instrument=PUT), judged(bought, instrument=PUT)

    assert writing is not None
    assert "could take 30,000.00 USD of margin, by its whole value" in writing.message
    assert writing.message.endswith("7,000.00 is free. None would fit.")
    assert buying is not None
    assert "could take 10,000.00 USD of margin" in buying.message


@pytest.mark.parametrize(
    ("step", "free", "advice"),
    [
        ("1", "7000", "70 would fit."),
        ("25", "7000", "50 would fit."),
        ("0.5", "7000", "70 would fit."),
        ("0.5", "7060", "70.5 would fit."),
        ("1", "100", "1 would fit."),
        ("1", "99.99", "None would fit."),
        ("0.5", "99.99", "0.5 would fit."),
        ("1", "0", "None would fit."),
        ("1", "-500", "None would fit."),
    ],
)
def test_the_largest_quantity_that_fits_is_told_in_steps_of_the_instrument(step: str, free: str, advice: str) -> None:
    funds = replace(FUNDS, equity=D(free), initial_margin=D(0), reserved=D(0))

    denial = judged(replace(BUY, quantity=D(75)), instrument=replace(AAPL, size_increment=D(step)), funds=funds)

    assert denial is not None
    assert denial.message.endswith(f"; {max(D(free), D(0)):,.2f} is free. {advice}")


def test_what_fits_is_what_is_added_beside_a_position_that_turns() -> None:
    exposure = replace(FLAT, held=D(-50), expected=D(-50))

    denial = judged(replace(BUY, quantity=D(200)), exposure=exposure)

    assert denial is not None
    assert denial.message.startswith("BUY 200 AAPL could take 10,000.00 USD")
    assert denial.message.endswith("7,000.00 is free. 170 would fit.")


def test_what_adds_nothing_passes_without_any_money() -> None:
    poor = replace(FUNDS, equity=D(0))
    exit_beside_others = replace(FLAT, held=D(-10), expected=D(-10), same_side=D(15), same_side_standing=D(15))
    behind_sales = replace(FLAT, other_side_standing=D(500))

    assert judged(BUY, funds=poor, exposure=exit_beside_others) is None
    assert judged(replace(BUY, quantity=D(500)), funds=poor, exposure=behind_sales) is None
    assert judged(replace(BUY, quantity=D(501)), funds=poor, exposure=behind_sales) is not None


def test_bounds_of_what_adds_nothing_and_of_what_nobody_can_value() -> None:
    closing = replace(AROUND, exposure=replace(FLAT, held=D(-10), expected=D(-10), rate=None), quote=None)

    assert margin_bound(BUY, closing) == MarginBound(D(3_000), D(0), D(10_000))
    assert margin_bound(BUY, replace(AROUND, exposure=replace(FLAT, rate=None))) is None
    assert margin_bound(BUY, replace(AROUND, instrument=None)) is None
    assert margin_bound(replace(BUY, limit_price=None), replace(AROUND, quote=None)) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"funds": replace(FUNDS, equity=None)},
            "IBKR has not told equity and margin of DU…567 yet. Not sent. Try again in a moment.",
        ),
        (
            {"funds": replace(FUNDS, told=NOW - timedelta(hours=5))},
            "IBKR's figures of DU…567 are 300 min old, so its margin can't be judged. Not sent. Wait for new ones, or "
            "look at the account in TWS.",
        ),
        (
            {"exposure": replace(FLAT, rate=None, base_currency="")},
            "IBKR has not told the base currency of DU…567 yet. Not sent. Try again in a moment.",
        ),
    ],
)
def test_words_for_what_is_not_known(changes: dict[str, object], words: str) -> None:
    denial = judged(BUY, **changes)

    assert denial is not None
    assert denial.message == words


def test_without_a_contract_no_rate_is_known() -> None:
    denial = judged(BUY, exposure=replace(FLAT, rate=None, base_currency="EUR"), instrument=None)

    assert denial is not None
    assert denial.code is DenialCode.NO_RATE


held = st.decimals(min_value=-1000, max_value=1000, places=0)
sizes = st.decimals(min_value=0, max_value=1000, places=0)


@given(held, sizes, sizes)
def test_a_position_grows_by_no_more_than_its_worst_end(position: Decimal, buys: Decimal, sells: Decimal) -> None:
    beyond = units_beyond(position, buys, sells)

    assert beyond >= 0
    for bought, sold in ((buys, D(0)), (D(0), sells), (buys, sells)):
        assert abs(position + bought - sold) <= abs(position) + beyond


@given(held, sizes, sizes, sizes.filter(bool), st.sampled_from(Side))
def test_what_passes_leaves_the_account_within_its_equity(
    position: Decimal, same: Decimal, other: Decimal, quantity: Decimal, side: Side
) -> None:
    exposure = replace(
        FLAT,
        held=position,
        expected=position,
        same_side=same,
        same_side_standing=same,
        other_side_standing=other,
    )
    request = replace(BUY, side=side, quantity=quantity)

    if judged(request, exposure=exposure) is not None:
        return
    towards = position * side.sign
    before = units_beyond(towards, same, other)
    added = units_beyond(towards, same + quantity, other)
    assert added == before or quantity <= -towards or added * 100 <= 7_000
