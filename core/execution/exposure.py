"""What an account has at stake besides one order: kept as it changes, so that no judgement looks through the orders.

Units follow every change of an order at once. Values and margins of other instruments are reckoned anew where an order
changed, and all of them once a second, since prices and rates move.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from core.clock import Clock
from core.domain.account import Account
from core.domain.instruments import Instrument, SecType
from core.domain.money import Market, Rate, exchange_rate
from core.domain.orders import Order, OrderRequest, Side
from core.domain.quotes import Quote
from core.domain.what_ifs import MarginRate, RateKey
from core.execution.reducing import only_reducing
from core.execution.state import DeskState
from core.execution.working import Tally, Working, part_of
from core.market.feed import QuoteFeed
from core.risk.circumstances import Circumstances
from core.risk.facts import Exposure, Funds
from core.risk.margin import CUSHION, unit_bound, units_beyond
from core.risk.value import order_value

RENEW_SECONDS = 1.0
"""How old the value of what works in another instrument may be."""
_ZERO = Decimal(0)


class _Worth(Struct, frozen=True):
    """What works in one instrument of an account, in its base currency."""

    value: Decimal = _ZERO
    margin: Decimal = _ZERO
    unvalued: str = ""
    """Why neither counts, for a person; empty if both do."""


class _Book:
    """The worth of all that works in one account."""

    def __init__(self) -> None:
        self.due = 0.0
        """Loop time at which all of it is reckoned anew."""
        self.worth: dict[int, _Worth] = {}
        self.value = _ZERO
        self.margin = _ZERO
        self.unvalued: dict[int, str] = {}

    def put(self, con_id: int, worth: _Worth | None) -> None:
        """Take one instrument's worth in; None where nothing works any more."""
        before = self.worth.pop(con_id, _Worth())
        now = worth or _Worth()
        self.value += now.value - before.value
        self.margin += now.margin - before.margin
        self.unvalued.pop(con_id, None)
        if worth is not None:
            self.worth[con_id] = worth
        if now.unvalued:
            self.unvalued[con_id] = now.unvalued


class _Sides(Struct, frozen=True):
    """What works in one instrument of an account."""

    buys: Tally
    sells: Tally

    def of(self, side: Side) -> Tally:
        return self.buys if side is Side.BUY else self.sells


