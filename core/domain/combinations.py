"""Combinations of two to four legs: their identity, which the broker does not give, and what they can be made of.

Source: TWS API, "Spreads": a combination is a BAG contract that names its legs and has no number of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from math import gcd

from core.domain.instruments import ComboLeg, Instrument, PriceBand, SecType

MOST_LEGS = 4
_CLASSES = frozenset({SecType.STK, SecType.OPT})
_TICK = (PriceBand(Decimal(0), Decimal("0.01")),)
_ORDERS = ("LMT", "MKT", "DAY", "GTC", "GTD", "IOC", "OCA")
"""What SMART takes for combinations, in the names of contract details."""


def combination_id(legs: Sequence[ComboLeg]) -> int:
    """A number for the combination that `legs` make, in whatever order: negative, so that no contract has it."""
    text = ",".join(f"{leg.con_id}:{leg.ratio}" for leg in sorted(legs, key=lambda leg: leg.con_id))
    return -int.from_bytes(sha256(text.encode()).digest()[:6]) - 1


def impossible(legs: Sequence[ComboLeg], known: Mapping[int, Instrument]) -> str:
    """Why `legs` make no combination, in words; empty if they do. `known` has every leg's instrument."""
    if not 2 <= len(legs) <= MOST_LEGS:
        return f"a combination has 2 to {MOST_LEGS} legs, not {len(legs)}"
    if len({leg.con_id for leg in legs}) != len(legs):
        return "two legs are the same contract"
    if any(leg.ratio == 0 for leg in legs) or gcd(*(leg.ratio for leg in legs)) != 1:
        return "the ratios can be reduced, or one is 0"
    items = [known[leg.con_id] for leg in legs]
    if any(item.sec_type not in _CLASSES for item in items):
        return "its legs are not all stocks and options"
    if len({item.currency for item in items}) != 1:
        return "its legs are in different currencies"
    if len({item.multiplier for item in items if item.sec_type is SecType.OPT}) > 1:
        return "its options have different multipliers"
    return ""


def combination(legs: Sequence[ComboLeg], known: Mapping[int, Instrument]) -> Instrument:
    """The combination that possible `legs` make. One costs the sum of its legs; a sold leg counts against it."""
    items = [known[leg.con_id] for leg in legs]
    symbols = list(dict.fromkeys(item.symbol for item in items))
    common = f"{symbols[0]} " if len(symbols) == 1 else ""
    parts = [
        f"{'+' if leg.ratio > 0 else '-'}{'' if abs(leg.ratio) == 1 else f'{abs(leg.ratio)}*'}"
        f"{item.label.removeprefix(common)}"
        for leg, item in zip(legs, items, strict=True)
    ]
    return Instrument(
        con_id=combination_id(legs),
        symbol=",".join(symbols),
        sec_type=SecType.BAG,
        exchange="SMART",
        currency=items[0].currency,
        local_symbol=f"{common}{' '.join(parts)}",
        name="combination",
        multiplier=max(item.multiplier for item in items),
        price_bands=_TICK,
        order_types=_ORDERS,
        legs=tuple(legs),
    )
