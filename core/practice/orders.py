"""One order as the gateway keeps it, and one execution of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from core.practice.instruments import Instrument
from core.practice.tables import Record

#: Types that wait for a price before they work, and those of them that wait for a better price, not a worse one.
TRIGGER_TYPES: Final = frozenset({"STP", "STP LMT", "STP PRT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT"})
TOUCH_TYPES: Final = frozenset({"MIT", "LIT"})
TRAIL_TYPES: Final = frozenset({"TRAIL", "TRAIL LIMIT"})
#: Types whose limit the client names.
LIMIT_TYPES: Final = frozenset({"LMT", "STP LMT", "LIT", "LOC"})
#: Types whose price follows the market; a limit caps it.
PEGGED_TYPES: Final = frozenset({"REL", "PEG MKT", "PEG MID", "PEG BEST", "MIDPRICE"})
SNAP_TYPES: Final = frozenset({"SNAP MKT", "SNAP MID", "SNAP PRIM"})
#: Types and times in force that only trade in an auction.
CLOSE_TYPES: Final = frozenset({"MOC", "LOC"})
OPENING: Final = "OPG"


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
    "placed",
    "cut",
    "stop_at",
    "price_now",
    "released",
    "conditions_met",
    "adjusted",
    "began",
    "began_volume",
    "oca_name",
    "parent_perm_id",
)

LIVE: Final = frozenset({Status.HELD_BACK, Status.PRE_SUBMITTED, Status.SUBMITTED})


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an order; which fields count depends on its kind."""

    #: 1 price, 3 time, 4 margin cushion, 5 execution, 6 volume, 7 percent change.
    kind: int
    #: Whether it and the next one must both hold; else one of them is enough.
    joined: bool
    is_more: bool = True
    #: Price, percent or volume.
    value: Decimal = Decimal(0)
    con_id: int = 0
    method: int = 0
    #: Seconds since the epoch.
    time: float = 0.0
    sec_type: str = ""
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Algo:
    """How an order is cut into slices."""

    name: str
    #: Seconds since the epoch, 0 for now and for the end of the session.
    start: float = 0.0
    end: float = 0.0
    #: Greatest share of the market's volume, 0 for no bound.
    share: Decimal = Decimal(0)
    #: Seconds of patience before a slice takes what is shown; None never waits.
    patience: float | None = None
    takes: bool = True


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What a stop becomes once the market has come to a price; prices in units."""

    trigger: int
    order_type: str
    stop: int | None = None
    limit: int | None = None
    trail: int | None = None
    trail_share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a client asked for and a modification may change; prices and distances in units, 0 or None for none."""

    action: str
    quantity: int
    order_type: str
    limit: int | None
    stop: int | None
    tif: str
    #: Distance of a pegged price from what it follows, or as a share of it.
    offset: int = 0
    offset_share: Decimal | None = None
    trail: int | None = None
    trail_share: Decimal | None = None
    #: Distance of the limit of a trailing stop from its stop.
    limit_offset: int | None = None
    trigger_method: int = 0
    outside_rth: bool = False
    all_or_none: bool = False
    min_quantity: int = 0
    #: Size shown at a time, 0 for all of it.
    display: int = 0
    #: How far beyond its limit it takes what is shown.
    discretion: int = 0
    #: Seconds since the epoch, 0 for none.
    good_after: float = 0.0
    good_till: float = 0.0
    parent_id: int = 0
    oca_group: str = ""
    oca_type: int = 3
    conditions: tuple[Condition, ...] = ()
    #: Whether the conditions cancel the order and not start it.
    conditions_cancel: bool = False
    algo: Algo | None = None
    adjustment: Adjustment | None = None

    @property
    def for_auction(self) -> bool:
        """Whether it trades at the open or at the close alone."""
        return self.order_type in CLOSE_TYPES or self.tif == OPENING


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
    #: Seconds since the epoch.
    placed: float = 0.0
    #: What an OCA group or a parent took off its size.
    cut: int = 0
    #: Where a stop stands that moves, in units.
    stop_at: int | None = None
    #: Its price where the gateway sets it: pegged, sliced, or the rest of a market-to-limit; in units.
    price_now: int | None = None
    #: How much of what its client asked for may be gone by now, filled or cut: as far as its parent filled or its
    #: algorithm let go. None is all.
    released: int | None = None
    conditions_met: bool = False
    adjusted: bool = False
    #: Market step and volume when its algorithm began, -1 before.
    began: int = -1
    began_volume: int = 0
    #: The group it belongs to and whoever it is attached to, as the gateway names them.
    oca_name: str = ""
    parent_perm_id: int = 0
    #: What is left of the shown part of an iceberg.
    shown: int = 0
    #: How often in a row a double trigger was seen.
    hits: int = 0

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
    def account(self) -> str:
        """The name of the account that it is for."""
        return self.sent.text("account")

    @property
    def is_buy(self) -> bool:
        """Whether it buys."""
        return self.terms.action == "BUY"

    @property
    def quantity(self) -> int:
        """Its size, after what was cut off."""
        return self.terms.quantity - self.cut

    @property
    def remaining(self) -> int:
        """What is left to fill."""
        return self.quantity - self.filled

    @property
    def available(self) -> int:
        """What may fill now."""
        left = self.remaining if self.released is None else min(self.remaining, self.released - self.cut - self.filled)
        return max(left, 0)

    @property
    def is_live(self) -> bool:
        """Whether it can still fill."""
        return self.status in LIVE

    @property
    def order_type(self) -> str:
        """Its type now: an adjusted stop has another one than its client named."""
        adjustment = self.terms.adjustment
        return adjustment.order_type if self.adjusted and adjustment is not None else self.terms.order_type

    @property
    def waits_for_stop(self) -> bool:
        """Whether it waits for a price and that has not come."""
        return not self.triggered and self.order_type in TRIGGER_TYPES

    @property
    def stop(self) -> int | None:
        """The price that it waits for, in units."""
        return self.terms.stop if self.stop_at is None else self.stop_at

    @property
    def limit(self) -> int | None:
        """The worst price it accepts in units, None for market orders."""
        if self.price_now is not None:
            return self.price_now
        if self.adjusted and self.terms.adjustment is not None:
            return self.terms.adjustment.limit
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
            # State files of earlier versions lack the later names.
            if name in kept:
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
    #: Whether it has a commission; a combination has none, its legs have.
    charged: bool = True

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
