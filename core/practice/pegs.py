"""Prices that follow the market: relative, pegged, midprice and snap orders, and the rest of market-to-limit orders."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from core.practice.instruments import Instrument
from core.practice.orders import PEGGED_TYPES, SNAP_TYPES, Order
from core.practice.quote import Quote


def reprice(order: Order, quote: Quote, *, arriving: bool) -> bool:
    """Set the price of an order that follows the market; True if it moved. Snap orders look once, as they arrive."""
    kind = order.order_type
    if kind in PEGGED_TYPES:
        price = _capped(order, _pegged(order, quote))
    elif arriving and order.price_now is None and kind in SNAP_TYPES:
        price = _pegged(order, quote)
    elif arriving and order.price_now is None and kind == "MTL":
        # It trades at the best price there is, and what is left waits there.
        price = quote.ask if order.is_buy else quote.bid
    elif arriving and order.price_now is None and kind in {"MKT PRT", "STP PRT"}:
        price = _protected(order, quote)
    else:
        return False
    moved = price != order.price_now
    order.price_now = price
    return moved


def _pegged(order: Order, quote: Quote) -> int:
    """Return the price before its cap, on the grid, rounded to the passive side."""
    buys, kind = order.is_buy, order.order_type
    instrument = quote.instrument
    own, other = (quote.bid, quote.ask) if buys else (quote.ask, quote.bid)
    toward = 1 if buys else -1
    away = _offset(order, own)
    if kind in {"REL", "PEG BEST", "SNAP PRIM"}:
        # An offset makes a relative order better than the best price; it never crosses the market.
        price = own + toward * (away if kind != "SNAP PRIM" else -away)
        inside = instrument.down(quote.ask) if buys else instrument.up(quote.bid)
        price = min(price, max(inside, own)) if buys else max(price, min(inside, own))
    elif kind in {"PEG MKT", "SNAP MKT"}:
        price = other - toward * away
    else:
        middle = (quote.bid + quote.ask) / 2 - toward * away
        price = math.floor(middle) if buys else math.ceil(middle)
    return _on_grid(instrument, price, buys=buys)


def _offset(order: Order, own: int) -> int:
    share = order.terms.offset_share
    if share is None:
        return order.terms.offset
    return int((own * share).quantize(Decimal(1), ROUND_HALF_UP))


def _on_grid(instrument: Instrument, price: int, *, buys: bool) -> int:
    floor = max(instrument.floor(price), instrument.down(0))
    return floor if buys or floor >= price else instrument.up(floor)


def _capped(order: Order, price: int) -> int:
    cap = order.terms.limit
    if cap is None:
        return price
    return min(price, cap) if order.is_buy else max(price, cap)


def _protected(order: Order, quote: Quote) -> int:
    """Return the worst price of a market order with protection: half a percent beyond the best."""
    instrument = quote.instrument
    if order.is_buy:
        return instrument.floor(quote.ask * 1.005)
    return instrument.floor(quote.bid * 0.995)
