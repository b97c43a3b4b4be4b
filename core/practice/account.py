"""The practice account: cash by currency, positions, commissions and margin, in exact decimals.

Commissions follow IBKR's fixed schedule for US stocks (0.005 a share, at least 1.00 and at most 1 % of the value of
an order), a flat fee a contract for futures, 0.65 a contract and at least 1.00 an order for options, and 0.2 basis
points, at least 2.00 USD, for currency pairs. Average cost contains the commissions, as IBKR's does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from core.practice.instruments import Instrument
from core.practice.market import Market

ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")
_COST_STEP: Final = Decimal("0.00000001")
_RATE_STEP: Final = Decimal("0.0000000001")
_FUTURE_FEE: Final = Decimal("2.25")
_OPTION_FEE: Final = Decimal("0.65")
#: What a short option binds: a share of the underlying less what it is out of the money, or a share of the strike.
_SHORT_OPTION: Final = Decimal("0.20")
_LEAST_SHORT_OPTION: Final = Decimal("0.10")
_DAY_TRADING_LEVERAGE: Final = 4
BASE: Final = "USD"


def cents(amount: Decimal) -> Decimal:
    """Round money to the cent, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def order_commission(instrument: Instrument, quantity: int, value: Decimal) -> Decimal:
    """Return the commission of an order that has filled so much, in `Instrument.fee_currency`; 0 for nothing filled."""
    if not quantity:
        return ZERO
    if instrument.sec_type == "FUT":
        return _FUTURE_FEE * quantity
    if instrument.sec_type == "CASH":
        dollars = Decimal(quantity) if instrument.symbol == BASE else value
        return cents(max(dollars * Decimal("0.00002"), Decimal(2)))
    if instrument.sec_type == "OPT":
        return max(_OPTION_FEE * quantity, Decimal(1))
    if instrument.legs:
        return max(_OPTION_FEE * quantity * sum(abs(leg.ratio) for leg in instrument.legs), Decimal(1))
    return cents(min(max(Decimal("0.005") * quantity, Decimal(1)), value / 100))


