"""What a trading day has used, for the record: orders and their value, and what scripts have sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from msgspec import Struct

from core.domain.orders import Side


class AccountUsage(Struct, frozen=True, kw_only=True):
    """What one account has sent on one trading day."""

    account: str
    orders: int
    value: Decimal
    """In the base currency."""


class ScriptUsage(Struct, frozen=True, kw_only=True):
    """How often one script has sent orders of one kind on one trading day, since a person enabled it last."""

    script: str
    account: str
    con_id: int
    side: Side
    orders: int


class Usage(Struct, frozen=True, kw_only=True):
    """All of it, of the trading day of the last orders; executions are counted by themselves."""

    day: date | None = None
    """None before the first order."""
    accounts: tuple[AccountUsage, ...] = ()
    scripts: tuple[ScriptUsage, ...] = ()
    disabled: tuple[tuple[str, str], ...] = ()
    """Scripts that may not trade until a person says so, and why; it lasts over the end of the day."""
    before: Usage | None = None
    """What the trading day of the orders before these has used, without what is disabled; None without one."""
