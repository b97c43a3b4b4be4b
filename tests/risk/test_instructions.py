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
    MarginCondition,
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
from core.domain.orders import OrderRequest, OrderType, TimeInForce
from core.ports import Approved
from core.risk.circumstances import Circumstances
from core.risk.controls import judge
from core.risk.instructions import algorithm, known_type, listed_instructions, shown_size
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


@pytest.mark.parametrize(
    ("extra", "name", "words"),
    [
        ({"all_or_none": True}, "AON", "All-or-none"),
        ({"display_size": D(10)}, "ICE", "A display size"),
        ({"oca": Oca(group="a")}, "OCA", "An OCA group"),
        ({"good_after": LATER}, "GAT", "A start time"),
        ({"conditions": Conditions(items=(TimeCondition(time=LATER),))}, "COND", "A condition"),
    ],
)
def test_the_contract_names_each_instruction(extra: dict[str, object], name: str, words: str) -> None:
    request = replace(LIMIT, **extra)

    refused = denial(request, listing(*LISTED))
    assert refused.code is DenialCode.INSTRUCTION
    assert refused.message == f"{words} is not taken for this instrument. Leave it out."
    assert isinstance(judge(request, listing(*LISTED, name)), Approved)
    assert isinstance(judge(request, AT), Approved), "details that list nothing say nothing"


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        (
            replace(LIMIT, order_type=OrderType.OTHER),
            DenialCode.ORDER_TYPE,
            "This order type can't be sent from here. Use LMT or MKT.",
        ),
        (
            replace(LIMIT, tif=TimeInForce.OTHER),
            DenialCode.TIF,
            "This time in force can't be sent from here. Use DAY, GTC, IOC or FOK.",
        ),
        (
            replace(fitting(OrderType.MOC), tif=TimeInForce.GTC),
            DenialCode.TIF,
            "A market-on-close order does not go with GTC. Use DAY. [113]",
        ),
        (
            replace(fitting(OrderType.LOC), tif=TimeInForce.IOC),
            DenialCode.TIF,
            "A limit-on-close order does not go with IOC. Use DAY. [113]",
        ),
        (
            replace(fitting(OrderType.REL), tif=TimeInForce.IOC),
            DenialCode.TIF,
            "A relative order does not go with IOC. Use DAY, GTC, GTD. [111]",
        ),
    ],
)
def test_words_for_types_and_times_in_force(request_: OrderRequest, code: DenialCode, words: str) -> None:
    refused = denial(request_, AT)

    assert (refused.code, refused.message) == (code, words)


def test_of_many_types_the_first_eight_are_named() -> None:
    names = sorted({rule.listed for rule in RULES.values()} - {"LMT"})

    assert denial(LIMIT, listing("DAY", *names)).message == (
        "LMT orders are not taken for this instrument. Use one of MKT, STP, STP LMT, TRAIL, TRAIL LIMIT, MIT, LIT, MOC."
        " [387]"
    )


def test_a_time_in_force_that_the_contract_does_not_list() -> None:
    assert denial(replace(LIMIT, tif=TimeInForce.FOK), listing(*LISTED)).code is DenialCode.TIF
    assert isinstance(judge(replace(LIMIT, tif=TimeInForce.FOK), listing("LMT", "MKT")), Approved)


def test_a_contract_that_nobody_knows_lists_nothing() -> None:
    nameless = replace(AT, instrument=None)

    for control in (known_type, listed_instructions, shown_size, algorithm):
        assert control(replace(LIMIT, display_size=D(2), algo=Adaptive()), nameless) is None
    fraction = shown_size(replace(LIMIT, display_size=D("1.5")), nameless)
    assert fraction is not None
    assert fraction.message == "Display size 1.5 can't be sent: it must be above 0, in steps of 1."


