"""Our own profit of an account in its base currency, from quotes, multipliers and exchange rates; IBKR's beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from core.domain.account import Account
from core.domain.executions import Execution
from core.domain.instruments import Instrument, SecType
from core.domain.positions import Position, open_pnl
from core.domain.quotes import Quote

FRESH_SECONDS = 60
"""A pair's quote older than this is no exchange rate."""
_ZERO = Decimal(0)
_CENT = Decimal("0.01")


class RateSource(StrEnum):
    """Where an exchange rate was taken from."""

    BASE = "BASE"
    """The base currency itself."""
    ACCOUNT = "ACCOUNT"
    """The account's ExchangeRate."""
    QUOTE = "QUOTE"
    """The middle of a fresh quote of the pair."""


class Rate(Struct, frozen=True, kw_only=True):
    """What one unit of a currency is worth in the account's base currency."""

    currency: str
    value: Decimal
    source: RateSource
    time: datetime | None = None
    """UTC of the figure; None for the base currency."""


class BrokerPnl(Struct, frozen=True, kw_only=True):
    """The broker's own figures, in the base currency; None where it sent none."""

    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None
    time: datetime
    """UTC of their arrival."""


class Profit(Struct, frozen=True, kw_only=True):
    """An amount in the base currency, rounded to cents."""

    amount: Decimal | None = None
    """None when nothing of it can be valued."""
    whole: bool = False
    """False when a part is missing, or valued at an old, halted, delayed or frozen price."""


class PositionMoney(Struct, frozen=True, kw_only=True):
    """The profit of one instrument in one account."""

    con_id: int
    open: Profit
    """Since it was bought or sold short."""
    day: Profit
    """Since the previous close, what was closed today included, after commissions."""
    broker: BrokerPnl | None = None
    """IBKR's figures; None before it has sent any."""


class Money(Struct, frozen=True, kw_only=True):
    """The profit of one account."""

    account: str
    base_currency: str
    """Empty while not known: then nothing is valued."""
    open: Profit
    day: Profit
    positions: tuple[PositionMoney, ...] = ()
    """What is held, and what was traded today."""
    rates: tuple[Rate, ...] = ()
    """Those that were used."""
    broker: BrokerPnl | None = None


class Traded(Struct, frozen=True):
    """What fills of one instrument in one account come to, this trading day."""

    quantity: Decimal = _ZERO
    """Bought less sold."""
    flow: Decimal = _ZERO
    """Received less paid, in prices times quantities: no multiplier, no commissions."""
    fees: tuple[tuple[str, Decimal], ...] = ()
    """Commissions by currency."""
    unreported: int = 0
    """Fills whose commission the broker has not told."""

    def plus(self, fill: Execution, times: int = 1) -> Traded:
        """With one more fill; `times` -1 takes out again what a correction replaces."""
        quantity = fill.side.sign * fill.quantity * times
        fees, unreported = self.fees, self.unreported
        if fill.commission is not None:
            sums = dict(fees)
            sums[fill.commission_currency] = sums.get(fill.commission_currency, _ZERO) + fill.commission * times
            fees = tuple(sums.items())
        elif fill.quantity:
            unreported += times
        return Traded(self.quantity + quantity, self.flow - quantity * fill.price, fees, unreported)


_NOTHING = Traded()


class Market(Struct, frozen=True, kw_only=True):
    """What an account is valued by."""

    instruments: Mapping[int, Instrument]
    quotes: Mapping[int, Quote]
    now: datetime
    """UTC."""


def exchange_rate(currency: str, account: Account, market: Market) -> Rate | None:
    """The account's ExchangeRate, else the middle of a fresh quote of the pair, else None: never a guess."""
    base = account.base_currency
    if not base or not currency:
        return None
    if currency == base:
        return Rate(currency=currency, value=Decimal(1), source=RateSource.BASE)
    for values in account.currencies:
        if values.currency == currency and values.exchange_rate is not None and values.exchange_rate > 0:
            return Rate(
                currency=currency, value=values.exchange_rate, source=RateSource.ACCOUNT, time=values.rate_updated
            )
    return _quoted_rate(currency, base, market)


def _quoted_rate(currency: str, base: str, market: Market) -> Rate | None:
    for instrument in market.instruments.values():
        if instrument.sec_type is not SecType.CASH or {instrument.symbol, instrument.currency} != {currency, base}:
            continue
        quote = market.quotes.get(instrument.con_id)
        if quote is None or not quote.tradable or quote.bid is None or quote.ask is None:
            continue
        middle = (quote.bid + quote.ask) / 2
        told = quote.sides_updated
        if middle > 0 and told is not None and (market.now - told).total_seconds() <= FRESH_SECONDS:
            value = middle if instrument.symbol == currency else 1 / middle
            return Rate(currency=currency, value=value, source=RateSource.QUOTE, time=told)
    return None