@dataclass(slots=True)
class Position:
    """What is held of one instrument; money in its currency."""

    instrument: Instrument
    quantity: int = 0
    #: Price times quantity times multiplier of what is open, negative for shorts.
    basis: Decimal = ZERO
    #: Commissions that belong to what is open.
    fees: Decimal = ZERO
    #: Profit realised today, commissions taken off.
    realized: Decimal = ZERO
    #: Quantity and value when the day began, for the day's profit.
    day_quantity: int = 0
    #: Money that trades of the day brought in, commissions taken off.
    day_flow: Decimal = ZERO
    day_price: Decimal = ZERO

    @property
    def average_cost(self) -> Decimal:
        """Cost of one unit with commissions, multiplier included; 0 when flat."""
        if not self.quantity:
            return ZERO
        return ((self.basis + self.fees) / self.quantity).quantize(_COST_STEP)

    def value(self, mark: Decimal) -> Decimal:
        """Return quantity times price times multiplier, negative for shorts."""
        return mark * self.quantity * self.instrument.multiplier

    def unrealized(self, mark: Decimal) -> Decimal:
        """Return open profit after the commissions of what is open."""
        return self.value(mark) - self.basis - self.fees

    def day_profit(self, mark: Decimal) -> Decimal:
        """Return what the position made since the day began."""
        multiplier = self.instrument.multiplier
        return self.value(mark) - self.day_price * self.day_quantity * multiplier + self.day_flow

    def start_day(self, mark: Decimal) -> None:
        """Begin a new day: today's realised profit and flows start from nothing."""
        self.realized = self.day_flow = ZERO
        self.day_quantity, self.day_price = self.quantity, mark

    def trade(self, quantity: int, price: Decimal, commission: Decimal) -> tuple[Decimal, Decimal | None]:
        """Book a signed fill. Returns the gross profit settled and the profit realised, None if nothing was closed."""
        amount = price * quantity * self.instrument.multiplier
        self.day_flow -= amount + commission
        if self.quantity == 0 or (self.quantity > 0) == (quantity > 0):
            self.quantity += quantity
            self.basis += amount
            self.fees += commission
            return ZERO, None
        closing = min(abs(quantity), abs(self.quantity))
        left = abs(self.quantity) - closing
        kept_basis = (self.basis * left / abs(self.quantity)).quantize(_COST_STEP)
        kept_fees = (self.fees * left / abs(self.quantity)).quantize(_COST_STEP)
        closing_fee = (commission * closing / abs(quantity)).quantize(_COST_STEP)
        sign = 1 if quantity > 0 else -1
        gross = -(price * sign * closing * self.instrument.multiplier) - (self.basis - kept_basis)
        net = gross - (self.fees - kept_fees) - closing_fee
        opening = quantity - sign * closing
        self.basis = kept_basis + price * opening * self.instrument.multiplier
        self.fees = kept_fees + commission - closing_fee
        self.quantity += quantity
        self.realized += net
        return gross, net

    def body(self) -> str:
        """Return the position as the state file keeps it."""
        return json.dumps(
            [
                self.quantity,
                str(self.basis),
                str(self.fees),
                str(self.realized),
                self.day_quantity,
                str(self.day_flow),
                str(self.day_price),
            ]
        )

    @classmethod
    def read(cls, instrument: Instrument, body: str) -> Position:
        """Return a position from the state file."""
        quantity, basis, fees, realized, day_quantity, day_flow, day_price = json.loads(body)
        return cls(
            instrument,
            quantity,
            Decimal(basis),
            Decimal(fees),
            Decimal(realized),
            day_quantity,
            Decimal(day_flow),
            Decimal(day_price),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """The account as a whole, in the base currency."""

    cash: Decimal
    stock_value: Decimal
    #: Options at the market, negative for what is sold short.
    option_value: Decimal
    gross_value: Decimal
    future_profit: Decimal
    unrealized: Decimal
    realized: Decimal
    daily: Decimal
    #: Margin that binds a part of the net liquidation value; the premium of bought options is in it.
    initial: Decimal
    maintenance: Decimal

    @property
    def net_liquidation(self) -> Decimal:
        """Cash, stocks and options at the market and the open profit of futures."""
        return self.cash + self.stock_value + self.option_value + self.future_profit

    @property
    def equity_with_loan(self) -> Decimal:
        """The net liquidation value without options, which nobody lends on."""
        return self.net_liquidation - self.option_value

    @property
    def available(self) -> Decimal:
        """What may be bound by new positions."""
        return self.net_liquidation - self.initial

    @property
    def excess(self) -> Decimal:
        """What is left above the maintenance margin."""
        return self.net_liquidation - self.maintenance

    @property
    def buying_power(self) -> Decimal:
        """Value of stocks that could be bought, never negative."""
        return max(self.available * _DAY_TRADING_LEVERAGE, ZERO)


@dataclass(slots=True)
class Account:
    """Cash and positions of one account of this gateway."""

    name: str
    market: Market
    cash: dict[str, Decimal] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)

    def trade(self, instrument: Instrument, quantity: int, price: Decimal, commission: Decimal) -> Decimal | None:
        """Book a signed fill, its commission in `fee_currency`; return the profit realised, None if nothing closed."""
        position = self.positions.get(instrument.con_id)
        if position is None:
            position = self.positions[instrument.con_id] = Position(instrument)
        currency, fee_currency = instrument.currency, instrument.fee_currency
        fee = commission
        if fee_currency != currency:
            fee = (commission * self.rate(fee_currency) / self.rate(currency)).quantize(_COST_STEP)
        gross, realized = position.trade(quantity, price, fee)
        if instrument.is_future:
            self._pay(currency, gross)
        else:
            self._pay(currency, -price * quantity * instrument.multiplier)
        if instrument.sec_type == "CASH":
            self._pay(instrument.symbol, Decimal(quantity))
        self._pay(fee_currency, -commission)
        return realized

    def leg_fills(self, whole: Instrument, quantity: int, price: Decimal) -> list[tuple[Instrument, int, Decimal]]:
        """Return a combination's fill as signed fills of its legs, whose prices add up to its own exactly."""
        quotes = [self.market.quotes[leg.con_id] for leg in whole.legs]
        prices = [
            quote.instrument.price(quote.bid if leg.ratio > 0 else quote.ask)
            for leg, quote in zip(whole.legs, quotes, strict=True)
        ]
        value = sum(
            (
                leg.ratio * quote.instrument.multiplier * each
                for leg, quote, each in zip(whole.legs, quotes, prices, strict=True)
            ),
            ZERO,
        )
        # A leg of ratio 1 takes the difference, which then is a whole number of its cents.
        odd = next(place for place, leg in enumerate(whole.legs) if abs(leg.ratio) == 1)
        weight = whole.legs[odd].ratio * quotes[odd].instrument.multiplier
        prices[odd] += (price * whole.multiplier - value) / weight
        return [
            (quote.instrument, leg.ratio * quantity, each)
            for leg, quote, each in zip(whole.legs, quotes, prices, strict=True)
        ]

    def _pay(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount

    def rate(self, currency: str) -> Decimal:
        """Return what one unit of a currency is worth in the base currency."""
        if currency == BASE:
            return Decimal(1)
        quote = self.market.pair(currency)
        if quote is None:
            return Decimal(1)
        return quote.mark if quote.instrument.symbol == currency else (1 / quote.mark).quantize(_RATE_STEP)

    def mark(self, con_id: int) -> Decimal:
        """Return the price that a position is valued at."""
        return self.market.quotes[con_id].mark

    def totals(self, extra: Mapping[int, int] | None = None) -> Totals:
        """Add everything up in the base currency; `extra` replaces quantities by contract id for the margins alone."""
        cash = sum((amount * self.rate(currency) for currency, amount in self.cash.items()), ZERO)
        stocks = options = gross = futures = unrealized = realized = daily = ZERO
        currencies = {position.instrument.currency for position in self.positions.values()}
        rates = {currency: self.rate(currency) for currency in currencies}
        for con_id, position in self.positions.items():
            instrument, mark = position.instrument, self.mark(con_id)
            rate = rates[instrument.currency]
            realized += position.realized * rate
            daily += position.day_profit(mark) * rate
            unrealized += position.unrealized(mark) * rate
            value = position.value(mark) * rate
            if instrument.is_future:
                futures += value - position.basis * rate
            elif instrument.is_option:
                options += value
                gross += abs(value)
            elif instrument.sec_type == "STK":
                stocks += value
                gross += abs(value)
        initial, maintenance = self._margins(extra or {})
        return Totals(cash, stocks, options, gross, futures, unrealized, realized, daily, initial, maintenance)

    def _margins(self, extra: Mapping[int, int]) -> tuple[Decimal, Decimal]:
        """Return initial and maintenance margin with some quantities replaced; combinations add to their legs."""
        quantities = {con_id: position.quantity for con_id, position in self.positions.items()}
        legs: dict[int, int] = {}
        for con_id, quantity in extra.items():
            instrument = self.market.quotes[con_id].instrument
            for leg in instrument.legs:
                legs[leg.con_id] = legs.get(leg.con_id, 0) + leg.ratio * quantity
            if not instrument.legs:
                quantities[con_id] = quantity
        for con_id, quantity in legs.items():
            quantities[con_id] = quantities.get(con_id, 0) + quantity
        initial = maintenance = ZERO
        for con_id, quantity in quantities.items():
            if quantity:
                quote = self.market.quotes[con_id]
                instrument = quote.instrument
                under = self.mark(instrument.under_con_id) if instrument.is_option else ZERO
                needs = margin(instrument, quantity, quote.mark, under)
                rate = self.rate(instrument.currency)
                initial += needs[0] * rate
                maintenance += needs[1] * rate
        return initial, maintenance


def margin(instrument: Instrument, quantity: int, mark: Decimal, under: Decimal = ZERO) -> tuple[Decimal, Decimal]:
    """Return the initial and maintenance margin of a signed position; for options `under` is the underlying's price.

    A bought option binds its whole premium, a sold one what Cboe rule 10.3 asks beyond its value.
    """
    rules = instrument.margin
    if rules.fixed_initial is not None and rules.fixed_maintenance is not None:
        return rules.fixed_initial * abs(quantity), rules.fixed_maintenance * abs(quantity)
    value = abs(mark * quantity * instrument.multiplier)
    if instrument.is_option:
        if quantity > 0:
            return value, value
        away = instrument.strike - under if instrument.right == "C" else under - instrument.strike
        unit = max(_SHORT_OPTION * under - max(away, ZERO), _LEAST_SHORT_OPTION * instrument.strike)
        needed = unit * abs(quantity) * instrument.multiplier
        return needed, needed
    if quantity > 0:
        return value * rules.initial, value * rules.maintenance
    return value * rules.short_initial, value * rules.short_maintenance
