"""The limits of a profile, as numbers. Settings fill them in; the controls apply them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Limits of one order, and of the day. Every one is required to hold, for a modification too."""

    order_quantity: Decimal = Decimal(10_000)
    """Most units (shares, contracts) in one order."""
    order_value: Decimal = Decimal(1_000_000)
    """Most value of one order: quantity times price times multiplier, in the account's base currency."""
    price_band_percent: Decimal = Decimal(10)
    """How far, in per cent, a price may reach through the other side of the market."""
    open_orders: int = 60
    """Most orders of ours that may work at once in an account; each one of a bracket counts."""
    open_orders_side: int = 10
    """Most of them in one instrument on one side; those that only close may be 4 more: IBKR itself takes 15."""
    unexecuted_value: Decimal = Decimal(5_000_000)
    """Most value of all orders of an account that have not filled, in its base currency, those in doubt and those of
    other clients too."""
    position_quantity: Decimal = Decimal(50_000)
    """Most units of one instrument that an account may hold, long or short, if everything filled that works."""
    position_value: Decimal = Decimal(5_000_000)
    """Most value of that, in the account's base currency."""
    margin_percent: Decimal = Decimal(100)
    """Most of an account's equity, in per cent, that positions, working orders and the order judged may take as initial
    margin."""
    portfolio_risk: Decimal | None = None
    """Most value of all positions of an account together, each long or short if everything filled that works, as a
    part of its net liquidation: 0.05 is 5 %. None is no limit. Whatever only reduces a position passes."""
    daily_loss: Decimal | None = None
    """Loss of a trading day, in the account's base currency, open and closed positions and commissions together, from
    which on only reducing orders leave; each account by itself. None is no limit."""
    walk_percent: Decimal = Decimal(10)
    """How far, in per cent, the orders of one side in an instrument may go within `walk_seconds` beyond where the first
    of them met the market."""
    walk_seconds: int = 60
    duplicate_seconds: int = 60
    """For so long an order of the same content is asked about; 0 never asks."""
    script_repeats: int | None = 200
    """Orders for one account, instrument and side that a script may send on a trading day until a person at a desk
    enables it again. None is no limit."""
    day_orders: int | None = 1000
    """Orders of an account on a trading day. None is no limit, as for the next two."""
    day_trades: int | None = 2000
    """Executions of an account on a trading day, after which none but reducing orders leave."""
    day_value: Decimal | None = Decimal(20_000_000)
    """Value of all orders of an account on a trading day, in its base currency."""
    unusual_times: Decimal | None = Decimal(10)
    """From so many times the median of the last orders in the instrument on, a quantity is asked for once more. None
    never asks."""
    unusual_value_percent: Decimal = Decimal(75)
    """Above so much of `order_value`, in per cent, the quantity is asked for once more; 100 never asks."""
    ask_short: bool = True
    """True asks before a sale opens a short position."""
    breaker_failures: int | None = 5
    """So many orders that IBKR refuses or leaves unanswered within `breaker_seconds`, or connections lost, open a
    breaker: only reducing orders leave then. None has no breaker."""
    breaker_seconds: int = 60
    breaker_pause: int = 30
    """Seconds without another failure after which an open breaker lets orders through again to see whether they
    pass."""
    queue_seconds: Decimal = Decimal(2)
    """Longest that a new order or a change may wait for its turn on the wire, at the pace that IBKR allows."""
