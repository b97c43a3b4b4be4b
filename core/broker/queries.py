"""Questions to the gateway: each a future with a deadline, and an answer only when its end was seen."""

from __future__ import annotations

import asyncio
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any

from ib_async.client import Client
from ib_async.contract import Contract, ContractDetails
from ib_async.objects import ExecutionFilter

from core.broker.outgoing import wire_text
from core.broker.registry import Registry
from core.broker.translate import market_rule_of, qualified
from core.clock import Clock
from core.domain.connection import Pulse
from core.domain.instruments import Instrument, PriceBand, SymbolMatch
from core.domain.reports import (
    CompletedOrderReport,
    ExecutionReport,
    OpenOrderReport,
    PositionReport,
    RequestKind,
)
from core.errors import BrokerError, NotConnectedError, RequestTimeoutError

OPEN_ORDERS = "open orders"
COMPLETED_ORDERS = "completed orders"
POSITIONS = "positions"
TIME = "time"

PING_INTERVAL = 1.0
"""Seconds between two requests of the time: gateways leave the second of two within one unanswered."""

UNKNOWN_CONTRACT = 200
_PREFERRED_ROUTE = "SMART"


class _Pending:
    """A question on its way."""

    __slots__ = ("done", "items")

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Queries:
    """Asks and gathers for one connection.

    A key is a request id, or a name for the questions that have none. Of those one at a time is asked; when an answer
    is overdue, its end is still awaited and skipped, so that it never passes for the end of the next answer.
    """

    def __init__(self, client: Client, registry: Registry, clock: Clock, deadline: float) -> None:
        """`deadline` is in seconds, for each answer as a whole."""
        self._client = client
        self._registry = registry
        self._clock = clock
        self._deadline = deadline
        self._pending: dict[Hashable, _Pending] = {}
        self._overdue: defaultdict[Hashable, int] = defaultdict(int)
        self._turns: defaultdict[Hashable, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._rules: dict[int, tuple[PriceBand, ...]] = {}
        self._pinged: float | None = None
        self._closed = ""

    def collect(self, key: Hashable, item: object) -> None:
        """A part of an answer came; one that nobody waits for is dropped."""
        pending = self._pending.get(key)
        if pending is not None:
            pending.items.append(item)

    def finish(self, key: Hashable) -> None:
        """The end of an answer came."""
        pending = self._pending.get(key)
        if self._overdue[key]:
            self._overdue[key] -= 1
            if pending is not None:
                pending.items.clear()
        elif pending is not None and not pending.done.done():
            pending.done.set_result(None)

    def fail(self, key: Hashable, error: Exception) -> bool:
        """A question was refused; True if somebody was waiting for its answer."""
        pending = self._pending.get(key)
        if pending is None or pending.done.done():
            return False
        pending.done.set_exception(error)
        return True

    def fail_order_books(self, error: Exception) -> bool:
        """A refusal came that names no request, as a read-only API sends for its orders; True if one was waiting."""
        refused = [self.fail(key, error) for key in (OPEN_ORDERS, COMPLETED_ORDERS)]
        return any(refused)

    def close(self, reason: str) -> None:
        """The connection is gone: everyone who waits or asks from now on gets NotConnectedError."""
        self._closed = reason
        for key in list(self._pending):
            self.fail(key, NotConnectedError(reason))

    async def open_orders(self) -> list[OpenOrderReport]:
        """Every open order of every client; of repeated ones the last word."""
        reports = await self._ask_named(OPEN_ORDERS, "the list of open orders", self._client.reqAllOpenOrders)
        latest = {(report.perm_id or (report.client_id, report.order_id)): report for report in reports}
        return list(latest.values())

    async def completed_orders(self) -> list[CompletedOrderReport]:
        """Orders that ended today, by any client."""
        return await self._ask_named(
            COMPLETED_ORDERS, "the list of completed orders", lambda: self._client.reqCompletedOrders(False)
        )

    async def executions(self) -> list[ExecutionReport]:
        """Fills since midnight of the gateway's day, of every client."""
        request_id = self._registry.take_for(RequestKind.QUERY)
        return await self.ask(
            request_id, "the list of fills", lambda: self._client.reqExecutions(request_id, ExecutionFilter())
        )

    async def positions(self) -> list[PositionReport]:
        """All positions; of one that changed meanwhile the last word."""
        reports = await self._ask_named(POSITIONS, "the list of positions", self._client.reqPositions)
        return list({(report.account, report.instrument.con_id): report for report in reports}.values())

    async def watch_account(self, account: str) -> None:
        """Subscribe to an account and wait for its first download. TWS serves one account at a time."""
        wire_text(account)
        await self._ask_named(
            account_key(account), "the account's figures", lambda: self._client.reqAccountUpdates(True, account)
        )

    async def watch_values(self, account: str) -> None:
        """Subscribe to the values of one more account and wait for its first download; any number may be watched so."""
        wire_text(account)
        request_id = self._registry.take_for(RequestKind.QUERY)
        await self.ask(
            request_id,
            "the figures of a further account",
            lambda: self._client.reqAccountUpdatesMulti(request_id, account, "", False),
        )

    async def search(self, pattern: str) -> list[SymbolMatch]:
        """Symbols that match. Accents are dropped, because requests are ASCII."""
        plain = unicodedata.normalize("NFKD", pattern).encode("ascii", "ignore").decode()
        plain = "".join(c for c in plain if c.isprintable()).strip()
        if not plain:
            return []
        request_id = self._registry.take_for(RequestKind.QUERY)
        return await self.ask(
            request_id, f"a search for {plain}", lambda: self._client.reqMatchingSymbols(request_id, plain)
        )

    async def qualify(self, con_id: int) -> Instrument:
        """A contract with its price bands. Raises BrokerError [200] for an unknown one."""
        request_id = self._registry.take_for(RequestKind.QUERY)
        found: list[ContractDetails] = await self.ask(
            request_id,
            f"the details of contract {con_id}",
            lambda: self._client.reqContractDetails(request_id, Contract(conId=con_id)),
        )
        if not found:
            raise BrokerError(UNKNOWN_CONTRACT, f"The broker knows no contract {con_id}. Search for the symbol again.")
        details = next((one for one in found if one.contract and one.contract.exchange == _PREFERRED_ROUTE), found[0])
        rule = market_rule_of(details)
        return qualified(details, () if rule is None else await self._market_rule(rule))

    async def ping(self) -> Pulse:
        """The time that the gateway told, and how long it took; at most one question a second."""
        async with self._turns[TIME]:
            if self._pinged is not None:
                await asyncio.sleep(max(0.0, self._pinged + PING_INTERVAL - self._clock.mono()))
            self._pinged = asked = self._clock.mono()
            told: list[int] = await self.ask(TIME, "the time", self._client.reqCurrentTime)
            # A late answer to an earlier question proves as much.
            self._overdue[TIME] = 0
            took = round(Decimal(repr((self._clock.mono() - asked) * 1000)), 3)
            # Whole seconds are told: the middle of that one is the best guess.
            ahead = told[-1] + 0.5 - self._clock.utc().timestamp() if told else None
            return Pulse(took, None if ahead is None else round(Decimal(repr(ahead)), 1))

    async def _market_rule(self, rule: int) -> tuple[PriceBand, ...]:
        key = rule_key(rule)
        if rule not in self._rules:
            async with self._turns[key]:
                if rule not in self._rules:
                    answers = await self.ask(
                        key, f"the price steps (market rule {rule})", lambda: self._client.reqMarketRule(rule)
                    )
                    self._rules[rule] = answers[0]
        return self._rules[rule]

    async def _ask_named(self, key: str, what: str, send: Callable[[], None]) -> list[Any]:
        async with self._turns[key]:
            return await self.ask(key, what, send)

    async def ask(self, key: Hashable, what: str, send: Callable[[], None]) -> list[Any]:
        """Ask with `send` and gather the answer under `key`; `what` names it in errors.

        Raises RequestTimeoutError after the deadline, NotConnectedError, or what `fail` was given.
        """
        if self._closed:
            raise NotConnectedError(self._closed)
        pending = self._pending[key] = _Pending()
        try:
            send()
            async with asyncio.timeout(self._deadline):
                await pending.done
        except TimeoutError:
            if isinstance(key, str):
                self._overdue[key] += 1
            raise RequestTimeoutError(
                f"The gateway did not send {what} within {self._deadline:g} s: the answer is unknown, not empty."
            ) from None
        finally:
            del self._pending[key]
        return pending.items


def account_key(account: str) -> str:
    """The key of the first download of an account."""
    return f"account {account}"


def rule_key(rule: int) -> str:
    """The key of one market rule."""
    return f"market rule {rule}"
