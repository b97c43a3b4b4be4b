"""What an intent must be, and what is said of a message that is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID, uuid4

import pytest

from core.domain.instructions import Adaptive, AdaptivePriority
from core.domain.orders import OrderType, Side, TimeInForce
from core.domain.published import PublishedStatus
from core.orderplane.contracts import (
    MAX_BODY,
    ExecutionReport,
    IntentError,
    IntentType,
    LatencyMetrics,
    OrderIntent,
    Urgency,
    identity_in,
    json_schema,
    read_intent,
)

ID = "0b9f2a6e-6a3c-4a63-9a0c-3b1f0a5d7c11"
DOCUMENTED: dict[str, object] = {
    "event_type": "order_intent",
    "intent_id": ID,
    "symbol": "AAPL",
    "direction": "BUY",
    "quantity": 100,
    "order_type": "LIMIT",
    "limit_price": 150.10,
    "timestamp": "2025-11-17T14:30:00+01:00",
    "strategy_id": "COMPOSITE",
    "time_in_force": "DAY",
    "urgency": "NORMAL",
}
"""As the document writes it."""


def body(**changes: object) -> bytes:
    return json.dumps(DOCUMENTED | changes).encode()


@pytest.mark.covers("D0.6")
def test_the_documents_intent_is_read_exactly() -> None:
    intent = read_intent(body())

    assert (intent.intent_id, intent.symbol, intent.direction) == (UUID(ID), "AAPL", Side.BUY)
    assert (intent.quantity, intent.limit_price) == (Decimal(100), Decimal("150.1"))
    assert intent.timestamp == datetime(2025, 11, 17, 13, 30, tzinfo=UTC)
    assert (intent.terms.order_type, intent.terms.tif, intent.algo) == (OrderType.LMT, TimeInForce.DAY, None)


@pytest.mark.covers("D0.6")
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"stop_los": 140}, "stop_los"),
        ({"limit_price": float("nan")}, "limit_price: Input should be a finite number"),
        ({"limit_price": "NaN"}, "limit_price: Input should be a finite number"),
        ({"limit_price": float("inf")}, "limit_price"),
        ({"quantity": "1e999999"}, "quantity"),
        ({"quantity": 1e300}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": -5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"timestamp": "2025-11-17T14:30:00"}, "timestamp: Input should have timezone info"),
        ({"timestamp": 1_763_388_000}, "timestamp"),
        ({"timestamp": "1763388000"}, "timestamp"),
        ({"limit_price": None}, "LIMIT: limit price missing"),
        ({"stop_price": 140}, "LIMIT: stop price not taken"),
        ({"order_type": "MKT"}, "order_type"),
        ({"direction": "LONG"}, "direction"),
        ({"time_in_force": "GTD"}, "time_in_force"),
        ({"intent_id": "7"}, "intent_id"),
        ({"symbol": "AA\x1b[2JPL"}, "symbol"),
        ({"strategy_id": ""}, "strategy_id"),
        ({"short": "yes"}, "short"),
        ({"event_type": "execution_report"}, "event_type"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, object], named: str) -> None:
    with pytest.raises(IntentError, match="Nothing was placed") as caught:
        read_intent(body(**changes))

    assert named in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b" " * (MAX_BODY + 1)])
def test_what_is_no_message_is_named(text: bytes) -> None:
    with pytest.raises(IntentError, match="Nothing was placed"):
        read_intent(text)
    assert identity_in(text) is None


def test_the_strategy_of_a_bad_intent_can_be_told() -> None:
    assert identity_in(body(quantity="NaN")) == UUID(ID)


@pytest.mark.covers("D0.8")
@pytest.mark.parametrize(
    ("kind", "prices", "expected"),
    [
        (IntentType.MARKET, {}, OrderType.MKT),
        (IntentType.LIMIT, {"limit_price": 245.50}, OrderType.LMT),
        (IntentType.STOP, {"stop_price": 240}, OrderType.STP),
        (IntentType.STOP_LIMIT, {"stop_price": 450.00, "limit_price": 451.00}, OrderType.STP_LMT),
        (IntentType.ADAPTIVE, {}, OrderType.MKT),
        (IntentType.ADAPTIVE, {"limit_price": 245.50}, OrderType.LMT),
    ],
)
def test_every_documented_type(kind: IntentType, prices: dict[str, float], expected: OrderType) -> None:
    intent = read_intent(body(**{"order_type": kind, "limit_price": None, "urgency": "HIGH", **prices}))

    assert intent.terms.order_type is expected
    adaptive = Adaptive(priority=AdaptivePriority.URGENT) if kind is IntentType.ADAPTIVE else None
    assert intent.algo == adaptive


def test_an_intent_of_python_is_the_same_on_the_bus() -> None:
    intent = OrderIntent(
        intent_id=uuid4(),
        symbol="TSLA",
        direction=Side.SELL,
        quantity=Decimal(50),
        order_type=IntentType.LIMIT,
        limit_price=Decimal("245.1"),
        timestamp=datetime.now(UTC),
        strategy_id="OFI",
        urgency=Urgency.LOW,
    )

    again = read_intent(intent.model_dump_json().encode())

    assert again == intent
    assert again.digest() == intent.digest()
    assert again.model_copy(update={"quantity": Decimal(51)}).digest() != intent.digest()


def test_the_same_content_written_otherwise_has_the_same_digest() -> None:
    other = body(quantity="100.0", timestamp="2025-11-17T13:30:00Z", limit_price="150.10", short=False)

    assert read_intent(other).digest() == read_intent(body()).digest()


@pytest.mark.covers("D0.7")
def test_a_report_has_the_documents_fields_as_numbers() -> None:
    report = ExecutionReport(
        report_id=UUID(ID),
        intent_id=UUID(ID),
        order_id="IBKR_12345",
        order_ref="ibd-ABC123-01",
        symbol="AAPL",
        strategy_id="COMPOSITE",
        direction=Side.BUY,
        status=PublishedStatus.FILLED,
        quantity=Decimal(100),
        requested_quantity=Decimal(100),
        filled_quantity=Decimal(100),
        average_fill_price=Decimal("150.25"),
        commission=Decimal("1.50"),
        commission_currency="USD",
        timestamp=datetime(2025, 11, 17, 14, 30, tzinfo=UTC),
        sequence=12,
        latency_metrics=LatencyMetrics(intent_to_submit_ms=50, submit_to_ack_ms=120, ack_to_fill_ms=250),
    )

    written = json.loads(report.model_dump_json())

    assert written["filled_quantity"] == 100
    assert (written["average_fill_price"], written["commission"]) == (150.25, 1.5)
    assert written["latency_metrics"]["submit_to_ack_ms"] == 120
    assert written["latency_metrics"]["total_latency_ms"] is None
    assert ExecutionReport.model_validate_json(report.model_dump_json()) == report


@pytest.mark.covers("D0.6", "D0.7")
@pytest.mark.parametrize("name", ["order_intent", "execution_report"])
def test_the_schema_says_what_is_needed_and_takes_nothing_else(name: str) -> None:
    schema = json_schema(name)

    assert schema["additionalProperties"] is False
    required = cast("list[str]", schema["required"])
    assert {"intent_id", "symbol"} <= set(required)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
