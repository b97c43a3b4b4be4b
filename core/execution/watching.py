"""Which instruments are known and watched: search, qualification, the watchlist, subscriptions."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from core.domain.combinations import combination, impossible
from core.domain.commands import Ack, Denial, DenialCode, Qualified, SymbolMatches
from core.domain.entries import InstrumentKnown, WatchlistSet
from core.domain.events import InstrumentsUpdated, WatchlistUpdated
from core.domain.instruments import ComboLeg, Instrument, SymbolMatch
from core.errors import DeskError
from core.execution.publisher import Publisher
from core.execution.state import DeskState
from core.market.feed import QuoteFeed
from core.ports import Broker, Journal

log = logging.getLogger(__name__)


class Watching:
    """Keeps subscriptions in step with the watchlist, the positions and the live orders."""

    def __init__(
        self,
        broker: Broker,
        state: DeskState,
        feed: QuoteFeed,
        publisher: Publisher,
        journal: Journal,
        symbols: Sequence[str],
    ) -> None:
        """`symbols` fill the watchlist of a profile that has none yet."""
        self._broker = broker
        self._state = state
        self._feed = feed
        self._publisher = publisher
        self._journal = journal
        self._symbols = symbols
        self._qualified: set[int] = set()

    async def restore(self) -> None:
        """Subscribe again to all that is watched; a new profile's watchlist is found by its symbols first."""
        self._qualified.clear()
        if not self._state.watchlist:
            found = await asyncio.gather(*(self._find(symbol) for symbol in self._symbols))
            con_ids = tuple(dict.fromkeys(con_id for con_id in found if con_id is not None))
            if con_ids:
                self._set_watchlist(con_ids)
        for con_id in self._state.watchlist:
            known = self._state.instruments.get(con_id)
            if known is not None:
                self._broker.subscribe_quotes(known)
        await asyncio.gather(*(self._ready(con_id) for con_id in self._state.watchlist))

    async def follow(self) -> None:
        """Subscribe to what is held and what has live orders, whatever the watchlist says."""
        await asyncio.gather(*(self._ready(con_id) for con_id in sorted(self._at_stake() - set(self._state.watchlist))))

    async def resubscribe(self) -> None:
        """Subscribe to everything anew: the broker has lost the subscriptions that it had."""
        for con_id in sorted(self._at_stake() | set(self._state.watchlist)):
            self._broker.unsubscribe_quotes(con_id)
        await self.restore()
        await self.follow()

    def _at_stake(self) -> set[int]:
        held = {position.con_id for position in (self._state.positions or {}).values() if position.quantity}
        return held | {order.con_id for order in self._state.book.live()}

    async def search(self, pattern: str) -> Ack:
        """Symbols and names that match; exact tickers first."""
        wanted = pattern.strip().upper()
        if not wanted or not wanted.isascii() or not wanted.isprintable():
            text = f"{pattern!r} can't be a symbol: letters, digits and dots only. Type the ticker or part of the name."
            return _refuse(DenialCode.BAD_COMMAND, text)
        if not self._state.connection.accounts:
            reason = self._state.connection.problem or "there is no connection to the broker yet"
            return _refuse(DenialCode.NOT_CONNECTED, f"Symbols can't be looked up: {reason}")
        matches = await self._broker.search(wanted)
        ranked = sorted(matches, key=lambda match: _rank(match, wanted))
        return Ack(ok=True, result=SymbolMatches(pattern=pattern, matches=tuple(ranked)))

    async def watch(self, con_id: int) -> Ack:
        """Qualify, subscribe and put on the watchlist."""
        try:
            instrument = await self._qualify(con_id)
        except DeskError as error:
            text = f"The contract with number {con_id} could not be looked up: {error}. Search for it again ( / )."
            return _refuse(DenialCode.UNKNOWN_INSTRUMENT, text)
        self._broker.subscribe_quotes(instrument)
        if con_id not in self._state.watchlist:
            self._set_watchlist((*self._state.watchlist, con_id))
        return Ack(ok=True, result=Qualified(instrument=instrument))

    async def combine(self, legs: Sequence[ComboLeg]) -> Ack:
        """Qualify the legs, make the combination, subscribe and put on the watchlist."""
        try:
            items = [await self._qualify(con_id) for con_id in dict.fromkeys(leg.con_id for leg in legs)]
        except DeskError as error:
            text = f"A leg could not be looked up: {error}. Search for it again ( / )."
            return _refuse(DenialCode.UNKNOWN_INSTRUMENT, text)
        known = {item.con_id: item for item in items}
        reason = impossible(legs, known)
        if reason:
            return _refuse(DenialCode.BAD_COMMAND, f"These legs make no combination: {reason}. Choose others.")
        made = combination(legs, known)
        if self._state.instruments.get(made.con_id) != made:
            self._learn(made)
        return await self.watch(made.con_id)

    def unwatch(self, con_id: int) -> Ack:
        """Take off the watchlist; its market is dropped unless it is held or has live orders."""
        self._set_watchlist(tuple(known for known in self._state.watchlist if known != con_id))
        held = any(p.con_id == con_id and p.quantity for p in (self._state.positions or {}).values())
        if not held and all(order.con_id != con_id for order in self._state.book.live()):
            self._broker.unsubscribe_quotes(con_id)
            self._feed.forget([con_id])
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
            self._broker.subscribe_quotes(await self._qualify(con_id))
        except DeskError as error:
            log.warning("contract %d: %s", con_id, error)

    async def _qualify(self, con_id: int) -> Instrument:
        """The contract with its rules, asked for once a connection; the last known one serves until the answer."""
        known = self._state.instruments.get(con_id)
        if known is not None and (con_id in self._qualified or known.legs):
            return known
        instrument = await self._broker.qualify(con_id)
        self._qualified.add(con_id)
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


def _refuse(code: DenialCode, message: str) -> Ack:
    return Ack(ok=False, denied=Denial(code=code, message=message))
