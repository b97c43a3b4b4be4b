"""Every message to a client: what the table writes is what ib_async and a reader of the table take from it."""

from __future__ import annotations

import logging
from decimal import Decimal
from itertools import count

import pytest

from core.practice.codec import WireError
from core.practice.tables import Field, Message, Part, Record, Repeat, Value, When
from core.practice.tables_order import COMPLETED_ORDER, OPEN_ORDER
from core.practice.tables_out import ERROR, ORDER_STATUS, RESPONSES
from tests.practice.ib_async_ends import decode, spelled

CONDITION_TYPES = (1, 3, 4, 5, 6, 7)

#: Fields that decide about others, or that ib_async parses further.
FIXED: dict[str, Value] = {
    "orderType": "PEG BENCH",
    "time": "20261120 10:31:02 UTC",
    "yieldDate": "20301231",
    "longName": "CAF\\u00c9",
}
#: What ib_async reads and drops.
DROPPED = {
    "tickPrice": {"attribs"},
    "openOrder": {"sharesAllocation"},
    "execDetails": {"time"},
    "contractDetails": {"longName"},
    # A decoder tells masks as flags, and the kind of a quote by which callback it makes.
    "historicalTicks": {"mask", "epoch"},
    "historicalTicksBidAsk": {"mask", "epoch"},
    "historicalTicksLast": {"mask", "epoch"},
    "tickByTick": {"mask", "tickType"},
}
MESSAGES = sorted(RESPONSES.values(), key=lambda message: message.id)
#: Messages whose shape a field decides, with the values that it can have.
SHAPES: dict[str, list[Record]] = {"tickByTick": [Record(tickType=kind) for kind in (1, 2, 3, 4)]}
#: Every message in every shape.
SHAPED = [(message, given) for message in MESSAGES for given in SHAPES.get(message.name, [Record()])]


def sample(parts: tuple[Part, ...], record: Record, numbers: count[int]) -> None:
    """Fill a record with a value of its own for every field that the table can have."""
    for part in parts:
        if isinstance(part, When):
            if part.holds(record):
                sample(part.parts, record, numbers)
        elif isinstance(part, Repeat):
            rows = []
            for condition in CONDITION_TYPES if part.name == "conditions" else (0, 0):
                row = Record(condType=condition) if condition else Record()
                sample(part.parts, row, numbers)
                rows.append(row)
            record[part.name] = rows
        elif isinstance(part, Field) and part.name not in record:
            record[part.name] = FIXED.get(part.name, value_of(part, next(numbers)))


def value_of(field: Field, number: int) -> Value:
    """Return a value that no other field has."""
    match field.kind:
        case "i" | "I":
            return 1000 + number
        case "d" | "D" | "M":
            return Decimal(10 * number + 5) / 10 + 20000
        case "b":
            return True
    return f"text{number}"


def leaves(record: Record) -> list[tuple[str, Value]]:
    """Return every named value, those of groups too."""
    found: list[tuple[str, Value]] = []
    for name, value in record.items():
        if isinstance(value, list):
            found += [leaf for row in value for leaf in leaves(row)]
        else:
            found.append((name, value))
    return found


@pytest.mark.parametrize(
    ("message", "given"),
    SHAPED,
    ids=lambda value: f"{value.id}-{value.name}" if isinstance(value, Message) else "-".join(map(str, value.values())),
)
def test_every_field_reaches_both_decoders(message: Message, given: Record, caplog: pytest.LogCaptureFixture) -> None:
    record = Record(given)
    sample(message.parts, record, count())
    fields = message.fields(record).split("\0")[:-1]

    assert message.decode(fields) == record
    with caplog.at_level(logging.ERROR, logger="ib_async"):
        spy = decode(fields)
    assert caplog.text == ""
    assert spy.calls, "ib_async made nothing of it"
    told = spy.values()
    dropped = DROPPED.get(message.name, set())
    lost = [name for name, value in leaves(record) if name not in dropped and spelled(value) not in told]
    assert lost == []


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: f"{message.id}-{message.name}")
def test_missing_values_reach_ib_async_without_a_complaint(message: Message, caplog: pytest.LogCaptureFixture) -> None:
    record = Record(time="20261120 10:31:02 UTC")
    fields = message.fields(record).split("\0")[:-1]

    message.decode(fields)
    with caplog.at_level(logging.ERROR, logger="ib_async"):
        decode(fields)
    assert caplog.text == ""


def test_a_plain_order_has_the_extra_fields_of_a_real_gateway() -> None:
    plain = OPEN_ORDER.fields(Record(deltaNeutralOrderType="None")).split("\0")
    bare = OPEN_ORDER.fields(Record()).split("\0")

    assert len(plain) == len(bare) + 8
    assert len(COMPLETED_ORDER.fields(Record(deltaNeutralOrderType="None")).split("\0")) == (
        len(COMPLETED_ORDER.fields(Record()).split("\0")) + 4
    )


def test_a_field_too_many_or_too_few_is_named() -> None:
    fields = ERROR.fields(Record(code=1)).split("\0")[:-1]

    with pytest.raises(WireError, match="error: 1 fields too many"):
        ERROR.decode([*fields, ""])
    with pytest.raises(WireError, match="error: field advancedRejectJson is missing"):
        ERROR.decode(fields[:-1])


def test_a_field_of_the_wrong_kind_is_named() -> None:
    fields = ORDER_STATUS.fields(Record()).split("\0")[:-1]
    fields[6] = "many"

    with pytest.raises(WireError, match="orderStatus: field permId: not a number"):
        ORDER_STATUS.decode(fields)
