"""Numbers and contracts of the wire."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ib_async.contract import Contract, ContractDetails
from ib_async.objects import PriceIncrement

from core.broker.outgoing import wire_contract, wire_number
from core.broker.translate import instrument, market_rule_of, number, price_bands, qualified
from core.domain.instruments import Instrument, PriceBand, SecType


@pytest.mark.parametrize(
    "unset",
    [
        None,
        "",
        "1.7976931348623157E308",
        "1.7976931348623157e+308",
        "-1.7976931348623157E308",
        "NaN",
        "Infinity",
        sys.float_info.max,
        float("inf"),
        float("nan"),
    ],
)
def test_unset_is_none(unset: float | str | None) -> None:
    assert number(unset) is None


@pytest.mark.parametrize("wrong", ["abc", "1,5", "1E-999999999", "0E-999999999", "1E+300", "9" * 41, "--1"])
def test_what_is_no_sensible_number_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError):
        number(wrong)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=8))
def test_a_number_survives_the_wire(value: Decimal) -> None:
    assert number(wire_number(value)) == value


@given(st.floats(min_value=-1e15, max_value=1e15))
def test_a_float_is_read_as_it_is_written(value: float) -> None:
    exact = number(value)

    assert exact is not None
    assert exact == Decimal(repr(value))


def details(exchanges: str, rules: str, exchange: str = "SMART") -> ContractDetails:
    """Contract details of which only the market rule matters."""
    return ContractDetails(contract=Contract(exchange=exchange), validExchanges=exchanges, marketRuleIds=rules)


@pytest.mark.parametrize(
    ("found", "rule"),
    [
        (details("NYSE,SMART", "26,239"), 239),
        (details("SMART,NYSE", "26,239", exchange="NYSE"), 239),
        (details("CME", "67", exchange="GLOBEX"), 67),
        (details("NYSE,SMART", "26"), None),
        (details("", ""), None),
        (details("SMART", "x"), None),
    ],
)
def test_market_rule_is_that_of_the_route(found: ContractDetails, rule: int | None) -> None:
    assert market_rule_of(found) == rule


def test_price_steps_are_exact_and_ascend() -> None:
    steps = [
        PriceIncrement(100000.0, 1.0),
        PriceIncrement(0.0, 5e-05),
        PriceIncrement(1.0, 0.1),
        PriceIncrement(5.0, 0.0),
    ]

    assert price_bands(steps) == (
        PriceBand(Decimal(0), Decimal("0.00005")),
        PriceBand(Decimal(1), Decimal("0.1")),
        PriceBand(Decimal(100000), Decimal(1)),
    )


@pytest.mark.parametrize("text", ["", "0", "lots", "1"])
def test_multiplier_that_says_nothing_is_one(text: str) -> None:
    assert instrument(Contract(conId=1, symbol="X", secType="STK", multiplier=text)).multiplier == 1


@pytest.mark.parametrize(
    ("kind", "multiplier", "tick", "bands", "untold"),
    [
        ("STK", "", 0.01, (), ()),
        ("FUT", "50", 0.25, (), ()),
        ("FUT", "", 0.25, (), ("multiplier",)),
        ("OPT", "none", 0.01, (), ("multiplier",)),
        ("OPT", "0", 0.0, (), ("multiplier", "tick")),
        ("STK", "", sys.float_info.max, (), ("tick",)),
        ("STK", "", 0.0, (PriceBand(Decimal(0), Decimal("0.01")),), ()),
    ],
)
def test_what_the_details_do_not_tell_is_named(
    kind: str, multiplier: str, tick: float, bands: tuple[PriceBand, ...], untold: tuple[str, ...]
) -> None:
    contract = Contract(conId=1, symbol="X", secType=kind, multiplier=multiplier)

    assert qualified(ContractDetails(contract=contract, minTick=tick), bands).untold == untold


def test_option_goes_out_as_it_came_in() -> None:
    option = Instrument(
        con_id=9,
        symbol="SPX",
        sec_type=SecType.OPT,
        exchange="SMART",
        currency="USD",
        local_symbol="SPX   261218C05900000",
        trading_class="SPX",
        multiplier=Decimal(100),
        last_trade_date="20261218",
        strike=Decimal("5902.5"),
        right="C",
    )

    assert instrument(wire_contract(option)) == option
