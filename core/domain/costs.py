"""What the fills of an order cost against the market that it met: transaction cost analysis of one order.

Sources: effective spread as in 17 CFR 242.600(b) (Rule 600 of Regulation NMS), twice the difference to the middle of
the market when the order was received; slippage against the arrival price as in Perold, "The Implementation
Shortfall", 1988, without the part of an order that never traded.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from core.domain.executions import Execution, latest_revisions
from core.domain.fills import own_fills
from core.domain.instruments import Instrument
from core.domain.orders import Order
from core.domain.prices import increment_at

_BASIS_POINTS = Decimal(10_000)


class OrderCost(Struct, frozen=True, kw_only=True):
    """The cost of one order, positive where it was worse than the market that it met. None is not known, never 0."""

    filled: Decimal
    """Units, of the latest revisions."""
    average: Decimal
    """Their price."""
    slippage: Decimal | None = None
    """By which the average is worse than the arrival price, for one unit; None without an arrival price."""
    slippage_bps: Decimal | None = None
    """In 1/10,000 of the arrival price; None too where that is 0."""
    slippage_ticks: Decimal | None = None
    """In ticks at the arrival price; None too where the broker did not tell them."""
    slippage_money: Decimal | None = None
    """For all that filled, in the instrument's currency; None too where the broker did not tell the multiplier."""
    effective_spread_bps: Decimal | None = None
    """Twice the slippage, in 1/10,000 of the arrival price."""
    fees: tuple[tuple[str, Decimal], ...] = ()
    """Commissions by currency, of the fills for which the broker has told any."""
    unreported: int = 0
    """Fills whose commission the broker has not told."""
    first_fill_s: float | None = None
    """Seconds from the intent to the first fill, by the broker's clock, which tells whole seconds; never negative."""
    fill_s: float | None = None
    """Seconds to the last fill of an order that filled whole; None for any other."""


def cost_of(order: Order, executions: Iterable[Execution], instrument: Instrument | None) -> OrderCost | None:
    """The cost of what has filled so far; None while nothing has.

    Args:
        order: Its arrival price is what it is measured by.
        executions: Fills that bear its reference, corrections too, and of a combination those of its legs.
        instrument: What was traded; None leaves out what needs its tick or multiplier.
    """
    fills = [fill for fill in latest_revisions(own_fills(order, executions)) if fill.quantity]
    filled = sum((fill.quantity for fill in fills), Decimal(0))
    if not filled:
        return None
    average = sum((fill.quantity * fill.price for fill in fills), Decimal(0)) / filled
    arrival = order.arrival_price
    slippage = None if arrival is None else order.side.sign * (average - arrival)
    points = slippage_bps(order, average)
    return OrderCost(
        filled=filled,
        average=average,
        slippage=slippage,
        slippage_bps=points,
        slippage_ticks=_ticks(slippage, arrival, instrument),
        slippage_money=_money(slippage, filled, instrument),
        effective_spread_bps=None if points is None else 2 * points,
        fees=_fees(fills),
        unreported=sum(fill.commission is None for fill in fills),
        first_fill_s=_seconds(order.created, min(fill.time for fill in fills)),
        fill_s=_seconds(order.created, max(fill.time for fill in fills)) if filled >= order.whole else None,
    )


def slippage_bps(order: Order, average: Decimal) -> Decimal | None:
    """1/10,000 of the arrival price by which an average is worse; None without an arrival price, and where it is 0."""
    if not order.arrival_price:
        return None
    return order.side.sign * (average - order.arrival_price) / abs(order.arrival_price) * _BASIS_POINTS


def _ticks(slippage: Decimal | None, arrival: Decimal | None, instrument: Instrument | None) -> Decimal | None:
    if slippage is None or arrival is None or instrument is None or "tick" in instrument.untold:
        return None
    return slippage / increment_at(arrival, instrument.price_bands)


def _money(slippage: Decimal | None, filled: Decimal, instrument: Instrument | None) -> Decimal | None:
    if slippage is None or instrument is None or "multiplier" in instrument.untold:
        return None
    return slippage * filled * instrument.multiplier


def _fees(fills: Iterable[Execution]) -> tuple[tuple[str, Decimal], ...]:
    fees: dict[str, Decimal] = {}
    for fill in fills:
        if fill.commission is not None:
            fees[fill.commission_currency] = fees.get(fill.commission_currency, Decimal(0)) + fill.commission
    return tuple(sorted(fees.items()))


def _seconds(begun: datetime, ended: datetime) -> float:
    return max((ended - begun).total_seconds(), 0.0)