def value_account(
    account: Account,
    positions: Iterable[Position] | None,
    traded: Mapping[int, Traded],
    market: Market,
    broker: Mapping[int, BrokerPnl],
) -> Money:
    """Value one account.

    Args:
        account: Its values, rates among them.
        positions: Its positions; those of other accounts are left out. None means that they are not known, and nothing
            is valued.
        traded: What its fills of this trading day come to, by contract number.
        market: Contracts, quotes and the time.
        broker: IBKR's figures by contract number; 0 is the account as a whole.
    """
    held = {position.con_id: position for position in positions or () if position.account == account.account}
    rates = _Rates(account, market)
    valued = tuple(
        PositionMoney(
            con_id=con_id,
            open=_open(held.get(con_id), market, rates),
            day=_day(con_id, held.get(con_id), traded.get(con_id, _NOTHING), market, rates),
            broker=broker.get(con_id),
        )
        for con_id in sorted({con_id for con_id, position in held.items() if position.quantity} | traded.keys())
    )
    known = bool(account.base_currency) and positions is not None
    return Money(
        account=account.account,
        base_currency=account.base_currency,
        open=_sum([one.open for one in valued]) if known else Profit(),
        day=_sum([one.day for one in valued]) if known else Profit(),
        positions=valued,
        rates=rates.used(),
        broker=broker.get(0),
    )


def doubted(money: Money) -> Money:
    """The same figures once nothing can be heard any more: none of them is whole."""
    return replace(
        money,
        open=replace(money.open, whole=False),
        day=replace(money.day, whole=False),
        positions=tuple(
            replace(one, open=replace(one.open, whole=False), day=replace(one.day, whole=False))
            for one in money.positions
        ),
    )


class _Rates:
    """The rates of one valuation, each looked for once."""

    def __init__(self, account: Account, market: Market) -> None:
        self._account = account
        self._market = market
        self._known: dict[str, Rate | None] = {}

    def value(self, currency: str) -> Decimal | None:
        if currency not in self._known:
            self._known[currency] = exchange_rate(currency, self._account, self._market)
        rate = self._known[currency]
        return None if rate is None else rate.value

    def used(self) -> tuple[Rate, ...]:
        return tuple(rate for _, rate in sorted(self._known.items()) if rate is not None)


def _open(position: Position | None, market: Market, rates: _Rates) -> Profit:
    if position is None or not position.quantity:
        return Profit(amount=_ZERO, whole=True)
    instrument, quote = market.instruments.get(position.con_id), market.quotes.get(position.con_id)
    rate = None if instrument is None else rates.value(instrument.currency)
    if instrument is None or quote is None or rate is None:
        return Profit()
    amount = open_pnl(position, quote.mark, instrument.multiplier)
    return Profit() if amount is None else _profit(amount * rate, whole=not quote.doubtful)


def _day(con_id: int, position: Position | None, traded: Traded, market: Market, rates: _Rates) -> Profit:
    instrument, quote = market.instruments.get(con_id), market.quotes.get(con_id)
    rate = None if instrument is None else rates.value(instrument.currency)
    if instrument is None or rate is None:
        return Profit()
    now_held = _ZERO if position is None else position.quantity
    began_with, flow = now_held - traded.quantity, traded.flow
    mark, close = (None, None) if quote is None else (quote.mark, quote.close)
    for quantity, price in ((now_held, mark), (-began_with, close)):
        if quantity and price is None:
            return Profit()
        flow += quantity * (price or _ZERO)
    fees, complete = _fees(traded, rates)
    doubtful = bool(now_held) and quote is not None and quote.doubtful
    return _profit(flow * instrument.multiplier * rate - fees, whole=complete and not doubtful)


def _fees(traded: Traded, rates: _Rates) -> tuple[Decimal, bool]:
    """Commissions in the base currency, and whether all are reported and can be converted."""
    total, complete = _ZERO, not traded.unreported
    for currency, amount in traded.fees:
        rate = rates.value(currency) if amount else _ZERO
        complete = complete and rate is not None
        total += amount * (rate or _ZERO)
    return total, complete


def _profit(amount: Decimal, *, whole: bool) -> Profit:
    return Profit(amount=amount.quantize(_CENT), whole=whole)


def _sum(parts: Sequence[Profit]) -> Profit:
    """The parts that are known together; None when there are some and none is known."""
    amounts = [part.amount for part in parts if part.amount is not None]
    if parts and not amounts:
        return Profit()
    return Profit(amount=sum(amounts, _ZERO), whole=all(part.whole for part in parts))
