"""Sizes: never above what was asked for, always a quantity that the instrument takes, never smaller for more money."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.domain.denials import Denial, DenialCode
from core.domain.instruments import Instrument, SecType
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderType, Side
from core.domain.sizes import Size, Sized, SizeKind
from core.risk.circumstances import Circumstances, deny
from core.risk.fees import estimate_commission
from core.risk.sizing import Means, largest_within, money_at_risk, size_order

D = Decimal
AAPL = Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
ES = Instrument(con_id=2, symbol="ES", sec_type=SecType.FUT, exchange="CME", local_symbol="ESZ6", multiplier=D(50))
SAP = replace(AAPL, con_id=3, symbol="SAP", currency="EUR")
LOTS = replace(AAPL, con_id=4, symbol="LOTS", size_increment=D("0.1"), min_size=D("0.5"))
MEANS = Means(
    instrument=AAPL,
    side=Side.BUY,
    price=D("233.33"),
    stop=D("231.90"),
    held=D(0),
    rate=D(1),
    base_currency="USD",
    buying_power=D(400_000),
    net_liquidation=D(100_000),
)


def quantity(size: Size, means: Means = MEANS) -> Decimal:
    sized = size_order(size, means)
    assert isinstance(sized, Sized), sized
    return sized.quantity


def refusal(size: Size, means: Means = MEANS) -> Denial:
    denied = size_order(size, means)
    assert isinstance(denied, Denial), denied
    return denied


@pytest.mark.parametrize(
    ("size", "means", "expected"),
    [
        (Size(SizeKind.UNITS, D("100.9")), MEANS, "100"),
        (Size(SizeKind.VALUE, D(10_000)), MEANS, "42"),
        (Size(SizeKind.VALUE, D("233.33")), MEANS, "1"),
        (Size(SizeKind.VALUE, D(700_000)), replace(MEANS, instrument=ES, price=D(6000)), "2"),
        (Size(SizeKind.VALUE, D(10_000)), replace(MEANS, instrument=LOTS, price=D(30)), "333.3"),
        (Size(SizeKind.BUYING_POWER, D(25)), MEANS, "428"),
        (Size(SizeKind.BUYING_POWER, D(25)), replace(MEANS, instrument=SAP, rate=D("1.25")), "342"),
        # 138 x 1.43 = 197.34, and 1.00 each way.
        (Size(SizeKind.RISK, D("199.34")), MEANS, "138"),
        (Size(SizeKind.RISK, D("199.33")), MEANS, "137"),
        (Size(SizeKind.RISK, D(200)), replace(MEANS, instrument=ES, price=D(6000), stop=D(5998)), "2"),
        (Size(SizeKind.RISK_PERCENT, D("0.5")), MEANS, "347"),
        (Size(SizeKind.RISK_PERCENT, D("0.5")), replace(MEANS, instrument=SAP, rate=D("1.25")), "279"),
        (Size(SizeKind.BUYING_POWER, D(100)), MEANS, "1714"),
        # A point is worth 0.10: 1,000 / (2 x 0.10).
        (
            Size(SizeKind.RISK, D(1000)),
            replace(MEANS, instrument=replace(ES, multiplier=D("0.1")), price=D(6000), stop=D(5998)),
            "5000",
        ),
        (Size(SizeKind.POSITION, D(50)), replace(MEANS, held=D(-75)), "37"),
        (Size(SizeKind.POSITION, D(100)), replace(MEANS, side=Side.SELL, held=D(75)), "75"),
    ],
)
def test_what_a_size_comes_to(size: Size, means: Means, expected: str) -> None:
    assert quantity(size, means) == D(expected)


def test_the_risk_of_a_sell_is_above_its_price() -> None:
    short = replace(MEANS, side=Side.SELL, stop=D("234.33"))

    assert quantity(Size(SizeKind.RISK, D(102)), short) == 100
    assert "must lie above" in refusal(Size(SizeKind.RISK, D(102)), replace(short, stop=D("233.33"))).message


def test_the_answer_says_the_money_at_risk_and_whether_commissions_are_in_it() -> None:
    stock = size_order(Size(SizeKind.RISK, D(200)), MEANS)
    future = size_order(Size(SizeKind.RISK, D(200)), replace(MEANS, instrument=ES, price=D(6000), stop=D(5998)))

    assert stock == Sized(quantity=D(138), risk=D("199.34"), fees_counted=True)
    assert future == Sized(quantity=D(2), risk=D(200), fees_counted=False)


@pytest.mark.parametrize(
    ("size", "means", "code", "words"),
    [
        (Size(SizeKind.VALUE, D(100)), MEANS, DenialCode.QUANTITY, "smallest order in AAPL at 233.33: 1"),
        (
            Size(SizeKind.UNITS, D("0.9")),
            MEANS,
            DenialCode.QUANTITY,
            "0.9 does not reach the smallest order in AAPL: 1",
        ),
        (Size(SizeKind.VALUE, D(12)), replace(MEANS, instrument=LOTS, price=D(30)), DenialCode.QUANTITY, ": 0.5. Type"),
        (Size(SizeKind.VALUE, D(100)), replace(MEANS, price=None), DenialCode.NO_REFERENCE, "without a price"),
        (Size(SizeKind.RISK, D(100)), replace(MEANS, price=None), DenialCode.NO_REFERENCE, "without a price"),
        (Size(SizeKind.VALUE, D(100)), replace(MEANS, price=D(0)), DenialCode.NO_REFERENCE, "without a price"),
        (
            Size(SizeKind.RISK, D(200)),
            replace(MEANS, stop=None),
            DenialCode.QUANTITY,
            "$200r is money at risk to a stop",
        ),
        (Size(SizeKind.RISK, D(200)), replace(MEANS, stop=D(234)), DenialCode.QUANTITY, "must lie below"),
        (Size(SizeKind.RISK, D(3)), MEANS, DenialCode.QUANTITY, "does not reach the smallest order"),
        (Size(SizeKind.BUYING_POWER, D(25)), replace(MEANS, buying_power=None), DenialCode.NO_MARGIN, "buying power"),
        (Size(SizeKind.BUYING_POWER, D(25)), replace(MEANS, buying_power=D(-5)), DenialCode.QUANTITY, "smallest order"),
        (Size(SizeKind.BUYING_POWER, D(101)), MEANS, DenialCode.QUANTITY, "no more than 100 %"),
        (Size(SizeKind.RISK_PERCENT, D(1)), replace(MEANS, net_liquidation=None), DenialCode.NO_MARGIN, "net liquid"),
        (Size(SizeKind.RISK_PERCENT, D(1)), replace(MEANS, rate=None), DenialCode.NO_RATE, "from USD to USD"),
        (Size(SizeKind.POSITION, D(50)), replace(MEANS, held=None), DenialCode.NO_POSITION, "not known"),
        (Size(SizeKind.POSITION, D(50)), MEANS, DenialCode.NO_POSITION, "there is none"),
        (Size(SizeKind.POSITION, D(50)), replace(MEANS, held=D(5)), DenialCode.NO_POSITION, "a BUY would add"),
        (Size(SizeKind.POSITION, D(150)), replace(MEANS, held=D(-5)), DenialCode.QUANTITY, "no more than 100 %"),
        (Size(SizeKind.POSITION, D(10)), replace(MEANS, held=D(-5)), DenialCode.QUANTITY, "smallest order"),
        (Size(SizeKind.UNITS, D("NaN")), MEANS, DenialCode.QUANTITY, "no size"),
        (Size(SizeKind.UNITS, D(-1)), MEANS, DenialCode.QUANTITY, "above 0"),
        (Size(SizeKind.MARGIN, D(1)), MEANS, DenialCode.QUANTITY, "no size of an order"),
        (Size(SizeKind.VALUE, D(10) ** 14), replace(MEANS, price=D("0.01")), DenialCode.QUANTITY, "can't be sent"),
    ],
)
def test_a_size_that_comes_to_nothing_is_refused(size: Size, means: Means, code: DenialCode, words: str) -> None:
    denied = refusal(size, means)

    assert denied.code is code
    assert words in denied.message


@pytest.mark.parametrize(
    ("size", "means", "words"),
    [
        (Size(SizeKind.UNITS, D(0)), MEANS, "0 is no size: it must be above 0. Type it again."),
        (
            Size(SizeKind.BUYING_POWER, D(25)),
            replace(MEANS, buying_power=None),
            "25%bp: the buying power is not known yet. Type a quantity.",
        ),
        (
            Size(SizeKind.RISK_PERCENT, D(1)),
            replace(MEANS, net_liquidation=None),
            "1%r: the net liquidation value is not known yet. Type a quantity.",
        ),
        (
            Size(SizeKind.BUYING_POWER, D(25)),
            replace(MEANS, instrument=SAP, rate=D(0)),
            "25%bp: no exchange rate from USD to EUR. Type a quantity.",
        ),
        (
            Size(SizeKind.BUYING_POWER, D(25)),
            replace(MEANS, rate=None, base_currency=""),
            "25%bp: no exchange rate from the base currency to USD. Type a quantity.",
        ),
        (
            Size(SizeKind.POSITION, D(50)),
            MEANS,
            "50% is a part of the position in AAPL, to reduce it, and there is none. Type a quantity.",
        ),
    ],
)
def test_words_for_a_size_that_comes_to_nothing(size: Size, means: Means, words: str) -> None:
    assert refusal(size, means).message == words


MONEY = st.decimals(min_value=1, max_value=10_000_000, places=2)
PRICES = st.decimals(min_value=D("0.01"), max_value=10_000, places=2)
RATES = st.decimals(min_value=D("0.0001"), max_value=200, places=4)
INSTRUMENTS = st.sampled_from([AAPL, ES, SAP, LOTS])
SIDES = st.sampled_from(list(Side))


def exact(*factors: Decimal) -> Fraction:
    product = Fraction(1)
    for factor in factors:
        product *= Fraction(factor)
    return product


def on_the_lot(amount: Decimal, instrument: Instrument) -> bool:
    return amount % instrument.size_increment == 0 and amount >= instrument.min_size


@given(money=MONEY, price=PRICES, instrument=INSTRUMENTS, side=SIDES)
def test_a_value_is_never_passed_and_one_lot_more_would(
    money: Decimal, price: Decimal, instrument: Instrument, side: Side
) -> None:
    sized = size_order(Size(SizeKind.VALUE, money), replace(MEANS, instrument=instrument, price=price, side=side))
    got = sized.quantity if isinstance(sized, Sized) else D(0)
    more = max(got + instrument.size_increment, instrument.min_size)

    assert exact(got, price, instrument.multiplier) <= money < exact(more, price, instrument.multiplier)
    assert isinstance(sized, Denial) or on_the_lot(got, instrument)


@given(whole=MONEY, percent=st.decimals(min_value=D("0.01"), max_value=100, places=2), price=PRICES, rate=RATES)
def test_a_part_of_buying_power_is_never_passed(
    whole: Decimal, percent: Decimal, price: Decimal, rate: Decimal
) -> None:
    means = replace(MEANS, instrument=SAP, price=price, rate=rate, buying_power=whole)
    sized = size_order(Size(SizeKind.BUYING_POWER, percent), means)
    got = sized.quantity if isinstance(sized, Sized) else D(0)

    assert exact(got, price, rate) <= exact(whole, percent) / 100 < exact(got + 1, price, rate)


@given(money=MONEY, price=PRICES, stop=PRICES, instrument=INSTRUMENTS)
def test_the_money_at_risk_is_never_passed_commissions_included(
    money: Decimal, price: Decimal, stop: Decimal, instrument: Instrument
) -> None:
    assume(price != stop)
    side = Side.BUY if stop < price else Side.SELL
    means = replace(MEANS, instrument=instrument, price=price, stop=stop, side=side)
    sized = size_order(Size(SizeKind.RISK, money), means)
    got = sized.quantity if isinstance(sized, Sized) else D(0)
    more = max(got + instrument.size_increment, instrument.min_size)
    each_way = [estimate_commission(instrument, got, at) or D(0) for at in (price, stop)] if got else []

    assert exact(got, abs(price - stop), instrument.multiplier) + sum(map(Fraction, each_way)) <= money
    assert money_at_risk(instrument, more, price, stop) > money
    assert isinstance(sized, Denial) or (on_the_lot(got, instrument) and sized.risk is not None and sized.risk <= money)


@given(one=MONEY, other=MONEY, price=PRICES, kind=st.sampled_from([SizeKind.VALUE, SizeKind.RISK, SizeKind.UNITS]))
def test_more_money_is_never_a_smaller_order(one: Decimal, other: Decimal, price: Decimal, kind: SizeKind) -> None:
    means = replace(MEANS, price=price, stop=price / 2)
    less, more = (size_order(Size(kind, amount), means) for amount in sorted((one, other)))

    assert isinstance(less, Denial) or (isinstance(more, Sized) and less.quantity <= more.quantity)


@given(held=st.integers(-10_000, 10_000), percent=st.decimals(min_value=D("0.01"), max_value=100, places=2))
def test_a_part_of_a_position_never_turns_it(held: int, percent: Decimal) -> None:
    side = Side.SELL if held > 0 else Side.BUY
    sized = size_order(Size(SizeKind.POSITION, percent), replace(MEANS, held=D(held), side=side))

    if isinstance(sized, Sized):
        assert 0 < exact(sized.quantity) <= exact(D(abs(held)), percent) / 100


def request(quantity: str) -> OrderRequest:
    return OrderRequest(
        order_ref="r", account="DU1", con_id=1, side=Side.BUY, quantity=D(quantity), order_type=OrderType.MKT
    )


def around(instrument: Instrument | None) -> Circumstances:
    return Circumstances(instrument=instrument, quote=None, accounts=("DU1",), limits=Limits())


def at_most(limit: Decimal, asked: OrderRequest) -> Denial | None:
    return deny(DenialCode.MARGIN, "too large") if asked.quantity > limit else None


@given(limit=st.decimals(min_value=0, max_value=2_000, places=2), wanted=st.integers(1, 1_500), instrument=INSTRUMENTS)
def test_the_largest_quantity_that_a_control_lets_pass(limit: Decimal, wanted: int, instrument: Instrument) -> None:
    asked = []

    def check(order: OrderRequest, _: Circumstances) -> Denial | None:
        asked.append(order.quantity)
        return at_most(limit, order)

    fits = largest_within(request(str(wanted)), around(instrument), check)

    assert fits <= min(limit, D(wanted))
    assert fits == 0 or on_the_lot(fits, instrument)
    assert fits + max(instrument.size_increment, instrument.min_size) > min(limit, D(wanted))
    assert len(asked) <= 15


@pytest.mark.parametrize(
    ("quantity", "instrument"), [("100", None), ("0", AAPL), ("-5", AAPL), ("NaN", AAPL), ("0.4", LOTS)]
)
def test_nothing_fits_where_nothing_can_be_told(quantity: str, instrument: Instrument | None) -> None:
    assert largest_within(request(quantity), around(instrument), lambda *_: None) == 0
