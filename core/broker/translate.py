"""ib_async's objects and the wire's texts into our reports: cleaned, Decimal, with the sentinels read as None."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation

from ib_async.contract import Contract, ContractDescription, ContractDetails
from ib_async.objects import CommissionReport as WireCommission
from ib_async.objects import Execution as WireExecution
from ib_async.objects import PriceIncrement
from ib_async.order import Order, OrderState

from core.domain.combinations import combination_id
from core.domain.executions import Execution
from core.domain.instruments import ComboLeg, Instrument, PriceBand, SecType, SymbolMatch
from core.domain.orders import Side
from core.domain.reports import (
    AccountValueReport,
    CommissionReport,
    CompletedOrderReport,
    ExecutionReport,
    PortfolioReport,
    PositionReport,
)
from core.text import clean

ZERO = Decimal(0)
UNNAMED = 0
"""The contract number of a combination in messages that don't name its legs, such as fills."""
MAX_DIGITS = 40
"""Characters of the longest number that is read."""

_UNSET = Decimal("1.7976931348623157e308")
_SIDES = {
    "BUY": Side.BUY,
    "BOT": Side.BUY,
    "SLONG": Side.SELL,
    "SELL": Side.SELL,
    "SLD": Side.SELL,
    "SSHORT": Side.SELL,
}
_SEC_TYPES = {one.value: one for one in SecType}
_RIGHTS = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}


def number(value: float | str | None) -> Decimal | None:
    """A number of the wire, exactly as it was written; None for "unset": empty, the largest double, NaN.

    Raises ValueError for text that is no number, or one so long or so far from 1 that to write it out takes megabytes.
    """
    if value is None or value == "":
        return None
    if isinstance(value, float):
        if not abs(value) < sys.float_info.max:
            return None
        return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))
    if len(value) > MAX_DIGITS:
        raise ValueError(f"a number of {len(value)} characters")
    try:
        exact = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"not a number: {value!r}") from None
    if not exact.is_finite() or exact.copy_abs() >= _UNSET:
        return None
    if "e" in value.lower() and abs(exact.adjusted()) > MAX_DIGITS:
        raise ValueError(f"no sensible number: {value!r}")
    return exact


def quantity(value: float | str | None) -> Decimal:
    """As `number`, with 0 for unset."""
    exact = number(value)
    return ZERO if exact is None else exact


def side(text: str) -> Side:
    """The side of an order or a fill. Raises ValueError for a word that is none, because it is never guessed."""
    try:
        return _SIDES[text]
    except KeyError:
        raise ValueError(f"not a side: {text!r}") from None


def sec_type(text: str) -> SecType:
    """The class of instrument, OTHER for those that ibdesk does not trade."""
    return _SEC_TYPES.get(text, SecType.OTHER)


def instrument(contract: Contract) -> Instrument:
    """What a message about an order, a fill or a position says of its contract; tick and sizes are not in it."""
    kind = sec_type(contract.secType)
    is_option = kind is SecType.OPT
    legs = _legs(contract) if kind is SecType.BAG else ()
    return Instrument(
        con_id=contract.conId if kind is not SecType.BAG else combination_id(legs) if legs else UNNAMED,
        symbol=clean(contract.symbol),
        sec_type=kind,
        exchange=clean(contract.exchange) or "SMART",
        primary_exchange=clean(contract.primaryExchange),
        currency=clean(contract.currency),
        local_symbol=clean(contract.localSymbol),
        trading_class=clean(contract.tradingClass),
        multiplier=_multiplier(contract.multiplier) or Decimal(1),
        last_trade_date=clean(contract.lastTradeDateOrContractMonth)[:8],
        strike=number(contract.strike) if is_option else None,
        right=_RIGHTS.get(contract.right, "") if is_option else "",
        legs=legs,
    )


def _legs(contract: Contract) -> tuple[ComboLeg, ...]:
    return tuple(
        ComboLeg(
            con_id=leg.conId,
            ratio=leg.ratio if side(leg.action) is Side.BUY else -leg.ratio,
            exchange=clean(leg.exchange),
        )
        for leg in contract.comboLegs or ()
    )


def qualified(details: ContractDetails, bands: tuple[PriceBand, ...]) -> Instrument:
    """A contract with everything that orders need. `bands` empty means the one tick that the details name."""
    contract = details.contract
    if contract is None:
        raise ValueError("contract details without a contract")
    base = instrument(contract)
    tick = number(details.minTick)
    size_increment = number(details.sizeIncrement)
    min_size = number(details.minSize)
    return Instrument(
        con_id=base.con_id,
        symbol=base.symbol,
        sec_type=base.sec_type,
        exchange=base.exchange,
        primary_exchange=base.primary_exchange,
        currency=base.currency,
        local_symbol=base.local_symbol,
        trading_class=base.trading_class,
        name=clean(details.longName),
        multiplier=base.multiplier,
        last_trade_date=base.last_trade_date,
        strike=base.strike,
        right=base.right,
        price_bands=bands or (PriceBand(ZERO, tick if tick is not None and tick > 0 else Decimal("0.01")),),
        size_increment=size_increment or Decimal(1),
        min_size=min_size or Decimal(1),
        order_types=tuple(clean(word) for word in details.orderTypes.split(",") if word),
        time_zone=clean(details.timeZoneId),
        trading_hours=clean(details.tradingHours, limit=4000),
        liquid_hours=clean(details.liquidHours, limit=4000),
        untold=_untold(contract, tick, bands),
    )


