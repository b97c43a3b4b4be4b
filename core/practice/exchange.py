"""Matching of the clients' orders against the simulated market.

A marketable order takes what others show, level by level. A limit order that has to wait stands in a queue: prints
at its price serve the size ahead of it first, cancellations at that price shorten the queue, and a market that goes
through its price fills it there.
"""

from __future__ import annotations

from collections.abc import Callable

from core.practice import pegs, triggers
from core.practice.market import Market
from core.practice.orders import Order
from core.practice.quote import Quote

#: Order, price in units, quantity, whether it waited at its price.
FillHandler = Callable[[Order, int, int, bool], None]


class Exchange:
    """The working orders, by instrument, in the order of their arrival."""

    def __init__(
        self,
        market: Market,
        on_fill: FillHandler,
        on_trigger: Callable[[Order], None],
        on_move: Callable[[Order], None] = lambda _: None,
    ) -> None:
        """Call back for every fill, every trigger, and every move of a stop that moves."""
        self._market = market
        self._on_fill = on_fill
        self._on_trigger = on_trigger
        self._on_move = on_move
        #: By contract id, then by permanent id: a look-up must not cost more the more orders there are.
        self._working: dict[int, dict[int, Order]] = {}
        #: Instruments whose orders may fill in the next step although their market stands still.
        self._touched: set[int] = set()

    @property
    def busy(self) -> bool:
        """Whether any order works."""
        return bool(self._working)

    def ratios(self) -> dict[int, list[tuple[int, int]]]:
        """Return the contract ids that have working orders, with the legs and ratios that each stands for."""
        found: dict[int, list[tuple[int, int]]] = {}
        for con_id, orders in self._working.items():
            legs = next(iter(orders.values())).instrument.legs
            found[con_id] = [(leg.con_id, leg.ratio) for leg in legs] or [(con_id, 1)]
        return found

    def works(self, order: Order) -> bool:
        """Whether an order works here."""
        return order.perm_id in self._working.get(order.instrument.con_id, {})

    def open_quantity(self, con_id: int, account: str) -> tuple[int, int]:
        """Return what an account's orders may still buy and sell of an instrument; of an OCA group only the largest."""
        sums = {True: 0, False: 0}
        groups: dict[tuple[str, bool], int] = {}
        for order in self._working.get(con_id, {}).values():
            if order.account != account:
                continue
            if order.oca_name:
                key = order.oca_name, order.is_buy
                groups[key] = max(groups.get(key, 0), order.remaining)
            else:
                sums[order.is_buy] += order.remaining
        for (_, buys), largest in groups.items():
            sums[buys] += largest
        return sums[True], sums[False]

    def fillable(self, order: Order) -> int:
        """Return how much of an order the shown sizes would fill at once."""
        levels = self._market.quotes[order.instrument.con_id].levels(bids=not order.is_buy)
        return sum(size for price, size in levels if _accepts(order, price))

    def touch(self, order: Order) -> None:
        """Look at an order's instrument in the next step, whether its market moves or not."""
        self._touched.add(order.instrument.con_id)

    def enter(self, order: Order) -> None:
        """Fill what the shown sizes allow and let the rest work, last in its queue."""
        quote = self._market.quotes[order.instrument.con_id]
        order.rested = False
        order.shown = order.terms.display
        if order.waits_for_stop:
            triggers.begin(order, quote)
            if not triggers.reached(order, quote):
                self._add(order)
                return
            self._trigger(order)
        pegs.reprice(order, quote, arriving=True)
        self._take(order, quote)
        if order.remaining > 0:
            limit = order.limit
            order.ahead = 0 if limit is None else quote.size_at(limit, bids=order.is_buy)
            self._add(order)

    def restore(self, order: Order) -> None:
        """Put a working order back after a restart, its place in the queue as it was saved."""
        order.shown = order.terms.display
        self._add(order)

    def remove(self, order: Order) -> None:
        """Take an order out; nothing happens if it does not work."""
        orders = self._working.get(order.instrument.con_id, {})
        if orders.pop(order.perm_id, None) is not None and not orders:
            del self._working[order.instrument.con_id]

    def step(self) -> None:
        """Match every working order against the market's new step."""
        touched, self._touched = self._touched, set()
        for con_id in list(self._working):
            quote = self._market.quotes[con_id]
            if not quote.changed and con_id not in touched:
                continue
            # Better prices first, then who came first: sorting is stable.
            queue = sorted(self._working[con_id].values(), key=_priority)
            printed = quote.print_size
            for order in queue:
                # A fill of an earlier one may have ended a later one of its group.
                if not order.is_live or not self.works(order):
                    continue
                if order.waits_for_stop:
                    if not self._comes_to(order, quote):
                        continue
                    self._trigger(order)
                    pegs.reprice(order, quote, arriving=True)
                elif pegs.reprice(order, quote, arriving=False):
                    order.rested = False
                    order.ahead = 0 if order.limit is None else quote.size_at(order.limit, bids=order.is_buy)
                else:
                    printed = self._serve(order, quote, printed)
                if order.is_live:
                    self._take(order, quote)
                if order.remaining <= 0:
                    self.remove(order)

    def _add(self, order: Order) -> None:
        self._working.setdefault(order.instrument.con_id, {})[order.perm_id] = order

    def _comes_to(self, order: Order, quote: Quote) -> bool:
        """Whether this step triggers an order; a trailing stop is looked at before it follows the market."""
        found = triggers.looks(order, quote) and triggers.reached(order, quote)
        if not found and triggers.follow(order, quote):
            self._on_move(order)
        return found

    def _trigger(self, order: Order) -> None:
        triggers.fire(order)
        self._on_trigger(order)

    def _serve(self, order: Order, quote: Quote, printed: int) -> int:
        """Let a print reach a waiting limit order; return what is left of the print for the next in line."""
        limit = order.limit
        if limit is None or not order.rested:
            return printed
        through = quote.print_price < limit if order.is_buy else quote.print_price > limit
        if printed and quote.print_buys != order.is_buy and (through or quote.print_price == limit):
            before = 0 if through else min(order.ahead, printed)
            order.ahead = 0 if through else order.ahead - before
            size = self._served(order, printed - before)
            if size:
                self._on_fill(order, limit, size, True)
                printed -= size
                self._refresh(order, quote, limit, size)
        order.ahead = min(order.ahead, quote.size_at(limit, bids=order.is_buy))
        return printed

    @staticmethod
    def _served(order: Order, printed: int) -> int:
        """Return how much of a print an order takes: what it may, shows, and agrees to."""
        size = min(printed, order.available)
        if order.terms.display:
            size = min(size, order.shown)
        least = order.remaining if order.terms.all_or_none else 0 if order.filled else order.terms.min_quantity
        return size if size >= least else 0

    @staticmethod
    def _refresh(order: Order, quote: Quote, limit: int, size: int) -> None:
        """Show the next part of an iceberg, last in the queue at its price."""
        if not order.terms.display:
            return
        order.shown -= size
        if order.shown <= 0:
            order.shown = order.terms.display
            order.ahead = quote.size_at(limit, bids=order.is_buy)

    def _take(self, order: Order, quote: Quote) -> None:
        """Fill against shown sizes: at the shown prices on arrival, at its own price once the market comes to it."""
        limit = order.limit
        if self._agrees(order):
            for price, size in list(quote.levels(bids=not order.is_buy)):
                if not order.available or not order.is_live or not _accepts(order, price):
                    break
                if size:
                    quantity = min(size, order.available)
                    quote.take(price, quantity)
                    own_price = order.rested and limit is not None and not _beyond(order, limit, price)
                    self._on_fill(order, limit if own_price and limit is not None else price, quantity, own_price)
        if limit is not None and not _accepts(order, quote.ask if order.is_buy else quote.bid):
            order.rested = True

    def _agrees(self, order: Order) -> bool:
        """Whether an all-or-none order or a minimum quantity would be satisfied by what is shown."""
        terms = order.terms
        if terms.all_or_none:
            return order.available == order.remaining <= self.fillable(order)
        least = 0 if order.filled else terms.min_quantity
        return not least or min(self.fillable(order), order.available) >= least


def _accepts(order: Order, price: int) -> bool:
    limit = order.limit
    if limit is None:
        return True
    reach = order.terms.discretion
    return price <= limit + reach if order.is_buy else price >= limit - reach


def _beyond(order: Order, limit: int, price: int) -> bool:
    """Whether a price is worse than the limit, which only discretion accepts."""
    return price > limit if order.is_buy else price < limit


def _priority(order: Order) -> int:
    limit = order.limit
    if limit is None:
        return -(1 << 60)
    return -limit if order.is_buy else limit
