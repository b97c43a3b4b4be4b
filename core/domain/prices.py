"""Ticks: which prices an instrument takes, and the nearest one on a chosen side.

Source of the band rule: IBKR's market rules (reqMarketRule): an increment holds from its low edge upwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from core.domain.instruments import PriceBand
from core.domain.orders import Side
from core.domain.quotes import Quote

COLLAR_TICKS = 5
COLLAR_PART = Decimal("0.001")
"""How far a "now" order may reach through the market: the larger of the two."""


def increment_at(price: Decimal, bands: Sequence[PriceBand]) -> Decimal:
    """The tick at `price`, by its magnitude; the lowest band's tick below the first edge."""
    magnitude = abs(price)
    chosen = bands[0].increment
    for band in bands:
        if magnitude < band.low_edge:
            break
        chosen = band.increment
    return chosen


def is_on_tick(price: Decimal, bands: Sequence[PriceBand]) -> bool:
    """True if the exchange takes `price` as it stands."""
    return price % increment_at(price, bands) == 0


def floor_tick(price: Decimal, bands: Sequence[PriceBand]) -> Decimal:
    """The highest takeable price at or below `price`."""
    return _to_multiple(price, increment_at(price, bands), ROUND_FLOOR)


def ceil_tick(price: Decimal, bands: Sequence[PriceBand]) -> Decimal:
    """The lowest takeable price at or above `price`."""
    return _to_multiple(price, increment_at(price, bands), ROUND_CEILING)


def neighbours(price: Decimal, bands: Sequence[PriceBand]) -> tuple[Decimal, Decimal]:
    """The takeable prices around `price`; both equal `price` if it is on a tick."""
    return floor_tick(price, bands), ceil_tick(price, bands)


def step_ticks(price: Decimal, ticks: int, bands: Sequence[PriceBand]) -> Decimal:
    """The price `ticks` takeable steps above (or, negative, below) `price`, band edges respected, never below one tick.

    An off-tick price first moves to the neighbour in the direction of travel, and that counts as one step.
    """
    moved = price
    for _ in range(abs(ticks)):
        if ticks > 0:
            up = ceil_tick(moved, bands)
            moved = up if up > moved else moved + increment_at(moved, bands)
        else:
            down = floor_tick(moved, bands)
            if down == moved:
                down = moved - _increment_below(moved, bands)
            if down <= 0:
                return moved
            moved = down
    return moved


def marketable_limit(side: Side, quote: Quote, bands: Sequence[PriceBand]) -> Decimal | None:
    """The limit price of a "now" order: the other side of the market plus a collar, on a tick; None without that side.

    The collar is the larger of 5 ticks and 0.1 % of the price, rounded towards the market.
    """
    other = quote.ask if side is Side.BUY else quote.bid
    if other is None or other <= 0:
        return None
    collar = max(COLLAR_TICKS * increment_at(other, bands), other * COLLAR_PART)
    limit = other + side.sign * collar
    return floor_tick(limit, bands) if side is Side.BUY else max(ceil_tick(limit, bands), bands[0].increment)


def as_written(price: Decimal | None, bands: Sequence[PriceBand]) -> Decimal | None:
    """A price on a tick with as many decimals as the instrument's prices have; None stays None."""
    return None if price is None else floor_tick(price, bands)


def decimals_of(price: Decimal, bands: Sequence[PriceBand]) -> int:
    """How many decimals prices around `price` are written with."""
    return decimals_of_increment(increment_at(price, bands))


def decimals_of_increment(increment: Decimal) -> int:
    """How many decimals a multiple of `increment` needs."""
    exponent = increment.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _increment_below(price: Decimal, bands: Sequence[PriceBand]) -> Decimal:
    """The tick under `price`: on an edge it belongs to the lower band."""
    lower = [band.increment for band in bands if band.low_edge < price]
    return lower[-1] if lower else bands[0].increment


def _to_multiple(price: Decimal, increment: Decimal, rounding: str) -> Decimal:
    exact = price % increment == 0
    steps = price / increment if exact else (price / increment).to_integral_value(rounding)
    return (steps.to_integral_value() * increment).quantize(Decimal(1).scaleb(-decimals_of_increment(increment)))
