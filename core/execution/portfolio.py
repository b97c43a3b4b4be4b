"""What all positions of an account come to, by instrument: reckoned anew where an order changed, and each second."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from core.clock import Clock
from core.domain.account import Account
from core.domain.money import Market, exchange_rate
from core.domain.orders import Side
from core.execution.state import DeskState
from core.execution.working import Tally, Working
from core.market.feed import QuoteFeed
from core.risk.facts import Elsewhere

RENEW_SECONDS = 1.0
"""How old the value of a position may be that no order has touched."""
_ZERO = Decimal(0)


class _Worth(NamedTuple):
    """One instrument's position in the base currency, as large as it becomes if all filled."""

    value: Decimal
    unvalued: str = ""
    """Why it does not count, for a person; empty if it does."""


class _Book:
    """The positions of one account."""

    def __init__(self, due: float) -> None:
        """`due` is the loop time at which all of it is reckoned anew."""
        self.due = due
        self.value = _ZERO
        self.worth: dict[int, _Worth] = {}
        self.unvalued: dict[int, str] = {}

    def put(self, con_id: int, worth: _Worth) -> None:
        """Take one instrument's worth in."""
        before = self.worth.pop(con_id, _Worth(_ZERO))
        self.value += worth.value - before.value
        self.worth[con_id] = worth
        self.unvalued.pop(con_id, None)
        if worth.unvalued:
            self.unvalued[con_id] = worth.unvalued


class Portfolio:
    """Makes the fact of control 10 about the whole portfolio, in a time that does not grow with the orders."""

    def __init__(self, state: DeskState, feed: QuoteFeed, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._feed = feed
        self._clock = clock
        self._working: Working | None = None
        self._books: dict[str, _Book] = {}

    def elsewhere(self, account: str, con_id: int) -> Elsewhere:
        """What all positions of an account come to but that in one instrument; 0 leaves none out."""
        if self._state.positions is None:
            return Elsewhere(unvalued="the positions have not been read yet")
        book = self._renewed(account)
        for unknown, why in book.unvalued.items():
            if unknown != con_id:
                return Elsewhere(unvalued=why)
        return Elsewhere(value=book.value - book.worth.get(con_id, _Worth(_ZERO)).value)

    def invested(self, account: str) -> Decimal | None:
        """What all positions come to, as a part of net liquidation; None while nobody knows."""
        known = self._state.accounts.get(account)
        value = self.elsewhere(account, 0).value
        if value is None or known is None or not known.net_liquidation or known.net_liquidation < 0:
            return None
        return value / known.net_liquidation

    def _renewed(self, account: str) -> _Book:
        working, now = self._state.book.working, self._clock.mono()
        if working is not self._working:
            self._working, self._books = working, {}
        due, book = working.take_moved(account), self._books.get(account)
        if book is None or now >= book.due:
            book = self._books[account] = _Book(now + RENEW_SECONDS)
            held = {con_id for name, con_id in self._state.positions or () if name == account}
            due = held | set(working.instruments(account))
        known = self._state.accounts.get(account) or Account(account=account)
        market = Market(instruments=self._state.instruments, quotes=self._feed.quotes, now=self._clock.utc())
        for con_id in due | book.unvalued.keys():
            book.put(con_id, self._worth(account, con_id, known, market))
        return book

    def _worth(self, account: str, con_id: int, known: Account, market: Market) -> _Worth:
        tallies = [self._state.book.working.tally(account, con_id, side) for side in (Side.BUY, Side.SELL)]
        position = self._state.held(account, con_id)
        told = _ZERO if position is None else position.quantity
        expected = self._state.unseen_fills.expected(account, con_id, told)
        buys, sells = tallies
        units = max(abs(expected + buys.standing), abs(expected - sells.standing), abs(told))
        if not units:
            return _Worth(_ZERO)
        instrument = market.instruments.get(con_id)
        if instrument is None:
            return _Worth(_ZERO, f"contract {con_id} is not known")
        rate, price = exchange_rate(instrument.currency, known, market), self._price(con_id, tallies)
        if rate is None:
            base = known.base_currency or "the base currency, which IBKR has not told"
            return _Worth(_ZERO, f"{instrument.label} is traded in {instrument.currency}, with no rate to {base}")
        if price is None:
            return _Worth(_ZERO, f"{instrument.label} has no price")
        return _Worth(units * price * instrument.multiplier * rate.value)

    def _price(self, con_id: int, tallies: list[Tally]) -> Decimal | None:
        """The highest that is known of an instrument: of its market, and of its own orders; None if nothing is."""
        quote = self._feed.get(con_id)
        prices = [] if quote is None else [quote.bid, quote.ask, quote.mark]
        prices += [one.priced / (one.units - one.unpriced) for one in tallies if one.units > one.unpriced]
        known = [abs(price) for price in prices if price is not None]
        return max(known) if known else None