class Exposures:
    """Makes the facts of exposure and margin for one order, in a time that does not grow with the orders."""

    def __init__(self, state: DeskState, feed: QuoteFeed, clock: Clock) -> None:
        """All parts are those of the one service."""
        self._state = state
        self._feed = feed
        self._clock = clock
        self._working: Working | None = None
        self._books: dict[str, _Book] = {}
        self.margin_rates: dict[RateKey, MarginRate] = {}
        """The margin that the last what-if asked for, by account, contract and side."""

    def around(
        self,
        request: OrderRequest,
        circumstances: Circumstances,
        *,
        parent: OrderRequest | Order | None = None,
        beside: Sequence[OrderRequest] = (),
    ) -> Circumstances:
        """The circumstances of a request with what the account has at stake besides it.

        `parent` is what it is attached to, while that has not traded; `beside` are requests that would be sent with it
        and are not in the book yet.
        """
        state, account = self._state, request.account
        own = state.book.get(request.order_ref)
        sides = self._without(own, account, request.con_id)
        same, other = sides.of(request.side), sides.of(request.side.opposite)
        market = self._market()
        known = state.accounts.get(account) or Account(account=account)
        instrument = circumstances.instrument
        book = self._renewed(account, known, market)
        rest = book.worth.get(request.con_id, _Worth())
        here = self._worth(request.con_id, account, sides, known, market)
        unvalued = next((why for con_id, why in book.unvalued.items() if con_id != request.con_id), here.unvalued)
        position = state.held(account, request.con_id)
        held = _ZERO if position is None else position.quantity
        follows = _ZERO if parent is None else _units(parent) * parent.side.sign
        exposure = Exposure(
            held=None if state.positions is None else held + follows,
            expected=state.unseen_fills.expected(account, request.con_id, held) + follows,
            same_side=same.units,
            same_side_standing=same.standing,
            same_side_taking=same.taking,
            taking_name="" if circumstances.permissions.short or not same.taking else self._taking(request),
            other_side_standing=other.standing,
            open_here=same.ours,
            open_all=state.book.working.ours(account) - _counts(own),
            filled=_ZERO if own is None else own.filled,
            unexecuted=None if unvalued else book.value - rest.value + here.value,
            unvalued=unvalued,
            rate=None if instrument is None else exchange_rate(instrument.currency, known, market),
            base_currency=known.base_currency,
            only_reducing=only_reducing(state, past_kill=circumstances.asked.past_kill),
        )
        others_unvalued = any(con_id != request.con_id for con_id in book.unvalued)
        funds = Funds(
            equity=known.net_liquidation,
            initial_margin=known.initial_margin,
            told=known.updated,
            holds=any(one.quantity for one in (state.positions or {}).values() if one.account == account),
            # The sums are kept with 28 digits: of a difference of nothing some may be left, on either side of it.
            reserved=None if others_unvalued else max(_ZERO, book.margin - rest.margin),
            legs_bound=None if instrument is None else _legs_bound(instrument, market),
            rate=self.margin_rates.get((account, request.con_id, request.side)),
        )
        made = replace(circumstances, exposure=exposure, funds=funds)
        return made if not beside else replace(made, exposure=_with(exposure, request, beside, made))

    def _without(self, own: Order | None, account: str, con_id: int) -> _Sides:
        """What works in an instrument without one order."""
        working = self._state.book.working
        tallies = {side: working.tally(account, con_id, side) for side in Side}
        if own is not None and (own.account, own.con_id) == (account, con_id):
            tallies[own.side] = tallies[own.side].less(part_of(own))
        return _Sides(tallies[Side.BUY], tallies[Side.SELL])

    def _taking(self, request: OrderRequest) -> str:
        """The name of another order on the side of a request that takes."""
        live = self._state.book.live_in(request.account, request.con_id)
        others = (one for one in live if one.side is request.side and one.order_ref != request.order_ref)
        return next((one.name for one in others if part_of(one).taking), "")

    def _market(self) -> Market:
        return Market(instruments=self._state.instruments, quotes=self._feed.quotes, now=self._clock.utc())

    def _renewed(self, account: str, known: Account, market: Market) -> _Book:
        """The worth of what works in an account, as far as it may have changed reckoned anew."""
        working, now = self._state.book.working, self._clock.mono()
        if working is not self._working:
            self._working, self._books = working, {}
        book = self._books.get(account)
        due = working.take_touched(account)
        if book is None or now >= book.due:
            book = self._books[account] = _Book()
            book.due = now + RENEW_SECONDS
            due = set(working.instruments(account))
        for con_id in due | book.unvalued.keys():
            sides = self._without(None, account, con_id)
            works = sides.buys.orders or sides.sells.orders
            book.put(con_id, self._worth(con_id, account, sides, known, market) if works else None)
        return book

    def _worth(self, con_id: int, account: str, sides: _Sides, known: Account, market: Market) -> _Worth:
        """What works in one instrument is worth, and the most margin that it may come to take."""
        buys, sells = sides.buys, sides.sells
        if not buys.units and not sells.units:
            return _Worth()
        instrument, quote = market.instruments.get(con_id), market.quotes.get(con_id)
        if instrument is None:
            return _Worth(unvalued=f"contract {con_id} is not known")
        rate = exchange_rate(instrument.currency, known, market)
        if rate is None:
            base = known.base_currency or "the base currency, which IBKR has not told"
            return _Worth(unvalued=f"{instrument.label} is traded in {instrument.currency}, with no rate to {base}")
        paid, got = _price(quote, Side.BUY), _price(quote, Side.SELL)
        if (buys.unpriced and paid is None) or (sells.unpriced and got is None):
            return _Worth(unvalued=f"{instrument.label} has no price")
        plain = buys.priced + sells.priced + buys.unpriced * (paid or _ZERO) + sells.unpriced * (got or _ZERO)
        margin = self._margin(account, instrument, sides, rate, market)
        if margin is None:
            lacks = "legs without a price; watch them ( / )" if instrument.legs else "no strike"
            return _Worth(unvalued=f"{instrument.label} has {lacks}")
        return _Worth(plain * instrument.multiplier * rate.value, margin)

    def _margin(
        self, account: str, instrument: Instrument, sides: _Sides, rate: Rate, market: Market
    ) -> Decimal | None:
        """The most that could be added to the margin in one instrument; None if nobody knows."""
        position = self._state.held(account, instrument.con_id)
        told = _ZERO if position is None else position.quantity
        held = self._state.unseen_fills.expected(account, instrument.con_id, told)
        units = units_beyond(held, sides.buys.standing, sides.sells.standing)
        if not units:
            return _ZERO
        side = Side.BUY if abs(held + sides.buys.standing) >= abs(held - sides.sells.standing) else Side.SELL
        tally = sides.of(side)
        own = tally.priced / (tally.units - tally.unpriced) if tally.units > tally.unpriced else _ZERO
        price = max(own, _price(market.quotes.get(instrument.con_id), side) or _ZERO)
        asked = self.margin_rates.get((account, instrument.con_id, side))
        if asked is not None:
            return units * price * instrument.multiplier * asked.rate * CUSHION
        bound = unit_bound(instrument, side, price, _legs_bound(instrument, market))
        return None if bound is None else units * bound * rate.value


def _units(parent: OrderRequest | Order) -> Decimal:
    return parent.remaining if isinstance(parent, Order) else parent.quantity


def _counts(own: Order | None) -> int:
    return 0 if own is None else part_of(own).ours


def _price(quote: Quote | None, side: Side) -> Decimal | None:
    """What an order without a price would trade at; None if nobody knows."""
    if quote is None:
        return None
    price = quote.ask if side is Side.BUY else quote.bid
    price = quote.mark if price is None else price
    return None if price is None else abs(price)


def _legs_bound(instrument: Instrument, market: Market) -> Decimal | None:
    """The most that the legs of one combination can take; None where one of them has no price, and for all else."""
    if instrument.sec_type is not SecType.BAG:
        return None
    total = _ZERO
    for leg in instrument.legs:
        known, quote = market.instruments.get(leg.con_id), market.quotes.get(leg.con_id)
        if known is None:
            return None
        price = known.strike if known.sec_type is SecType.OPT else _price(quote, Side.BUY)
        if price is None:
            return None
        total += abs(leg.ratio) * price * known.multiplier
    return total


def _with(
    exposure: Exposure, request: OrderRequest, beside: Sequence[OrderRequest], circumstances: Circumstances
) -> Exposure:
    """The exposure with requests that would be sent beside one, in the same account and instrument."""
    unexecuted, rate = exposure.unexecuted, exposure.rate
    for other in beside:
        value = order_value(other, circumstances)
        if unexecuted is not None and rate is not None and value is not None:
            unexecuted += value * rate.value
    same = [other for other in beside if other.side is request.side]
    return replace(
        exposure,
        open_here=exposure.open_here + len(same),
        open_all=exposure.open_all + len(beside),
        unexecuted=unexecuted,
    )
