"""What each account has made: valued again four times a second, and the broker's own figures asked for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime

from core.clock import Clock, trading_day, trading_day_span
from core.domain.account import Account
from core.domain.connection import LinkState
from core.domain.events import Envelope, ExecutionAdded, MoneyUpdated
from core.domain.executions import Execution
from core.domain.money import BrokerPnl, Market, Money, Traded, value_account
from core.domain.reports import PnlReport
from core.errors import DeskError
from core.execution.publisher import Publisher
from core.execution.state import DeskState
from core.market.feed import QuoteFeed
from core.ports import Broker

log = logging.getLogger(__name__)

VALUE_SECONDS = 0.25
"""How often profit is reckoned: a desk that shows it beside a moving price shows no two figures for one thing."""
ASKED_AT_ONCE = 10
"""Positions whose profit the broker is asked for in one reckoning: several hundred would hold up an order."""


class MoneyKeeper:
    """Keeps the profit of every account, apart from that of every other one."""

    def __init__(self, broker: Broker, state: DeskState, feed: QuoteFeed, publisher: Publisher, clock: Clock) -> None:
        """Knows nothing until `renew`."""
        self._broker = broker
        self._state = state
        self._feed = feed
        self._publisher = publisher
        self._clock = clock
        self._money: dict[str, Money] = {}
        self._told: dict[str, dict[int, BrokerPnl]] = {}
        self._watched: set[tuple[str, int]] = set()
        self._verified: datetime | None = None
        self._day: date | None = None
        self._began = self._ends = datetime.max.replace(tzinfo=UTC)
        self._fills: dict[str, Execution] = {}
        self._traded: dict[str, dict[int, Traded]] = {}
        self.after: list[Callable[[], None]] = []
        """What looks at the money each time that it was reckoned."""

    async def run(self) -> None:
        """Reckon until cancelled."""
        while True:
            self.renew()
            for look in self.after:
                look()
            await asyncio.sleep(VALUE_SECONDS)

    def all(self) -> tuple[Money, ...]:
        """Every account as it was valued last."""
        return tuple(self._money.values())

    def heard(self, report: PnlReport) -> None:
        """The broker gave figures of its own."""
        self._told.setdefault(report.account, {})[report.con_id] = BrokerPnl(
            daily=report.daily, unrealized=report.unrealized, realized=report.realized, time=self._clock.utc()
        )

    def ask_again(self) -> None:
        """IBKR lost what it was asked for: its own figures are asked for anew with the next `renew`."""
        for account, con_id in self._watched:
            self._broker.unwatch_profit(account, con_id)
        self._watched.clear()

    def renew(self) -> None:
        """Value every account, tell the desks what changed, and ask for the broker's figures of what is held."""
        self._watch()
        state, now = self._state, self._clock.utc()
        positions = state.all_positions()
        self._turn(trading_day(now))
        quotes = {quote.con_id: quote for quote in self._feed.all()}
        market = Market(instruments=state.instruments, quotes=quotes, now=now)
        for name in self._accounts(position.account for position in positions or ()):
            account = state.accounts.get(name) or Account(account=name)
            money = value_account(account, positions, self._traded.get(name, {}), market, self._told.get(name, {}))
            if self._money.get(name) != money:
                self._money[name] = money
                self._publisher.state(MoneyUpdated(money=money))

    def publish(self, *envelopes: Envelope) -> None:
        """Facts were published: fills count, every one in its latest revision."""
        for envelope in envelopes:
            if isinstance(envelope.event, ExecutionAdded):
                if self._day is None:
                    self._turn(trading_day(self._clock.utc()))
                self._count(envelope.event.execution)

    def _turn(self, day: date) -> None:
        """Begin a trading day with its fills that are known."""
        if day != self._day:
            self._day, self._fills, self._traded = day, {}, {}
            self._began, self._ends = trading_day_span(day)
            for execution in self._state.book.executions():
                self._count(execution)

    def _count(self, execution: Execution) -> None:
        if execution.con_id <= 0 or not self._began <= execution.time < self._ends:
            return
        known = self._fills.get(execution.stem)
        if known is not None and known.revision > execution.revision:
            return
        traded = self._traded.setdefault(execution.account, {})
        so_far = traded.get(execution.con_id, Traded())
        traded[execution.con_id] = (so_far if known is None else so_far.plus(known, -1)).plus(execution)
        self._fills[execution.stem] = execution

    def _watch(self) -> None:
        connection = self._state.connection
        if connection.state is not LinkState.READY:
            return
        if connection.verified != self._verified:
            # Another connection: whatever was asked before is answered no more.
            self._verified = connection.verified
            self._watched.clear()
        wanted = {(account, 0) for account in connection.accounts}
        wanted |= {key for key, held in (self._state.positions or {}).items() if held.quantity}
        try:
            for account, con_id in sorted(wanted - self._watched)[:ASKED_AT_ONCE]:
                self._broker.watch_profit(account, con_id)
                self._watched.add((account, con_id))
        except DeskError as error:
            log.warning("the broker's profit figures: %s", error)
        for account, con_id in self._watched - wanted:
            self._broker.unwatch_profit(account, con_id)
        self._watched &= wanted

    def _accounts(self, holders: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._state.connection.accounts, *self._state.accounts, *holders)))
