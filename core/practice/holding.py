"""What an accepted order still waits for before it goes to the exchange: a parent, a time, conditions, the hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from core.practice import auctions, conditions
from core.practice.instruments import Instrument
from core.practice.ledger import Ledger
from core.practice.orders import CLOSE_TYPES, Execution, Order
from core.practice.quote import Quote

#: Whether an instrument's regular session is on at a time.
Regular = Callable[[Instrument, float], bool]


class Holding:
    """Looks at the clock, the market and the account for orders that wait."""

    def __init__(self, ledger: Ledger, now: Callable[[], float], regular: Regular | None) -> None:
        self.now = now
        self._ledger = ledger
        #: None is a market that never closes.
        self._regular = regular

    def quote(self, con_id: int) -> Quote | None:
        """Return an instrument's market, None for an unknown one."""
        return self._ledger.market.quotes.get(con_id)

    def cushion(self, account: str) -> Decimal:
        """Return an account's excess over its maintenance margin, in percent of its value."""
        totals = self._ledger.accounts[account].totals()
        return totals.excess / totals.net_liquidation * 100 if totals.net_liquidation else Decimal(0)

    def executions(self, account: str) -> Iterable[tuple[Execution, str, str]]:
        """Return an account's executions of the day with the symbol and the security type of each."""
        quotes = self._ledger.market.quotes
        for fill in self._ledger.executions:
            if fill.account == account:
                instrument = quotes[fill.con_id].instrument
                yield fill, instrument.symbol, instrument.sec_type

    def holds(self, order: Order) -> bool:
        """Whether an order has to wait; a condition that was met stays met."""
        terms, now = order.terms, self.now()
        if order.parent_perm_id and not order.available:
            return True
        if terms.good_after > now or terms.for_auction:
            return True
        if terms.conditions and not terms.conditions_cancel and not order.conditions_met:
            order.conditions_met = conditions.met(terms.conditions, self, order.account, order.placed)
            if not order.conditions_met:
                return True
        return self.is_closed(order)

    def is_closed(self, order: Order) -> bool:
        """Whether the hours keep an order from trading."""
        regular = self._regular
        if regular is None or regular(order.instrument, self.now()):
            return False
        return not (order.terms.outside_rth and auctions.is_open(order.instrument, self.now()))

    def opens(self, order: Order) -> float:
        """Return when the next regular session of an order's instrument begins, in seconds since the epoch."""
        return auctions.next_open(order.instrument, self.now())

    def needs_look(self, order: Order) -> bool:
        """Whether time or the market may change what becomes of an order, other than by a fill."""
        terms = order.terms
        return bool(terms.good_till or terms.algo or terms.conditions or self._regular or self.holds(order))

    def is_over(self, order: Order) -> bool:
        """Whether an order's time has run out, or conditions that cancel it are met."""
        terms = order.terms
        if terms.good_till and self.now() >= terms.good_till:
            return True
        return bool(
            terms.conditions
            and terms.conditions_cancel
            and conditions.met(terms.conditions, self, order.account, order.placed)
        )

    def auction_at(self, order: Order) -> float:
        """Return when the auction of a MOC, LOC or at-the-open order is, in seconds since the epoch."""
        if order.terms.order_type in CLOSE_TYPES:
            return auctions.next_close(order.instrument, order.placed)
        return auctions.next_open(order.instrument, order.placed)

    def session_end(self, order: Order) -> float:
        """Return when the session ends in which an order was placed."""
        return auctions.next_close(order.instrument, order.placed)
