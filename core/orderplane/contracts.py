"""What strategies and the order plane say to each other: one JSON object a message.

Source: the document "Order Execution System", section "Message Contracts". Fields beyond those are ours: all of an
intent's may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from core.domain.instructions import Adaptive, AdaptivePriority
from core.domain.order_types import misfit
from core.domain.orders import TAG_LIMIT, OrderType, Side, Terms, TimeInForce
from core.domain.published import PublishedStatus
from core.errors import DeskError
from core.text import clean, is_clean

MAX_BODY = 64 << 10
"""Bytes that one message may have."""

_DIGITS = 15
"""Significant digits of a number: as many as any double, so any reader of JSON, brings back as they were."""
_PLACES = 8
_SYMBOL_LIMIT = 32


class IntentError(DeskError):
    """A message that is no order intent; the text says which field is wrong and how."""

    title = "Order intent"


def _exact(value: object) -> object:
    """Numbers of JSON as they were written; `True` is none."""
    if value is True or value is False:
        raise ValueError("true and false are no numbers")
    return Decimal(repr(value)) if isinstance(value, float) else value


def _short(value: Decimal) -> Decimal:
    digits, exponent = value.normalize().as_tuple()[1:]
    if not isinstance(exponent, int) or exponent < -_PLACES or len(digits) + max(exponent, 0) > _DIGITS:
        raise ValueError(f"at most {_DIGITS} digits, {_PLACES} of them behind the point")
    return value


def _printable(value: str) -> str:
    if not value.strip() or not is_clean(value):
        raise ValueError("it is empty, or has characters that can't be printed")
    return value


def _dated(value: object) -> object:
    """Seconds since some epoch, as a number or a text, say neither which epoch nor which unit."""
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value[1:]):
        return value
    raise ValueError("write date, time and zone, as in 2026-11-20T14:30:00Z")


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _json_number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)


Number = Annotated[
    Decimal,
    BeforeValidator(_exact),
    Field(allow_inf_nan=False, strict=False),
    AfterValidator(_short),
    PlainSerializer(_json_number, return_type=int | float, when_used="json"),
]
"""A finite number, a number of JSON or a text of digits; a Decimal in Python."""
Name = Annotated[str, Field(min_length=1, max_length=TAG_LIMIT), AfterValidator(_printable)]
Moment = Annotated[AwareDatetime, BeforeValidator(_dated), AfterValidator(_in_utc), Field(strict=False)]
"""ISO 8601 with its zone; UTC in Python."""
Identity = Annotated[UUID, Field(strict=False)]


class IntentType(StrEnum):
    """Order types of an intent."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"
    STOP_LIMIT = "STOP_LIMIT"
    ADAPTIVE = "ADAPTIVE"
    """IBKR's Adaptive, with a limit or at the market."""


class IntentTime(StrEnum):
    """Times in force of an intent."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class Urgency(StrEnum):
    """How eager ADAPTIVE is to trade; other types don't look at it."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


_TYPES = {
    IntentType.MARKET: OrderType.MKT,
    IntentType.LIMIT: OrderType.LMT,
    IntentType.STOP: OrderType.STP,
    IntentType.STOP_LIMIT: OrderType.STP_LMT,
}
_PRIORITIES = {
    Urgency.LOW: AdaptivePriority.PATIENT,
    Urgency.NORMAL: AdaptivePriority.NORMAL,
    Urgency.HIGH: AdaptivePriority.URGENT,
}


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class OrderIntent(_Message):
    """What a strategy wants placed. `intent_id` is its identity for ever: the same one twice is one order."""

    event_type: Literal["order_intent"] = "order_intent"
    intent_id: Identity
    symbol: Annotated[str, Field(min_length=1, max_length=_SYMBOL_LIMIT), AfterValidator(_printable)]
    direction: Annotated[Side, Field(strict=False)]
    quantity: Annotated[Number, Field(gt=0)]
    """In units of the instrument: shares, contracts."""
    order_type: Annotated[IntentType, Field(strict=False)]
    limit_price: Number | None = None
    """For LIMIT and STOP_LIMIT; optional for ADAPTIVE."""
    stop_price: Number | None = None
    """For STOP and STOP_LIMIT."""
    timestamp: Moment
    """When the strategy decided; its age counts from here."""
    strategy_id: Name
    time_in_force: Annotated[IntentTime, Field(strict=False)] = IntentTime.DAY
    urgency: Annotated[Urgency, Field(strict=False)] = Urgency.NORMAL
    account: Annotated[str, Field(max_length=_SYMBOL_LIMIT)] = ""
    """Empty for the account of the profile."""
    con_id: Annotated[int, Field(gt=0)] | None = None
    """IBKR's number of the contract, where the symbol alone names none or several: futures, options, other currencies.
    """
    short: bool = False
    """True for a sale that may open a short position."""
    repeat: bool = False
    """True says that the same order as one of the last seconds is meant once more."""

    @model_validator(mode="after")
    def _prices_fit(self) -> Self:
        wrong = misfit(self.terms)
        if wrong:
            raise ValueError(f"{self.order_type}: {wrong}")
        return self

    @property
    def terms(self) -> Terms:
        """Quantity, type, prices and time in force, as core takes them."""
        adaptive = OrderType.MKT if self.limit_price is None else OrderType.LMT
        return Terms(
            quantity=self.quantity,
            order_type=_TYPES.get(self.order_type, adaptive),
            limit_price=self.limit_price,
            stop_price=self.stop_price,
            tif=TimeInForce(self.time_in_force.value),
        )

    @property
    def algo(self) -> Adaptive | None:
        """The algorithm of ADAPTIVE; None for other types."""
        adaptive = self.order_type is IntentType.ADAPTIVE
        return Adaptive(priority=_PRIORITIES[self.urgency]) if adaptive else None

    def digest(self) -> str:
        """32 hexadecimal digits by which an intent is known from another one with the same `intent_id`."""
        from hashlib import sha256

        return sha256(self.model_dump_json().encode()).hexdigest()[:32]


