"""What the bridge tells the desk, and what the desk's parts tell each other. Each carries one frozen payload.

A `DeskMessage` does not bubble: `DeskApp.publish` gives it to every pane and screen that listens (`DeskApp.listen`).
Handlers are named as Textual names them: `on_order_updated(self, message: OrderUpdated)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual.message import Message

from core.domain.alerts import Alert
from core.domain.connection import Connection
from core.domain.events import Incident, Severity, TradingState
from core.domain.executions import Execution
from core.domain.orders import Order
from core.domain.trading import Killed
from core.domain.what_ifs import WhatIfAnswered


class DeskMessage(Message, bubble=False):
    """Base of what is given to every listener. The replica holds the news already when a handler runs."""

    def __init_subclass__(cls) -> None:
        # Textual does not inherit it; a message that bubbled would come back to the application that gives it out.
        super().__init_subclass__(bubble=False)


@dataclass
class SnapshotLoaded(DeskMessage):
    """The replica was filled anew: everything may differ."""

    session: str
    """Core's run."""


@dataclass
class OrderUpdated(DeskMessage):
    """An order came, or changed. One for each change, in order."""

    order: Order


@dataclass
class ExecutionAdded(DeskMessage):
    """A fill, its correction or its commission. One for each, in order."""

    execution: Execution


@dataclass
class ConnectionUpdated(DeskMessage):
    """The way to the broker changed."""

    connection: Connection


@dataclass
class IncidentRaised(DeskMessage):
    """Something that a person must know."""

    incident: Incident


@dataclass
class AlertUpdated(DeskMessage):
    """An alert came, was met again, ended or was seen."""

    alert: Alert
    rings: bool
    """True if a person is to be called."""


class PriceAlertsUpdated(DeskMessage):
    """Price alerts were set or removed, or fired."""


@dataclass
class TradingStateUpdated(DeskMessage):
    """Core blocks orders, or takes them again."""

    state: TradingState
    reason: str


@dataclass
class KillProgressed(DeskMessage):
    """The kill switch was pulled, has asked for more, or was released."""

    killed: Killed | None


@dataclass
class WhatIfCame(DeskMessage):
    """The broker said what this desk's draft would do, or that it won't take it."""

    answer: WhatIfAnswered


@dataclass
class LinkLost(DeskMessage):
    """The desk lost core: entry is off, every value is the last one known."""

    since: datetime
    """UTC."""
    text: str
    """What happened and what the desk does about it."""


class LinkRestored(DeskMessage):
    """Core is there again; a `SnapshotLoaded` came just before."""


@dataclass
class StartFailed(DeskMessage):
    """Core can't be reached and the desk has stopped trying; `Bridge.try_again` tries once more."""

    title: str
    text: str
    """The fact, the thing it concerns, what to do next."""
    other_build: bool = False
    """True if a core of another build runs, which `Bridge.restart_core` ends on a person's word."""


@dataclass
class QuotesFlushed(DeskMessage):
    """Quotes changed since the last flush: at most one of these a pulse."""

    con_ids: frozenset[int]


class InstrumentsUpdated(DeskMessage):
    """Contracts were qualified, or qualified anew."""


class WatchlistUpdated(DeskMessage):
    """The watchlist or its order changed."""


class PositionsUpdated(DeskMessage):
    """What is held changed."""


class AccountUpdated(DeskMessage):
    """Money of an account changed."""


class MoneyUpdated(DeskMessage):
    """What an account has made changed."""


class AuthorityUpdated(DeskMessage):
    """Another desk is armed or none, or live trading was granted or is so no longer."""


class RiskUpdated(DeskMessage):
    """How far the limits of an account are used changed."""


class PresetsUpdated(DeskMessage):
    """The sizes of the keys 1 to 4 changed."""


class ReadingUpdated(DeskMessage):
    """The broker's books were read, or could not be."""


class HealthUpdated(DeskMessage):
    """How core and its links feel changed."""


@dataclass
class SecondPassed(DeskMessage):
    """The desk's clock moved on: ages count."""

    now: datetime
    """UTC."""


@dataclass
class FocusChanged(DeskMessage):
    """The focus of the desk is another instrument, or a row of another account."""

    con_id: int | None
    """None while there is no instrument to look at."""
    by_user: bool
    """True when the trader's own key or click moved it; False for everything else (a row that went, a snapshot)."""
    account: str = ""
    """The account of the row, in full; empty for a row that has none: then the desk's counts."""


class LetGo(Message):
    """What this desk has armed shall be so no longer; goes to the application."""


@dataclass
class Said(DeskMessage):
    """A line for the message row."""

    text: str
    severity: Severity


@dataclass
class Say(Message):
    """Ask for a line in the message row; bubbles up from any widget or screen to the application."""

    text: str
    """Literal, the fact first; accounts masked."""
    severity: Severity = Severity.INFO
