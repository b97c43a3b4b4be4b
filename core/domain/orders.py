"""An order: what was asked for, what is known of it, and the one table that says how that may change."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


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
    OTHER = "OTHER"
    """A type that another client used; shown, never sent by ibdesk."""


class TimeInForce(StrEnum):
    """How long an order stands, spelt as the TWS API spells it."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    OTHER = "OTHER"
    """A time in force that another client used; shown, never sent by ibdesk."""


class OrderRequest(Struct, frozen=True, kw_only=True):
    """What a trader or a script wants sent. `order_ref` is its identity for ever; the same one twice is one order."""

    order_ref: str
    """Minted by whoever asks (`ids.mint_order_ref`)."""
    account: str
    """The account it is for; never empty."""
    con_id: int
    side: Side
    quantity: Decimal
    """In units of the instrument (shares, contracts); positive."""
    order_type: OrderType
    limit_price: Decimal | None = None
    """Required for LMT, None for MKT."""
    tif: TimeInForce = TimeInForce.DAY
    outside_rth: bool = False
    """True lets it fill outside regular hours."""


class OrderState(StrEnum):
    """Where an order is in its life, by evidence alone. See `TRANSITIONS`."""

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


class Trigger(StrEnum):
    """What was learnt about an order."""

    SENT = "SENT"
    """The whole frame is in the kernel."""
    NOT_SENT = "NOT_SENT"
    """The frame certainly never left: the connection was gone before its first byte."""
    ACCEPTED = "ACCEPTED"
    """An open order or a live status (PendingSubmit, PreSubmitted, Submitted, PendingCancel)."""
    HELD = "HELD"
    """Status Inactive without a refusal, or a hold that the broker names."""
    PART_FILLED = "PART_FILLED"
    """Executions sum to less than the quantity."""
    FILLED = "FILLED"
    """Executions sum to the quantity or more."""
    CANCELLED = "CANCELLED"
    """A terminal status, a completed order or code 202."""
    REJECTED = "REJECTED"
    """A refusal of a new order."""
    EXPIRED = "EXPIRED"
    LOST_TOUCH = "LOST_TOUCH"
    """The link to the broker broke, an answer is overdue, or core restarted."""
    PRESUMED = "PRESUMED"
    """The trader's word, after two full checks found nothing."""


_S = OrderState
_T = Trigger

