"""Alerts as they live in core: what happens is folded, written down, told to every desk, and a person is called."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from msgspec import Struct

from core.clock import Clock
from core.domain.alerts import Alert, AlertKind, Severity
from core.domain.commands import Ack, SeeAlerts
from core.domain.connection import LinkState
from core.domain.entries import Entry
from core.domain.events import (
    AccountUpdated,
    AlertChanged,
    ConnectionChanged,
    Envelope,
    Event,
    ExecutionAdded,
    Incident,
    OrderChanged,
    PositionsUpdated,
    QuotesUpdated,
    TradingStateChanged,
)
from core.domain.instruments import Instrument
from core.domain.orders import Order
from core.domain.quotes import Quote
from core.execution.alert_book import CALM_SECONDS, Folded, Occurrence
from core.execution.alert_rules import (
    AlertLimits,
    Feeling,
    State,
    of_account,
    of_connection,
    of_halt,
    of_incident,
    of_trading,
)
from core.execution.naked import Naked
from core.execution.price_alerts import PriceAlerts, PriceCommand
from core.execution.publisher import Publisher
from core.execution.state import DeskState
from core.market.feed import QuoteFeed
from core.ports import AlertHook, Journal

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often figures are judged, and at most how often an alert that repeats is told anew."""


class AlertOptions(Struct, frozen=True, kw_only=True):
    """What the profile says about alerts."""

    limits: AlertLimits = AlertLimits()
    bell: Severity | None = Severity.WARNING
    """From which severity on desks ring their bell; None for never."""
    hook: AlertHook | None = None
    """Whom else to call; None for nobody."""


AlertCommand = PriceCommand | SeeAlerts
"""Commands about alerts."""