def test_an_end_date_goes_with_gtd_alone() -> None:
    assert isinstance(judge(GTD, AT), Approved)
    assert denial(replace(GTD, good_till=None), AT).message == "GTD needs a date."
    given = denial(replace(GTD, tif=TimeInForce.DAY), AT)
    assert (given.code, given.message) == (DenialCode.TIME, "DAY has no end date, and one is given. Use GTD.")
    assert (
        denial(replace(GTD, good_till=NOW), AT).message
        == "GTD 2026-11-20 15:00 UTC has passed. Type a later one. [334]"
    )
    assert denial(replace(GTD, good_till=NOW), AT).code is DenialCode.TIME
    backwards = denial(replace(GTD, good_after=LATER), AT)
    assert (backwards.code, backwards.message) == (
        DenialCode.TIME,
        "The order would start after its end. Type another time.",
    )
    assert isinstance(judge(replace(GTD, good_after=NOW, good_till=NOW + timedelta(seconds=1)), AT), Approved)


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

    assert refused.code is DenialCode.TIME
    assert refused.message == "The time 2026-11-20 16:00 has no time zone. Give it one."


@pytest.mark.parametrize(
    ("shown", "passes"),
    [("1", True), ("10", True), ("99", True), ("100", False), ("0", False), ("0.5", False), ("1.5", False)],
)
def test_an_iceberg_shows_a_part(shown: str, passes: bool) -> None:
    request = replace(LIMIT, display_size=D(shown))

    assert isinstance(judge(request, AT), Approved) is passes
    assert denial(replace(request, hidden=True), AT).code is DenialCode.INSTRUCTION


@pytest.mark.parametrize(
    ("change", "step", "words"),
    [
        ({"display_size": D(0)}, "1", "Display size 0 can't be sent: it must be above 0, in steps of 1."),
        ({"display_size": D("NaN")}, "1", "Display size NaN can't be sent: it must be above 0, in steps of 1."),
        ({"display_size": D(3)}, "5", "Display size 3 can't be sent: it must be above 0, in steps of 5."),
        ({"display_size": D("2.5")}, "0.5", "Display size 2.5 can't be sent: it must be above 0, in steps of 1."),
        ({"display_size": D(100)}, "5", "Display size 100 must be smaller than the quantity, 100. [10020]"),
        (
            {"display_size": D(10), "hidden": True},
            "5",
            "A hidden order shows nothing, and a display size is given. Leave one out.",
        ),
    ],
)
def test_words_about_an_iceberg(change: dict[str, object], step: str, words: str) -> None:
    refused = shown_size(replace(LIMIT, **change), replace(AT, instrument=replace(AAPL, size_increment=D(step))))

    assert refused is not None
    assert (refused.code, refused.message) == (DenialCode.INSTRUCTION, words)


@pytest.mark.parametrize("name", ["", "tab\t", "gruppe ä"])
def test_a_group_has_a_name(name: str) -> None:
    refused = denial(replace(LIMIT, oca=Oca(group=name)), AT)

    assert refused.code is DenialCode.INSTRUCTION
    assert refused.message == (
        "The OCA group's name is empty or has characters outside printable ASCII. Give it another."
    )
    assert isinstance(judge(replace(LIMIT, oca=Oca(group="exits 1")), AT), Approved)


def test_what_is_attached_has_its_group_from_the_broker() -> None:
    refused = denial(replace(LIMIT, oca=Oca(group="a"), parent_ref="entry"), AT)

    assert refused.code is DenialCode.INSTRUCTION
    assert refused.message == "What is attached to an order cancels each other already. Leave the OCA group out."


NUMBER = "A condition's number can't be sent. Type it again."
CONTRACT = "A condition needs the contract that it watches. [147]"
TEXT = "A condition's symbol or exchange can't be sent. Type it again. [147]"


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (PriceCondition(con_id=0, price=D(1), above=True), CONTRACT),
        (PriceCondition(con_id=1, price=D("NaN"), above=True), NUMBER),
        (PriceCondition(con_id=1, price=D(1), above=True, method=5), NUMBER),
        (PriceCondition(con_id=1, price=D(1), above=True, method=9), NUMBER),
        (PriceCondition(con_id=1, price=D(1), above=True, exchange="SM\0ART"), TEXT),
        (VolumeCondition(con_id=-1, volume=1), CONTRACT),
        (ChangeCondition(con_id=1, percent=D("Infinity"), above=True), NUMBER),
        (ExecutionCondition(symbol=""), TEXT),
        (ExecutionCondition(symbol="AAPL", sec_type=""), TEXT),
        (ExecutionCondition(symbol="A\0"), TEXT),
    ],
)
def test_conditions_that_can_not_be_sent(condition: Condition, words: str) -> None:
    first = MarginCondition(percent=30, above=False)

    for items in ((condition,), (first, condition)):
        refused = denial(replace(LIMIT, conditions=Conditions(items=items)), AT)
        assert (refused.code, refused.message) == (DenialCode.INSTRUCTION, words)


