"""What core tells its desks.

Facts are numbered and never dropped; state is the last value and may be conflated; of streams a desk gets every item,
and where it reads too slowly the number of those that it missed.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from core.domain.account import Account
from core.domain.alerts import Alert, AlertKind, PriceAlert, Severity
from core.domain.authority import Authority
from core.domain.budgets import RiskFigures
from core.domain.connection import Connection
from core.domain.executions import Execution
from core.domain.instruments import Instrument
from core.domain.metrics import Metrics
from core.domain.money import Money
from core.domain.orders import Order
from core.domain.positions import Position
from core.domain.quotes import Quote
from core.domain.reconciliation import Reading
from core.domain.streams import StreamChanged, StreamData
from core.domain.trading import Block, BreakerShown, Killed
from core.domain.what_ifs import WhatIfAnswered

__all__ = ["Severity"]
# It belongs to the incidents here; alerts, of which events speak, have it too.


class TradingState(StrEnum):
    """Which orders core lets through."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    """Only orders that make a position smaller; cancels always pass. A person lets all orders through again."""
    HALTED = "HALTED"
    """No new order and no modification; cancels always pass."""


class OrderChanged(Struct, frozen=True, kw_only=True, gc=False, tag="order_changed"):
    """A fact: an order as it stands now."""

    order: Order


class ExecutionAdded(Struct, frozen=True, kw_only=True, gc=False, tag="execution_added"):
    """A fact: a fill, a correction of one, or its commission."""

    execution: Execution


class ConnectionChanged(Struct, frozen=True, kw_only=True, tag="connection_changed"):
    """A fact: the way to the broker changed."""

    connection: Connection


class Incident(Struct, frozen=True, kw_only=True, tag="incident"):
    """A fact: something that a person must know."""

    severity: Severity
    text: str
    """What happened, to which order, what to do next; cleaned, accounts masked."""
    time: datetime
    """UTC."""
    order_ref: str = ""
    """Empty when it is about no order."""
    kind: AlertKind = AlertKind.OTHER
    """Of the alert that follows of it, unless it is only INFO."""
    cause: str = ""
    """What that alert is folded by; empty for the words of `text` without its figures."""
    con_id: int | None = None
    """The instrument; None if it is about none, or its order says it."""


class AlertChanged(Struct, frozen=True, kw_only=True, tag="alert"):
    """A fact: an alert as it stands now. One that repeats is told anew at most once a second."""

    alert: Alert
    rings: bool = False
    """True the first time, and when it got severer: a person is called (bell, hook command)."""


class TradingStateChanged(Struct, frozen=True, kw_only=True, tag="trading_state"):
    """A fact: core blocks orders or takes them again."""

    state: TradingState
    reason: str
    blocks: tuple[Block, ...] = ()
    """All that keeps orders back now."""


class InstrumentsUpdated(Struct, frozen=True, kw_only=True, tag="instruments"):
    """State: contracts that were qualified, or qualified anew."""

    instruments: tuple[Instrument, ...]


class WatchlistUpdated(Struct, frozen=True, kw_only=True, tag="watchlist"):
    """State: the watchlist, whole, in its order."""

    con_ids: tuple[int, ...]


class QuotesUpdated(Struct, frozen=True, kw_only=True, tag="quotes"):
    """State: the quotes that changed since the last one of these."""

    quotes: tuple[Quote, ...]


class PositionsUpdated(Struct, frozen=True, kw_only=True, tag="positions"):
    """State: every position, whole. None means that the broker has not answered: unknown, not flat."""

    positions: tuple[Position, ...] | None


class AccountUpdated(Struct, frozen=True, kw_only=True, tag="account"):
    """State: the money of one account."""

    account: Account


class MoneyUpdated(Struct, frozen=True, kw_only=True, tag="money"):
    """State: our own profit of one account, with IBKR's beside it; at most one of these a second and account."""

    money: Money


class RiskUpdated(Struct, frozen=True, kw_only=True, tag="risk"):
    """State: how far the limits of one account are used; at most four of these a second and account."""

    figures: RiskFigures


