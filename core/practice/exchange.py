"""Matching of the clients' orders against the simulated market.

A marketable order takes what others show, level by level. A limit order that has to wait stands in a queue: prints
at its price serve the size ahead of it first, cancellations at that price shorten the queue, and a market that goes
through its price fills it there.
"""

from __future__ import annotations

from collections.abc import Callable

from core.practice.market import Market, Quote
from core.practice.orders import Order

#: Order, price in units, quantity, whether it waited at its price.
FillHandler = Callable[[Order, int, int, bool], None]


class Exchange:
    """The working orders, by instrument, in the order of their arrival."""

    def __init__(self, market: Market, on_fill: FillHandler, on_trigger: Callable[[Order], None]) -> None:
        self._market = market
        self._on_fill = on_fill
        self._on_trigger = on_trigger
        self._working: dict[int, list[Order]] = {}

    @property
    def busy(self) -> bool:
        """Whether any order works."""
        return bool(self._working)

    def instruments(self) -> set[int]:
        """Return the contract ids that have working orders."""
        return set(self._working)

    def open_quantity(self, con_id: int) -> tuple[int, int]:
        """Return what working orders may still buy and sell of an instrument."""
        orders = self._working.get(con_id, ())
        bought = sum(order.remaining for order in orders if order.is_buy)
        return bought, sum(order.remaining for order in orders) - bought

    def fillable(self, order: Order) -> int:
        """Return how much of an order the shown sizes would fill at once."""
        levels = self._market.quotes[order.instrument.con_id].levels(bids=not order.is_buy)
        return sum(size for price, size in levels if _accepts(order, price))

    def enter(self, order: Order) -> None:
        """Fill what the shown sizes allow and let the rest work, last in its queue."""
        quote = self._market.quotes[order.instrument.con_id]
        order.rested = False
        if order.waits_for_stop:
            if not _reached(order, quote.last):
                self._add(order)
                return
            self._trigger(order)
        self._take(order, quote)
        if order.remaining:
            limit = order.limit
            order.ahead = 0 if limit is None else quote.size_at(limit, bids=order.is_buy)
            self._add(order)

    def restore(self, order: Order) -> None:
        """Put a working order back after a restart, its place in the queue as it was saved."""
        self._add(order)

    def remove(self, order: Order) -> None:
        """Take an order out; nothing happens if it does not work."""
        orders = self._working.get(order.instrument.con_id)
        if orders is None or order not in orders:
            return
        orders.remove(order)
        if not orders:
            del self._working[order.instrument.con_id]

    def step(self) -> None:
        """Match every working order against the market's new step."""
        for con_id in list(self._working):
            quote = self._market.quotes[con_id]
            if not quote.changed:
                continue
            # Better prices first, then who came first: sorting is stable.
            queue = sorted(self._working[con_id], key=_priority)
            printed = quote.print_size
            for order in queue:
                if order.waits_for_stop:
                    if not quote.print_size or not _reached(order, quote.print_price):
                        continue
                    self._trigger(order)
                else:
                    printed = self._serve(order, quote, printed)
                self._take(order, quote)
                if not order.remaining:
                    self.remove(order)

    def _add(self, order: Order) -> None:
        self._working.setdefault(order.instrument.con_id, []).append(order)

    def _trigger(self, order: Order) -> None:
        order.triggered = True
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
            size = min(printed - before, order.remaining)
            if size:
                self._on_fill(order, limit, size, True)
                printed -= size
        order.ahead = min(order.ahead, quote.size_at(limit, bids=order.is_buy))
        return printed

    def _take(self, order: Order, quote: Quote) -> None:
        """Fill against shown sizes: at the shown prices on arrival, at its own price once the market comes to it."""
        limit = order.limit
        for price, size in list(quote.levels(bids=not order.is_buy)):
            if not order.remaining or not _accepts(order, price):
                break
            if size:
                quantity = min(size, order.remaining)
                quote.take(price, quantity)
                own_price = order.rested and limit is not None
                self._on_fill(order, limit if own_price and limit is not None else price, quantity, own_price)
        if limit is not None and not _accepts(order, quote.ask if order.is_buy else quote.bid):
            order.rested = True


def _accepts(order: Order, price: int) -> bool:
    limit = order.limit
    if limit is None:
        return True
    return price <= limit if order.is_buy else price >= limit


def _reached(order: Order, price: int) -> bool:
    stop = order.terms.stop
    if stop is None:
        return True
    return price >= stop if order.is_buy else price <= stop


def _priority(order: Order) -> int:
    limit = order.limit
    if limit is None:
        return -(1 << 60)
    return -limit if order.is_buy else limit