@pytest.mark.parametrize(
    "condition",
    [
        *(PriceCondition(con_id=1, price=D(1), above=True, method=method) for method in (0, 1, 2, 3, 4, 7, 8)),
        TimeCondition(time=LATER),
        MarginCondition(percent=30, above=False),
        VolumeCondition(con_id=1, volume=1),
        ChangeCondition(con_id=1, percent=D("-2.5"), above=False),
        ExecutionCondition(symbol="AAPL"),
    ],
)
def test_conditions_that_can_be_sent(condition: Condition) -> None:
    assert isinstance(judge(replace(LIMIT, conditions=Conditions(items=(condition,))), AT), Approved)


def test_an_empty_list_of_conditions() -> None:
    refused = denial(replace(LIMIT, conditions=Conditions(items=())), AT)

    assert refused.code is DenialCode.INSTRUCTION
    assert refused.message == "The order's list of conditions is empty. Leave it out."


ENDED = "{} would end before it starts, or has ended. Type a later end. [441]"
SHARE = "{} takes 1 to 50 % of the volume, not {} %. [441]"


@pytest.mark.parametrize(
    ("algo", "code", "words"),
    [
        (PctVol(percent=D("0.9")), DenialCode.INSTRUCTION, SHARE.format("PctVol", "0.9")),
        (PctVol(percent=D(51)), DenialCode.INSTRUCTION, SHARE.format("PctVol", "51")),
        (Vwap(max_percent=D("NaN")), DenialCode.INSTRUCTION, SHARE.format("Vwap", "NaN")),
        (Twap(end=NOW), DenialCode.TIME, ENDED.format("Twap")),
        (Twap(start=NOW - timedelta(hours=1), end=NOW), DenialCode.TIME, ENDED.format("Twap")),
        (Vwap(start=LATER, end=LATER), DenialCode.TIME, ENDED.format("Vwap")),
    ],
)
def test_parameters_of_algorithms(algo: Algo, code: DenialCode, words: str) -> None:
    refused = denial(replace(LIMIT, algo=algo), AT)

    assert (refused.code, refused.message) == (code, words)


@pytest.mark.parametrize("algo", [Adaptive(), Twap(end=LATER), Vwap(max_percent=D(50)), PctVol(percent=D(1))])
def test_where_algorithms_work(algo: Algo) -> None:
    assert isinstance(judge(replace(LIMIT, algo=algo), AT), Approved)
    assert isinstance(judge(replace(PLAIN, algo=algo), AT), Approved)
    name, request = type(algo).__name__, replace(LIMIT, algo=algo)
    stocks, options, futures, pairs, combinations = (
        replace(AT, instrument=replace(AAPL, sec_type=kind))
        for kind in (SecType.STK, SecType.OPT, SecType.FUT, SecType.CASH, SecType.BAG)
    )
    for around in (stocks, options, futures):
        assert algorithm(request, around) is None
    for other, around in ((replace(fitting(OrderType.STP), algo=algo), AT), (request, pairs), (request, combinations)):
        refused = algorithm(other, around)
        assert refused is not None
        assert refused.code is DenialCode.INSTRUCTION
        assert refused.message == (
            f"{name} works with MKT and LMT orders for stocks, options and futures. Leave it out. [442]"
        )
    for tif in TimeInForce:
        timed = algorithm(replace(request, tif=tif), AT)
        if tif in (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD):
            assert timed is None
        else:
            assert timed is not None
            assert timed.code is DenialCode.TIF
            assert timed.message == f"{name} does not go with {tif}. Use DAY, GTC or GTD. [111]"
