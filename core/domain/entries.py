"""What the journal holds: one entry a row, tagged, replayed in order to rebuild core's state."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from core.domain.alerts import PriceAlert
from core.domain.commands import Denial, Verdict
from core.domain.events import ExecutionAdded, Fact, Incident, OrderChanged
from core.domain.instruments import Instrument
from core.domain.limit_changes import LimitEntry, LimitWaiting
from core.domain.orders import Order, OrderRequest, Terms
from core.domain.reports import Report
from core.domain.trading import Block
from core.domain.usage import Usage


class SessionStarted(Struct, frozen=True, kw_only=True, tag="session_started"):
    """Core began a run."""

    session: str
    build: str
    """Version of ibdesk."""
    time: datetime


class Intent(Struct, frozen=True, kw_only=True, tag="intent"):
    """A new order passed every control. Durable before the first byte of its frame leaves.

    It is also the published fact that the order exists: its row's number is that event's number. The highest
    `order.order_id` of all intents is the high-water mark under which no order id is ever given out again.
    """

    order: Order
    request: OrderRequest
    script: str = ""
    """The script that asked for it; empty for a person at a desk."""
    value: Decimal = Decimal(0)
    """What it adds to the value of the day's orders, in the base currency."""


class ModifyIntent(Struct, frozen=True, kw_only=True, tag="modify_intent"):
    """A modification passed every control. Durable before the first byte of its frame leaves."""

    order: Order
    """With the new terms pending."""
    previous: Terms
    value: Decimal = Decimal(0)
    """What it adds to the value of the day's orders, in the base currency."""
    time: datetime | None = None
    """UTC; None in rows of earlier versions."""


class CancelAsked(Struct, frozen=True, kw_only=True, tag="cancel_asked"):
    """A cancel was handed to the sender; it never waits for the journal."""

    order_ref: str


class Settled(Struct, frozen=True, kw_only=True, tag="settled"):
    """A trader's word on an order whose outcome nobody knew. Durable before the order counts no longer."""

    order_ref: str
    verdict: Verdict
    client: str
    """The desk or script at which it was said."""
    checks: int
    """Full readings of the broker's books that had found nothing of it."""
    time: datetime


class ScriptDisabled(Struct, frozen=True, kw_only=True, tag="script_disabled"):
    """A script sent as many orders of one kind as it may."""

    script: str
    reason: str
    """For a person."""
    time: datetime


class ScriptEnabled(Struct, frozen=True, kw_only=True, tag="script_enabled"):
    """A person lets a script trade again; its count begins anew. Durable before it may."""

    script: str
    client: str
    """The desk at which it was said."""
    time: datetime


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """A command that our controls denied."""

    request: OrderRequest
    denial: Denial


class Heard(Struct, frozen=True, kw_only=True, gc=False, tag="heard"):
    """A report of the broker about orders, as translated, before anything was concluded from it."""

    report: Report


class FactRecorded(Struct, frozen=True, kw_only=True, gc=False, tag="fact"):
    """A fact that was published; the row's number is the event's number."""

    fact: Fact


class InstrumentKnown(Struct, frozen=True, kw_only=True, tag="instrument"):
    """A contract was qualified."""

    instrument: Instrument


class WatchlistSet(Struct, frozen=True, kw_only=True, tag="watchlist_set"):
    """The watchlist, whole, in its order."""

    con_ids: tuple[int, ...]


class PriceAlertsSet(Struct, frozen=True, kw_only=True, tag="price_alerts_set"):
    """The price alerts that wait, whole, oldest first."""

    price_alerts: tuple[PriceAlert, ...]
    highest: int
    """The highest number that any ever had."""


class PositionsRead(Struct, frozen=True, kw_only=True, tag="positions_read"):
    """What the broker held by a full reading; the fills in later rows carry it on."""

    held: tuple[tuple[str, int, Decimal], ...]
    """Account, contract and units of each position that is not flat."""
    time: datetime


class TailLost(Struct, frozen=True, kw_only=True, tag="tail_lost"):
    """The journal does not reach as far as core had written it: orders wait until the trader accepts that."""

    text: str
    """What is missing, for a person."""
    time: datetime


class TailLostAccepted(Struct, frozen=True, kw_only=True, tag="tail_lost_accepted"):
    """The trader has compared the orders with the broker's and goes on without what is missing."""

    client: str
    """The desk at which it was said."""
    time: datetime


class Carried(Struct, frozen=True, kw_only=True, tag="carried"):
    """The first entry of a summary of earlier ones (a checkpoint, the beginning of a further file): no row has it."""

    used_refs: tuple[str, ...]
    """Every reference that an order of ours ever stood for."""
    highest_order_id: int
    number: int
    """The highest short number of `number_day`."""
    number_day: date | None
    """None before the first order."""
    tail_lost: str
    """The text of a `TailLost` that nobody has accepted; empty without one."""
    reducing: str = ""
    """Why only reducing orders are let through, as summaries without `blocks` say it; empty if all are."""
    blocks: tuple[Block, ...] = ()
    """What keeps orders back and lasts."""
    limits: dict[str, str] | None = None
    """The limits and permissions in force, by name; None before the first run that recorded them."""
    limits_waiting: tuple[LimitWaiting, ...] = ()
    """Their changes that wait."""
    usage: Usage | None = None
    """What the trading day has used; None in summaries of earlier versions."""
    alert_number: int = 0
    """The highest that any alert ever had."""
    guarded: tuple[tuple[str, int, int], ...] = ()
    """Account and contract of each position that has had a stop of ours since it was opened; 1 for long, -1 for short.
    """


Entry = (
    SessionStarted
    | Intent
    | ModifyIntent
    | CancelAsked
    | Settled
    | ScriptDisabled
    | ScriptEnabled
    | Refused
    | Heard
    | FactRecorded
    | InstrumentKnown
    | WatchlistSet
    | PriceAlertsSet
    | PositionsRead
    | TailLost
    | TailLostAccepted
    | LimitEntry
    | Carried
)
"""Every kind of row, and what stands for rows in a summary."""


def fact_of(entry: Entry) -> Fact | None:
    """The fact that was published under an entry's number; None if none was."""
    match entry:
        case FactRecorded(fact=fact):
            return fact
        case Intent(order=order) | ModifyIntent(order=order):
            return OrderChanged(order=order)
        case _:
            return None


def order_ref_of(entry: Entry) -> str:
    """The order that an entry is about; empty if none."""
    match entry:
        case Intent(order=order) | ModifyIntent(order=order):
            return order.order_ref
        case CancelAsked(order_ref=order_ref) | Settled(order_ref=order_ref):
            return order_ref
        case Refused(request=request):
            return request.order_ref
        case FactRecorded(fact=OrderChanged(order=order)):
            return order.order_ref
        case FactRecorded(fact=ExecutionAdded(execution=execution)):
            return execution.order_ref
        case FactRecorded(fact=Incident(order_ref=order_ref)):
            return order_ref
        case _:
            return ""
