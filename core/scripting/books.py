"""A script's own copy of what core knows: a snapshot and the events since, and somewhere to wait for more of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from core.domain.account import Account
from core.domain.connection import Connection
from core.domain.events import (
    AccountUpdated,
    ConnectionChanged,
    Envelope,
    Event,
    ExecutionAdded,
    Health,
    InstrumentsUpdated,
    MoneyUpdated,
    OrderChanged,
    PositionsUpdated,
    QuotesUpdated,
    Snapshot,
    WatchlistUpdated,
)
from core.domain.executions import Execution, latest_revisions
from core.domain.instruments import Instrument
from core.domain.money import Money
from core.domain.orders import Order
from core.domain.positions import Position
from core.domain.quotes import Quote

_T = TypeVar("_T")


class Books:
    """Filled by `load`, continued by `apply`; whoever waits looks again after each of them."""

    def __init__(self) -> None:
        """Empty: nothing is known."""
        self.session = ""
        """Core's run; empty before the first snapshot."""
        self.instance = ""
        """The journal's, for minting order references."""
        self.number = 0
        """Of the last fact that is in it."""
        self.since: datetime | None = None
        """As of `Snapshot`."""
        self.connection: Connection | None = None
        """The way to the broker; None before the first snapshot."""
        self.attached = False
        """True while the link to core stands."""
        self.instruments: dict[int, Instrument] = {}
        self.watchlist: tuple[int, ...] = ()
        self.quotes: dict[int, Quote] = {}
        self.orders: dict[str, Order] = {}
        """Every order that core knows, by its reference, oldest first."""
        self.positions: tuple[Position, ...] | None = None
        """None while unknown, which is not flat."""
        self.accounts: dict[str, Account] = {}
        self.money: dict[str, Money] = {}
        self.health = Health()
        self._executions: dict[str, list[Execution]] = {}
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def can_trade(self) -> bool:
        """True while new orders may be sent."""
        return self.attached and self.connection is not None and self.connection.can_trade

    def fills(self, order_ref: str) -> list[Execution]:
        """What has filled of an order, each in its latest revision; without what was taken back."""
        return [one for one in latest_revisions(self._executions.get(order_ref, ())) if one.quantity]

    def load(self, snapshot: Snapshot) -> list[Event]:
        """Hold this snapshot instead; returns what is new in it, as the events that would have told it."""
        news: list[Event] = [
            OrderChanged(order=order) for order in snapshot.orders if self.orders.get(order.order_ref) != order
        ]
        news += (
            ExecutionAdded(execution=one)
            for one in snapshot.executions
            if one not in self._executions.get(one.order_ref, ())
        )
        self.session, self.instance, self.since = snapshot.session, snapshot.instance, snapshot.since
        self.number, self.connection = snapshot.number, snapshot.connection
        self.instruments = {one.con_id: one for one in snapshot.instruments}
        self.watchlist = snapshot.watchlist
        self.quotes = {one.con_id: one for one in snapshot.quotes}
        self.orders = {one.order_ref: one for one in snapshot.orders}
        self.positions = snapshot.positions
        self.accounts = {one.account: one for one in snapshot.accounts}
        self.money = {one.account: one for one in snapshot.money}
        self.health = snapshot.health
        self._executions = {}
        for execution in snapshot.executions:
            self._executions.setdefault(execution.order_ref, []).append(execution)
        self.wake()
        return news

    def apply(self, envelope: Envelope) -> None:
        """One event more."""
        if envelope.number is not None:
            self.number = envelope.number
        match envelope.event:
            case OrderChanged(order=order):
                self.orders[order.order_ref] = order
            case ExecutionAdded(execution=execution):
                self._executions.setdefault(execution.order_ref, []).append(execution)
            case ConnectionChanged(connection=connection):
                self.connection = connection
            case QuotesUpdated(quotes=quotes):
                self.quotes.update((one.con_id, one) for one in quotes)
            case InstrumentsUpdated(instruments=instruments):
                self.instruments.update((one.con_id, one) for one in instruments)
            case WatchlistUpdated(con_ids=con_ids):
                self.watchlist = con_ids
            case PositionsUpdated(positions=positions):
                self.positions = positions
            case AccountUpdated(account=account):
                self.accounts[account.account] = account
            case MoneyUpdated(money=money):
                self.money[money.account] = money
            case Health() as health:
                self.health = health
            case _:
                return
        self.wake()

    def wake(self) -> None:
        """Have whoever waits look again."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    async def until(self, found: Callable[[], _T | None], timeout: float) -> _T | None:
        """What `found` gives, once it gives something; None after `timeout` seconds. What it raises, it raises."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while (result := found()) is None:
            news: asyncio.Future[None] = loop.create_future()
            self._waiting.append(news)
            await asyncio.wait((news,), timeout=max(0.0, deadline - loop.time()))
            if not news.done():
                self._waiting.remove(news)
                return found()
        return result
