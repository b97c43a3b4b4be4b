"""Times in force, times, sizes shown, groups, conditions and algorithms: what goes together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode
from core.domain.instructions import (
    Adaptive,
    Algo,
    ChangeCondition,
    Condition,
    Conditions,
    ExecutionCondition,
    Oca,
    PctVol,
    PriceCondition,
    TimeCondition,
    Twap,
    VolumeCondition,
    Vwap,
)
from core.domain.instruments import SecType
from core.domain.order_types import RULES
from core.domain.orders import OrderType, TimeInForce
from core.ports import Approved
from core.risk.circumstances import Circumstances
from core.risk.controls import judge
from tests.risk.test_prices import AAPL, AROUND, PLAIN, denial, fitting

D = Decimal
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
AT = replace(AROUND, now=NOW)
LIMIT = fitting(OrderType.LMT)
GTD = replace(LIMIT, tif=TimeInForce.GTD, good_till=LATER)
LISTED = ["DAY", "GTC", "GTD", "IOC", "LMT", "MKT"]


def listing(*names: str) -> Circumstances:
    """Circumstances whose contract details list these names."""
    return replace(AT, instrument=replace(AAPL, order_types=names))


@pytest.mark.parametrize("kind", list(RULES))
def test_times_in_force_of_each_type(kind: OrderType) -> None:
    for tif in TimeInForce:
        request = replace(fitting(kind), tif=tif, good_till=LATER if tif is TimeInForce.GTD else None)
        judged = judge(request, AT)
        if tif in RULES[kind].times:
            assert isinstance(judged, Approved), (tif, judged)
        else:
            assert denial(request, AT).code is DenialCode.TIF


def test_the_contract_names_what_it_takes() -> None:
    assert isinstance(judge(LIMIT, listing(*LISTED)), Approved)
    refused = denial(fitting(OrderType.STP), listing(*LISTED))
    assert (refused.code, refused.message) == (
        DenialCode.ORDER_TYPE,
        "STP orders are not taken for this instrument. Use one of MKT, LMT. [387]",
    )
    assert denial(replace(LIMIT, tif=TimeInForce.FOK), listing(*LISTED)).message == (
        "FOK is not taken for this instrument. Use one of DAY, GTC, IOC, GTD. [111]"
    )
    for extra in (
        {"all_or_none": True},
        {"display_size": D(10)},
        {"oca": Oca(group="a")},
        {"good_after": LATER},
        {"conditions": Conditions(items=(TimeCondition(time=LATER),))},
    ):
        assert denial(replace(LIMIT, **extra), listing(*LISTED)).code is DenialCode.INSTRUCTION


def test_an_end_date_goes_with_gtd_alone() -> None:
    assert isinstance(judge(GTD, AT), Approved)
    assert denial(replace(GTD, good_till=None), AT).message == "GTD needs a date."
    assert denial(replace(GTD, tif=TimeInForce.DAY), AT).code is DenialCode.TIME
    assert (
        denial(replace(GTD, good_till=NOW), AT).message
        == "GTD 2026-11-20 15:00 UTC has passed. Type a later one. [334]"
    )
    assert denial(replace(GTD, good_after=LATER), AT).code is DenialCode.TIME


@pytest.mark.parametrize(
    "field",
    [
        {"good_till": LATER.replace(tzinfo=None), "tif": TimeInForce.GTD},
        {"good_after": LATER.replace(tzinfo=None)},
        {"algo": Twap(start=LATER.replace(tzinfo=None))},
        {"conditions": Conditions(items=(TimeCondition(time=LATER.replace(tzinfo=None)),))},
    ],
)
def test_every_time_has_a_zone(field: dict[str, object]) -> None:
    refused = denial(replace(LIMIT, **field), AT)

    assert refused.message == "The time 2026-11-20 16:00 has no time zone. Give it one."


@pytest.mark.parametrize(
    ("shown", "passes"), [("10", True), ("99", True), ("100", False), ("0", False), ("0.5", False)]
)
def test_an_iceberg_shows_a_part(shown: str, passes: bool) -> None:
    request = replace(LIMIT, display_size=D(shown))

    assert isinstance(judge(request, AT), Approved) is passes
    assert denial(replace(request, hidden=True), AT).code is DenialCode.INSTRUCTION


@pytest.mark.parametrize("name", ["", "tab\t", "gruppe ä"])
def test_a_group_has_a_name(name: str) -> None:
    assert denial(replace(LIMIT, oca=Oca(group=name)), AT).code is DenialCode.INSTRUCTION


def test_what_is_attached_has_its_group_from_the_broker() -> None:
    assert denial(replace(LIMIT, oca=Oca(group="a"), parent_ref="entry"), AT).code is DenialCode.INSTRUCTION


@pytest.mark.parametrize(
    "condition",
    [
        PriceCondition(con_id=0, price=D(1), above=True),
        PriceCondition(con_id=1, price=D("NaN"), above=True),
        PriceCondition(con_id=1, price=D(1), above=True, method=5),
        PriceCondition(con_id=1, price=D(1), above=True, exchange="SM\0ART"),
        VolumeCondition(con_id=-1, volume=1),
        ChangeCondition(con_id=1, percent=D("Infinity"), above=True),
        ExecutionCondition(symbol=""),
        ExecutionCondition(symbol="A\0"),
    ],
)
def test_conditions_that_can_not_be_sent(condition: Condition) -> None:
    assert denial(replace(LIMIT, conditions=Conditions(items=(condition,))), AT).code is DenialCode.INSTRUCTION


def test_an_empty_list_of_conditions() -> None:
    assert denial(replace(LIMIT, conditions=Conditions(items=())), AT).code is DenialCode.INSTRUCTION


@pytest.mark.parametrize(
    ("algo", "code"),
    [
        (PctVol(percent=D("0.9")), DenialCode.INSTRUCTION),
        (PctVol(percent=D(51)), DenialCode.INSTRUCTION),
        (Vwap(max_percent=D("NaN")), DenialCode.INSTRUCTION),
        (Twap(end=NOW), DenialCode.TIME),
        (Vwap(start=LATER, end=LATER), DenialCode.TIME),
    ],
)
def test_parameters_of_algorithms(algo: Algo, code: DenialCode) -> None:
    assert denial(replace(LIMIT, algo=algo), AT).code is code


@pytest.mark.parametrize("algo", [Adaptive(), Twap(end=LATER), Vwap(max_percent=D(50)), PctVol(percent=D(1))])
def test_where_algorithms_work(algo: Algo) -> None:
    assert isinstance(judge(replace(LIMIT, algo=algo), AT), Approved)
    assert isinstance(judge(replace(PLAIN, algo=algo), AT), Approved)
    assert denial(replace(fitting(OrderType.STP), algo=algo), AT).code is DenialCode.INSTRUCTION
    assert denial(replace(LIMIT, algo=algo, tif=TimeInForce.IOC), AT).code is DenialCode.TIF
    pair = replace(AT, instrument=replace(AAPL, sec_type=SecType.CASH))
    assert denial(replace(LIMIT, algo=algo), pair).code is DenialCode.INSTRUCTION
