"""Which instruments are known and watched: search, qualification, the watchlist, subscriptions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from datetime import date

from msgspec import Struct

from core.clock import Clock, trading_day
from core.domain.charts import Bar, BarRequest
from core.domain.combinations import combination, impossible
from core.domain.commands import (
    Ack,
    Combine,
    DenialCode,
    Qualified,
    SearchSymbols,
    SetViewers,
    SymbolMatches,
    Unwatch,
    Watch,
)
from core.domain.entries import InstrumentKnown, WatchlistSet
from core.domain.events import InstrumentsUpdated, QuotesUpdated, WatchlistUpdated
from core.domain.instruments import ComboLeg, Instrument, SymbolMatch
from core.domain.quotes import Quote
from core.domain.reports import ErrorReport
from core.errors import DeskError, NotConnectedError
from core.execution.farms import Farms
from core.execution.publisher import Publisher
from core.execution.refusals import refuse
from core.execution.state import DeskState
from core.market.feed import QuoteFeed
from core.market.subscriptions import LineBudget
from core.ports import Broker, Journal

log = logging.getLogger(__name__)

NO_LINE_LEFT = 101
"""IBKR's code for a subscription beyond the account's lines."""
LOOK_SECONDS = 1.0
"""How often it is looked whether lines or contracts are due, if nothing says so before."""
AT_A_TIME = 8
"""Contracts that are looked up side by side."""


Look = SearchSymbols | Watch | Combine | Unwatch | SetViewers
"""Commands about what is known and watched."""


class WatchOptions(Struct, frozen=True, kw_only=True):
    """What the profile says about market data."""

    symbols: tuple[str, ...]
    """They fill the watchlist of a profile that has none yet."""
    lines: int = 100
    """Market data lines of the account."""
    frames_per_second: int = 30
    """How many requests for market data may leave in any second."""


class Watching:
    """Keeps subscriptions in step with what is at stake, what desks have in sight and the watchlist, in this order."""

    def __init__(
        self,
        broker: Broker,
        state: DeskState,
        feed: QuoteFeed,
        publisher: Publisher,
        journal: Journal,
        clock: Clock,
        options: WatchOptions,
        tell: Callable[[str], None],
    ) -> None:
        """`restore` begins with each connection, `lost` ends it; `tell` tells every desk something in words."""
        self._broker = broker
        self._state = state
        self._feed = feed
        self._publisher = publisher
        self._journal = journal
        self._clock = clock
        self._options = options
        self._budget = LineBudget(options.lines, options.frames_per_second)
        self._farms = Farms(feed, self._publish, self._renew, tell)
        self._qualified: dict[int, date] = {}
        self._failed: dict[int, date] = {}
        self._online = False
        self._changed = asyncio.Event()
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Swap lines as time allows, and qualify anew each trading day what is at stake or watched; for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._swap(), name="market data lines")
            group.create_task(self._keep_qualified(), name="contracts")

    async def restore(self) -> None:
        """Subscribe again to all that is wanted; a new profile's watchlist is found by its symbols first."""
        self._budget.restart(self._options.lines)
        self._failed.clear()
        self._online = True
        if not self._state.watchlist:
            found = await asyncio.gather(*(self._find(symbol) for symbol in self._options.symbols))
            con_ids = tuple(dict.fromkeys(con_id for con_id in found if con_id is not None))
            if con_ids:
                self._set_watchlist(con_ids)
        self._asked.set()
        self._turn()

    async def follow(self) -> None:
        """Subscribe to what is held and what has live orders, whatever the watchlist says."""
        self._failed.clear()
        self._asked.set()
        self._turn()

    async def resubscribe(self) -> None:
        """Subscribe to everything anew: the broker has lost the subscriptions that it had."""
        self._renew(None)

    def _renew(self, con_ids: Collection[int] | None) -> None:
        for con_id in self._budget.renew(self._clock.mono(), con_ids):
            self._broker.unsubscribe_quotes(con_id)
        self._turn()
        self._changed.set()

    def lost(self) -> None:
        """The connection is gone, and every subscription with it."""
        self._online = False
        self._farms.lost()
        self._budget.restart(self._options.lines)

    def hear(self, report: ErrorReport) -> None:
        """The broker said something about a request or about the session."""
        if report.ends_con_id:
            self.refused(report.ends_con_id, report.code)
        self._farms.hear(report)

    def refused(self, con_id: int, code: int) -> None:
        """The broker ended a subscription with `code`."""
        if code == NO_LINE_LEFT:
            self._budget.shrink(con_id, self._clock.mono())
            log.warning("the account has no line left: %d are used for now", self._budget.lines)
        else:
            self._budget.refuse(con_id)
        self._publish(self._feed.mark_stale([con_id]))
        self._changed.set()

    def lend(self, count: int) -> None:
        """So many of the account's lines are taken by streams."""
        self._budget.lend(count)
        self._turn()
        self._changed.set()

    def see(self, viewer: str, con_ids: Sequence[int]) -> Ack:
        """A desk has these instruments in sight now."""
        self._budget.see(viewer, con_ids, self._clock.mono())
        self._changed.set()
        return Ack(ok=True)

    def leave(self, viewer: str) -> None:
        """A desk is gone."""
        self._budget.leave(viewer)
        self._changed.set()

    def _at_stake(self) -> set[int]:
        held = {position.con_id for position in (self._state.positions or {}).values() if position.quantity}
        waited_for = {waiting.con_id for waiting in self._state.price_alerts}
        return held | waited_for | {order.con_id for order in self._state.book.live()}

    async def _swap(self) -> None:
        while True:
            again_in = self._turn()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(LOOK_SECONDS, again_in or LOOK_SECONDS)):
                    await self._changed.wait()
            self._changed.clear()

    def _turn(self) -> float | None:
        """Give lines as far as may be now; the seconds until more can be done, None if nothing waits."""
        if not self._online:
            return None
        known = self._state.instruments.keys() - self._state.sketched
        step = self._budget.step(self._at_stake(), self._state.watchlist, known, self._clock.mono())
        try:
            for con_id in step.drop:
                self._broker.unsubscribe_quotes(con_id)
            for con_id in step.take:
                self._subscribe(con_id)
        except NotConnectedError:
            # `lost` follows.
            return None
        self._publish(self._feed.mark_stale(step.drop))
        return step.again_in

    def _publish(self, quotes: tuple[Quote, ...]) -> None:
        if quotes:
            self._publisher.state(QuotesUpdated(quotes=quotes))

    def _subscribe(self, con_id: int) -> None:
        try:
            self._broker.subscribe_quotes(self._state.instruments[con_id])
        except NotConnectedError:
            raise
        except DeskError as error:
            log.warning("contract %d: %s", con_id, error)
            self._budget.refuse(con_id)

    async def _keep_qualified(self) -> None:
        while True:
            due = self._unqualified()[:AT_A_TIME] if self._online else []
            if due:
                await asyncio.gather(*(self._ready(con_id) for con_id in due))
                self._changed.set()
            else:
                self._asked.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._asked.wait()

    def _unqualified(self) -> list[int]:
        """What is at stake or watched and was not asked for on this trading day, combinations apart."""
        today = trading_day(self._clock.utc())
        made = {con_id for con_id, known in self._state.instruments.items() if known.legs}
        wanted = dict.fromkeys((*sorted(self._at_stake()), *self._state.watchlist))
        return [
            con_id
            for con_id in wanted
            if con_id not in made and today not in (self._qualified.get(con_id), self._failed.get(con_id))
        ]

    async def look(self, command: Look, client: str) -> Ack:
        """Carry out one command about what is known and watched."""
        match command:
            case SearchSymbols(pattern=pattern):
                return await self.search(pattern)
            case Watch(con_id=con_id):
                return await self.watch(con_id, client)
            case Combine(legs=legs):
                return await self.combine(legs, client)
            case Unwatch(con_id=con_id):
                return self.unwatch(con_id)
            case SetViewers(con_ids=con_ids):
                return self.see(client, con_ids)

    async def search(self, pattern: str) -> Ack:
        """Symbols and names that match; exact tickers first."""
        wanted = pattern.strip().upper()
        if not wanted or not wanted.isascii() or not wanted.isprintable():
            text = f"{pattern!r} can't be a symbol: letters, digits and dots only. Type the ticker or part of the name."
            return refuse(DenialCode.BAD_COMMAND, text)
        if not self._state.connection.accounts:
            reason = self._state.connection.problem or "there is no connection to the broker yet"
            return refuse(DenialCode.NOT_CONNECTED, f"Symbols can't be looked up: {reason}")
        matches = await self._broker.search(wanted)
        ranked = sorted(matches, key=lambda match: _rank(match, wanted))
        return Ack(ok=True, result=SymbolMatches(pattern=pattern, matches=tuple(ranked)))

    async def watch(self, con_id: int, viewer: str) -> Ack:
        """Qualify, subscribe as something that `viewer` looks at, and put on the watchlist."""
        try:
            instrument = await self.qualify(con_id)
        except DeskError as error:
            text = f"The contract with number {con_id} could not be looked up: {error}. Search for it again ( / )."
            return refuse(DenialCode.UNKNOWN_INSTRUMENT, text)
        if con_id not in self._state.watchlist:
            self._set_watchlist((*self._state.watchlist, con_id))
        self._budget.focus(viewer, con_id)
        self._turn()
        self._changed.set()
        return Ack(ok=True, result=Qualified(instrument=instrument))

    async def bars(self, request: BarRequest) -> Sequence[Bar]:
        """Bars up to now, from the broker. Raises DeskError where it fails or does not know the contract."""
        return await self._broker.bars(await self.qualify(request.con_id), request)

    async def combine(self, legs: Sequence[ComboLeg], viewer: str) -> Ack:
        """Qualify the legs, make the combination, subscribe and put on the watchlist."""
        try:
            items = [await self.qualify(con_id) for con_id in dict.fromkeys(leg.con_id for leg in legs)]
        except DeskError as error:
            text = f"A leg could not be looked up: {error}. Search for it again ( / )."
            return refuse(DenialCode.UNKNOWN_INSTRUMENT, text)
        known = {item.con_id: item for item in items}
        reason = impossible(legs, known)
        if reason:
            return refuse(DenialCode.BAD_COMMAND, f"These legs make no combination: {reason}. Choose others.")
        made = combination(legs, known)
        if self._state.instruments.get(made.con_id) != made:
            self._learn(made)
        return await self.watch(made.con_id, viewer)

    def unwatch(self, con_id: int) -> Ack:
        """Take off the watchlist; its market is dropped unless it is held or has live orders."""
        self._set_watchlist(tuple(known for known in self._state.watchlist if known != con_id))
        if con_id not in self._at_stake():
            self._budget.forget(con_id)
            self._broker.unsubscribe_quotes(con_id)
            self._feed.forget([con_id])
        self._changed.set()
        return Ack(ok=True)

    async def _find(self, symbol: str) -> int | None:
        try:
            matches = await self._broker.search(symbol)
            exact = [match for match in matches if match.symbol == symbol and match.con_id]
            if not exact:
                return None
            await self._ready(exact[0].con_id)
        except DeskError as error:
            log.warning("watchlist symbol %s: %s", symbol, error)
            return None
        return exact[0].con_id

    async def _ready(self, con_id: int) -> None:
        try:
            await self.qualify(con_id)
        except DeskError as error:
            log.warning("contract %d: %s", con_id, error)
            self._failed[con_id] = trading_day(self._clock.utc())

    async def qualify(self, con_id: int) -> Instrument:
        """The contract with its rules, asked for once a trading day. Raises DeskError where the broker fails."""
        today = trading_day(self._clock.utc())
        known = self._state.instruments.get(con_id)
        if known is not None and (self._qualified.get(con_id) == today or known.legs):
            return known
        instrument = await self._broker.qualify(con_id)
        self._qualified[con_id] = today
        self._failed.pop(con_id, None)
        if known != instrument:
            self._learn(instrument)
        self._state.sketched.discard(con_id)
        return instrument

    def _learn(self, instrument: Instrument) -> None:
        self._state.instruments[instrument.con_id] = instrument
        self._state.sketched.discard(instrument.con_id)
        self._journal.append([InstrumentKnown(instrument=instrument)])
        self._publisher.state(InstrumentsUpdated(instruments=(instrument,)))

    def _set_watchlist(self, con_ids: tuple[int, ...]) -> None:
        self._state.watchlist = con_ids
        self._journal.append([WatchlistSet(con_ids=con_ids)])
        self._publisher.state(WatchlistUpdated(con_ids=con_ids))


def _rank(match: SymbolMatch, wanted: str) -> tuple[bool, bool, bool, str]:
    return (
        match.symbol.upper() != wanted,
        not match.symbol.upper().startswith(wanted),
        match.currency != "USD",
        match.symbol,
    )
