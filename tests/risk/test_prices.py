"""Which prices a type takes, the side of the market that they must be on, and how far they may reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode
from core.domain.instructions import Conditions, PriceCondition, Trail
from core.domain.instruments import Instrument, PriceBand, SecType
from core.domain.order_types import RULES, Need
from core.domain.orders import OrderRequest, OrderType, Side, Terms, TimeInForce, terms_of
from core.domain.quotes import DataType, Quote
from core.ports import Approved
from core.risk.circumstances import Circumstances
from core.risk.controls import judge
from tests.limits import UNASKED
from tests.risk.room import FLAT, RICH

D = Decimal
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
AAPL = Instrument(con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
QUOTE = Quote(con_id=265598, bid=D("233.33"), ask=D("233.34"), last=D("233.34"))
AROUND = Circumstances(instrument=AAPL, quote=QUOTE, accounts=("DU1234567",), limits=UNASKED, exposure=FLAT, funds=RICH)
PLAIN = OrderRequest(
    order_ref="ibd-AAAAAA-1",
    account="DU1234567",
    con_id=265598,
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.MKT,
)
SENT = tuple(RULES)


def fitting(kind: OrderType, side: Side = Side.BUY) -> OrderRequest:
    """A request of a type with every price that it needs, and no other, on the right side of the market."""
    rule, up = RULES[kind], side is Side.BUY
    stop = D("240.00") if up is (kind not in (OrderType.MIT, OrderType.LIT)) else D("225.00")
    limit = stop + side.sign if rule.stop is Need.NEEDED else D("233.00")
    trail = Trail(amount=D("2.50"), limit_offset=D("0.10") if rule.limit_offset is Need.NEEDED else None)
    return replace(
        PLAIN,
        order_type=kind,
        side=side,
        tif=TimeInForce.OPG if kind in (OrderType.MOO, OrderType.LOO) else TimeInForce.DAY,
        limit_price=limit if rule.limit is Need.NEEDED else None,
        stop_price=stop if rule.stop is Need.NEEDED else None,
        trail=trail if rule.trail is Need.NEEDED else None,
        offset=D("0.02") if rule.offset is Need.NEEDED else None,
    )


def denial(request: OrderRequest, around: Circumstances = AROUND) -> Denial:
    """The refusal of a request that must be refused."""
    judged = judge(request, around)
    assert isinstance(judged, Denial), request
    return judged


@pytest.mark.parametrize("kind", SENT)
@pytest.mark.parametrize("side", list(Side))
def test_each_type_passes_with_its_prices(kind: OrderType, side: Side) -> None:
    judged = judge(fitting(kind, side), AROUND)

    assert isinstance(judged, Approved), judged


@pytest.mark.parametrize("kind", SENT)
def test_each_price_that_is_needed_is_missed(kind: OrderType) -> None:
    request, rule = fitting(kind), RULES[kind]
    needed = [
        field
        for field, need in (
            ("limit_price", rule.limit),
            ("stop_price", rule.stop),
            ("trail", rule.trail),
            ("offset", rule.offset),
        )
        if need is Need.NEEDED
    ]
    for field in needed:
        assert denial(replace(request, **{field: None})).code is DenialCode.PRICE_MISSING


@pytest.mark.parametrize("kind", SENT)
def test_each_price_that_a_type_does_not_have_is_refused(kind: OrderType) -> None:
    request, rule = fitting(kind), RULES[kind]
    strange = {
        field: value
        for field, need, value in (
            ("limit_price", rule.limit, D("233.00")),
            ("stop_price", rule.stop, D("240.00")),
            ("trail", rule.trail, Trail(amount=D(1))),
            ("offset", rule.offset, D("0.01")),
        )
        if need is Need.NONE
    }
    for field, value in strange.items():
        assert denial(replace(request, **{field: value})).code is DenialCode.PRICE_NOT_TAKEN


@pytest.mark.parametrize(
    ("kind", "field", "words"),
    [
        (OrderType.STP, "stop_price", "A stop order needs a stop price. Type one."),
        (OrderType.LIT, "limit_price", "A limit-if-touched order needs a limit price. Type one."),
        (OrderType.TRAIL, "trail", "A trailing stop needs a trailing distance. Type one."),
        (OrderType.REL, "offset", "A relative order needs an offset. Type one."),
    ],
)
def test_words_for_a_missing_price(kind: OrderType, field: str, words: str) -> None:
    assert denial(replace(fitting(kind), **{field: None})).message == words


def test_a_trail_is_by_amount_or_by_percent() -> None:
    trailing = fitting(OrderType.TRAIL)

    assert denial(replace(trailing, trail=Trail())).code is DenialCode.PRICE_MISSING
    assert denial(replace(trailing, trail=Trail(amount=D(1), percent=D(1)))).code is DenialCode.PRICE_NOT_TAKEN
    assert denial(replace(trailing, trail=Trail(amount=D(1), limit_offset=D(1)))).code is DenialCode.PRICE_NOT_TAKEN
    for percent in ("0", "100", "-1", "NaN"):
        assert denial(replace(trailing, trail=Trail(percent=D(percent)))).code is DenialCode.PRICE
    for amount, code in (("0", DenialCode.PRICE), ("-1", DenialCode.PRICE), ("0.005", DenialCode.TICK)):
        assert denial(replace(trailing, trail=Trail(amount=D(amount)))).code is code


@pytest.mark.parametrize("price", ["0", "-1", "NaN", "Infinity", "1E+300"])
@pytest.mark.parametrize(("kind", "field"), [(OrderType.STP, "stop_price"), (OrderType.LOC, "limit_price")])
def test_every_price_is_one(kind: OrderType, field: str, price: str) -> None:
    assert denial(replace(fitting(kind), **{field: D(price)})).code is DenialCode.PRICE


def test_every_price_is_on_a_tick() -> None:
    off = D("239.995")
    wrong = [
        replace(fitting(OrderType.STP), stop_price=off),
        replace(fitting(OrderType.STP_LMT), limit_price=off),
        replace(fitting(OrderType.TRAIL), trail=Trail(amount=D(1), stop_price=off)),
        replace(fitting(OrderType.REL), limit_price=off),
    ]
    for request in wrong:
        assert denial(request).message == "239.995 is between ticks. Use 239.99 or 240.00."


@pytest.mark.parametrize(
    ("kind", "side", "stop", "words"),
    [
        (
            OrderType.STP,
            Side.SELL,
            "234.00",
            "Stop 234.00 would trigger now: bid is 233.33. For a market exit press x.",
        ),
        (
            OrderType.STP,
            Side.SELL,
            "233.33",
            "Stop 233.33 would trigger now: bid is 233.33. For a market exit press x.",
        ),
        (OrderType.STP, Side.BUY, "233.34", "Stop 233.34 would trigger now: ask is 233.34. For a market exit press x."),
        (OrderType.STP_LMT, Side.SELL, "234.00", "Stop 234.00 would trigger now: bid is 233.33."),
        (OrderType.MIT, Side.BUY, "234.00", "Touch price 234.00 would trigger now: ask is 233.34."),
        (OrderType.LIT, Side.SELL, "233.00", "Touch price 233.00 would trigger now: bid is 233.33."),
    ],
)
def test_a_stop_through_the_market(kind: OrderType, side: Side, stop: str, words: str) -> None:
    refused = denial(replace(fitting(kind, side), stop_price=D(stop)))

    assert refused.code is DenialCode.TRIGGERS_NOW
    assert refused.message.startswith(words)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"stale": True}, " (30 s old)"),
        ({"stale": True, "ask_updated": NOW - timedelta(minutes=12)}, " (12 min old)"),
        ({"stale": True, "ask_updated": None}, " (old)"),
        ({"halted": True}, " (halted)"),
        ({"data_type": DataType.DELAYED_FROZEN}, " (delayed frozen)"),
    ],
)
def test_a_price_that_judges_says_how_old_it_is(changes: dict[str, object], said: str) -> None:
    told = replace(QUOTE, bid_updated=NOW - timedelta(days=1), ask_updated=NOW - timedelta(seconds=30))
    around = replace(AROUND, quote=replace(told, **changes), now=NOW)
    stop = replace(fitting(OrderType.STP), stop_price=D("233.34"))
    far = replace(fitting(OrderType.LMT), limit_price=D("300.00"))

    assert f"ask is 233.34{said}. For" in denial(stop, around).message
    assert f"through the market (233.34){said}; your" in denial(far, around).message


def test_a_stop_one_tick_away_passes() -> None:
    assert isinstance(judge(replace(fitting(OrderType.STP, Side.SELL), stop_price=D("233.32")), AROUND), Approved)
    assert isinstance(judge(replace(fitting(OrderType.STP), stop_price=D("233.35")), AROUND), Approved)
    assert isinstance(judge(replace(fitting(OrderType.MIT), stop_price=D("233.33")), AROUND), Approved)


def test_where_a_trailing_stop_begins() -> None:
    begins = replace(fitting(OrderType.TRAIL, Side.SELL), trail=Trail(amount=D(1), stop_price=D("234.00")))

    assert denial(begins).code is DenialCode.TRIGGERS_NOW


def test_a_stop_that_a_change_leaves_alone_is_not_judged_again() -> None:
    triggered = replace(fitting(OrderType.STP_LMT, Side.SELL), stop_price=D("240.00"), limit_price=D("239.00"))
    before: Terms = terms_of(triggered)

    assert denial(triggered).code is DenialCode.TRIGGERS_NOW
    changed = replace(triggered, limit_price=D("238.50"))
    assert isinstance(judge(changed, replace(AROUND, before=before)), Approved)
    moved = replace(triggered, stop_price=D("241.00"), limit_price=D("240.00"))
    assert denial(moved, replace(AROUND, before=before)).code is DenialCode.TRIGGERS_NOW


def test_an_attached_stop_is_judged_by_the_entry() -> None:
    stop = replace(fitting(OrderType.STP, Side.SELL), parent_ref="entry", stop_price=D("238.00"))
    waiting = replace(AROUND, attached=True, entry=D("240.00"))

    assert isinstance(judge(stop, waiting), Approved)
    assert denial(replace(stop, stop_price=D("240.00")), waiting).message.startswith(
        "Stop 240.00 would trigger at once: the entry is 240.00."
    )
    assert denial(stop).code is DenialCode.TRIGGERS_NOW


def test_what_waits_for_a_condition_may_have_any_stop() -> None:
    condition = PriceCondition(con_id=1, price=D(300), above=True)
    stop = replace(fitting(OrderType.STP, Side.SELL), stop_price=D("280.00"))

    assert isinstance(judge(replace(stop, conditions=Conditions(items=(condition,))), AROUND), Approved)
    ends = Conditions(items=(condition,), cancels=True)
    assert denial(replace(stop, conditions=ends)).code is DenialCode.TRIGGERS_NOW


def test_a_limit_behind_a_stop_is_measured_from_the_stop() -> None:
    far = replace(fitting(OrderType.STP_LMT), stop_price=D("300.00"), limit_price=D("301.00"))

    assert isinstance(judge(far, AROUND), Approved)
    refused = denial(replace(far, limit_price=D("331.00")))
    assert (refused.code, refused.limit) == (DenialCode.COLLAR, "price_band_percent")
    assert refused.message == "331.00 is 10.3 % through its stop (300.00); your limit is 10 %. Type a nearer price."
    offset = replace(fitting(OrderType.TRAIL_LIMIT), trail=Trail(amount=D(1), limit_offset=D("24.00")))
    assert denial(offset).message.startswith("Limit offset is 10.3 % through the stop")


@pytest.mark.parametrize("kind", [OrderType.MKT, OrderType.MTL])
def test_what_takes_any_price_needs_a_live_market(kind: OrderType) -> None:
    stale = replace(AROUND, quote=replace(QUOTE, stale=True))

    assert denial(replace(PLAIN, order_type=kind), stale).code is DenialCode.NO_REFERENCE
    assert isinstance(judge(replace(PLAIN, order_type=OrderType.MOC), stale), Approved)


def test_a_combination_may_cost_nothing_or_less() -> None:
    spread = Instrument(
        con_id=-5,
        symbol="AAPL",
        sec_type=SecType.BAG,
        exchange="SMART",
        multiplier=D(100),
        price_bands=(PriceBand(D(0), D("0.01")),),
    )
    around = replace(
        AROUND,
        instrument=spread,
        quote=Quote(con_id=-5, bid=D("-0.10"), ask=D("-0.05")),
        limits=replace(UNASKED, order_value=D(2000)),
    )
    request = replace(PLAIN, con_id=-5, order_type=OrderType.LMT, quantity=D(10))
    for price in ("0", "-0.10", "0.10", "-1.50"):
        assert isinstance(judge(replace(request, limit_price=D(price)), around), Approved), price
    assert denial(replace(request, limit_price=D("0.50")), around).code is DenialCode.COLLAR
    assert denial(replace(request, limit_price=D("-2.01")), around).code is DenialCode.VALUE_MAX


def test_the_value_of_a_stop_is_at_its_stop() -> None:
    stop = replace(fitting(OrderType.STP), stop_price=D("250.00"), quantity=D(100))

    assert denial(stop, replace(AROUND, limits=replace(UNASKED, order_value=D(24_999)))).code is DenialCode.VALUE_MAX
    assert isinstance(judge(stop, replace(AROUND, limits=replace(UNASKED, order_value=D(25_000)))), Approved)
