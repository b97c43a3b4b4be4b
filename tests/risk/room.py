"""An account with room for everything, for tests of controls that judge something else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from core.domain.money import Rate, RateSource
from core.risk.facts import Exposure, Funds

FLAT = Exposure(
    held=Decimal(0),
    unexecuted=Decimal(0),
    rate=Rate(currency="USD", value=Decimal(1), source=RateSource.BASE),
    base_currency="USD",
)
"""Nothing held, nothing working, in the base currency."""
RICH = Funds(
    equity=Decimal(10**12),
    initial_margin=Decimal(0),
    told=datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
    holds=False,
    reserved=Decimal(0),
    legs_bound=Decimal(0),
)
"""No order takes all of it."""
