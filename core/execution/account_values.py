"""Values of an account as the broker names them, folded into the account as desks see it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from msgspec.structs import replace

from core.domain.account import Account, CurrencyValues
from core.domain.reports import AccountValueReport

_FIELDS = {
    "NetLiquidation": "net_liquidation",
    "TotalCashValue": "cash",
    "BuyingPower": "buying_power",
    "InitMarginReq": "initial_margin",
    "MaintMarginReq": "maintenance_margin",
    "RealizedPnL": "realized_pnl",
    "UnrealizedPnL": "unrealized_pnl",
}
"""Tags of the account as a whole."""
_CURRENCY_FIELDS = {
    "CashBalance": "cash",
    "RealizedPnL": "realized_pnl",
    "UnrealizedPnL": "unrealized_pnl",
    "ExchangeRate": "exchange_rate",
}
"""Tags that come once a currency, and once for all as BASE; those of `_FIELDS` alone come in the base currency."""
_ALL = "BASE"


def with_value(account: Account, report: AccountValueReport, now: datetime) -> Account | None:
    """The account with one more figure; None if the report names none that is wanted, or no number."""
    field, by_currency = _FIELDS.get(report.tag), _CURRENCY_FIELDS.get(report.tag)
    if field is None and by_currency is None:
        return None
    try:
        value = Decimal(report.value)
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    if by_currency is None:
        return replace(account, base_currency=report.currency, updated=now, **{str(field): value})
    changed = account
    if report.currency != _ALL and report.currency:
        changed = replace(
            changed, currencies=_with_currency(changed.currencies, report.currency, by_currency, value, now)
        )
    if field is not None and report.currency in (_ALL, account.base_currency):
        changed = replace(changed, **{field: value})
    return None if changed is account else replace(changed, updated=now)


def _with_currency(
    known: tuple[CurrencyValues, ...], currency: str, field: str, value: Decimal, now: datetime
) -> tuple[CurrencyValues, ...]:
    values = {one.currency: one for one in known}
    one = replace(values.get(currency) or CurrencyValues(currency=currency), **{field: value})
    values[currency] = replace(one, rate_updated=now) if field == "exchange_rate" else one
    return tuple(values[name] for name in sorted(values))
