"""The account as tags and values, in the words of reqAccountUpdates and reqAccountSummary."""

from __future__ import annotations

from decimal import Decimal

from core.practice.account import BASE, ZERO, Account, Position, Totals, cents
from core.practice.tables import Record

#: Tag, value, currency (empty for what is no money).
AccountRow = tuple[str, str, str]


def _money(amount: Decimal) -> str:
    return format(cents(amount), "f")


def summary_rows(account: Account, totals: Totals) -> list[AccountRow]:
    """Return the values of the account as a whole, in the base currency."""
    net = totals.net_liquidation
    cushion = totals.excess / net if net > 0 else ZERO
    leverage = totals.gross_value / net if net > 0 else ZERO
    # Options lend nothing: their value is in neither the equity nor the margins that are shown.
    initial, maintenance = totals.initial - totals.option_value, totals.maintenance - totals.option_value
    money = {
        "NetLiquidation": net,
        "TotalCashValue": totals.cash,
        "SettledCash": totals.cash,
        "AccruedCash": ZERO,
        "BuyingPower": totals.buying_power,
        "EquityWithLoanValue": totals.equity_with_loan,
        "PreviousDayEquityWithLoanValue": totals.equity_with_loan - totals.daily,
        "GrossPositionValue": totals.gross_value,
        "RegTEquity": net,
        "RegTMargin": totals.gross_value / 2,
        "SMA": max(net - totals.gross_value / 2, ZERO),
        "InitMarginReq": initial,
        "MaintMarginReq": maintenance,
        "AvailableFunds": totals.available,
        "ExcessLiquidity": totals.excess,
        "FullInitMarginReq": initial,
        "FullMaintMarginReq": maintenance,
        "FullAvailableFunds": totals.available,
        "FullExcessLiquidity": totals.excess,
        "LookAheadInitMarginReq": initial,
        "LookAheadMaintMarginReq": maintenance,
        "LookAheadAvailableFunds": totals.available,
        "LookAheadExcessLiquidity": totals.excess,
    }
    rows: list[AccountRow] = [("AccountType", "INDIVIDUAL", "")]
    rows += [(tag, _money(amount), BASE) for tag, amount in money.items()]
    rows += [
        ("Cushion", format(cushion.quantize(Decimal("0.0001")), "f"), ""),
        ("LookAheadNextChange", "0", ""),
        ("HighestSeverity", "0", ""),
        ("DayTradesRemaining", "-1", ""),
        ("Leverage", format(leverage.quantize(Decimal("0.01")), "f"), ""),
    ]
    return rows


def ledger_rows(account: Account, totals: Totals) -> list[AccountRow]:
    """Return the values by currency, then those of the base currency."""
    rows: list[AccountRow] = []
    for currency, amount in account.cash.items():
        rows += _currency_rows(account, currency, amount)
    net = totals.net_liquidation
    sums = {
        "Currency": BASE,
        "CashBalance": _money(totals.cash),
        "TotalCashBalance": _money(totals.cash),
        "AccruedCash": "0.00",
        "StockMarketValue": _money(totals.stock_value),
        "OptionMarketValue": _money(totals.option_value),
        "NetLiquidationByCurrency": _money(net),
        "UnrealizedPnL": _money(totals.unrealized),
        "RealizedPnL": _money(totals.realized),
        "FuturesPNL": _money(totals.future_profit),
        "ExchangeRate": "1.00",
    }
    rows += [(tag, value, "BASE") for tag, value in sums.items()]
    return rows


def _currency_rows(account: Account, currency: str, cash: Decimal) -> list[AccountRow]:
    stocks = options = futures = unrealized = realized = ZERO
    for con_id, position in account.positions.items():
        if position.instrument.currency != currency:
            continue
        mark = account.mark(con_id)
        unrealized += position.unrealized(mark)
        realized += position.realized
        if position.instrument.sec_type == "STK":
            stocks += position.value(mark)
        elif position.instrument.is_option:
            options += position.value(mark)
        elif position.instrument.is_future:
            futures += position.value(mark) - position.basis
    values = {
        "Currency": currency,
        "CashBalance": _money(cash),
        "TotalCashBalance": _money(cash),
        "AccruedCash": "0.00",
        "StockMarketValue": _money(stocks),
        "OptionMarketValue": _money(options),
        "NetLiquidationByCurrency": _money(cash + stocks + options + futures),
        "UnrealizedPnL": _money(unrealized),
        "RealizedPnL": _money(realized),
        "FuturesPNL": _money(futures),
        "ExchangeRate": format(account.rate(currency).quantize(Decimal("0.0000001")).normalize(), "f"),
    }
    return [(tag, value, currency) for tag, value in values.items()]


def position_record(account: Account, position: Position) -> Record:
    """Return the fields of a position message."""
    instrument = position.instrument
    record = instrument.contract(instrument.primary_exchange)
    record.update(
        account=account.name,
        position=Decimal(position.quantity),
        avgCost=position.average_cost,
    )
    return record


def portfolio_record(account: Account, position: Position) -> Record:
    """Return the fields of a portfolio message: a position with its market value."""
    mark = account.mark(position.instrument.con_id)
    record = position_record(account, position)
    record.update(
        marketPrice=mark,
        marketValue=cents(position.value(mark)),
        averageCost=position.average_cost,
        unrealizedPnl=cents(position.unrealized(mark)) if position.quantity else ZERO,
        realizedPnl=cents(position.realized),
    )
    return record
