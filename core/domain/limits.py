"""The limits of a profile, as numbers. Settings fill them in; the controls apply them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Limits of one order, and of the day. Every one is required to hold, for a modification too."""

    order_quantity: Decimal = Decimal(10_000)
    """Most units (shares, contracts) in one order."""
    order_value: Decimal = Decimal(1_000_000)
    """Most value of one order: quantity times price times multiplier, in the instrument's currency."""
    price_band_percent: Decimal = Decimal(10)
    """How far, in per cent, a price may reach through the other side of the market."""
    daily_loss: Decimal | None = None
    """Loss of a trading day, in the account's base currency, open and closed positions and commissions together, from
    which on only reducing orders leave; each account by itself. None is no limit."""
