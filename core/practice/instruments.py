"""What can be traded here: one instrument, its price grid, and how a client names it.

Prices inside the gateway are whole numbers of an instrument's smallest unit (``decimals`` places), so that no money
passes through a float; `Instrument.price` and `Instrument.units` convert.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.practice.climate import SESSION_STEPS
from core.practice.codec import ascii_text, decimal_text
from core.practice.tables import Record

#: Contract ids from here on are of options and combinations.
DERIVED_IDS: Final = 1_000_000_000

#: Routes that take orders for US stocks; SMART stands for the best of the others.
STOCK_EXCHANGES = ("SMART", "NASDAQ", "NYSE", "ARCA", "BATS", "IEX", "EDGX", "MEMX")

_HIGHEST_PRICE = Decimal(100_000_000)

_VENUES = {
    "STK": ("ISLAND", "ARCA", "BATS", "IEX", "EDGEA", "MEMX"),
    "OPT": ("CBOE", "ISE", "AMEX", "PHLX", "BOX"),
}

_COMMON_TYPES = "ADJUST,AON,COND,CONDORDER,DAY,FOK,GAT,GTC,GTD,ICE,IOC,LIT,LMT,MIT,MKT,OCA,STP,STPLMT,TRAIL,TRAILLMT"
#: What contract details say of the orders that an instrument takes, by security type.
_ORDER_TYPES = {
    "STK": f"{_COMMON_TYPES},ALGO,DIS,LOC,MIDPX,MOC,MTL,OPG,PEGBEST,PEGMID,PEGMKT,REL,SNAPMID,SNAPMKT,SNAPREL,WHATIF",
    "OPT": f"{_COMMON_TYPES},MTL,PEGMID,REL,SNAPMID,SNAPMKT,SNAPREL,WHATIF",
    "FUT": f"{_COMMON_TYPES},MKTPROT,MTL,SNAPMID,SNAPMKT,SNAPREL,STPPROT,WHATIF",
    "CASH": f"{_COMMON_TYPES},WHATIF",
    "BAG": "DAY,GTC,GTD,IOC,LMT,MKT,OCA,WHATIF",
}


@dataclass(frozen=True, slots=True)
class MarketRule:
    """Price increments by price: from each low edge upwards the increment beside it holds."""

    rule_id: int
    tiers: tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Margin:
    """What a position binds: a share of its value, or a fixed amount a contract where that is not None."""

    initial: Decimal
    maintenance: Decimal
    short_initial: Decimal
    short_maintenance: Decimal
    fixed_initial: Decimal | None = None
    fixed_maintenance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Temper:
    """How an instrument's simulated market behaves."""

    annual_volatility: float
    beta: float
    #: Mean size shown at the touch, in lots.
    shown_lots: int
    lot: int
    #: Chance of a trade in one step.
    trade_rate: float
    spread_ticks: int
    #: Volume of an ordinary session, and what has been traded when the market starts; 0 where nobody counts.
    day_volume: int
    #: What it shares with others beyond the market as a whole: a place in climate.GROUPS, and how much of it.
    group: int = 0
    tilt: float = 0.0

    @property
    def print_size(self) -> float:
        """Mean size of a trade, so that an ordinary session adds up to its volume."""
        if not self.day_volume:
            return self.lot * self.shown_lots * 0.4
        return self.day_volume / (SESSION_STEPS * self.trade_rate)


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a combination."""

    con_id: int
    #: How many a combination has, negative where buying it sells the leg.
    ratio: int


@dataclass(frozen=True)
class Instrument:
    """One tradable contract, with the facts that contract details report."""

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    primary_exchange: str
    local_symbol: str
    trading_class: str
    long_name: str
    rule: MarketRule
    decimals: int
    start_price: Decimal
    #: Yesterday's close.
    close: Decimal
    temper: Temper
    margin: Margin
    multiplier: int = 1
    exchanges: tuple[str, ...] = STOCK_EXCHANGES
    time_zone: str = "America/New_York"
    last_trade_date: str = ""
    #: YYYYMM of a future, which need not be the month of its last trading day.
    contract_month: str = ""
    stock_type: str = ""
    sectors: tuple[str, str, str] = ("", "", "")
    isin: str = ""
    min_size: Decimal = Decimal(1)
    #: Of options: strike, C or P, and the contract id of the underlying.
    strike: Decimal = Decimal(0)
    right: str = ""
    under_con_id: int = 0
    under_sec_type: str = ""
    #: Of combinations: what one of it consists of.
    legs: tuple[Leg, ...] = ()
    _texts: dict[int, str] = field(default_factory=dict, repr=False, compare=False)
    _tiers: tuple[tuple[int, int], ...] = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        scale = 10**self.decimals
        tiers = tuple((int(edge * scale), int(increment * scale)) for edge, increment in reversed(self.rule.tiers))
        object.__setattr__(self, "_tiers", tiers)

    @property
    def min_tick(self) -> Decimal:
        """The smallest increment of any price."""
        return min(increment for _, increment in self.rule.tiers)

    @property
    def is_future(self) -> bool:
        """Whether profit settles to cash and only margin is bound."""
        return self.sec_type == "FUT"

    @property
    def is_option(self) -> bool:
        """Whether it has a strike and a right."""
        return self.sec_type == "OPT"

    @property
    def venues(self) -> tuple[str, ...]:
        """Where its trades happen, as executions and prints name it."""
        return _VENUES.get(self.sec_type, self.exchanges)

    @property
    def fee_currency(self) -> str:
        """The currency that commissions are paid in: that of the account for currency pairs."""
        return "USD" if self.sec_type == "CASH" else self.currency

    def increment(self, units: int) -> int:
        """Return the increment that holds at a price, in units."""
        for edge, increment in self._tiers:
            if units >= edge:
                return increment
        return self._tiers[-1][1]

    def floor(self, units: float) -> int:
        """Return the highest price on the grid that is not above the given one."""
        increment = self.increment(int(units))
        return int(units // increment) * increment

    def up(self, units: int, ticks: int = 1) -> int:
        """Return the price that many ticks higher."""
        edge, increment = self._tiers[0]
        if units >= edge:
            return units + ticks * increment
        for _ in range(ticks):
            units += self.increment(units)
        return units

    def down(self, units: int, ticks: int = 1) -> int:
        """Return the price that many ticks lower; only combinations go below the smallest increment."""
        if self.legs:
            return units - ticks * self._tiers[-1][1]
        for _ in range(ticks):
            units = max(units - self.increment(units - 1), self._tiers[-1][1])
        return units

    def units(self, price: Decimal) -> int | None:
        """Return a price in units, None if it is not on the grid, beyond any price there is, or not positive.

        Combinations may cost nothing or less.
        """
        if abs(price) >= _HIGHEST_PRICE:
            return None
        scaled = price.scaleb(self.decimals)
        if (scaled <= 0 and not self.legs) or scaled != scaled.to_integral_value():
            return None
        units = int(scaled)
        return units if units % self.increment(units) == 0 else None

    def price(self, units: int) -> Decimal:
        """Return a price in the instrument's currency."""
        return Decimal(units).scaleb(-self.decimals)

    def text(self, units: int) -> str:
        """Return a price as it stands on the wire."""
        found = self._texts.get(units)
        if found is None:
            if len(self._texts) > 50_000:
                self._texts.clear()
            found = self._texts[units] = decimal_text(self.price(units))
        return found

    def contract(self, exchange: str) -> Record:
        """Return the contract fields that most messages share, for one exchange."""
        return Record(
            conId=self.con_id,
            symbol=self.symbol,
            secType=self.sec_type,
            lastTradeDate=self.last_trade_date,
            strike=self.strike,
            right=self.right,
            multiplier=str(self.multiplier) if self.is_future or self.is_option else "",
            exchange=exchange,
            primaryExchange=self.primary_exchange,
            currency=self.currency,
            localSymbol=self.local_symbol,
            tradingClass=self.trading_class,
        )

    def details(self, req_id: int, exchange: str, today: date) -> Record:
        """Return the fields of contractDetails; the market never closes, so the hours are whole days."""
        hours = ";".join(_whole_day(today + timedelta(days=day)) for day in range(6))
        industry, category, subcategory = self.sectors
        return Record(
            self.contract(exchange),
            reqId=req_id,
            marketName=self.trading_class,
            minTick=self.min_tick,
            orderTypes=_ORDER_TYPES[self.sec_type],
            validExchanges=",".join(self.exchanges),
            priceMagnifier=1,
            longName=ascii_text(self.long_name),
            contractMonth=self.contract_month or self.last_trade_date[:6],
            industry=industry,
            category=category,
            subcategory=subcategory,
            timeZoneId=self.time_zone,
            tradingHours=hours,
            liquidHours=hours,
            secIds=[Record(tag="ISIN", value=self.isin)] if self.isin else [],
            aggGroup=1,
            underConId=self.under_con_id,
            underSymbol=self.symbol if self.under_sec_type else "",
            underSecType=self.under_sec_type,
            marketRuleIds=",".join(str(self.rule.rule_id) for _ in self.exchanges),
            realExpirationDate=self.last_trade_date,
            stockType=self.stock_type,
            minSize=self.min_size,
            sizeIncrement=self.min_size,
            suggestedSizeIncrement=Decimal(self.temper.lot),
        )


def _whole_day(day: date) -> str:
    return f"{day:%Y%m%d}:0000-{day + timedelta(days=1):%Y%m%d}:0000"