TRANSITIONS: dict[tuple[OrderState, Trigger], OrderState] = {
    (_S.INTENT, _T.SENT): _S.SENT,
    (_S.INTENT, _T.NOT_SENT): _S.DENIED,
    # The first callback can overtake the notice that the kernel took the frame.
    (_S.INTENT, _T.ACCEPTED): _S.WORKING,
    (_S.INTENT, _T.HELD): _S.HELD,
    (_S.INTENT, _T.PART_FILLED): _S.WORKING,
    (_S.INTENT, _T.FILLED): _S.FILLED,
    (_S.INTENT, _T.CANCELLED): _S.CANCELLED,
    (_S.INTENT, _T.REJECTED): _S.REJECTED,
    (_S.INTENT, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.SENT, _T.ACCEPTED): _S.WORKING,
    (_S.SENT, _T.HELD): _S.HELD,
    (_S.SENT, _T.PART_FILLED): _S.WORKING,
    (_S.SENT, _T.FILLED): _S.FILLED,
    (_S.SENT, _T.CANCELLED): _S.CANCELLED,
    (_S.SENT, _T.REJECTED): _S.REJECTED,
    (_S.SENT, _T.EXPIRED): _S.EXPIRED,
    (_S.SENT, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.WORKING, _T.ACCEPTED): _S.WORKING,
    (_S.WORKING, _T.SENT): _S.WORKING,
    (_S.WORKING, _T.HELD): _S.HELD,
    (_S.WORKING, _T.PART_FILLED): _S.WORKING,
    (_S.WORKING, _T.FILLED): _S.FILLED,
    (_S.WORKING, _T.CANCELLED): _S.CANCELLED,
    # A venue can refuse what IBKR had accepted.
    (_S.WORKING, _T.REJECTED): _S.REJECTED,
    (_S.WORKING, _T.EXPIRED): _S.EXPIRED,
    (_S.WORKING, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.HELD, _T.ACCEPTED): _S.WORKING,
    (_S.HELD, _T.SENT): _S.HELD,
    (_S.HELD, _T.HELD): _S.HELD,
    (_S.HELD, _T.PART_FILLED): _S.WORKING,
    (_S.HELD, _T.FILLED): _S.FILLED,
    (_S.HELD, _T.CANCELLED): _S.CANCELLED,
    (_S.HELD, _T.REJECTED): _S.REJECTED,
    (_S.HELD, _T.EXPIRED): _S.EXPIRED,
    (_S.HELD, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.UNKNOWN, _T.SENT): _S.UNKNOWN,
    # The sender is certain that no byte left, whatever the doubt elsewhere.
    (_S.UNKNOWN, _T.NOT_SENT): _S.DENIED,
    (_S.UNKNOWN, _T.ACCEPTED): _S.WORKING,
    (_S.UNKNOWN, _T.HELD): _S.HELD,
    # Parts filled prove that it existed, not that the rest still works.
    (_S.UNKNOWN, _T.PART_FILLED): _S.UNKNOWN,
    (_S.UNKNOWN, _T.FILLED): _S.FILLED,
    (_S.UNKNOWN, _T.CANCELLED): _S.CANCELLED,
    (_S.UNKNOWN, _T.REJECTED): _S.REJECTED,
    (_S.UNKNOWN, _T.EXPIRED): _S.EXPIRED,
    (_S.UNKNOWN, _T.LOST_TOUCH): _S.UNKNOWN,
    (_S.UNKNOWN, _T.PRESUMED): _S.PRESUMED_NOT_PLACED,
    # Real world: a fill that was on its way when the cancel, refusal or expiry was reported. A late fill always wins.
    (_S.CANCELLED, _T.FILLED): _S.FILLED,
    (_S.CANCELLED, _T.PART_FILLED): _S.CANCELLED,
    (_S.CANCELLED, _T.CANCELLED): _S.CANCELLED,
    (_S.CANCELLED, _T.LOST_TOUCH): _S.CANCELLED,
    (_S.REJECTED, _T.FILLED): _S.FILLED,
    # Filled in part although refused: what of the rest lives is not known.
    (_S.REJECTED, _T.PART_FILLED): _S.UNKNOWN,
    # The broker lists as open what an error code had ended: the code was misread, or the list is old. The books decide.
    (_S.REJECTED, _T.ACCEPTED): _S.UNKNOWN,
    (_S.REJECTED, _T.REJECTED): _S.REJECTED,
    # IBKR follows a refusal (201) with status Inactive or Cancelled for the same order.
    (_S.REJECTED, _T.CANCELLED): _S.REJECTED,
    (_S.REJECTED, _T.HELD): _S.REJECTED,
    (_S.REJECTED, _T.LOST_TOUCH): _S.REJECTED,
    (_S.EXPIRED, _T.FILLED): _S.FILLED,
    (_S.EXPIRED, _T.PART_FILLED): _S.EXPIRED,
    (_S.EXPIRED, _T.CANCELLED): _S.EXPIRED,
    (_S.EXPIRED, _T.EXPIRED): _S.EXPIRED,
    (_S.EXPIRED, _T.LOST_TOUCH): _S.EXPIRED,
    (_S.FILLED, _T.FILLED): _S.FILLED,
    (_S.FILLED, _T.LOST_TOUCH): _S.FILLED,
    # Duplicates and stragglers: a late live status after the last fill is common.
    (_S.FILLED, _T.ACCEPTED): _S.FILLED,
    (_S.FILLED, _T.SENT): _S.FILLED,
    (_S.FILLED, _T.CANCELLED): _S.FILLED,
    # It was placed after all.
    (_S.PRESUMED_NOT_PLACED, _T.ACCEPTED): _S.WORKING,
    (_S.PRESUMED_NOT_PLACED, _T.HELD): _S.HELD,
    (_S.PRESUMED_NOT_PLACED, _T.PART_FILLED): _S.UNKNOWN,
    (_S.PRESUMED_NOT_PLACED, _T.FILLED): _S.FILLED,
    (_S.PRESUMED_NOT_PLACED, _T.CANCELLED): _S.CANCELLED,
    (_S.PRESUMED_NOT_PLACED, _T.LOST_TOUCH): _S.PRESUMED_NOT_PLACED,
    # Never sent, as far as our side could tell; what the broker shows outranks that.
    (_S.DENIED, _T.NOT_SENT): _S.DENIED,
    (_S.DENIED, _T.ACCEPTED): _S.WORKING,
    (_S.DENIED, _T.HELD): _S.HELD,
    (_S.DENIED, _T.PART_FILLED): _S.UNKNOWN,
    (_S.DENIED, _T.FILLED): _S.FILLED,
    (_S.DENIED, _T.CANCELLED): _S.CANCELLED,
    (_S.DENIED, _T.LOST_TOUCH): _S.DENIED,
}
"""The whole life of an order. A pair that is missing changes nothing and is raised as an incident."""


def transition(state: OrderState, trigger: Trigger) -> OrderState | None:
    """The state after `trigger`, or None where the table has no row: then the state stays and a person is told."""
    return TRANSITIONS.get((state, trigger))


class Terms(Struct, frozen=True, kw_only=True):
    """The part of an order that a modification changes."""

    quantity: Decimal
    limit_price: Decimal | None


class Order(Struct, frozen=True, kw_only=True):
    """Everything that core knows of one order, at one moment."""

    order_ref: str
    """Ours, or for an order of another client `ext-<permId>`."""
    number: int
    """The day's short number (`#7`); 0 for external orders, which are shown as EXT."""
    account: str
    con_id: int
    label: str
    """The instrument as rows show it."""
    side: Side
    quantity: Decimal
    order_type: OrderType
    type_text: str
    """The broker's own name of the type, also for types that ibdesk does not send."""
    limit_price: Decimal | None
    tif: TimeInForce
    outside_rth: bool = False
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
    filled: Decimal = Decimal(0)
    """The sum of the latest revision of each execution."""
    average_price: Decimal | None = None
    """Quantity-weighted price of the executions; None without any."""
    external: bool = False
    """Placed by TWS itself or by another client: shown and counted, not ours."""
    note: str = ""
    """What a person should know, cleaned; empty if there is nothing."""
    code: int | None = None
    """IBKR's code behind the note; None if there is none."""
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
    def text(self) -> str:
        """The order in words: `BUY 100 AAPL @ 233.33`, `SELL 50 TSLA MKT`."""
        price = f"@ {self.limit_price:f}" if self.limit_price is not None else self.type_text
        return f"{self.side} {self.quantity.normalize():f} {self.label} {price}"
