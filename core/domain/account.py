"""Money of one account."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class CurrencyValues(Struct, frozen=True, kw_only=True):
    """What the account has in one currency, in that currency. None means not reported."""

    currency: str
    cash: Decimal | None = None
    realized_pnl: Decimal | None = None
    unrealized_pnl: Decimal | None = None
    exchange_rate: Decimal | None = None
    """What one unit is worth in the base currency."""
    rate_updated: datetime | None = None
    """UTC of the rate; None before the first."""


class Account(Struct, frozen=True, kw_only=True):
    """The account's figures in its base currency, as the broker last gave them. None means not reported."""

    account: str
    base_currency: str = ""
    net_liquidation: Decimal | None = None
    cash: Decimal | None = None
    buying_power: Decimal | None = None
    initial_margin: Decimal | None = None
    maintenance_margin: Decimal | None = None
    realized_pnl: Decimal | None = None
    """Today's realised profit."""
    unrealized_pnl: Decimal | None = None
    updated: datetime | None = None
    """UTC of the last figure; None before the first."""
    currencies: tuple[CurrencyValues, ...] = ()
    """One for each currency that the broker named, by name."""
