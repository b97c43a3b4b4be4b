"""An order: what was asked for and what is known of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from core.domain.instructions import Algo, Conditions, Oca, Trail


class Side(StrEnum):
    """Buy or sell, spelt as the TWS API spells them."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell: what a fill does to the position."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The side that closes what this one opens."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """Order types that ibdesk sends, spelt as the TWS API spells them."""

    MKT = "MKT"
    LMT = "LMT"
    STP = "STP"
    STP_LMT = "STP LMT"
    TRAIL = "TRAIL"
    TRAIL_LIMIT = "TRAIL LIMIT"
    MIT = "MIT"
    """Market if touched: a market order once a better price is reached."""
    LIT = "LIT"
    """Limit if touched."""
    MOC = "MOC"
    LOC = "LOC"
    MOO = "MOO"
    """At the open; on the wire a MKT with OPG."""
    LOO = "LOO"
    """At the open; on the wire a LMT with OPG."""
    REL = "REL"
    """Follows the own side of the market, more aggressive by `Terms.offset`."""
    MIDPRICE = "MIDPRICE"
    MTL = "MTL"
    """A market order whose rest becomes a limit at the price of the first fill."""
    OTHER = "OTHER"
    """A type that another client used; shown, never sent by ibdesk."""


class TimeInForce(StrEnum):
    """How long an order stands, spelt as the TWS API spells it."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"
    """Until `Terms.good_till`."""
    OPG = "OPG"
    """At the opening auction."""
    OTHER = "OTHER"
    """A time in force that another client used; shown, never sent by ibdesk."""


class Terms(Struct, frozen=True, kw_only=True):
    """The part of an order that a modification changes. A price of None is one that the type does not have."""

    quantity: Decimal
    """In units of the instrument (shares, contracts); positive."""
    order_type: OrderType = OrderType.LMT
    limit_price: Decimal | None = None
    """The worst price; for REL and MIDPRICE an optional cap. Combinations may cost 0 or less."""
    stop_price: Decimal | None = None
    """The price that starts a STP, STP LMT, MIT or LIT."""
    trail: Trail | None = None
    """For TRAIL and TRAIL LIMIT."""
    offset: Decimal | None = None
    """For REL: how far it is more aggressive than the own side of the market; 0 joins it."""
    tif: TimeInForce = TimeInForce.DAY
    good_till: datetime | None = None
    """For GTD: when the rest is cancelled; aware."""
    outside_rth: bool = False
    """True lets it fill outside regular hours."""
    display_size: Decimal | None = None
    """Of an iceberg: the units that the market sees at a time; None shows all of it."""


class OrderSpec(Terms, frozen=True, kw_only=True):
    """All that is asked for: the terms, and what stays as it was placed."""

    side: Side
    hidden: bool = False
    """True shows nothing of it in the market."""
    all_or_none: bool = False
    good_after: datetime | None = None
    """When it starts to work; aware. None for at once."""
    oca: Oca | None = None
    parent_ref: str = ""
    """The order whose fill starts it and whose end cancels it; empty for an order that stands alone."""
    conditions: Conditions | None = None
    algo: Algo | None = None


TAG_LIMIT = 64
"""Characters that `OrderRequest.tag` and `.strategy` may have."""


class OrderRequest(OrderSpec, frozen=True, kw_only=True):
    """What a trader or a script wants sent. `order_ref` is its identity for ever; the same one twice is one order."""

    order_ref: str
    """Minted by whoever asks (`ids.mint_order_ref`)."""
    account: str
    """The account it is for; never empty."""
    con_id: int
    order_type: OrderType
    tag: str = ""
    """A word of whoever asks, by which records are searched and summed; never sent to the broker. Empty for none."""
    strategy: str = ""
    """What decided on the order, for the same purpose; never sent either. Empty for a person or where nobody said."""
    arrival_price: Decimal | None = None
    """The market's price when the order was decided on, for records: what its fills are measured against. None leaves
    it to core, which takes the middle of bid and ask."""


class OrderState(StrEnum):
    """Where an order is in its life, by evidence alone. See `transitions.TRANSITIONS`."""

    INTENT = "INTENT"
    """In the journal; no byte has left."""
    SENT = "SENT"
    """The kernel has the whole frame; nothing more is known."""
    WORKING = "WORKING"
    """The broker said that it holds the order."""
    HELD = "HELD"
    """The broker holds it but has not activated it (a locate, a precaution); it may still fill."""
    UNKNOWN = "UNKNOWN"
    """The outcome is not known: counted as exposure, left only on evidence or by the trader's word."""
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    """The remainder is cancelled; parts may have filled before."""
    REJECTED = "REJECTED"
    """The broker refused it."""
    EXPIRED = "EXPIRED"
    PRESUMED_NOT_PLACED = "PRESUMED_NOT_PLACED"
    """Found nowhere in two full checks, and the trader said so."""
    DENIED = "DENIED"
    """Refused on our side, by a control or because the connection was gone: nothing was ever sent."""


TERMINAL_STATES = frozenset(
    {
        OrderState.FILLED,
        OrderState.CANCELLED,
        OrderState.REJECTED,
        OrderState.EXPIRED,
        OrderState.PRESUMED_NOT_PLACED,
        OrderState.DENIED,
    }
)
"""States in which nothing of the order is believed to be live; only a late fill, or a row of the table, leaves them."""