class Health(Struct, frozen=True, kw_only=True, tag="health"):
    """State: how core and its links feel. None means not measured yet."""

    round_trip_ms: Decimal | None = None
    """Gateway's answer to the last heartbeat."""
    heartbeat_age_s: Decimal | None = None
    """Seconds since the gateway last answered one."""
    clock_offset_s: Decimal | None = None
    """How far the gateway's clock is ahead of ours, right to half a second."""
    journal_sync_ms: Decimal | None = None
    """The last durable commit."""
    journal_head: int = 0
    """The number of the last durable row."""
    desks: int = 0
    """Screens and scripts attached."""
    lines: int = 0
    """Market data lines in use."""
    core_pid: int = 0
    gateway_pid: int | None = None
    """The practice gateway that core started; None when it started none."""
    bad_frames: int = 0
    """Frames of this connection that could not be decoded."""
    breakers: tuple[BreakerShown, ...] = ()
    """Those on orders and on the connection; empty before either has failed."""
    metrics: Metrics = Metrics()


class Reconciled(Struct, frozen=True, kw_only=True, tag="reconciled"):
    """State: the last reading of the broker's books, failed ones too, and what it found different."""

    reading: Reading


class AuthorityUpdated(Struct, frozen=True, kw_only=True, tag="authority"):
    """State: who is armed, and who was granted live trading."""

    authority: Authority


class PresetsUpdated(Struct, frozen=True, kw_only=True, tag="presets"):
    """State: the sizes of the keys 1 to 4, whole, as the risk file has them."""

    presets: dict[str, tuple[str, ...]]
    """As of `Snapshot.presets`."""


class KillUpdated(Struct, frozen=True, kw_only=True, tag="kill"):
    """State: what the kill switch has asked for; None when it is not pulled."""

    killed: Killed | None


class PriceAlertsUpdated(Struct, frozen=True, kw_only=True, tag="price_alerts"):
    """State: every price alert that waits, oldest first."""

    price_alerts: tuple[PriceAlert, ...]


Fact = OrderChanged | ExecutionAdded | ConnectionChanged | Incident | TradingStateChanged | AlertChanged
"""Numbered, journalled, never conflated."""

StateEvent = (
    InstrumentsUpdated
    | WatchlistUpdated
    | QuotesUpdated
    | PositionsUpdated
    | AccountUpdated
    | MoneyUpdated
    | RiskUpdated
    | Health
    | Reconciled
    | AuthorityUpdated
    | KillUpdated
    | PresetsUpdated
    | PriceAlertsUpdated
)
"""Last value; no number."""

StreamEvent = StreamData | StreamChanged | WhatIfAnswered
"""What comes of the streams that a desk opened, to that desk alone; no number."""

Event = Fact | StateEvent | StreamEvent


class Envelope(Struct, frozen=True, kw_only=True, gc=False):
    """One event on its way to a desk."""

    session: str
    """Core's run; another one means: take a snapshot."""
    number: int | None
    """The journal sequence of a fact, rising, gaps between facts allowed; None for all else."""
    event: Event


class Snapshot(Struct, frozen=True, kw_only=True):
    """Everything at one moment; the events after `number` continue it."""

    session: str
    instance: str
    """For minting order references."""
    number: int
    """The number of the last fact that is in it; 0 before any."""
    time: datetime
    """UTC."""
    connection: Connection
    trading_state: TradingState
    trading_reason: str
    instruments: tuple[Instrument, ...]
    watchlist: tuple[int, ...]
    quotes: tuple[Quote, ...]
    orders: tuple[Order, ...]
    since: datetime | None = None
    """UTC: orders that ended before are left out, so that an older one that is missing here may have been sent all the
    same; None leaves none out."""
    executions: tuple[Execution, ...]
    """Today's, latest revisions."""
    positions: tuple[Position, ...] | None
    """None while unknown."""
    accounts: tuple[Account, ...]
    money: tuple[Money, ...] = ()
    """One for each account."""
    risk: tuple[RiskFigures, ...] = ()
    """One for each account."""
    presets: dict[str, tuple[str, ...]] = {}
    """Sizes 1 to 4 by symbol, or `default`, as `sizes.size_of` reads them; empty leaves them to the desk."""
    incidents: tuple[Incident, ...]
    """The latest, oldest first, at most 100."""
    health: Health
    reading: Reading | None = None
    """The last reading of the broker's books; None before the first of this run."""
    authority: Authority = Authority()
    """Who is armed, and who was granted live trading."""
    killed: Killed | None = None
    """The kill switch; None when it is not pulled."""
    alerts: tuple[Alert, ...] = ()
    """The latest, oldest first, at most 100; over restarts of core too."""
    price_alerts: tuple[PriceAlert, ...] = ()
    """Those that wait, oldest first."""
    bell: Severity | None = Severity.WARNING
    """From which severity on a desk rings its bell for an alert that `rings`; None for never."""