class LatencyMetrics(_Message):
    """Milliseconds between the stages of an order, by the clock of core's host.

    Each is None until its stage is reached, and where a clock that was set would make it negative.
    """

    intent_to_submit_ms: float | None = None
    """From the intent's timestamp, by the strategy's clock, until the whole order was handed to the kernel."""
    submit_to_ack_ms: float | None = None
    """Until the broker said that it holds the order."""
    ack_to_fill_ms: float | None = None
    """Until the order was filled whole."""
    total_latency_ms: float | None = None
    """From the intent's timestamp until the order was filled whole."""


class ExecutionReport(_Message):
    """What became of an intent: one report for each change of its order.

    Reports are delivered at least once; the same `report_id` is the same report.
    """

    event_type: Literal["execution_report"] = "execution_report"
    report_id: Identity
    intent_id: Identity
    order_id: str | None
    """`IBKR_<permId>`; None until IBKR has said it, and for an order that was never sent."""
    order_ref: str
    """The order in core, its journal and its records; empty where the message was no intent."""
    symbol: str
    strategy_id: str
    direction: Annotated[Side, Field(strict=False)] | None
    """None where the message was no intent."""
    status: Annotated[PublishedStatus, Field(strict=False)]
    quantity: Number
    """What was placed; less than `requested_quantity` where `scaled` says why. 0 for an intent that was refused."""
    requested_quantity: Number | None
    """What the intent asked for; None where the bus has lost it."""
    scaled: str | None = None
    """Why less was placed than asked for; None if it was not."""
    filled_quantity: Number
    average_fill_price: Number | None = None
    """None until something has filled; rounded to 8 places."""
    commission: Number | None = None
    """So far, in `commission_currency`; None until the broker has told any."""
    commission_currency: str | None = None
    reject_reason: str | None = None
    """Why it was refused or cancelled, with the code first; None where nothing was said."""
    timestamp: Moment
    """UTC of the change, by the clock of core's host."""
    sequence: int | None = None
    """The journal's number of the change. It rises, but for the last ones of a core that was killed, which may come
    again for other changes: the order on the bus is the order of the changes. None for an intent that core refused.
    """
    latency_metrics: LatencyMetrics = LatencyMetrics()


def read_intent(body: bytes) -> OrderIntent:
    """Read one message of the bus. Raises IntentError, which names every field that is wrong."""
    if len(body) > MAX_BODY:
        raise IntentError(f"It has {len(body):,} bytes; {MAX_BODY:,} is the most. Nothing was placed.")
    try:
        return OrderIntent.model_validate_json(body)
    except ValidationError as error:
        raise IntentError(f"{_in_words(error)}. Nothing was placed.") from None


def identity_in(body: bytes) -> UUID | None:
    """The intent_id of a message that is no intent otherwise, so that its strategy can be told; None without one."""
    import json

    try:
        return UUID(json.loads(body[:MAX_BODY])["intent_id"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


CONTRACTS: Mapping[str, type[BaseModel]] = {"order_intent": OrderIntent, "execution_report": ExecutionReport}
"""Every contract by its `event_type`."""


def json_schema(name: str) -> dict[str, object]:
    """JSON Schema (draft 2020-12) of a contract of `CONTRACTS`. Raises KeyError for another name."""
    schema = CONTRACTS[name].model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _in_words(error: ValidationError) -> str:
    wrong = []
    for one in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in one["loc"]) or "the message"
        given = one["input"]
        shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
        wrong.append(clean(f"{place}: {one['msg'].removeprefix('Value error, ')}{shown}", 200))
    return clean("; ".join(wrong[:8]))
