"""The desk's own copy of what core knows: a snapshot, and the events since. Pure: no screen, no I/O."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from core.domain.account import Account
from core.domain.alerts import Alert, PriceAlert
from core.domain.authority import Authority
from core.domain.budgets import Budget, RiskFigures
from core.domain.connection import Connection
from core.domain.events import (
    AccountUpdated,
    AlertChanged,
    AuthorityUpdated,
    ConnectionChanged,
    Envelope,
    Event,
    ExecutionAdded,
    Health,
    Incident,
    InstrumentsUpdated,
    KillUpdated,
    MoneyUpdated,
    OrderChanged,
    PositionsUpdated,
    PresetsUpdated,
    PriceAlertsUpdated,
    QuotesUpdated,
    Reconciled,
    RiskUpdated,
    Severity,
    Snapshot,
    StateEvent,
    TradingState,
    TradingStateChanged,
    WatchlistUpdated,
)
from core.domain.executions import Execution
from core.domain.instruments import Instrument
from core.domain.money import Money, PositionMoney, Profit, doubted
from core.domain.orders import Order, OrderState
from core.domain.positions import Position, open_pnl
from core.domain.quotes import Quote
from core.domain.reconciliation import Reading
from core.domain.streams import StreamChanged, StreamData
from core.domain.trading import Killed
from core.domain.what_ifs import WhatIfAnswered

KEPT_INCIDENTS = 100
KEPT_ALERTS = 100
ZERO = Decimal(0)
_NEEDS_ATTENTION = {OrderState.UNKNOWN: 0, OrderState.HELD: 1}
_NO_ATTENTION = len(_NEEDS_ATTENTION)


class SnapshotNeededError(Exception):
    """The events belong to another run of core: what the replica holds can't be continued."""


