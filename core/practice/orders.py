"""One order as the gateway keeps it, and one execution of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from core.practice.instruments import Instrument
from core.practice.tables import Record

MARKET_TYPES: Final = frozenset({"MKT", "STP"})
STOP_TYPES: Final = frozenset({"STP", "STP LMT"})
LIMIT_TYPES: Final = frozenset({"LMT", "STP LMT"})


class Status(StrEnum):
    """Order states in the words of the TWS API."""

    HELD_BACK = "ApiPending"
    PRE_SUBMITTED = "PreSubmitted"
    SUBMITTED = "Submitted"
    PENDING_CANCEL = "PendingCancel"
    CANCELLED = "Cancelled"
    FILLED = "Filled"
    INACTIVE = "Inactive"


#: Fields that the state file keeps as they are.
_KEPT: Final = (
    "status",
    "filled",
    "value",
    "last_units",
    "why_held",
    "triggered",
    "ahead",
    "rested",
    "completed_time",
    "completed_status",
)

LIVE: Final = frozenset({Status.HELD_BACK, Status.PRE_SUBMITTED, Status.SUBMITTED})


@dataclass(frozen=True, slots=True)
class Terms:
    """What a client asked for and a modification may change; prices in units."""

    action: str
    quantity: int
    order_type: str
    limit: int | None
    stop: int | None
    tif: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """One placeOrder that was accepted."""

    instrument: Instrument
    terms: Terms
    #: What the client sent, without what it left empty.
    sent: Record
    #: The same as it came, fields ended by NUL.
    wire: str


@dataclass(slots=True)
class Order:
    """An order, its terms and how far it has come; money in the instrument's currency."""

    perm_id: int
    client_id: int
    order_id: int
    ticket: Ticket
    status: Status = Status.PRE_SUBMITTED
    filled: int = 0
    #: Sum of price in units times quantity over all fills.
    value: int = 0
    last_units: int = 0
    commission: Decimal = Decimal(0)
    why_held: str = ""
    triggered: bool = False
    #: Shown size in front of it at its price.
    ahead: int = 0
    #: Whether the market has been away from its price since it came, so that a fill is at its own price.
    rested: bool = False
    completed_time: str = ""
    completed_status: str = ""

    @property
    def instrument(self) -> Instrument:
        """What it trades."""
        return self.ticket.instrument

    @property
    def terms(self) -> Terms:
        """What it asks for now."""
        return self.ticket.terms

    @property
    def sent(self) -> Record:
        """What its client last sent for it."""
        return self.ticket.sent

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.terms.action == "BUY"

    @property
    def remaining(self) -> int:
        """What is left to fill."""
        return self.terms.quantity - self.filled

    @property
    def is_live(self) -> bool:
        """Whether it can still fill."""
        return self.status in LIVE

    @property
    def waits_for_stop(self) -> bool:
        """Whether it is a stop that has not been triggered."""
        return self.terms.order_type in STOP_TYPES and not self.triggered

    @property
    def limit(self) -> int | None:
        """The worst price it accepts in units, None for market orders."""
        return self.terms.limit if self.terms.order_type in LIMIT_TYPES else None

    @property
    def average(self) -> Decimal:
        """Average fill price, 0 before the first fill."""
        if not self.filled:
            return Decimal(0)
        return (self.instrument.price(self.value) / self.filled).quantize(Decimal("1e-8")).normalize()

    def body(self) -> str:
        """Return what the state file keeps, beside its ids and its day."""
        kept: dict[str, object] = {name: getattr(self, name) for name in _KEPT}
        fixed = {"instrument": self.instrument.con_id, "wire": self.ticket.wire, "commission": str(self.commission)}
        return json.dumps({**kept, **fixed})

    def restore(self, body: str) -> None:
        """Take back how far the order had come. Raises ValueError, KeyError or TypeError on what body() never wrote."""
        kept = json.loads(body)
        for name in _KEPT:
            setattr(self, name, kept[name])
        self.status = Status(kept["status"])
        self.commission = Decimal(kept["commission"])


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill, as execDetails and commissionReport tell it."""

    exec_id: str
    #: Seconds since the epoch.
    epoch: int
    account: str
    con_id: int
    perm_id: int
    client_id: int
    order_id: int
    side: str
    shares: int
    price: Decimal
    cumulative: int
    average: Decimal
    venue: str
    order_ref: str
    liquidity: int
    commission: Decimal
    currency: str
    #: None where the fill closed nothing.
    realized: Decimal | None

    def body(self) -> str:
        """Return the execution as the state file keeps it."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def read(cls, body: str) -> Execution:
        """Return an execution from the state file. Raises ValueError, KeyError or TypeError on what is none."""
        kept = json.loads(body)
        for name in ("price", "average", "commission"):
            kept[name] = Decimal(kept[name])
        kept["realized"] = None if kept["realized"] is None else Decimal(kept["realized"])
        return cls(**kept)
