"""What becomes an alert: pure rules from what core knows to occurrences and to states of things that last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from core.domain.account import Account
from core.domain.alerts import AlertKind, Severity
from core.domain.connection import Connection, FarmStatus, LinkState
from core.domain.events import Health, Incident
from core.domain.quotes import Quote
from core.domain.trading import HALTING, Block, Cause
from core.execution.alert_book import Occurrence, cause_of
from core.text import clean, mask_account, mask_accounts

GATEWAY, IBKR = "gateway", "ibkr"
"""Causes of alerts about the connection."""
TRADING = "trading"
"""With a `Cause`: of an alert about what keeps orders back. Alone: of an incident that says the same."""
HOLD_SECONDS = 5.0
"""A figure must be beyond its limit for so long, and back below it for as long, before anything is said."""
CALM_PART = Decimal("0.8")
"""A figure is back once it is at most this part of its limit."""
MARGIN_EASES = Decimal(5)
"""Points of per cent by which a margin must have got better before its alert ends."""


class AlertLimits(Struct, frozen=True, kw_only=True):
    """From where on something is worth an alert; None never is."""

    margin_percent: Decimal | None = Decimal(90)
    """Initial margin, in per cent of the net liquidation value."""
    cushion_percent: Decimal | None = Decimal(10)
    """What is left above the maintenance margin, in per cent of the net liquidation value: an alert at or below it."""
    round_trip_ms: Decimal | None = Decimal(1000)
    """The gateway's answer to a heartbeat."""
    journal_ms: Decimal | None = Decimal(250)
    """A durable commit of the journal."""


class State(NamedTuple):
    """A state of things that is worth an alert while it lasts."""

    met: Occurrence
    holds: bool | None
    """True while it does, False once it is over, None where nobody can say: then nothing changes."""


def of_incident(incident: Incident) -> Occurrence | None:
    """The occurrence that an incident is; None for what is only INFO.

    None too for the connection and for what keeps orders back, which are alerts by themselves for as long as they last.
    """
    if incident.severity is Severity.INFO or incident.kind is AlertKind.CONNECTION or incident.cause == TRADING:
        return None
    kind = incident.kind
    if kind is AlertKind.OTHER and incident.order_ref:
        kind = AlertKind.ORDER
    return Occurrence(
        kind,
        incident.cause or cause_of(incident.text),
        incident.severity,
        incident.text,
        incident.con_id,
        incident.order_ref,
    )


def of_connection(connection: Connection) -> Iterator[State]:
    """The way to the gateway, and IBKR's own link behind it.

    A connection that is being tried is neither lost nor back; what breaks at the gateway's daily restart alarms nobody.
    """
    lost: bool | None = None
    if connection.state in (LinkState.WAITING, LinkState.REFUSED):
        lost = True
    elif connection.state is LinkState.READY:
        lost = False
    severity = Severity.WARNING if connection.restarting else Severity.ALARM
    problem = mask_accounts(connection.problem) or "it is being tried again."
    yield State(Occurrence(AlertKind.CONNECTION, GATEWAY, severity, f"No connection to the gateway: {problem}"), lost)
    down = {FarmStatus.DOWN: True, FarmStatus.UP: False}.get(connection.ibkr)
    text = f"{problem} Nothing can be sent; what works at IBKR goes on working."
    yield State(Occurrence(AlertKind.CONNECTION, IBKR, severity, text), down)


def of_trading(blocks: Mapping[Cause, Block]) -> Iterator[State]:
    """What keeps orders back, each by itself: one may end while another goes on."""
    for cause in Cause:
        block = blocks.get(cause)
        what = "Trading is halted" if cause in HALTING else "Only reducing orders are sent from now on"
        text = "" if block is None else mask_accounts(clean(f"{what}: {block.reason}"))
        met = Occurrence(AlertKind.RESTRICTION, f"{TRADING} {cause}", Severity.ALARM, text)
        yield State(met, block is not None)


def of_account(account: Account, limits: AlertLimits) -> Iterator[State]:
    """How much of what an account is worth its margins take; nothing is said of figures that were not reported."""
    name, worth = mask_account(account.account), account.net_liquidation
    if worth is None or worth <= 0:
        return
    if limits.margin_percent is not None and account.initial_margin is not None:
        part = account.initial_margin / worth * 100
        text = f"Initial margin of {name} is {part:.0f} % of its value (alert from {limits.margin_percent:f} %)."
        met = Occurrence(
            AlertKind.MARGIN, f"initial {account.account}", Severity.WARNING, f"{text} Little can be opened."
        )
        yield State(met, _beyond(part, limits.margin_percent, limits.margin_percent - MARGIN_EASES))
    if limits.cushion_percent is not None and account.maintenance_margin is not None:
        left = (worth - account.maintenance_margin) / worth * 100
        text = f"Cushion of {name} is {left:.0f} % of its value (alert at {limits.cushion_percent:f} %)."
        text = f"{text} At 0 IBKR closes positions by itself: reduce some now."
        met = Occurrence(AlertKind.MARGIN, f"cushion {account.account}", Severity.ALARM, text)
        yield State(met, _beyond(-left, -limits.cushion_percent, -limits.cushion_percent - MARGIN_EASES))


def of_halt(quote: Quote, label: str) -> State:
    """Whether an instrument is halted; nobody knows while its market is not heard."""
    text = f"{label} is halted: nothing trades, stops wait, and it may reopen far away."
    met = Occurrence(AlertKind.RESTRICTION, f"halt {quote.con_id}", Severity.WARNING, text, quote.con_id)
    return State(met, None if quote.stale else quote.halted)


class Sustained:
    """A figure that is too high for long enough, until it is low enough for as long."""

    def __init__(self, limit: Decimal | None) -> None:
        """A limit of None is never met."""
        self._limit = limit
        self._is_high = False
        self._since: float | None = None

    def look(self, value: Decimal | None, now: float) -> bool:
        """True while it is too high; a value of None, which nobody measured, changes nothing. `now` in seconds."""
        if self._limit is None or value is None:
            return self._is_high
        turned = value <= self._limit * CALM_PART if self._is_high else value > self._limit
        if not turned:
            self._since = None
        elif self._since is None:
            self._since = now
        elif now - self._since >= HOLD_SECONDS:
            self._is_high, self._since = not self._is_high, None
        return self._is_high


class Feeling:
    """How core and its links feel, judged once a second."""

    def __init__(self, limits: AlertLimits) -> None:
        """Begins well."""
        self._round_trip = Sustained(limits.round_trip_ms)
        self._journal = Sustained(limits.journal_ms)

    def look(self, health: Health, now: float) -> Iterator[State]:
        """What is slow for long enough; `now` in seconds."""
        late = self._round_trip.look(health.round_trip_ms, now)
        text = f"The gateway answers in {_whole(health.round_trip_ms)} ms: orders and cancels arrive late."
        yield State(Occurrence(AlertKind.DEGRADATION, "round trip", Severity.WARNING, text), late)
        slow = self._journal.look(health.journal_sync_ms, now)
        text = (
            f"The journal takes {_whole(health.journal_sync_ms)} ms for one entry: every order waits. Look at the disk."
        )
        yield State(Occurrence(AlertKind.DEGRADATION, "journal", Severity.WARNING, text), slow)


def _beyond(value: Decimal, limit: Decimal, eased: Decimal) -> bool | None:
    """True from `limit` on, False below `eased`, None between: there it stays as it is."""
    if value >= limit:
        return True
    return False if value < eased else None


def _whole(value: Decimal | None) -> str:
    return "?" if value is None else f"{value:.0f}"
