"""Controls 3 and 22: what is said of each price, distances of 0, and prices whose age is or is not told."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.instructions import Trail
from core.domain.instruments import Instrument, PriceBand, SecType
from core.domain.order_types import RULES, Need
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce, terms_of
from core.domain.quotes import Quote
from core.ports import Approved
from core.risk.behaviour import PAST_KILL
from core.risk.circumstances import Circumstances
from core.risk.controls import judge
from core.risk.prices import collared, takeable, untriggered
from tests.risk.test_prices import AROUND, NOW, PLAIN, QUOTE, denial, fitting

D = Decimal
LIMIT = fitting(OrderType.LMT)
TRAILING = fitting(OrderType.TRAIL)
OLD = replace(QUOTE, stale=True, bid_updated=NOW - timedelta(hours=1), ask_updated=NOW - timedelta(hours=1))
SPREAD = Instrument(
    con_id=-5,
    symbol="AAPL",
    sec_type=SecType.BAG,
    exchange="SMART",
    multiplier=D(100),
    price_bands=(PriceBand(D(0), D("0.01")),),
)


@pytest.mark.parametrize("kind", tuple(RULES))
def test_a_price_that_a_type_does_not_have_is_named(kind: OrderType) -> None:
    rule, request = RULES[kind], fitting(kind)
    for field, need, value, name in (
        ("stop_price", rule.stop, D("240.00"), "stop price"),
        ("trail", rule.trail, Trail(amount=D(1)), "trailing distance"),
        ("offset", rule.offset, D("0.01"), "offset"),
    ):
        if need is Need.NONE:
            refused = denial(replace(request, **{field: value}))
            assert refused.code is DenialCode.PRICE_NOT_TAKEN
            assert refused.message == f"A {rule.words} has no {name}, and one is given. Leave it out."


def test_a_trail_of_both_kinds_is_named() -> None:
    assert denial(replace(TRAILING, trail=Trail(amount=D(1), percent=D(1)))).message == (
        "A trailing stop has no trailing amount and percent at once, and one is given. Leave it out."
    )


RELATIVE, TRAIL_LIMIT = fitting(OrderType.REL), fitting(OrderType.TRAIL_LIMIT)


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (
            replace(TRAILING, trail=Trail(amount=D(0))),
            DenialCode.PRICE,
            "Trailing amount 0 can't be sent: it must be above 0. Type it again.",
        ),
        (
            replace(TRAILING, trail=Trail(amount=D("0.015"))),
            DenialCode.TICK,
            "Trailing amount 0.015 is not a number of ticks of 0.01. Type it again.",
        ),
        (
            replace(TRAIL_LIMIT, trail=Trail(amount=D(1), limit_offset=D("-0.01"))),
            DenialCode.PRICE,
            "Limit offset -0.01 can't be sent: it must be 0 or more. Type it again.",
        ),
        (
            replace(RELATIVE, offset=D("NaN")),
            DenialCode.PRICE,
            "Offset NaN can't be sent: it must be 0 or more. Type it again.",
        ),
        (
            replace(TRAILING, trail=Trail(percent=D(100))),
            DenialCode.PRICE,
            "Trailing 100 % can't be sent: it must lie between 0 and 100. [159]",
        ),
    ],
)
def test_words_about_distances(request_: OrderRequest, code: DenialCode, words: str) -> None:
    refused = denial(request_)

    assert (refused.code, refused.message) == (code, words)


@pytest.mark.parametrize(
    "request_",
    [
        replace(RELATIVE, offset=D(0)),
        replace(TRAIL_LIMIT, trail=Trail(amount=D("0.01"), limit_offset=D(0))),
        replace(TRAILING, trail=Trail(percent=D("0.5"))),
        replace(TRAILING, trail=Trail(percent=D(1))),
        replace(TRAILING, trail=Trail(percent=D("99.99"))),
    ],
)
def test_distances_at_their_ends(request_: OrderRequest) -> None:
    assert isinstance(judge(request_, AROUND), Approved)


def test_distances_are_judged_without_a_contract_too() -> None:
    nameless = replace(AROUND, instrument=None)

    assert takeable(replace(RELATIVE, offset=D("0.001")), nameless) is None
    assert takeable(replace(RELATIVE, offset=D("-0.001")), nameless) is not None


def test_a_trailing_stop_that_a_change_leaves_alone_is_not_judged_again() -> None:
    begun = replace(fitting(OrderType.TRAIL, Side.SELL), trail=Trail(amount=D(1), stop_price=D("234.00")))
    wider = replace(begun, trail=Trail(amount=D(2), stop_price=D("234.00")))
    moved = replace(begun, trail=Trail(amount=D(2), stop_price=D("235.00")))

    around = replace(AROUND, before=terms_of(begun))
    assert untriggered(begun, AROUND) is not None
    assert untriggered(wider, around) is None
    assert untriggered(moved, around) is not None
    stop = fitting(OrderType.STP, Side.SELL)
    assert untriggered(begun, replace(AROUND, before=terms_of(stop))) is not None
    through = replace(stop, stop_price=D("234.00"))
    assert untriggered(through, around) is not None


def test_words_about_a_touch_price() -> None:
    assert denial(replace(fitting(OrderType.MIT), stop_price=D("234.00"))).message == (
        "Touch price 234.00 would trigger now: ask is 233.34. Type one on the other side of the market, or use LMT."
    )


@pytest.mark.parametrize(
    ("seconds", "said"), [(119, "119 s old"), (120, "2 min old"), (3600, "60 min old"), (7200, "120 min old")]
)
def test_ages_are_told_in_minutes_from_two_on(seconds: int, said: str) -> None:
    quote = replace(OLD, ask_updated=NOW - timedelta(seconds=seconds))
    far = replace(LIMIT, limit_price=D("300.00"))

    assert f"(233.34) ({said}); your" in denial(far, replace(AROUND, quote=quote, now=NOW)).message


def test_the_age_of_the_mark_is_that_of_the_last_word_of_the_market() -> None:
    one_sided = replace(OLD, ask=None, ask_updated=None, last_updated=NOW - timedelta(minutes=7))
    far = replace(LIMIT, limit_price=D("300.00"))

    assert "(233.34) (7 min old); your" in denial(far, replace(AROUND, quote=one_sided, now=NOW)).message


def test_what_is_measured_from_a_stop_or_an_entry_tells_no_age() -> None:
    around = replace(AROUND, quote=OLD, now=NOW)
    behind_stop = replace(fitting(OrderType.STP_LMT), stop_price=D("300.00"), limit_price=D("331.00"))
    attached = replace(around, attached=True, entry=D("240.00"))

    assert "through its stop (300.00); your" in denial(behind_stop, around).message
    assert "through the market (240.00); your" in denial(replace(LIMIT, limit_price=D("300.00")), attached).message


def test_words_about_a_market_that_is_not_live() -> None:
    stale = replace(AROUND, quote=replace(QUOTE, stale=True))

    assert denial(PLAIN, stale).message == (
        "AAPL has no live two-sided quote now (stale, delayed, halted or crossed). A market order would go blind: "
        "type a limit price."
    )
    assert isinstance(judge(replace(PLAIN, tif=TimeInForce.OPG), stale), Approved), "the auction makes its own price"


def test_past_kill_a_market_order_needs_no_price_and_a_limit_does() -> None:
    past_kill = replace(AROUND, quote=None, asked=PAST_KILL)

    assert collared(PLAIN, past_kill) is None
    limit = collared(LIMIT, past_kill)
    assert limit is not None
    assert limit.code is DenialCode.NO_REFERENCE


def test_without_a_contract_or_a_price_it_says_so() -> None:
    refused = collared(LIMIT, replace(AROUND, instrument=None, quote=None))

    assert refused is not None
    assert refused.message == (
        "No price of this instrument is known, so nothing can be judged by it. Wait for a quote, then send."
    )


def test_words_about_a_limit_offset() -> None:
    far = replace(TRAIL_LIMIT, trail=Trail(amount=D(1), limit_offset=D("24.00")))

    assert denial(far).message == ("Limit offset is 10.3 % through the stop; your limit is 10 %. Type a nearer price.")


def combination(ask: str) -> Circumstances:
    """A spread that costs so much."""
    return replace(AROUND, instrument=SPREAD, quote=Quote(con_id=-5, bid=D(ask) - D("0.05"), ask=D(ask)))


@pytest.mark.parametrize(
    ("ask", "price", "words"),
    [
        ("1.00", "1.20", ""),
        ("1.00", "1.21", "1.21 is 21.0 % through the market (1.00); your limit is 10 %. Type a nearer price."),
        ("0", "0.20", ""),
        ("0", "0.21", "0.21 is 0.21 through the market (0); your limit is 10 %. Type a nearer price."),
        ("-1.00", "-0.80", ""),
        ("-1.00", "-0.79", "-0.79 is 21.0 % through the market (-1.00); your limit is 10 %. Type a nearer price."),
    ],
)
def test_a_combination_may_reach_twenty_ticks_through_its_market(ask: str, price: str, words: str) -> None:
    refused = collared(replace(LIMIT, con_id=-5, limit_price=D(price)), combination(ask))

    assert (refused.message if refused is not None else "") == words
    assert refused is None or refused.code is DenialCode.COLLAR


def test_a_dear_combination_has_the_collar_of_all_others() -> None:
    assert collared(replace(LIMIT, con_id=-5, limit_price=D("11.00")), combination("10.00")) is None
    assert collared(replace(LIMIT, con_id=-5, limit_price=D("11.01")), combination("10.00")) is not None
