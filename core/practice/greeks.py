"""Option values after Black, Scholes and Merton, without dividends, and the volatility that a price implies.

Units are those of the TWS API: vega for one point of volatility in percent, theta for one day.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

#: Riskless rate a year.
RATE: Final = 0.043
YEAR_SECONDS: Final = 365 * 86_400
_ROOT: Final = math.sqrt(2.0)
_BELL: Final = 1.0 / math.sqrt(2.0 * math.pi)
_LOWEST, _HIGHEST = 0.001, 10.0


class Greeks(NamedTuple):
    """One option as the model sees it."""

    volatility: float
    price: float
    delta: float
    gamma: float
    vega: float
    theta: float
    #: Price of the underlying that all this holds for.
    spot: float


def _below(x: float) -> float:
    return 0.5 * math.erfc(-x / _ROOT)


def value(spot: float, strike: float, years: float, volatility: float, right: str) -> Greeks:
    """Return value and sensitivities; at or past expiry the value is what exercise brings."""
    sign = 1.0 if right == "C" else -1.0
    spread = volatility * math.sqrt(years) if years > 0.0 else 0.0
    if spread <= 0.0 or spot <= 0.0:
        paid = max(sign * (spot - strike), 0.0)
        return Greeks(volatility, paid, sign if paid else 0.0, 0.0, 0.0, 0.0, spot)
    first = (math.log(spot / strike) + (RATE + 0.5 * volatility * volatility) * years) / spread
    second = first - spread
    present = strike * math.exp(-RATE * years)
    density = _BELL * math.exp(-0.5 * first * first)
    price = sign * (spot * _below(sign * first) - present * _below(sign * second))
    theta = -spot * density * volatility / (2.0 * math.sqrt(years)) - sign * RATE * present * _below(sign * second)
    return Greeks(
        volatility,
        max(price, 0.0),
        sign * _below(sign * first),
        density / (spot * spread),
        spot * density * math.sqrt(years) / 100.0,
        theta / 365.0,
        spot,
    )


def implied_volatility(price: float, spot: float, strike: float, years: float, right: str) -> float | None:
    """Return the volatility at which an option is worth a price, None if there is none."""
    low, high = _LOWEST, _HIGHEST
    if years <= 0.0 or not value(spot, strike, years, low, right).price <= price:
        return None
    if value(spot, strike, years, high, right).price < price:
        return None
    for _ in range(60):
        middle = 0.5 * (low + high)
        if value(spot, strike, years, middle, right).price < price:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def smile(base: float, spot: float, strike: float, years: float) -> float:
    """Return the volatility that the market gives to a strike: more for low strikes, and more far from the spot."""
    away = math.log(strike / spot) / (base * math.sqrt(max(years, 0.01)))
    away = min(max(away, -4.0), 4.0)
    return base * (1.0 - 0.05 * away + 0.02 * away * away)