class Alerts:
    """An event sink: hears what is published, and publishes what a person must look at, folded by `alert_book`.

    Alerts of earlier runs of core are shown and go on counting, but call nobody when they are read back.
    """

    def __init__(
        self,
        state: DeskState,
        journal: Journal,
        publisher: Publisher,
        feed: QuoteFeed,
        clock: Clock,
        options: AlertOptions,
        qualify: Callable[[int], Awaitable[Instrument]],
    ) -> None:
        """All parts are those of the one service; `qualify` looks a contract up and raises DeskError."""
        self._state = state
        self._publisher = publisher
        self._clock = clock
        self._options = options
        self._feeling = Feeling(options.limits)
        self._naked = Naked(state, clock)
        self._prices = PriceAlerts(state, journal, publisher, feed, clock, qualify)
        self._heard: list[Event] = []
        self._changed: dict[int, None] = {}
        self._called: dict[int, None] = {}
        state.bell = options.bell
        publisher.add_sink(self)

    async def execute(self, command: AlertCommand, client: str) -> Ack:
        """Carry out one command about alerts."""
        if isinstance(command, SeeAlerts):
            self._tell(self._state.alerts.see(command.numbers))
            return Ack(ok=True)
        return await self._prices.change(command, client)

    def publish(self, *envelopes: Envelope) -> None:
        """Take events; what follows of them is told in the next turn of the loop, not inside of what is being told."""
        for envelope in envelopes:
            event = envelope.event
            match event:
                case OrderChanged(order=order):
                    self._state.guarded.order(order, self._state.book, self._state.holdings)
                case ExecutionAdded(execution=execution):
                    self._state.guarded.position((execution.account, execution.con_id), self._state.holdings)
                case PositionsUpdated():
                    for key in self._state.guarded:
                        self._state.guarded.position(key, self._state.holdings)
                case Incident() | ConnectionChanged() | TradingStateChanged() | AccountUpdated() | QuotesUpdated():
                    if not self._heard:
                        asyncio.get_running_loop().call_soon(self._work)
                    self._heard.append(event)
                case _:
                    pass

    async def run(self) -> None:
        """Judge once a second what no event says; until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Judge figures and positions, and tell what has repeated or ended since the last look."""
        states = [*self._feeling.look(self._state.health, self._clock.mono()), *self._prices.blind()]
        # No event says that what halted an earlier run of core is gone.
        states += of_trading(self._state.blocks)
        if self._state.connection.state is LinkState.READY:
            states += self._naked.look()
        self._judge(states)
        changed, self._changed = self._changed, {}
        self._tell(self._known(changed))
        self._call_off()

    def _work(self) -> None:
        heard, self._heard = self._heard, []
        for event in heard:
            try:
                self._follow(event)
            except Exception:
                # No alert is worth an end of core, which an exception from here would be.
                log.exception("no alert could be made of %s", type(event).__name__)

    def _follow(self, event: Event) -> None:
        match event:
            case Incident():
                met = of_incident(event)
                if met is not None:
                    self._take([self._state.alerts.happened(self._with_instrument(met), self._clock.utc())])
            case ConnectionChanged(connection=connection):
                self._judge(of_connection(connection))
            case TradingStateChanged():
                self._judge(of_trading(self._state.blocks))
            case AccountUpdated(account=account):
                self._judge(of_account(account, self._options.limits))
            case QuotesUpdated(quotes=quotes):
                self._quotes(quotes)
            case _:
                pass

    def _quotes(self, quotes: Sequence[Quote]) -> None:
        fired, entries = self._prices.look(quotes)
        if fired:
            self._take([self._state.alerts.happened(met, self._clock.utc()) for met in fired], entries)
        for quote in quotes:
            cause = f"halt {quote.con_id}"
            if self._holds(AlertKind.RESTRICTION, cause) or (quote.halted and self._is_at_stake(quote.con_id)):
                instrument = self._state.instruments.get(quote.con_id)
                self._judge([of_halt(quote, str(quote.con_id) if instrument is None else instrument.label)])

    def _holds(self, kind: AlertKind, cause: str) -> bool:
        known = self._state.alerts.latest(kind, cause)
        return known is not None and known.holds

    def _is_at_stake(self, con_id: int) -> bool:
        positions = self._state.positions or {}
        held = any(one.quantity for one in positions.values() if one.con_id == con_id)
        return held or any(order.con_id == con_id for order in self._state.book.live())

    def _with_instrument(self, met: Occurrence) -> Occurrence:
        order: Order | None = self._state.book.get(met.order_ref) if met.order_ref and met.con_id is None else None
        return met if order is None else met._replace(con_id=order.con_id)

    def _judge(self, states: Iterable[State]) -> None:
        alerts, now = self._state.alerts, self._clock.utc()
        for met, holds in states:
            if holds:
                folded = alerts.begins(met, now)
                self._take([] if folded is None else [folded])
            elif holds is False:
                ended = alerts.ends(met.kind, met.cause, now)
                if ended is not None:
                    self._changed[ended.number] = None

    def _take(self, folded: Iterable[Folded], entries: Sequence[Entry] = ()) -> None:
        """What is new is told at once; what only counts up waits for the next look."""
        fresh = []
        for alert, rings in folded:
            if rings or alert.count == 1:
                self._changed.pop(alert.number, None)
                fresh.append(AlertChanged(alert=alert, rings=rings))
                if rings:
                    self._called[alert.number] = None
            else:
                self._changed[alert.number] = None
        self._publisher.facts(fresh, heard=entries)
        for changed in fresh:
            if changed.rings and self._options.hook is not None:
                self._options.hook.call(changed.alert)

    def _tell(self, alerts: Iterable[Alert]) -> None:
        self._publisher.facts([AlertChanged(alert=alert) for alert in alerts])

    def _known(self, numbers: Iterable[int]) -> list[Alert]:
        return [alert for alert in map(self._state.alerts.get, numbers) if alert is not None]

    def _call_off(self) -> None:
        """Whoever was called because of a state of things hears that it is over, once that has lasted."""
        now = self._clock.utc()
        for alert in self._known(self._called):
            if not alert.lasting:
                del self._called[alert.number]
            elif alert.over is not None and (now - alert.over).total_seconds() >= CALM_SECONDS:
                del self._called[alert.number]
                if self._options.hook is not None:
                    self._options.hook.call(alert)
