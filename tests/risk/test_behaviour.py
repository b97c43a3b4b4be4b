"""Controls 4, 5, 13, 14 and 19: the edge of each, for new orders and for changes, at a desk and from a script."""

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
from core.domain.orders import OrderRequest, OrderType, Side, Terms, terms_of
from core.domain.quotes import Quote
from core.risk.behaviour import COMPUTED, Asked, Day, Recent
from core.risk.budgets import added_value, within_day
from core.risk.circumstances import Circumstances
from core.risk.facts import Exposure
from core.risk.fat_finger import usual_quantity, usual_value
from core.risk.repeats import REPEATS, few_repeats, once_only
from core.risk.short_sale import meant_short
from core.risk.walking import level, near_the_first

D = Decimal
AAPL = Instrument(con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
DOLLAR = Rate(currency="USD", value=D(1), source=RateSource.BASE)
LIMITS = Limits(
    order_value=D(100_000), walk_percent=D(5), script_repeats=3, day_orders=10, day_trades=20, day_value=D(50_000)
)
AROUND = Circumstances(
    instrument=AAPL,
    quote=Quote(con_id=265598, bid=D("99.99"), ask=D(100), last=D(100)),
    accounts=("DU1234567",),
    limits=LIMITS,
    now=datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
    exposure=Exposure(held=D(0), rate=DOLLAR, base_currency="USD"),
    recent=Recent(),
    day=Day(orders=0, trades=0, value=D(0)),
)
BUY = OrderRequest(
    order_ref="ibd-AAAAAA-1",
    account="DU1234567",
    con_id=265598,
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.LMT,
    limit_price=D(100),
)
SELL = replace(BUY, side=Side.SELL, limit_price=D("99.99"))
SCRIPT = Asked(script="place")


def code(denial: Denial | None) -> DenialCode | None:
    """Why not; None if all is well."""
    return None if denial is None else denial.code


def answered(denied: DenialCode, quantity: Decimal = BUY.quantity) -> Asked:
    """A person who typed the quantity once more when he was asked this."""
    return Asked(confirms=(denied,), typed_quantity=quantity)


def recent(**facts: object) -> Circumstances:
    """The circumstances with facts of what was sent lately."""
    return replace(AROUND, recent=replace(Recent(), **facts))


class TestWalking:
    """Control 4."""

    @pytest.mark.parametrize(("price", "passes"), [("104.99", True), ("105.00", True), ("105.01", False)])
    def test_a_buy_goes_no_further_up_than_the_limit(self, price: str, passes: bool) -> None:
        around = recent(first_level=D(100), first_age=12.0)

        denied = near_the_first(replace(BUY, limit_price=D(price)), around)

        assert (denied is None) is passes
        if denied is not None:
            assert denied.message == (
                "105.01 is 5.0 % beyond 100, where you met AAPL 12 s ago; your limit is 5 % in 60 s. "
                "Wait 48 s, or press x to close a position."
            )
            assert denied.limit == "walk_percent"

    @pytest.mark.parametrize(("bid", "passes"), [("95.01", True), ("95.00", True), ("94.99", False)])
    def test_a_market_sale_walks_with_the_market(self, bid: str, passes: bool) -> None:
        around = recent(first_level=D(100))
        assert around.quote is not None
        around = replace(around, quote=replace(around.quote, bid=D(bid)))
        request = replace(SELL, order_type=OrderType.MKT, limit_price=None)

        assert code(near_the_first(request, around)) == (None if passes else DenialCode.WALKED)
        changed = replace(around, before=terms_of(SELL))
        assert code(near_the_first(request, changed)) == (None if passes else DenialCode.WALKED)

    def test_back_to_the_better_side_is_always_free(self) -> None:
        assert near_the_first(replace(BUY, limit_price=D(80)), recent(first_level=D(120))) is None

    def test_a_limit_rests_behind_a_market_that_ran_away(self) -> None:
        assert AROUND.quote is not None
        away = replace(recent(first_level=D(100)), quote=replace(AROUND.quote, bid=D(119), ask=D(120)))

        assert near_the_first(replace(BUY, limit_price=D(105)), away) is None
        assert code(near_the_first(replace(BUY, limit_price=D(106)), away)) is DenialCode.WALKED

    def test_the_first_order_and_core_itself_pass(self) -> None:
        far = replace(BUY, limit_price=D(200))

        assert near_the_first(far, recent()) is None
        assert near_the_first(far, replace(recent(first_level=D(100)), asked=COMPUTED)) is None

    def test_where_orders_meet_the_market(self) -> None:
        resting, through = replace(BUY, limit_price=D(90)), replace(BUY, limit_price=D(103))
        stop = replace(BUY, order_type=OrderType.STP, limit_price=None, stop_price=D(110))

        assert level(resting, AROUND) == D(100)
        assert level(through, AROUND) == D(103)
        assert level(SELL, AROUND) == D("99.99")
        assert level(replace(SELL, limit_price=D(97)), AROUND) == D(97)
        assert level(stop, AROUND) is None
        assert level(BUY, replace(AROUND, attached=True)) is None
        assert level(replace(BUY, order_type=OrderType.MKT, limit_price=None), replace(AROUND, quote=None)) is None


@given(st.lists(st.decimals(50, 200, places=2), min_size=1, max_size=8))
def test_no_sequence_of_orders_gets_beyond_the_limit(prices: list[Decimal]) -> None:
    first: Decimal | None = None
    for price in prices:
        request = replace(BUY, limit_price=price)
        around = recent(first_level=first)
        if near_the_first(request, around) is None:
            first = first if first is not None else level(request, around)
            assert first is not None
            assert price <= first * D("1.05")


@pytest.mark.covers("D2.2")
class TestDuplicates:
    """Control 5."""

    TWIN = recent(twin="#7 BUY 100 AAPL @ 100", twin_age=12.0)

    def test_a_desk_is_asked_to_type_the_quantity(self) -> None:
        denied = once_only(BUY, self.TWIN)

        assert denied is not None
        assert (denied.code, denied.retype) == (DenialCode.DUPLICATE, D(100))
        assert denied.message == (
            "The same as #7 BUY 100 AAPL @ 100, sent 12 s ago. Type 100 to send it, Esc to go back."
        )

    @pytest.mark.parametrize(
        ("asked", "passes"),
        [
            (answered(DenialCode.DUPLICATE), True),
            (answered(DenialCode.DUPLICATE, D(10)), False),
            (answered(DenialCode.SHORT_SALE), False),
            (Asked(confirms=(DenialCode.DUPLICATE,)), False),
            (Asked(typed_quantity=D(100)), False),
            (Asked(script="place", confirms=(DenialCode.DUPLICATE,)), True),
            (SCRIPT, False),
            (COMPUTED, True),
        ],
    )
    def test_who_may_send_it_twice(self, asked: Asked, passes: bool) -> None:
        assert code(once_only(BUY, replace(self.TWIN, asked=asked))) == (None if passes else DenialCode.DUPLICATE)

    def test_a_script_is_told_how_to_say_it_and_types_nothing(self) -> None:
        denied = once_only(BUY, replace(self.TWIN, asked=SCRIPT))

        assert denied is not None
        assert denied.retype is None
        assert denied.message.endswith("Not sent. A script that means it confirms DUPLICATE.")

    def test_changes_attached_orders_and_repeats_by_a_key_double_nothing(self) -> None:
        assert once_only(BUY, recent()) is None
        assert once_only(BUY, replace(self.TWIN, before=terms_of(BUY))) is None
        assert once_only(BUY, replace(self.TWIN, attached=True)) is None
        assert once_only(BUY, recent(twin="#7", repeats=0)) is None

    @pytest.mark.parametrize(("repeats", "passes"), [(None, True), (0, True), (REPEATS - 1, True), (REPEATS, False)])
    def test_five_repeats_in_ten_seconds(self, repeats: int | None, passes: bool) -> None:
        around = recent(repeats=repeats)

        assert code(few_repeats(BUY, around)) == (None if passes else DenialCode.REPEATED)
        assert few_repeats(BUY, replace(around, asked=answered(DenialCode.REPEATED))) is None


def used(orders: int = 0, trades: int = 0, value: str = "0") -> Circumstances:
    """The circumstances of an account that has used so much of its day."""
    return replace(AROUND, day=Day(orders=orders, trades=trades, value=D(value)))


class TestBudgets:
    """Control 13."""

    @pytest.mark.parametrize(
        ("around", "refused"),
        [
            (used(orders=9), None),
            (used(orders=10), DenialCode.DAY_ORDERS),
            (used(trades=19), None),
            (used(trades=20), DenialCode.DAY_TRADES),
            (used(value="39999.99"), None),
            (used(value="40000"), None),
            (used(value="40000.01"), DenialCode.DAY_VALUE),
        ],
    )
    def test_each_budget_by_itself(self, around: Circumstances, refused: DenialCode | None) -> None:
        assert code(within_day(BUY, around)) == refused
        free = replace(LIMITS, day_orders=None, day_trades=None, day_value=None)
        assert within_day(BUY, replace(around, limits=free)) is None

    def test_what_reduces_a_position_passes(self) -> None:
        full = used(orders=10, trades=20, value="50000")
        long = replace(full, exposure=replace(AROUND.exposure, held=D(100), expected=D(100)))

        assert within_day(SELL, long) is None
        assert code(within_day(replace(SELL, quantity=D(101)), long)) is DenialCode.DAY_ORDERS
        assert code(within_day(BUY, long)) is DenialCode.DAY_ORDERS
        busy = replace(long, exposure=replace(long.exposure, same_side_taking=D(1)))
        assert code(within_day(SELL, busy)) is DenialCode.DAY_ORDERS
        assert within_day(SELL, replace(full, asked=COMPUTED)) is None
        assert within_day(SELL, replace(full, attached=True)) is None

    def test_a_change_is_no_further_order_and_counts_what_it_adds(self) -> None:
        before = terms_of(BUY)
        larger = replace(BUY, quantity=D(150))

        assert within_day(BUY, replace(used(orders=10, trades=20), before=before)) is None
        assert code(within_day(larger, replace(used(trades=20), before=before))) is DenialCode.DAY_TRADES
        assert within_day(larger, replace(used(value="45000"), before=before)) is None
        assert code(within_day(larger, replace(used(value="45000.01"), before=before))) is DenialCode.DAY_VALUE

    @pytest.mark.parametrize(
        ("request_", "before", "added"),
        [
            (BUY, None, "10000"),
            (BUY, terms_of(BUY), "0"),
            (replace(BUY, limit_price=D(101)), terms_of(BUY), "100"),
            (replace(BUY, quantity=D(50)), terms_of(BUY), "0"),
            (
                replace(BUY, order_type=OrderType.MKT, limit_price=None, quantity=D(150)),
                Terms(quantity=D(100), order_type=OrderType.MKT),
                "5000",
            ),
        ],
    )
    def test_value_that_is_added(self, request_: OrderRequest, before: Terms | None, added: str) -> None:
        assert added_value(request_, replace(AROUND, before=before)) == D(added)
        euro = replace(AROUND.exposure, rate=replace(DOLLAR, currency="USD", value=D("0.5")))
        assert added_value(request_, replace(AROUND, before=before, exposure=euro)) == D(added) / 2
        unknown = replace(AROUND, before=before, exposure=replace(AROUND.exposure, rate=None))
        assert added_value(request_, unknown) == 0


class TestFatFinger:
    """Control 14."""

    @pytest.mark.parametrize(("quantity", "passes"), [("4999", True), ("5000", False), ("5001", False)])
    def test_ten_times_the_usual_quantity_is_asked_for(self, quantity: str, passes: bool) -> None:
        around, request = recent(usual=D(500)), replace(BUY, quantity=D(quantity))

        assert code(usual_quantity(request, around)) == (None if passes else DenialCode.UNUSUAL_QUANTITY)
        changed = replace(around, before=replace(terms_of(BUY), quantity=D(500)))
        assert code(usual_quantity(request, changed)) == (None if passes else DenialCode.UNUSUAL_QUANTITY)
        done = answered(DenialCode.UNUSUAL_QUANTITY, D(quantity))
        assert usual_quantity(request, replace(around, asked=done)) is None

    def test_the_words(self) -> None:
        denied = usual_quantity(replace(BUY, quantity=D(5000)), recent(usual=D(500)))

        assert denied is not None
        assert denied.message == ("Quantity 5,000 is 10x your usual for AAPL. Type 5000 to send it, Esc to go back.")

    def test_nobody_is_asked_without_anything_usual_or_for_less_than_before(self) -> None:
        request = replace(BUY, quantity=D(5000))

        assert usual_quantity(request, recent()) is None
        assert usual_quantity(request, replace(recent(usual=D(1)), attached=True)) is None
        assert usual_quantity(request, replace(recent(usual=D(1)), before=terms_of(request))) is None
        never = replace(recent(usual=D(1)), limits=replace(LIMITS, unusual_times=None))
        assert usual_quantity(request, never) is None

    @pytest.mark.parametrize(("quantity", "passes"), [("749", True), ("750", True), ("751", False), ("1000", False)])
    def test_a_value_near_the_limit_is_asked_about(self, quantity: str, passes: bool) -> None:
        request = replace(BUY, quantity=D(quantity))

        assert code(usual_value(request, AROUND)) == (None if passes else DenialCode.UNUSUAL_VALUE)
        assert usual_value(request, replace(AROUND, before=terms_of(request))) is None
        assert usual_value(request, replace(AROUND, attached=True)) is None
        done = answered(DenialCode.UNUSUAL_VALUE, D(quantity))
        assert usual_value(request, replace(AROUND, asked=done)) is None


def holding(held: str, selling: str = "0", *, filled: str = "0") -> Circumstances:
    """The circumstances of an account that holds so many and sells so many of them already."""
    exposure = replace(AROUND.exposure, held=D(held), expected=D(held), same_side_taking=D(selling), filled=D(filled))
    return replace(AROUND, exposure=exposure)


class TestShortSale:
    """Control 19."""

    @pytest.mark.parametrize(
        ("around", "passes"),
        [
            (holding("101"), True),
            (holding("100"), True),
            (holding("99"), False),
            (holding("0"), False),
            (holding("200", "100"), True),
            (holding("200", "101"), False),
            (holding("-100"), True),
            (holding("60", filled="40"), True),
            (holding("59", filled="40"), False),
        ],
    )
    def test_a_sale_beyond_what_is_held_is_asked_about(self, around: Circumstances, passes: bool) -> None:
        assert code(meant_short(SELL, around)) == (None if passes else DenialCode.SHORT_SALE)
        raised = replace(around, before=replace(terms_of(SELL), quantity=D(1)))
        assert code(meant_short(SELL, raised)) == (None if passes else DenialCode.SHORT_SALE)
        assert meant_short(SELL, replace(around, before=terms_of(SELL))) is None

    def test_the_word_the_answer_core_and_the_setting_let_it_pass(self) -> None:
        flat = holding("0")

        assert meant_short(SELL, replace(flat, asked=Asked(short=True))) is None
        assert meant_short(SELL, replace(flat, asked=Asked(script="place", short=True))) is None
        assert meant_short(SELL, replace(flat, asked=answered(DenialCode.SHORT_SALE))) is None
        assert meant_short(SELL, replace(flat, asked=COMPUTED)) is None
        assert meant_short(SELL, replace(flat, limits=replace(LIMITS, ask_short=False))) is None
        assert meant_short(BUY, flat) is None
        assert code(meant_short(SELL, replace(flat, asked=SCRIPT))) is DenialCode.SHORT_SALE

    @pytest.mark.parametrize(
        ("kind", "asks"),
        [(SecType.STK, True), (SecType.FUT, True), (SecType.OPT, True), (SecType.CASH, False), (SecType.BAG, False)],
    )
    def test_what_can_be_short(self, kind: SecType, asks: bool) -> None:
        around = replace(holding("0"), instrument=replace(AAPL, sec_type=kind))

        assert (meant_short(SELL, around) is not None) is asks

    def test_the_words(self) -> None:
        opens, turns = meant_short(SELL, holding("0")), meant_short(SELL, holding("150", "60"))

        assert opens is not None
        assert turns is not None
        assert opens.message == (
            "SELL 100 AAPL opens a short position: you hold 0. Type 100 to send it, Esc to go back."
        )
        assert turns.message.startswith(
            "SELL 100 AAPL turns your AAPL position short: you hold 150, 60 of it on sale already."
        )
