"""When an order that waits for a price has seen it: stops, touches, trailing stops, and stops that become others.

Trigger methods as the TWS API numbers them: 0 default, 1 double bid/ask, 2 last, 3 double last, 4 bid/ask, 7 last or
bid/ask, 8 midpoint. A stop looks at bids to buy and at asks to sell, so that a wide spread alone never triggers it.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from core.practice.orders import TOUCH_TYPES, TRAIL_TYPES, Order
from core.practice.quote import Quote

DEFAULT, DOUBLE_BID_ASK, LAST, DOUBLE_LAST, BID_ASK, LAST_OR_BID_ASK, MIDPOINT = 0, 1, 2, 3, 4, 7, 8
METHODS: Final = frozenset({DEFAULT, DOUBLE_BID_ASK, LAST, DOUBLE_LAST, BID_ASK, LAST_OR_BID_ASK, MIDPOINT})


def method_of(quote: Quote, method: int) -> int:
    """Return what the default stands for: double bid/ask for options, bid/ask where nothing prints, else last."""
    if method != DEFAULT:
        return method
    return {"OPT": DOUBLE_BID_ASK, "CASH": BID_ASK, "BAG": BID_ASK}.get(quote.instrument.sec_type, LAST)


def price_seen(quote: Quote, method: int, *, rising: bool) -> float:
    """Return the price that a trigger compares, in units; `rising` ones wait for higher prices."""
    method = method_of(quote, method)
    if method == MIDPOINT:
        return (quote.bid + quote.ask) / 2
    side = quote.bid if rising else quote.ask
    if method in {DOUBLE_BID_ASK, BID_ASK}:
        return side
    if method == LAST_OR_BID_ASK:
        return max(quote.last, side) if rising else min(quote.last, side)
    return quote.last


def begin(order: Order, quote: Quote) -> None:
    """Set where a trailing stop stands when it starts to work."""
    if order.order_type not in TRAIL_TYPES or order.stop_at is not None:
        return
    first = order.terms.stop
    if order.adjusted and order.terms.adjustment is not None:
        first = order.terms.adjustment.stop
    order.stop_at = _trailed(order, quote, quote.last) if first is None else first


def reached(order: Order, quote: Quote) -> bool:
    """Whether the market has come to the price that an order waits for."""
    stop = order.stop
    if stop is None:
        return True
    rising = order.is_buy is not (order.order_type in TOUCH_TYPES)
    seen = price_seen(quote, order.terms.trigger_method, rising=rising)
    if not (seen >= stop if rising else seen <= stop):
        order.hits = 0
        return False
    order.hits += 1
    doubled = method_of(quote, order.terms.trigger_method) in {DOUBLE_BID_ASK, DOUBLE_LAST}
    return order.hits > 1 or not doubled


def looks(order: Order, quote: Quote) -> bool:
    """Whether the last step holds anything for an order's trigger: a print where it looks at prints."""
    by_print = method_of(quote, order.terms.trigger_method) in {LAST, DOUBLE_LAST}
    return bool(quote.print_size) if by_print else bool(quote.changed)


def follow(order: Order, quote: Quote) -> bool:
    """Let a trailing stop follow the market, and a stop become another order; True if anything changed."""
    before = order.stop_at, order.adjusted
    _adjust(order, quote)
    if order.order_type in TRAIL_TYPES and order.stop_at is not None:
        moved = _trailed(order, quote, quote.last)
        order.stop_at = min(order.stop_at, moved) if order.is_buy else max(order.stop_at, moved)
    return (order.stop_at, order.adjusted) != before


def fire(order: Order) -> None:
    """Let a triggered order work: a trailing stop-limit gets its limit where its stop stood."""
    order.triggered = True
    if order.order_type == "TRAIL LIMIT" and order.stop_at is not None:
        away = order.terms.limit_offset or 0
        instrument = order.instrument
        limit = order.stop_at + away if order.is_buy else order.stop_at - away
        order.price_now = max(instrument.floor(limit), instrument.down(0))


def _trailed(order: Order, quote: Quote, price: int) -> int:
    """Return where a trailing stop stands at a price, on the grid and never closer than its distance."""
    terms, instrument = order.terms, quote.instrument
    away, share = terms.trail, terms.trail_share
    if order.adjusted and terms.adjustment is not None:
        away, share = terms.adjustment.trail, terms.adjustment.trail_share
    if share is not None:
        away = int((price * share).quantize(Decimal(1), ROUND_HALF_UP))
    away = away or 0
    if order.is_buy:
        exact = price + away
        floor = instrument.floor(exact)
        return floor if floor == exact else instrument.up(floor)
    return max(instrument.floor(price - away), instrument.down(0))


def _adjust(order: Order, quote: Quote) -> None:
    """Turn a stop into what it becomes once the market has moved far enough in its favour."""
    adjustment = order.terms.adjustment
    if adjustment is None or order.adjusted or order.triggered:
        return
    if quote.last <= adjustment.trigger if order.is_buy else quote.last >= adjustment.trigger:
        order.adjusted = True
        order.stop_at = adjustment.stop
        begin(order, quote)
