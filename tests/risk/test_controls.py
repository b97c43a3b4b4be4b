"""Every control at its edges, with the words that a person reads."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.commands import Denial, DenialCode, Seen
from core.domain.instruments import Instrument, PriceBand, SecType
from core.domain.orders import TAG_LIMIT, OrderRequest, OrderType, Side, TimeInForce
from core.domain.quotes import DataType, Quote
from core.ports import Approved
from core.risk.circumstances import Circumstances, is_plain
from core.risk.controls import has_moved, judge, moved_allowance
from core.risk.prices import reference_price
from core.risk.value import order_value
from tests.limits import UNASKED
from tests.risk.room import FLAT, RICH

D = Decimal
ACCOUNT = "DU1234567"
AAPL = Instrument(con_id=265598, symbol="AAPL", sec_type=SecType.STK, exchange="SMART", order_types=("LMT", "MKT"))
QUOTE = Quote(con_id=265598, bid=D("233.33"), ask=D("233.34"), last=D("233.34"))
LIMITS = replace(UNASKED, order_quantity=D(1000), order_value=D(200_000), price_band_percent=D(10))
AROUND = Circumstances(instrument=AAPL, quote=QUOTE, accounts=(ACCOUNT,), limits=LIMITS, exposure=FLAT, funds=RICH)
BUY = OrderRequest(
    order_ref="ibd-AAAAAA-1",
    account=ACCOUNT,
    con_id=265598,
    side=Side.BUY,
    quantity=D(100),
    order_type=OrderType.LMT,
    limit_price=D("233.33"),
)
MARKET = replace(BUY, order_type=OrderType.MKT, limit_price=None)


def denial(request: OrderRequest, **circumstances: object) -> Denial:
    """The refusal of a request that must be refused."""
    judged = judge(request, replace(AROUND, **circumstances))
    assert isinstance(judged, Denial)
    return judged


def passes(request: OrderRequest, **circumstances: object) -> bool:
    """True if every control lets the request through, with what it was judged by."""
    judged = judge(request, replace(AROUND, **circumstances))
    if isinstance(judged, Denial):
        return False
    assert isinstance(judged, Approved)
    assert judged.value is request
    assert judged.instrument is not None
    return True


def test_an_ordinary_order_passes() -> None:
    assert passes(BUY)
    assert passes(MARKET)
    assert passes(replace(BUY, side=Side.SELL, tif=TimeInForce.IOC))


@pytest.mark.covers("D4.6")
@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ("0", DenialCode.QUANTITY),
        ("-5", DenialCode.QUANTITY),
        ("NaN", DenialCode.QUANTITY),
        ("sNaN", DenialCode.QUANTITY),
        ("Infinity", DenialCode.QUANTITY),
        ("-Infinity", DenialCode.QUANTITY),
        ("1E+300", DenialCode.QUANTITY),
        ("1E-1000000", DenialCode.QUANTITY),
        ("0.5", DenialCode.QUANTITY),
        ("100.5", DenialCode.QUANTITY),
        ("1000000000", DenialCode.QUANTITY_MAX),
        ("1001", DenialCode.QUANTITY_MAX),
        ("1000", None),
        ("999", None),
        ("1", None),
        ("1E+2", None),
    ],
)
def test_quantities(quantity: str, code: DenialCode | None) -> None:
    request = replace(BUY, quantity=D(quantity), limit_price=D("199.99"))

    if code is None:
        assert passes(request)
    else:
        refusal = denial(request)
        assert refusal.code is code
        assert len(refusal.message) < 200


def test_words_about_quantities() -> None:
    assert denial(replace(BUY, quantity=D(0))).message == (
        "Quantity 0 can't be sent: it must be above 0. Type the quantity again."
    )
    assert denial(replace(BUY, quantity=D(1001))).message == (
        "Quantity 1,001 is above your limit of 1,000 an order. "
        "Type a smaller one, or raise the limit order_quantity (`ibdesk limits`)."
    )
    assert denial(replace(BUY, quantity=D(1001))).limit == "order_quantity"
    assert denial(replace(BUY, quantity=D("NaN"))).message == (
        "Quantity NaN can't be sent: it is no quantity. Type it again."
    )


@pytest.mark.parametrize(("quantity", "allowed"), [("9", False), ("10", True), ("11", False), ("15", True)])
def test_lots(quantity: str, allowed: bool) -> None:
    lots = replace(AAPL, min_size=D(10), size_increment=D(5))

    assert passes(replace(BUY, quantity=D(quantity)), instrument=lots) == allowed
    if not allowed:
        assert denial(replace(BUY, quantity=D(quantity)), instrument=lots).message == (
            f"Quantity {quantity} is not one that AAPL takes: at least 10, in steps of 5."
        )


@pytest.mark.parametrize(
    ("price", "code"),
    [
        (None, DenialCode.PRICE_MISSING),
        ("0", DenialCode.PRICE),
        ("-1", DenialCode.PRICE),
        ("NaN", DenialCode.PRICE),
        ("Infinity", DenialCode.PRICE),
        ("1E+300", DenialCode.PRICE),
        ("1E-1000000", DenialCode.PRICE),
        ("233.337", DenialCode.TICK),
        ("0.30000000000000004", DenialCode.TICK),
        ("233.330", None),
        ("2.3333E+2", None),
    ],
)
def test_prices(price: str | None, code: DenialCode | None) -> None:
    request = replace(BUY, limit_price=None if price is None else D(price))

    if code is None:
        assert passes(request)
    else:
        refusal = denial(request)
        assert refusal.code is code
        assert len(refusal.message) < 200


def test_words_about_prices() -> None:
    assert denial(replace(BUY, limit_price=D("233.337"))).message == ("233.337 is between ticks. Use 233.33 or 233.34.")
    assert denial(replace(BUY, limit_price=None)).message == (
        "A limit order needs a price. Type one, or press → for market."
    )
    assert (
        denial(replace(MARKET, limit_price=D("5"))).message == "A market order has no price, and 5 is given. Use LMT."
    )
    assert denial(replace(MARKET, limit_price=D("5"))).code is DenialCode.PRICE_NOT_TAKEN
    assert denial(replace(BUY, limit_price=D("-1"))).message == (
        "Price -1 can't be sent: it must be above 0. Type the price again."
    )


def test_ticks_are_those_of_the_band() -> None:
    banded = replace(AAPL, price_bands=(PriceBand(D(0), D("0.0001")), PriceBand(D(1), D("0.01"))))
    cheap = Quote(con_id=265598, bid=D("0.9998"), ask=D("1.00"))

    assert passes(replace(BUY, limit_price=D("0.9999")), instrument=banded, quote=cheap)
    assert denial(replace(BUY, limit_price=D("1.0001")), instrument=banded, quote=cheap).message == (
        "1.0001 is between ticks. Use 1.00 or 1.01."
    )


@pytest.mark.parametrize(
    ("side", "price", "allowed"),
    [
        (Side.BUY, "109.99", True),
        (Side.BUY, "110.00", True),
        (Side.BUY, "110.01", False),
        (Side.BUY, "1.00", True),
        (Side.SELL, "90.01", True),
        (Side.SELL, "90.00", True),
        (Side.SELL, "89.99", False),
        (Side.SELL, "999.00", True),
    ],
)
def test_collar(side: Side, price: str, allowed: bool) -> None:
    even = Quote(con_id=265598, bid=D(100), ask=D(100))
    request = replace(BUY, side=side, limit_price=D(price))

    assert passes(request, quote=even) == allowed
    if not allowed:
        refusal = denial(request, quote=even)
        assert (refusal.code, refusal.limit) == (DenialCode.COLLAR, "price_band_percent")


def test_words_about_the_collar() -> None:
    assert denial(replace(BUY, limit_price=D("300.00"))).message == (
        "300.00 is 28.6 % through the market (233.34); your limit is 10 %. Type a nearer price."
    )


@pytest.mark.row(67)
@pytest.mark.parametrize("quote", [None, Quote(con_id=265598), replace(QUOTE, ask=D(0)), replace(QUOTE, ask=D(-1))])
@pytest.mark.parametrize("request_", [BUY, MARKET])
def test_no_reference_no_order(quote: Quote | None, request_: OrderRequest) -> None:
    refusal = denial(request_, quote=quote)

    assert refusal.code is DenialCode.NO_REFERENCE
    assert refusal.message == (
        "No price of AAPL is known, so nothing can be judged by it. Wait for a quote, then send."
    )


@pytest.mark.row(67)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"stale": True}, DenialCode.NO_REFERENCE),
        ({"halted": True}, DenialCode.HALTED_MARKET),
        ({"data_type": DataType.DELAYED}, DenialCode.NO_REFERENCE),
        ({"bid": D(234)}, DenialCode.NO_REFERENCE),
        ({"bid": None}, DenialCode.NO_REFERENCE),
    ],
)
def test_market_orders_want_a_live_two_sided_quote(change: dict[str, object], code: DenialCode) -> None:
    quote = replace(QUOTE, **change)

    assert denial(MARKET, quote=quote).code is code
    assert passes(BUY, quote=quote)


@pytest.mark.parametrize(
    ("quantity", "price", "allowed"),
    [("999", "200.20", True), ("1000", "200.00", True), ("1000", "200.01", False)],
)
def test_value(quantity: str, price: str, allowed: bool) -> None:
    request = replace(BUY, quantity=D(quantity), limit_price=D(price))

    assert passes(request) == allowed
    if not allowed:
        refusal = denial(request)
        assert (refusal.code, refusal.limit) == (DenialCode.VALUE_MAX, "order_value")
        assert refusal.message == (
            "Value 200,010.00 is above your limit of 200,000 an order. "
            "Type a smaller quantity, or raise the limit order_value (`ibdesk limits`)."
        )


def test_value_counts_the_multiplier_and_the_market() -> None:
    future = replace(AAPL, multiplier=D(50))

    assert denial(replace(BUY, quantity=D(20)), instrument=future).code is DenialCode.VALUE_MAX
    assert denial(replace(MARKET, quantity=D(900))).code is DenialCode.VALUE_MAX
    assert order_value(BUY, replace(AROUND, instrument=future)) == D("1166650.00")
    assert order_value(MARKET, AROUND) == D("23334.00")
    assert order_value(MARKET, replace(AROUND, quote=None)) is None


def test_the_reference_is_the_other_side_else_the_mark() -> None:
    assert reference_price(BUY, replace(AROUND, quote=QUOTE)) == D("233.34")
    assert reference_price(replace(BUY, side=Side.SELL), replace(AROUND, quote=QUOTE)) == D("233.33")
    assert reference_price(BUY, replace(AROUND, quote=replace(QUOTE, ask=None))) == D("233.34")
    assert reference_price(BUY, replace(AROUND, quote=Quote(con_id=1, close=D(5)))) == 5
    assert reference_price(BUY, replace(AROUND, quote=None)) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"order_ref": ""}, DenialCode.BAD_COMMAND),
        ({"order_ref": "a\0b"}, DenialCode.BAD_COMMAND),
        ({"order_ref": "é"}, DenialCode.BAD_COMMAND),
        ({"account": ""}, DenialCode.BAD_COMMAND),
        ({"account": "DU1\n"}, DenialCode.BAD_COMMAND),
        ({"tag": "a\x1b[2J"}, DenialCode.BAD_COMMAND),
        ({"tag": "x" * (TAG_LIMIT + 1)}, DenialCode.BAD_COMMAND),
        ({"strategy": "a\u202eb"}, DenialCode.BAD_COMMAND),
        ({"arrival_price": Decimal("NaN")}, DenialCode.BAD_COMMAND),
        ({"account": "DU7654321"}, DenialCode.ACCOUNT),
        ({"order_type": OrderType.OTHER}, DenialCode.ORDER_TYPE),
        ({"tif": TimeInForce.OTHER}, DenialCode.TIF),
    ],
)
def test_the_rest_of_a_request(change: dict[str, object], code: DenialCode) -> None:
    assert denial(replace(BUY, **change)).code is code


def test_accounts_are_masked_in_words() -> None:
    assert denial(replace(BUY, account="DU7654321")).message == (
        "Account DU…321 is not one that this connection verified (DU…567). Not sent; choose a verified account."
    )
    assert "(none)" in denial(BUY, accounts=()).message


def test_what_is_not_qualified_is_not_ordered() -> None:
    refusal = denial(BUY, instrument=None)

    assert refusal.code is DenialCode.UNKNOWN_INSTRUMENT
    assert refusal.message == ("No contract with number 265598 is known here. Find the symbol first ( / ), then order.")


@pytest.mark.parametrize(
    ("untold", "words"), [(("multiplier",), "multiplier"), (("multiplier", "tick"), "multiplier and the tick")]
)
def test_a_contract_of_which_ibkr_did_not_tell_all_is_not_ordered(untold: tuple[str, ...], words: str) -> None:
    refusal = denial(BUY, instrument=replace(AAPL, untold=untold))

    assert refusal.code is DenialCode.INCOMPLETE
    assert refusal.message == (
        f"IBKR did not tell the {words} of AAPL, so no order in it can be judged. Not sent. Place it in TWS, or try "
        "another contract ( / )."
    )


def test_order_types_that_the_contract_takes() -> None:
    only_limits = replace(AAPL, order_types=("LMT",))

    assert denial(MARKET, instrument=only_limits).code is DenialCode.ORDER_TYPE
    assert passes(BUY, instrument=only_limits)
    assert passes(MARKET, instrument=replace(AAPL, order_types=()))


@pytest.mark.parametrize(
    ("now", "moved"),
    [("233.33", False), ("233.56", False), ("233.57", True), ("233.10", False), ("233.09", True)],
)
def test_a_market_that_left_what_was_painted(now: str, moved: bool) -> None:
    seen = Seen(bid=D("233.32"), ask=D("233.33"))

    refusal = has_moved(seen, replace(QUOTE, ask=D(now)), Side.BUY, AAPL)

    assert (refusal is not None) == moved
    assert moved_allowance(D("233.33"), AAPL) == D("0.23333")


def test_words_about_a_market_that_moved() -> None:
    cheap = Seen(bid=D("1.00"), ask=D("1.01"))
    quote = Quote(con_id=265598, bid=D("0.96"), ask=D("1.04"))

    assert has_moved(cheap, quote, Side.BUY, AAPL) is None
    refusal = has_moved(cheap, quote, Side.SELL, AAPL)
    assert refusal is not None
    assert refusal.code is DenialCode.PRICE_MOVED
    assert refusal.message == (
        "Not sent: AAPL moved from 1.00 to 0.96 while you looked. The ticket shows the new price; Enter sends it."
    )


def test_nothing_painted_nothing_moved() -> None:
    seen = Seen(bid=None, ask=None)

    assert has_moved(None, QUOTE, Side.BUY, AAPL) is None
    assert has_moved(seen, QUOTE, Side.BUY, AAPL) is None
    assert has_moved(Seen(bid=D(1), ask=D(1)), None, Side.BUY, AAPL) is None
    assert has_moved(Seen(bid=D(1), ask=D(1)), Quote(con_id=1), Side.BUY, AAPL) is None


numbers = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.builds(lambda digits, exponent: D((0, (digits,), exponent)), st.integers(1, 9), st.integers(-2000, 2000)),
)


@pytest.mark.row(68)
@given(numbers, st.one_of(st.none(), numbers), st.sampled_from(OrderType), st.sampled_from(Side))
def test_no_number_raises_and_what_passes_can_be_sent(
    quantity: Decimal, price: Decimal | None, order_type: OrderType, side: Side
) -> None:
    request = replace(BUY, quantity=quantity, limit_price=price, order_type=order_type, side=side)

    judged = judge(request, AROUND)

    if isinstance(judged, Denial):
        assert len(judged.message) < 250
        return
    assert quantity == int(quantity)
    assert 0 < quantity <= LIMITS.order_quantity
    assert (price is None) == (order_type is OrderType.MKT)
    if price is not None:
        assert price > 0
        assert price % D("0.01") == 0


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("999999999999999", True),
        ("1E+15", False),
        ("0.0000000000000000000000000001", True),
        ("1E-29", False),
        ("-5", True),
        ("NaN", False),
        ("Infinity", False),
    ],
)
def test_numbers_that_a_person_could_mean(value: str, plain: bool) -> None:
    assert is_plain(D(value)) == plain
