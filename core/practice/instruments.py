"""What can be traded here: one instrument, its price grid, and how a client names it.

Prices inside the gateway are whole numbers of an instrument's smallest unit (``decimals`` places), so that no money
passes through a float; `Instrument.price` and `Instrument.units` convert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Final

from core.practice.climate import SESSION_STEPS
from core.practice.codec import decimal_text
from core.practice.tables import Record

if TYPE_CHECKING:
    from core.practice.chains import Chains, Combinations

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
            longName=self.long_name.encode("unicode-escape").decode("ascii"),
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


class Directory(Mapping[int, Instrument]):
    """Instruments by contract id; options and combinations are looked for when they are asked for."""

    def __init__(self, known: dict[int, Instrument], derived: Callable[[int], Instrument | None]) -> None:
        self._known = known
        self._derived = derived

    def __getitem__(self, con_id: int) -> Instrument:
        found = self._known.get(con_id) or self._derived(con_id)
        if found is None:
            raise KeyError(con_id)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


class Catalogue:
    """All instruments, found by contract id or by whatever a client says of them.

    `instruments` and the iteration of `by_id` leave out options and combinations, of which there are too many.
    """

    def __init__(self, instruments: Iterable[Instrument], today: date) -> None:
        self.instruments = tuple(instruments)
        #: The day that the contracts are of.
        self.today = today
        self.by_id = Directory({instrument.con_id: instrument for instrument in self.instruments}, self.derived)
        self.rules = {instrument.rule.rule_id: instrument.rule for instrument in self.instruments}
        self._by_symbol: dict[str, list[Instrument]] = {}
        for instrument in self.instruments:
            self._by_symbol.setdefault(instrument.symbol, []).append(instrument)
            if instrument.local_symbol != instrument.symbol:
                self._by_symbol.setdefault(instrument.local_symbol, []).append(instrument)

    @cached_property
    def chains(self) -> Chains:
        """The option chains."""
        from core.practice.chains import PENNIES, Chains

        self.rules[PENNIES.rule_id] = PENNIES
        stocks = {item.symbol: item for item in self.instruments if item.sec_type == "STK"}
        return Chains(stocks, self.today)

    @cached_property
    def combinations(self) -> Combinations:
        """The combinations that clients named."""
        from core.practice.chains import Combinations

        return Combinations(self.by_id)

    def derived(self, con_id: int) -> Instrument | None:
        """Return an option, or a combination that was named before, None if there is none of that id."""
        if con_id < DERIVED_IDS:
            return None
        return self.chains.by_id(con_id) or self.combinations.by_id(con_id)

    def find(self, contract: Record) -> list[Instrument]:
        """Return the instruments that a client's contract fields describe, none when there is no such thing."""
        exchange = contract.text("exchange")
        con_id = contract.integer("conId")
        if contract.text("secType") == "BAG":
            combination = self.combinations.find(contract)
            candidates = [combination] if combination else []
        elif con_id:
            known = self.by_id.get(con_id)
            candidates = [known] if known else []
        elif contract.text("secIdType") == "ISIN":
            candidates = [item for item in self.instruments if item.isin == contract.text("secId")]
        else:
            candidates = [item for item in self._named(contract) if _matches(item, contract)]
        return [item for item in candidates if not exchange or exchange in item.exchanges]

    def _named(self, contract: Record) -> Iterable[Instrument]:
        name = contract.text("symbol") or contract.text("localSymbol")
        if contract.text("secType") == "OPT":
            return self.chains.named(contract.text("localSymbol") or name, contract)
        return self._by_symbol.get(name, ())

    def search(self, pattern: str, limit: int = 16) -> list[Instrument]:
        """Return what a typed pattern may mean, best first: symbol, start of a symbol, start of a word of the name."""
        wanted = pattern.strip().upper()
        if not wanted:
            return []
        ranked: list[tuple[int, int, Instrument]] = []
        futures: set[str] = set()
        for place, item in enumerate(self.instruments):
            if item.is_future:
                if item.symbol in futures:
                    continue
                futures.add(item.symbol)
            if wanted in {item.symbol, item.local_symbol}:
                rank = 0
            elif item.symbol.startswith(wanted) or item.local_symbol.startswith(wanted):
                rank = 1
            elif any(word.startswith(wanted) for word in item.long_name.upper().split()):
                rank = 2
            elif item.long_name.upper().startswith(wanted):
                rank = 3
            else:
                continue
            ranked.append((rank, place, item))
        return [item for _, _, item in sorted(ranked, key=lambda entry: entry[:2])[:limit]]


def _matches(item: Instrument, contract: Record) -> bool:
    month = contract.text("lastTradeDate")
    given = (
        (contract.text("symbol"), item.symbol),
        (contract.text("localSymbol"), item.local_symbol),
        (contract.text("secType"), item.sec_type),
        (contract.text("currency"), item.currency),
        (contract.text("tradingClass"), item.trading_class),
    )
    if any(wanted and wanted != actual for wanted, actual in given):
        return False
    primary = contract.text("primaryExchange")
    if primary and primary != item.primary_exchange and contract.text("exchange") in {"", "SMART"}:
        return False
    multiplier = contract.text("multiplier")
    if multiplier and (item.is_future or item.is_option) and multiplier != str(item.multiplier):
        return False
    # Six digits are the month that a future is called by, which need not be that of its last day.
    if len(month) == 6 and item.contract_month:
        return item.contract_month == month
    return item.last_trade_date.startswith(month)
