"""Price alerts: set and removed durably, looked at with every quote, fired once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal

from core.clock import Clock
from core.domain.alerts import MOST_PRICE_ALERTS, AlertKind, PriceAlert, Severity, fired_at
from core.domain.commands import Ack, AddAlert, DenialCode, RemoveAlert
from core.domain.connection import LinkState
from core.domain.entries import PriceAlertsSet
from core.domain.events import PriceAlertsUpdated
from core.domain.instruments import Instrument
from core.domain.quotes import Quote
from core.errors import DeskError, JournalError
from core.execution.alert_book import Occurrence
from core.execution.alert_rules import State
from core.execution.publisher import Publisher
from core.execution.refusals import refuse
from core.execution.state import DeskState
from core.market.feed import QuoteFeed
from core.ports import Journal

BLIND_SECONDS = 60.0
"""A price alert whose instrument has had no live price for so long can't fire, which is told."""

PriceCommand = AddAlert | RemoveAlert
"""Commands about price alerts."""


class PriceAlerts:
    """Keeps those that wait; what fires is gone from them at once, and from the journal in the row of its alert.

    Core must run for them, and the instrument keeps a market data line as long as one of them waits.
    """

    def __init__(
        self,
        state: DeskState,
        journal: Journal,
        publisher: Publisher,
        feed: QuoteFeed,
        clock: Clock,
        qualify: Callable[[int], Awaitable[Instrument]],
    ) -> None:
        """All parts are those of the one service; `qualify` raises DeskError where the broker fails."""
        self._state = state
        self._journal = journal
        self._publisher = publisher
        self._feed = feed
        self._clock = clock
        self._qualify = qualify
        self._blind: dict[int, float] = {}
        self._waited_for = {waiting.con_id for waiting in state.price_alerts}

    async def change(self, command: PriceCommand, client: str) -> Ack:
        """Carry out one command; done when it is durable."""
        match command:
            case AddAlert():
                return await self._add(command, client)
            case RemoveAlert(number=number):
                return await self._remove(number)

    async def _add(self, command: AddAlert, client: str) -> Ack:
        if not command.price.is_finite():
            return refuse(DenialCode.PRICE, f"{command.price} is no price. No alert was set: type a number.")
        try:
            instrument = await self._qualify(command.con_id)
        except DeskError as error:
            text = f"The contract with number {command.con_id} could not be looked up: {error} No alert was set."
            return refuse(DenialCode.UNKNOWN_INSTRUMENT, text)
        made = PriceAlert(
            number=self._state.highest_price_alert + 1,
            con_id=command.con_id,
            label=instrument.label,
            comparison=command.comparison,
            price=command.price,
            by=client,
            created=self._clock.utc(),
        )
        waiting = self._state.price_alerts
        same = next((one for one in waiting if (one.con_id, one.text) == (made.con_id, made.text)), None)
        if same is not None:
            return Ack(ok=True, result=same)
        if len(waiting) >= MOST_PRICE_ALERTS:
            text = f"{len(waiting)} price alerts wait already, which is the most. Remove one first."
            return refuse(DenialCode.ALERT, text)
        quote = self._feed.get(command.con_id)
        met = None if quote is None else fired_at(command.comparison, command.price, quote)
        if met is not None:
            text = f"{made.text} holds already: the {met[0]} is {met[1]:f}. No alert was set: choose another price."
            return refuse(DenialCode.ALERT, text)
        self._state.highest_price_alert = made.number
        problem = await self._keep((*waiting, made))
        return refuse(DenialCode.HALTED, f"No alert was set: {problem}") if problem else Ack(ok=True, result=made)

    async def _remove(self, number: int) -> Ack:
        gone = next((one for one in self._state.price_alerts if one.number == number), None)
        if gone is None:
            text = (
                f"No price alert {number} waits: it has fired, was removed, or never was. `ibdesk alerts` lists them."
            )
            return refuse(DenialCode.ALERT, text)
        problem = await self._keep(tuple(one for one in self._state.price_alerts if one.number != number))
        if problem:
            return refuse(DenialCode.HALTED, f"{gone.text} is gone now, but comes back with core: {problem}")
        return Ack(ok=True, result=gone)

    async def _keep(self, price_alerts: tuple[PriceAlert, ...]) -> str:
        """Let these wait; why that is not durable, empty if it is."""
        before = self._state.price_alerts
        committing = self._journal.commit([self._set(price_alerts)])
        try:
            await committing
        except JournalError as error:
            added = {one.number for one in price_alerts} - {one.number for one in before}
            self._set(tuple(one for one in self._state.price_alerts if one.number not in added))
            return str(error)
        finally:
            self._publisher.state(PriceAlertsUpdated(price_alerts=self._state.price_alerts))
        return ""

    def _set(self, price_alerts: tuple[PriceAlert, ...]) -> PriceAlertsSet:
        self._state.price_alerts = price_alerts
        self._waited_for = {waiting.con_id for waiting in price_alerts}
        return PriceAlertsSet(price_alerts=price_alerts, highest=self._state.highest_price_alert)

    def look(self, quotes: Iterable[Quote]) -> tuple[list[Occurrence], list[PriceAlertsSet]]:
        """What fires now, and what is to be journalled with it; what fired waits no longer."""
        fired: dict[int, Occurrence] = {}
        for quote in quotes:
            if quote.con_id not in self._waited_for:
                continue
            for waiting in self._state.price_alerts:
                met = fired_at(waiting.comparison, waiting.price, quote) if waiting.con_id == quote.con_id else None
                if met is not None:
                    fired[waiting.number] = _fired(waiting, *met)
        if not fired:
            return [], []
        left = self._set(tuple(one for one in self._state.price_alerts if one.number not in fired))
        self._publisher.state(PriceAlertsUpdated(price_alerts=self._state.price_alerts))
        return list(fired.values()), [left]

    def blind(self) -> list[State]:
        """Which instruments of price alerts have had no live price for too long, and which have one again."""
        now = self._clock.mono()
        found = []
        for con_id in sorted(self._waited_for | self._blind.keys()):
            quote = self._feed.get(con_id)
            sees = quote is not None and (quote.halted or not quote.doubtful)
            if self._state.connection.state is not LinkState.READY:
                continue
            if sees or con_id not in self._waited_for:
                if self._blind.pop(con_id, now) <= now - BLIND_SECONDS:
                    found.append(self._blindness(con_id, holds=False))
            elif self._blind.setdefault(con_id, now) <= now - BLIND_SECONDS:
                found.append(self._blindness(con_id, holds=True))
        return found

    def _blindness(self, con_id: int, *, holds: bool) -> State:
        instrument = self._state.instruments.get(con_id)
        label = str(con_id) if instrument is None else instrument.label
        text = f"{label} has no live price, so its price alert can't fire. Look at the data lines and farms."
        return State(Occurrence(AlertKind.DEGRADATION, f"blind {con_id}", Severity.WARNING, text, con_id), holds)


def _fired(waiting: PriceAlert, name: str, price: Decimal) -> Occurrence:
    text = f"{waiting.text}: the {name} is {price:f}. Price alert {waiting.number} has fired and is gone."
    return Occurrence(AlertKind.PRICE, str(waiting.number), Severity.WARNING, text, waiting.con_id)