class Replica:
    """What the panes read. Filled by `load`, continued by `apply`; both by the bridge alone."""

    def __init__(self) -> None:
        self.session = ""
        """Core's run; empty before the first snapshot."""
        self.number = 0
        """The number of the last fact that is in it."""
        self.connection: Connection | None = None
        """None before the first snapshot."""
        self.trading_state = TradingState.ACTIVE
        self.trading_reason = ""
        self.authority = Authority()
        """Who is armed, and who was granted live trading."""
        self.killed: Killed | None = None
        """The kill switch; None while it is not pulled."""
        self.instruments: dict[int, Instrument] = {}
        self.watchlist: tuple[int, ...] = ()
        self.quotes: dict[int, Quote] = {}
        self.orders: dict[str, Order] = {}
        """Every order of the day by its reference."""
        self._live: dict[str, Order] = {}
        """Those of them that may still fill: every row that is drawn asks for them, among thousands on a busy day."""
        self.since: datetime | None = None
        """UTC: orders that ended before are not in it; None if all are that core knows."""
        self.executions: dict[str, Execution] = {}
        """Latest revisions by their stem."""
        self.positions: tuple[Position, ...] | None = None
        """None while unknown, which is not flat."""
        self.accounts: dict[str, Account] = {}
        self.money: dict[str, Money] = {}
        """What each account has made."""
        self.risk: dict[str, RiskFigures] = {}
        """How far the limits of each account are used."""
        self.presets: dict[str, tuple[str, ...]] = {}
        """The profile's sizes 1 to 4 by symbol, or `default`."""
        self.incidents: deque[Incident] = deque(maxlen=KEPT_INCIDENTS)
        self.alerts: dict[int, Alert] = {}
        """The latest, by number."""
        self.price_alerts: tuple[PriceAlert, ...] = ()
        """Those that wait."""
        self.bell: Severity | None = None
        """From which severity on an alert rings the bell; None for never."""
        self.health = Health()
        self.reading: Reading | None = None
        """The last reading of the broker's books; None before the first of core's run."""
        self.lost_since: datetime | None = None
        """UTC when the link to core broke; None while it stands. Before the first snapshot it is None too."""

    @property
    def is_loaded(self) -> bool:
        """True once a snapshot is in it."""
        return bool(self.session)

    @property
    def can_trade(self) -> bool:
        """True when core is attached, synchronised with the broker and lets orders through."""
        return (
            self.connection is not None
            and self.connection.can_trade
            and self.lost_since is None
            and self.trading_state is not TradingState.HALTED
        )

    @property
    def account(self) -> str:
        """The account that orders go to, in full; empty while none is verified."""
        return "" if self.connection is None else self.connection.account

    @property
    def managed(self) -> tuple[str, ...]:
        """The verified accounts of the login, in full; empty before verification."""
        return () if self.connection is None else self.connection.accounts

    def load(self, snapshot: Snapshot) -> None:
        """Forget everything and hold this snapshot."""
        self.session = snapshot.session
        self.number = snapshot.number
        self.connection = snapshot.connection
        self.trading_state = snapshot.trading_state
        self.trading_reason = snapshot.trading_reason
        self.authority = snapshot.authority
        self.killed = snapshot.killed
        self.instruments = {instrument.con_id: instrument for instrument in snapshot.instruments}
        self.watchlist = snapshot.watchlist
        self.quotes = {quote.con_id: quote for quote in snapshot.quotes}
        self.orders = {order.order_ref: order for order in snapshot.orders}
        self._live = {order.order_ref: order for order in snapshot.orders if order.is_live}
        self.since = snapshot.since
        self.executions = {}
        for execution in snapshot.executions:
            self._add_execution(execution)
        self.positions = snapshot.positions
        self.accounts = {account.account: account for account in snapshot.accounts}
        self.money = {money.account: money for money in snapshot.money}
        self.risk = {figures.account: figures for figures in snapshot.risk}
        self.presets = snapshot.presets
        self.incidents = deque(snapshot.incidents, maxlen=KEPT_INCIDENTS)
        self.alerts = {alert.number: alert for alert in snapshot.alerts}
        self.price_alerts = snapshot.price_alerts
        self.bell = snapshot.bell
        self.health = snapshot.health
        self.reading = snapshot.reading
        self.lost_since = None

    def apply(self, envelope: Envelope) -> bool:
        """Continue with one event; returns False for a fact that is in it already.

        Raises SnapshotNeededError when the event is of another session than the snapshot.
        """
        if envelope.session != self.session:
            raise SnapshotNeededError(f"session {envelope.session} after {self.session}")
        if envelope.number is not None:
            if envelope.number <= self.number:
                return False
            self.number = envelope.number
        self._apply_event(envelope.event)
        return True

    def _apply_event(self, event: Event) -> None:
        match event:
            case OrderChanged(order=order):
                self._put_order(order)
            case ExecutionAdded(execution=execution):
                self._add_execution(execution)
            case ConnectionChanged(connection=connection):
                self.connection = connection
            case Incident():
                self.incidents.append(event)
            case AlertChanged(alert=alert):
                self._put_alert(alert)
            case TradingStateChanged(state=state, reason=reason):
                self.trading_state, self.trading_reason = state, reason
            case StreamData() | StreamChanged() | WhatIfAnswered():
                # What a stream or a what-if brings is no state: whoever asked for it reads it.
                pass
            case last_value:
                self._apply_state(last_value)

    def _apply_state(self, event: StateEvent) -> None:
        match event:
            case InstrumentsUpdated(instruments=instruments):
                self.instruments.update((instrument.con_id, instrument) for instrument in instruments)
            case WatchlistUpdated(con_ids=con_ids):
                self.watchlist = con_ids
            case QuotesUpdated(quotes=quotes):
                self.quotes.update((quote.con_id, quote) for quote in quotes)
            case PositionsUpdated(positions=positions):
                self.positions = positions
            case AccountUpdated() | MoneyUpdated() | RiskUpdated():
                self._apply_money(event)
            case Health():
                self.health = event
            case Reconciled(reading=reading):
                self.reading = reading
            case AuthorityUpdated(authority=authority):
                self.authority = authority
            case PresetsUpdated(presets=presets):
                self.presets = presets
            case KillUpdated(killed=killed):
                self.killed = killed
            case PriceAlertsUpdated(price_alerts=price_alerts):
                self.price_alerts = price_alerts

    def _apply_money(self, event: AccountUpdated | MoneyUpdated | RiskUpdated) -> None:
        match event:
            case AccountUpdated(account=account):
                self.accounts[account.account] = account
            case MoneyUpdated(money=money):
                self.money[money.account] = money
            case RiskUpdated(figures=figures):
                self.risk[figures.account] = figures

    def _put_order(self, order: Order) -> None:
        self.orders[order.order_ref] = order
        if order.is_live:
            self._live[order.order_ref] = order
        else:
            self._live.pop(order.order_ref, None)

    def _add_execution(self, execution: Execution) -> None:
        known = self.executions.get(execution.stem)
        if known is None or execution.revision >= known.revision:
            self.executions[execution.stem] = execution

    def _put_alert(self, alert: Alert) -> None:
        self.alerts[alert.number] = alert
        if len(self.alerts) > KEPT_ALERTS:
            del self.alerts[min(self.alerts, key=lambda number: (not self.alerts[number].seen, number))]

    def mark_lost(self, now: datetime) -> None:
        """Core is gone: quotes are stale, profits in doubt, no order may be entered; harmless when it was gone."""
        if self.lost_since is None:
            self.lost_since = now
            # Core forgets what it gave to a client that is gone.
            self.authority = Authority()
            self.quotes = {con_id: replace(quote, stale=True) for con_id, quote in self.quotes.items()}
            self.money = {account: doubted(money) for account, money in self.money.items()}

    def instrument(self, con_id: int | None) -> Instrument | None:
        """The contract, or None while it is not qualified."""
        return None if con_id is None else self.instruments.get(con_id)

    def quote(self, con_id: int | None) -> Quote | None:
        """The last values of an instrument, or None before the first."""
        return None if con_id is None else self.quotes.get(con_id)

    def latest_alerts(self) -> list[Alert]:
        """Alerts as their pane shows them: the latest on top."""
        return sorted(self.alerts.values(), key=lambda alert: (alert.time, alert.number), reverse=True)

    def new_alerts(self) -> list[Alert]:
        """Alerts that nobody has acknowledged, the latest first."""
        return [alert for alert in self.latest_alerts() if not alert.seen]

    def blotter(self, *, live_only: bool = False) -> list[Order]:
        """Orders as the blotter shows them: UNKNOWN first, then HELD, then live ones, then the rest; newest on top."""
        orders = (order for order in self.orders.values() if order.is_live or not live_only)
        newest_first = sorted(orders, key=lambda order: (order.created, order.number), reverse=True)
        return sorted(
            newest_first, key=lambda order: (not order.is_live, _NEEDS_ATTENTION.get(order.state, _NO_ATTENTION))
        )

    def live_orders(self, con_id: int | None = None) -> list[Order]:
        """Orders that may still fill, of one instrument or of all (None), newest first."""
        live = (order for order in self._live.values() if con_id is None or order.con_id == con_id)
        return sorted(live, key=lambda order: (order.created, order.number), reverse=True)

    def unknown_orders(self, con_id: int | None = None) -> list[Order]:
        """Orders whose outcome is not known, of one instrument or of all (None)."""
        return [order for order in self.live_orders(con_id) if order.state is OrderState.UNKNOWN]

    def position(self, con_id: int, account: str = "") -> Position | None:
        """What an account (empty: the desk's) holds of an instrument; None for nothing, or unknown `positions`."""
        owner = account or self.account
        held = (p for p in self.positions or () if p.con_id == con_id and owner in {"", p.account})
        return next(held, None)

    def held(self, con_id: int, account: str = "") -> Decimal | None:
        """Units an account (empty: the desk's) holds, negative when short; None while positions are unknown."""
        if self.positions is None:
            return None
        position = self.position(con_id, account)
        return ZERO if position is None else position.quantity

    def open_pnl(self, position: Position) -> Decimal | None:
        """Unrealised profit of a position at its mark, in the instrument's currency; None without mark or contract."""
        instrument = self.instruments.get(position.con_id)
        if instrument is None:
            return ZERO if not position.quantity else None
        quote = self.quotes.get(position.con_id)
        return open_pnl(position, None if quote is None else quote.mark, instrument.multiplier)

    def money_of(self, account: str) -> Money | None:
        """What an account has made, in its base currency, as core valued it; None while it has not."""
        return self.money.get(account)

    def risk_figures(self) -> tuple[Budget, ...]:
        """How far the limits of the desk's account are used; empty while core has not said."""
        figures = self.risk.get(self.account)
        return () if figures is None else figures.budgets

    def profit_of(self, position: Position) -> PositionMoney | None:
        """What a position has made, in the base currency of its account; None while core has not valued it."""
        money = self.money.get(position.account)
        valued = () if money is None else money.positions
        return next((one for one in valued if one.con_id == position.con_id), None)

    def total_open_pnl(self) -> Profit:
        """Open profit of the desk's account in its base currency."""
        money = self.money.get(self.account)
        return Profit() if money is None else money.open

    def day_pnl(self) -> Profit:
        """Profit of the desk's account since the previous close, in its base currency, after commissions."""
        money = self.money.get(self.account)
        return Profit() if money is None else money.day

    def account_values(self) -> Account | None:
        """Money of the desk's account; None while it is not known."""
        return self.accounts.get(self.account)