def market_rule_of(details: ContractDetails) -> int | None:
    """The market rule for the exchange that the contract routes to, SMART first; None if the details name none.

    Source: marketRuleIds stands parallel to validExchanges (TWS API, ContractDetails).
    """
    exchanges = details.validExchanges.split(",")
    rules = details.marketRuleIds.split(",")
    if len(rules) != len(exchanges) or not all(rule.isdigit() for rule in rules):
        return None
    routed = details.contract.exchange if details.contract is not None else ""
    for exchange in (routed, "SMART"):
        if exchange in exchanges:
            return int(rules[exchanges.index(exchange)])
    return int(rules[0])


def price_bands(increments: Iterable[PriceIncrement]) -> tuple[PriceBand, ...]:
    """The steps of a market rule, ascending; steps without a positive increment are left out."""
    bands = [PriceBand(quantity(step.lowEdge), quantity(step.increment)) for step in increments]
    return tuple(sorted((band for band in bands if band.increment > 0), key=lambda band: band.low_edge))


def symbol_match(description: ContractDescription) -> SymbolMatch:
    """One answer to a symbol search."""
    contract = description.contract
    if contract is None:
        raise ValueError("a symbol sample without a contract")
    return SymbolMatch(
        con_id=contract.conId,
        symbol=clean(contract.symbol),
        sec_type=sec_type(contract.secType),
        primary_exchange=clean(contract.primaryExchange),
        currency=clean(contract.currency),
        name=clean(contract.description),
    )


def completed_order(order: Order, state: OrderState) -> CompletedOrderReport:
    """A completedOrder message."""
    return CompletedOrderReport(
        perm_id=order.permId,
        order_ref=clean(order.orderRef),
        account=clean(order.account),
        status=clean(state.status),
        status_text=clean(state.completedStatus),
    )


def execution(contract: Contract, fill: WireExecution, time: datetime, *, live: bool) -> ExecutionReport:
    """An execDetails message; `time` is its time in UTC."""
    traded = instrument(contract)
    return ExecutionReport(
        execution=Execution(
            exec_id=clean(fill.execId),
            order_ref=clean(fill.orderRef),
            perm_id=fill.permId,
            order_id=fill.orderId,
            client_id=fill.clientId,
            account=clean(fill.acctNumber),
            con_id=traded.con_id,
            label=traded.label,
            side=side(fill.side),
            quantity=quantity(fill.shares),
            price=quantity(fill.price),
            time=time,
            exchange=clean(fill.exchange),
        ),
        live=live,
    )


def commission(report: WireCommission) -> CommissionReport:
    """A commissionReport message."""
    return CommissionReport(
        exec_id=clean(report.execId),
        commission=number(report.commission),
        currency=clean(report.currency),
        realized_pnl=number(report.realizedPNL),
    )


def position(account: str, contract: Contract, held: float, average_cost: float) -> PositionReport:
    """A position message."""
    return PositionReport(
        account=clean(account),
        instrument=instrument(contract),
        quantity=quantity(held),
        average_cost=quantity(average_cost),
    )


def account_value(account: str, tag: str, value: str, currency: str) -> AccountValueReport:
    """One figure of an account."""
    return AccountValueReport(account=clean(account), tag=clean(tag), value=clean(value), currency=clean(currency))


def portfolio(
    account: str, contract: Contract, held: float, price: float, unrealized: float, realized: float
) -> PortfolioReport:
    """An updatePortfolio message."""
    return PortfolioReport(
        account=clean(account),
        con_id=contract.conId,
        quantity=quantity(held),
        market_price=number(price),
        unrealized_pnl=number(unrealized),
        realized_pnl=number(realized),
    )


def _multiplier(text: str) -> Decimal | None:
    """None where the broker told none, or no number above 0."""
    try:
        told = number(text)
    except ValueError:
        return None
    return told if told is not None and told > 0 else None


def _untold(contract: Contract, tick: Decimal | None, bands: tuple[PriceBand, ...]) -> tuple[str, ...]:
    """What an order needs and the details do not tell; stocks and currencies have no multiplier to tell."""
    derived = sec_type(contract.secType) in (SecType.FUT, SecType.OPT)
    missing = {
        "multiplier": derived and _multiplier(contract.multiplier) is None,
        "tick": not bands and (tick is None or tick <= 0),
    }
    return tuple(name for name, is_missing in missing.items() if is_missing)
