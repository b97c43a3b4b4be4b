"""The answers to requests to compute an option's price or volatility."""

from __future__ import annotations

from decimal import Decimal

from core.practice.computations import CUSTOM, computation, unknown
from core.practice.derived import OptionQuote
from core.practice.greeks import implied_volatility, value
from core.practice.session import Session
from core.practice.tables import Record
from core.practice.terms import invalid, resolve
from core.practice.ticks import Tick, join


def option_price(session: Session, request: Record) -> None:
    """Answer calculateOptionPrice: the value at a volatility and a price of the underlying."""
    quote, spot = _option(session, request), _positive(request, "underPrice", "price of the underlying")
    volatility = _positive(request, "volatility", "volatility")
    item = quote.instrument
    greeks = value(spot, float(item.strike), quote.years(session.hub.market_now()), volatility, item.right)
    _send(session, request, computation(CUSTOM, greeks, greeks.price))


def option_volatility(session: Session, request: Record) -> None:
    """Answer calculateImpliedVolatility: the volatility at which the option is worth a price; -1 if there is none."""
    quote, spot = _option(session, request), _positive(request, "underPrice", "price of the underlying")
    price = _positive(request, "price", "option price")
    item, years = quote.instrument, quote.years(session.hub.market_now())
    found = implied_volatility(price, spot, float(item.strike), years, item.right)
    if found is None:
        _send(session, request, unknown(CUSTOM))
    else:
        _send(session, request, computation(CUSTOM, value(spot, float(item.strike), years, found, item.right), price))


def _option(session: Session, request: Record) -> OptionQuote:
    quote = session.hub.market.quotes[resolve(session.hub.catalogue, request).con_id]
    if not isinstance(quote, OptionQuote):
        raise invalid("The contract is not an option")
    return quote


def _positive(request: Record, name: str, words: str) -> float:
    number = request.number(name) or Decimal(0)
    if not number.is_finite() or not 0 < number < 10**9:
        raise invalid(f"The {words} must be positive")
    return float(number)


def _send(session: Session, request: Record, tick: Tick) -> None:
    session.send(join([tick], str(request.integer("reqId")).encode()))
