"""What the broker said, in our words: frozen, cleaned, Decimal. `core.broker.translate` makes them."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from core.domain.executions import Execution
from core.domain.instruments import Instrument
from core.domain.orders import OrderSpec, OrderType


class RequestKind(StrEnum):
    """What an id on the wire belongs to: the meaning of an error code depends on it."""

    NEW_ORDER = "NEW_ORDER"
    MODIFY = "MODIFY"
    CANCEL = "CANCEL"
    QUERY = "QUERY"
    MARKET_DATA = "MARKET_DATA"
    WHAT_IF = "WHAT_IF"
    """The question what an order would do; never an order."""
    CONNECTION = "CONNECTION"
    """Id -1: about the session itself."""
    UNKNOWN = "UNKNOWN"
    """An id that this session never used."""


class ErrorClass(StrEnum):
    """What an error code means. `core.broker.error_codes` decides; `core.domain.effects` says what follows."""

    INFO = "INFO"
    """Changes nothing: log it."""
    WARNING = "WARNING"
    """The order lives; a person should read the text."""
    OTHER_TERMS = "OTHER_TERMS"
    """The order lives with another size or price than was asked for."""
    REJECTED = "REJECTED"
    """Refused by risk, margin or a venue: of an order, even after it was taken; a query has no answer."""
    INVALID = "INVALID"
    """Refused when it was checked, which comes instead of taking it."""
    OUR_FAULT = "OUR_FAULT"
    """Refused because the request itself was wrong (an id used twice, say): a fault of this program."""
    CANCELLED = "CANCELLED"
    """The remainder of the order is cancelled."""
    HELD = "HELD"
    """The broker holds the order without working it."""
    CANCEL_REFUSED = "CANCEL_REFUSED"
    """The cancel or modification found no such order, or one that can't be changed: ask for the truth."""
    AMBIGUOUS = "AMBIGUOUS"
    """The outcome is not known: ask for the truth."""
    TRANSIENT = "TRANSIENT"
    """Pacing, a halt, a parent that is not known yet. Data may be asked for again; an order is never sent again."""
    LINK_DOWN = "LINK_DOWN"
    """IBKR's own link is gone."""
    LINK_UP_DATA_LOST = "LINK_UP_DATA_LOST"
    """IBKR's link is back; market data must be asked for again."""
    LINK_UP_DATA_KEPT = "LINK_UP_DATA_KEPT"
    """IBKR's link is back, subscriptions stand."""
    FARM_UP = "FARM_UP"
    """A data farm answers."""
    FARM_DOWN = "FARM_DOWN"
    """A data farm is gone."""
    COMPETING_SESSION = "COMPETING_SESSION"
    """The login is used elsewhere, which takes the market data."""
    DATA_ONLY = "DATA_ONLY"
    """About market data; never touches an order."""
    UNLISTED = "UNLISTED"
    """In no table of ours: changes nothing, is shown, and the truth is asked for."""


class OrderStatusReport(Struct, frozen=True, kw_only=True, gc=False, tag="status"):
    """An orderStatus message (id 3). Never a source of fills."""

    order_id: int
    client_id: int
    perm_id: int
    status: str
    """IBKR's word, cleaned; words unknown to us change nothing."""
    filled: Decimal
    remaining: Decimal
    why_held: str = ""
    """`locate`, `trigger`, or empty."""


class OpenOrderReport(OrderSpec, frozen=True, kw_only=True, gc=False, tag="open_order"):
    """An openOrder message (id 5): the order as the broker holds it."""

    order_id: int
    client_id: int
    perm_id: int
    order_ref: str
    account: str
    instrument: Instrument
    """As far as the message describes it: no price bands beyond the default."""
    parent_id: int = 0
    """The order id of the parent at the client that placed it; 0 for none. `parent_ref` is not known here."""
    order_type: OrderType
    type_text: str
    status: str


class CompletedOrderReport(Struct, frozen=True, kw_only=True, gc=False, tag="completed"):
    """A completedOrder message (id 101): no orderId, and its filled quantity may read 0."""

    perm_id: int
    order_ref: str
    account: str
    status: str
    """The order state's status: Filled, Cancelled, Inactive, ..."""
    status_text: str
    """`completedStatus`, for people; cleaned."""