class Pending(StrEnum):
    """What has been asked of the broker about a live order and is not answered: an overlay, never the state."""

    NONE = "NONE"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"


class Order(OrderSpec, frozen=True, kw_only=True):
    """Everything that core knows of one order, at one moment."""

    order_ref: str
    """Ours, or for an order of another client `ext-<permId>`."""
    number: int
    """The day's short number (`#7`); 0 for external orders, which are shown as EXT."""
    account: str
    con_id: int
    label: str
    """The instrument as rows show it."""
    order_type: OrderType
    type_text: str
    """The broker's own name of the type, also for types that ibdesk does not send."""
    state: OrderState
    pending: Pending = Pending.NONE
    previous: Terms | None = None
    """The terms before the modification that is pending; None when none is."""
    revision: int = 0
    """Rises by one with every accepted command on this order; a modify must name the one it saw."""
    order_id: int
    """The API's address of the order in this session; 0 if the broker gave none."""
    client_id: int
    """The API client that placed it."""
    perm_id: int | None = None
    """IBKR's permanent number; None until the broker has said it."""
    twin_of: str = ""
    """The order of ours under whose reference this one lives a second time; empty for every order that was meant."""
    filled: Decimal = Decimal(0)
    """The sum of the latest revision of each execution."""
    average_price: Decimal | None = None
    """Quantity-weighted price of the executions; None without any."""
    external: bool = False
    """Placed by TWS itself or by another client: shown and counted, not ours."""
    checks: int = 0
    """While UNKNOWN: full readings of the broker's books, half a minute apart, in which it neither works nor has ended;
    at most 2."""
    by_word: bool = False
    """True while it has ended by a person's word alone: whatever the broker shows of it outranks that."""
    note: str = ""
    """What a person should know, cleaned; empty if there is nothing."""
    code: int | None = None
    """IBKR's code behind the note; None if there is none."""
    cancel_at: datetime | None = None
    """UTC when core cancels what has not filled by then; None if it never does."""
    tag: str = ""
    """As of `OrderRequest`; empty for orders of other clients."""
    strategy: str = ""
    """As of `OrderRequest`; empty for orders of other clients."""
    arrival_price: Decimal | None = None
    """As of `OrderRequest`, else the middle of bid and ask when the intent was taken; None where neither is known."""
    created: datetime
    """UTC, when the intent was taken, or first seen for an external order."""
    changed: datetime
    """UTC of the last change of state."""

    @property
    def whole(self) -> Decimal:
        """The most that may fill in all: while a modification is pending, the larger of old and new quantity."""
        return self.quantity if self.previous is None else max(self.quantity, self.previous.quantity)

    @property
    def remaining(self) -> Decimal:
        """What may still fill; 0 once terminal and never negative."""
        if self.state in TERMINAL_STATES:
            return Decimal(0)
        return max(Decimal(0), self.whole - self.filled)

    @property
    def is_live(self) -> bool:
        """True while some of it may fill: every state but the terminal ones."""
        return self.state not in TERMINAL_STATES

    @property
    def name(self) -> str:
        """Number and words, by which a person tells it from others: `#7 BUY 100 AAPL @ 233.33`, `EXT BUY 1 SPY MKT`."""
        return f"#{self.number} {self.text}" if self.number else f"EXT {self.text}"

    @property
    def text(self) -> str:
        """The order in words: `BUY 100 AAPL @ 233.33`, `SELL 50 TSLA MKT`, `SELL 100 AAPL STP 230 LMT 229.5`."""
        return f"{self.side} {self.quantity.normalize():f} {self.label} {price_text(self, self.type_text)}"


def price_text(terms: Terms, type_text: str) -> str:
    """Type and prices in the words of the order line; `type_text` names the type where no price does."""
    limit = "" if terms.limit_price is None else f"{terms.limit_price:f}"
    if terms.order_type in (OrderType.LMT, OrderType.OTHER):
        return f"@ {limit}" if limit else type_text
    parts = [terms.order_type.value.partition(" ")[0]]
    if terms.trail is not None:
        by_percent = terms.trail.percent is not None
        distance = terms.trail.percent if by_percent else terms.trail.amount
        parts.append("?" if distance is None else f"{distance:f}{'%' if by_percent else ''}")
        limit = "" if terms.trail.limit_offset is None else f"{terms.trail.limit_offset:f}"
    parts += [f"{price:f}" for price in (terms.stop_price, terms.offset) if price is not None]
    if limit:
        parts += ["LMT", limit] if len(parts) > 1 else [limit]
    return " ".join(parts)


def named_price(terms: Terms) -> Decimal | None:
    """The one price of an order where there is room for one: its limit, else where it starts; None without either."""
    if terms.limit_price is not None:
        return terms.limit_price
    return terms.stop_price if terms.trail is None else terms.trail.stop_price


def terms_of(order: Terms) -> Terms:
    """The terms alone of an order, a request or a report."""
    return Terms(**{name: getattr(order, name) for name in Terms.__struct_fields__})


def request_of(order: Order) -> OrderRequest:
    """What would have to be asked for to get the order as it stands: what the controls judge."""
    return OrderRequest(**{name: getattr(order, name) for name in OrderRequest.__struct_fields__})


def with_terms(order: Order, terms: Terms) -> Order:
    """The order with other terms."""
    changed = {name: getattr(terms, name) for name in Terms.__struct_fields__}
    kept = terms.order_type is order.order_type
    return replace(order, type_text=order.type_text if kept else terms.order_type.value, **changed)
