"""Which prices and times in force each order type has: one table for the controls, the builder and the wire.

Sources: TWS API, "Basic Orders"; IBKR's codes 111 and 113 for times in force.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from core.domain.orders import OrderType, Terms, TimeInForce


class Need(StrEnum):
    """Whether a type has a price."""

    NEEDED = "NEEDED"
    OPTIONAL = "OPTIONAL"
    NONE = "NONE"


_TIMES = frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTD})
_STANDING = frozenset({TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD})
_DAY = frozenset({TimeInForce.DAY})
_OPENING = frozenset({TimeInForce.OPG})


class TypeRule(Struct, frozen=True, kw_only=True):
    """What one order type takes."""

    words: str
    """What a person calls it."""
    listed: str
    """How contract details name it among the types that an instrument takes."""
    limit: Need = Need.NONE
    stop: Need = Need.NONE
    trail: Need = Need.NONE
    limit_offset: Need = Need.NONE
    """Of `Trail.limit_offset`."""
    offset: Need = Need.NONE
    times: frozenset[TimeInForce] = _TIMES
    blind: bool = False
    """True takes whatever price there is, at once."""
    pegged: bool = False
    """True lets the broker move its price: the limit that it reports is where it stands, not what was asked for."""


_N = Need.NEEDED
_O = Need.OPTIONAL

RULES: dict[OrderType, TypeRule] = {
    OrderType.MKT: TypeRule(words="market order", listed="MKT", times=_TIMES | _OPENING, blind=True),
    OrderType.LMT: TypeRule(words="limit order", listed="LMT", limit=_N, times=_TIMES | _OPENING),
    OrderType.STP: TypeRule(words="stop order", listed="STP", stop=_N),
    OrderType.STP_LMT: TypeRule(words="stop-limit order", listed="STPLMT", stop=_N, limit=_N),
    OrderType.TRAIL: TypeRule(words="trailing stop", listed="TRAIL", trail=_N),
    OrderType.TRAIL_LIMIT: TypeRule(words="trailing stop-limit", listed="TRAILLMT", trail=_N, limit_offset=_N),
    OrderType.MIT: TypeRule(words="market-if-touched order", listed="MIT", stop=_N),
    OrderType.LIT: TypeRule(words="limit-if-touched order", listed="LIT", stop=_N, limit=_N),
    OrderType.MOC: TypeRule(words="market-on-close order", listed="MOC", times=_DAY),
    OrderType.LOC: TypeRule(words="limit-on-close order", listed="LOC", limit=_N, times=_DAY),
    OrderType.MOO: TypeRule(words="market-on-open order", listed="OPG", times=_OPENING),
    OrderType.LOO: TypeRule(words="limit-on-open order", listed="OPG", limit=_N, times=_OPENING),
    OrderType.REL: TypeRule(words="relative order", listed="REL", limit=_O, offset=_N, times=_STANDING, pegged=True),
    OrderType.MIDPRICE: TypeRule(words="midprice order", listed="MIDPX", limit=_O, times=_STANDING, pegged=True),
    OrderType.MTL: TypeRule(words="market-to-limit order", listed="MTL", blind=True, pegged=True),
}
"""Every type that ibdesk sends; OTHER has no rule."""

AUCTIONS = frozenset({OrderType.MOC, OrderType.LOC, OrderType.MOO, OrderType.LOO})
"""Types that trade in an auction alone."""

STOPS = frozenset({OrderType.STP, OrderType.STP_LMT, OrderType.TRAIL, OrderType.TRAIL_LIMIT})
"""Types that wait for a worse price: they protect what is held."""

TOUCHED = frozenset({OrderType.MIT, OrderType.LIT})
"""Types that wait for a better price; stops wait for a worse one."""

_AT_OPEN = {OrderType.MKT: OrderType.MOO, OrderType.LMT: OrderType.LOO}


def at_open(order_type: OrderType, tif: TimeInForce) -> OrderType:
    """The one name of a type: with OPG a MKT is a MOO and a LMT a LOO."""
    return _AT_OPEN.get(order_type, order_type) if tif is TimeInForce.OPG else order_type


def misfit(terms: Terms) -> str:
    """Which price is missing or too much for the type, in words; empty when the prices fit. OTHER fits nothing."""
    rule, trail = RULES.get(terms.order_type), terms.trail
    if rule is None:
        return "a type that ibdesk does not send"
    present = (
        ("limit price", rule.limit, terms.limit_price is not None),
        ("stop price", rule.stop, terms.stop_price is not None),
        ("trailing distance", rule.trail, trail is not None),
        ("limit offset", rule.limit_offset, trail is not None and trail.limit_offset is not None),
        ("offset", rule.offset, terms.offset is not None),
    )
    for name, need, given in present:
        if given and need is Need.NONE:
            return f"{name} not taken"
        if need is Need.NEEDED and not given:
            return f"{name} missing"
    if trail is not None and (trail.amount is None) is (trail.percent is None):
        return "trailing distance missing" if trail.amount is None else "trailing amount and percent at once not taken"
    return ""