class ExecutionReport(Struct, frozen=True, kw_only=True, gc=False, tag="execution"):
    """An execDetails message (id 11); its commission is None until a CommissionReport comes."""

    execution: Execution
    live: bool
    """False when it answers reqExecutions."""


class CommissionReport(Struct, frozen=True, kw_only=True, gc=False, tag="commission"):
    """A commissionReport message (id 59). None where the broker sent its sentinel for unset."""

    exec_id: str
    commission: Decimal | None
    currency: str
    realized_pnl: Decimal | None


class ErrorReport(Struct, frozen=True, kw_only=True, tag="error"):
    """An error message (id 4)."""

    request_id: int
    """-1 for the session itself."""
    kind: RequestKind
    code: int
    text: str
    """Cleaned."""
    error_class: ErrorClass = ErrorClass.UNLISTED
    ends_con_id: int = 0
    """The contract whose quotes end with it; 0 for every other error."""


class PositionReport(Struct, frozen=True, kw_only=True, tag="position"):
    """A position message (id 61)."""

    account: str
    instrument: Instrument
    quantity: Decimal
    average_cost: Decimal
    """Per unit of position, multiplier included, as IBKR reports it."""


class AccountValueReport(Struct, frozen=True, kw_only=True, tag="account_value"):
    """An updateAccountValue message (id 6), or the same of a further account (id 73)."""

    account: str
    tag: str
    value: str
    currency: str


class PortfolioReport(Struct, frozen=True, kw_only=True, tag="portfolio"):
    """An updatePortfolio message (id 7): the broker's view of one position's money."""

    account: str
    con_id: int
    quantity: Decimal
    market_price: Decimal | None
    unrealized_pnl: Decimal | None
    realized_pnl: Decimal | None


class PnlReport(Struct, frozen=True, kw_only=True, tag="pnl"):
    """A pnl or pnlSingle message (ids 94, 95): the broker's own profit figures. None where it sent none."""

    account: str
    con_id: int
    """0 for the account as a whole."""
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None


class AccountsReport(Struct, frozen=True, kw_only=True, tag="accounts"):
    """A managedAccounts message (id 15) after the handshake: the login may have changed."""

    accounts: tuple[str, ...]


class BadFrameReport(Struct, frozen=True, kw_only=True, tag="bad_frame"):
    """A frame that could not be decoded."""

    message_id: int | None
    """None if not even the id could be read."""
    order_related: bool
    """True for ids 3, 4, 5, 11, 59 and 101: new orders stop until a reconciliation."""
    detail: str


class RefusedFrameReport(Struct, frozen=True, kw_only=True, tag="refused_frame"):
    """A frame of ours was about to leave a read-only profile and was stopped; nothing of it left."""

    message_id: str
    """The id of its message in the TWS API; `unknown` for what has none."""


Report = (
    OrderStatusReport
    | OpenOrderReport
    | CompletedOrderReport
    | ExecutionReport
    | CommissionReport
    | ErrorReport
    | PositionReport
    | AccountValueReport
    | PortfolioReport
    | PnlReport
    | AccountsReport
    | BadFrameReport
    | RefusedFrameReport
)
"""Every report; one socket read's worth of them is one batch."""

SessionReport = ErrorReport | AccountsReport | BadFrameReport | RefusedFrameReport
"""What may be about the session itself."""


class TickField(StrEnum):
    """Fields of a quote that a tick can set."""

    BID = "bid"
    ASK = "ask"
    LAST = "last"
    BID_SIZE = "bid_size"
    ASK_SIZE = "ask_size"
    LAST_SIZE = "last_size"
    VOLUME = "volume"
    HIGH = "high"
    LOW = "low"
    OPEN = "open"
    CLOSE = "close"
    HALTED = "halted"
    """1 while halted, 0 while not."""
    DATA_TYPE = "data_type"
    """The number of a `quotes.DataType`."""


class Tick(Struct, frozen=True, kw_only=True, gc=False):
    """One field of one instrument's market changed."""

    con_id: int
    field: TickField
    value: Decimal | None
    """None when the broker says that there is no such value now (a bid of -1)."""
