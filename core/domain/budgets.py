"""How far limits are used, for a person to see before an order meets one."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Unit(StrEnum):
    """What a limit counts."""

    UNITS = "UNITS"
    """Units of the instrument."""
    MONEY = "MONEY"
    """Money in the account's base currency."""
    ORDERS = "ORDERS"
    TRADES = "TRADES"


class Budget(Struct, frozen=True, kw_only=True):
    """One limit, and how much of it is used."""

    name: str
    """The setting, a field of `core.domain.limits.Limits`."""
    used: Decimal | None
    """Without the order that is looked at; None while nobody knows."""
    after: Decimal | None
    """With it; the same as `used` where there is no order. None while nobody knows."""
    limit: Decimal
    """As much may be used, no more; 0 lets nothing through."""
    unit: Unit

    @property
    def share(self) -> Decimal | None:
        """The part of the limit that `after` uses, 1 for all of it; None while nobody knows."""
        if self.after is None:
            return None
        return self.after / self.limit if self.limit > 0 else Decimal(1)


class RiskFigures(Struct, frozen=True, kw_only=True):
    """What an account has used of the limits of its day."""

    account: str
    budgets: tuple[Budget, ...]
    """Those that have a limit."""


TIGHT = Decimal("0.8")
"""From this share on a limit is worth a look."""


def tightest(budgets: tuple[Budget, ...]) -> Budget | None:
    """The one that is used most; None where nothing is known."""
    known = [(budget.share, budget) for budget in budgets if budget.share is not None]
    return max(known, key=lambda pair: pair[0])[1] if known else None
