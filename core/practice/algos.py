"""IBKR's algorithms as slices: how much of an order may fill by now, and at which price.

The client sees one order with many fills, as at IBKR. Time is market time, so a market that is stepped faster slices
faster.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from core.practice.market import STEP_SECONDS
from core.practice.moments import moment
from core.practice.orders import Algo, Order
from core.practice.quote import Quote
from core.practice.tables import Record
from core.practice.terms import RefusedError

_TIMES: Final = frozenset({"startTime", "endTime", "allowPastEndTime"})
#: The attributes that each algorithm knows.
_KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "Adaptive": frozenset({"adaptivePriority"}),
    "Twap": _TIMES | {"strategyType", "monetaryValue"},
    "Vwap": _TIMES | {"maxPctVol", "noTakeLiq", "speedUp", "monetaryValue"},
    "PctVol": frozenset({"pctVol", "startTime", "endTime", "noTakeLiq", "monetaryValue"}),
}
_PATIENCE: Final = {"Urgent": 0.5, "Normal": 2.0, "Patient": 5.0}
_YES: Final = frozenset({"1", "true", "True"})


def read_algo(order: Record, now: float, home: str) -> Algo | None:
    """Read the algorithm of a placeOrder, None if it has none. Raises RefusedError."""
    name = order.text("algoStrategy")
    if not name:
        return None
    known = _KNOWN.get(name)
    if known is None:
        raise RefusedError(439, "The order processing failed. Algorithm definition not found.")
    given = {row.text("tag"): row.text("value") for row in order.rows("algoParams")}
    strange = sorted(set(given) - known)
    if strange:
        raise RefusedError(443, f"Order processing failed. Unknown algo attribute {strange[0][:40]}.")
    start, end = _time(given, "startTime", now, home), _time(given, "endTime", now, home)
    if end and (end <= now or end <= start):
        raise _wrong("endTime must lie in the future and after startTime")
    return Algo(
        name=name,
        start=start,
        end=end,
        share=_share(given, "pctVol" if name == "PctVol" else "maxPctVol", needed=name == "PctVol"),
        patience=_patience(given) if name == "Adaptive" else None,
        takes=given.get("noTakeLiq", "") not in _YES,
    )


def _wrong(text: str) -> RefusedError:
    return RefusedError(441, f"Algo attributes validation failed: {text}")


def _time(given: Mapping[str, str], name: str, now: float, home: str) -> float:
    text = given.get(name, "")
    if not text:
        return 0.0
    try:
        return moment(text, now, home)
    except ValueError:
        raise _wrong(f"{name} {text[:40]!r} is no time") from None


def _share(given: Mapping[str, str], name: str, *, needed: bool) -> Decimal:
    text = given.get(name, "")
    if not text and not needed:
        return Decimal(0)
    try:
        share = Decimal(text)
    except InvalidOperation:
        raise _wrong(f"{name} {text[:40]!r} is no number") from None
    # IBKR takes shares of the volume from 0.01 (1 %) to 0.5 (50 %).
    if not share.is_finite() or not Decimal("0.01") <= share <= Decimal("0.5"):
        raise _wrong(f"{name} must lie between 0.01 and 0.5")
    return share


def _patience(given: Mapping[str, str]) -> float:
    priority = given.get("adaptivePriority") or "Normal"
    if priority not in _PATIENCE:
        raise _wrong(f"adaptivePriority {priority[:40]!r} is none of Urgent, Normal, Patient")
    return _PATIENCE[priority]


def release(order: Order, algo: Algo, quote: Quote, step: int, session_end: float) -> None:
    """Let go what an order may fill by this market step, and set its price."""
    if order.began < 0:
        order.began = step
        order.began_volume = 0 if algo.patience is not None else quote.volume
    if algo.patience is not None:
        _adapt(order, algo.patience, quote, step)
        return
    elapsed = (step - order.began) * STEP_SECONDS
    total = max((algo.end or session_end) - max(algo.start, order.placed), STEP_SECONDS)
    order.released = max(order.released or 0, order.cut + _target(order, algo, quote, elapsed / total))
    order.price_now = _price(order, quote, takes=algo.takes)


def _target(order: Order, algo: Algo, quote: Quote, part: float) -> int:
    printed = max(quote.volume - order.began_volume, 0)
    share = int(printed * algo.share)
    if algo.name == "PctVol":
        return _lots(order, share)
    if part >= 1.0:
        return order.quantity
    # Volume is thick at both ends of the day: density 1 + 0.5 cos 2πx.
    shape = part + math.sin(2 * math.pi * part) / (4 * math.pi) if algo.name == "Vwap" else part
    target = int(order.quantity * shape)
    return _lots(order, min(target, share) if algo.share else target)


def _lots(order: Order, target: int) -> int:
    lot = order.instrument.temper.lot
    return order.quantity if target >= order.quantity else target // lot * lot


def _adapt(order: Order, patience: float, quote: Quote, step: int) -> None:
    """Wait at the own side; what has waited long enough takes one slice of what is shown."""
    if order.filled != order.began_volume:
        order.began, order.began_volume = step, order.filled
    takes = (step - order.began) * STEP_SECONDS >= patience
    shown = quote.ask_size if order.is_buy else quote.bid_size
    order.released = order.cut + order.filled + min(max(shown, 1), order.remaining)
    order.price_now = _price(order, quote, takes=takes)


def _price(order: Order, quote: Quote, *, takes: bool) -> int:
    limit = order.terms.limit
    if order.is_buy:
        price = quote.ask if takes else quote.bid
        return price if limit is None else min(price, limit)
    price = quote.bid if takes else quote.ask
    return price if limit is None else max(price, limit)
