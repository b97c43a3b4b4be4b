"""The futures of the practice market: five products, each with its next four months."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from core.practice.climate import GROUPS
from core.practice.days import is_holiday
from core.practice.instruments import Instrument, Margin, MarketRule, Temper

MONTHS: Final = 4
_LETTERS: Final = "FGHJKMNQUVXZ"
_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class Product:
    """One future in all its months."""

    symbol: str
    name: str
    exchange: str
    currency: str
    multiplier: int
    rule: MarketRule
    decimals: int
    #: Price of the nearest month, what each later month costs more, and yesterday's change.
    price: Decimal
    carry: Decimal
    change: Decimal
    volatility: float
    beta: float
    group: str
    tilt: float
    lots: int
    #: Contracts that the nearest month trades on a day.
    volume: int
    #: Initial and maintenance margin of a contract.
    initial: int
    maintenance: int
    time_zone: str
    first_con_id: int
    under_con_id: int
    under_sec_type: str
    months: tuple[int, ...]
    last_trade: Callable[[int, int], date]


def third_friday(year: int, month: int) -> date:
    """Return the third Friday of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def _is_business(day: date) -> bool:
    return day.weekday() < 5 and not is_holiday(day)


def _back(day: date, count: int) -> date:
    """Return the business day that many before a day."""
    while count:
        day -= timedelta(days=1)
        count -= _is_business(day)
    return day


def _month_end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)


def _crude_end(year: int, month: int) -> date:
    """Three business days before the 25th of the month before delivery, four if the 25th is none (NYMEX 200101)."""
    before = date(year, month, 1) - timedelta(days=1)
    anchor = before.replace(day=25)
    return _back(anchor, 3 if _is_business(anchor) else 4)


def _gold_end(year: int, month: int) -> date:
    """The third last business day of the delivery month (COMEX 113101)."""
    return _back(_month_end(year, month), 3)


def _note_end(year: int, month: int) -> date:
    """The seventh business day before the last one of the delivery month (CBOT 19101)."""
    return _back(_month_end(year, month), 8)


def _rule(number: int, increment: str) -> MarketRule:
    return MarketRule(number, ((_ZERO, Decimal(increment)),))


_QUARTERS: Final = (3, 6, 9, 12)
_CHICAGO, _NEW_YORK = "America/Chicago", "America/New_York"

PRODUCTS: Final = (
    Product(
        "ES", "E-mini S&P 500", "CME", "USD", 50, _rule(67, "0.25"), 2, Decimal("6014.25"), Decimal("52.75"),
        Decimal("13.25"), 0.16, 0.9, "large", 0.43, 20, 812_000, 17600, 16000, _CHICAGO, 637_000_000, 11004968, "IND",
        _QUARTERS, third_friday,
    ),
    Product(
        "NQ", "E-mini NASDAQ 100", "CME", "USD", 20, _rule(67, "0.25"), 2, Decimal("20815.50"), Decimal("205.25"),
        Decimal("64.50"), 0.21, 0.9, "technology", 0.43, 3, 590_000, 26400, 24000, _CHICAGO, 638_000_000, 11004958,
        "IND", _QUARTERS, third_friday,
    ),
    Product(
        "CL", "Light Sweet Crude Oil", "NYMEX", "USD", 1000, _rule(96, "0.01"), 2, Decimal("69.84"), Decimal("-0.31"),
        Decimal("-0.52"), 0.34, 0.15, "energy", 0.98, 12, 310_000, 6900, 6270, _NEW_YORK, 639_000_000, 17340715, "IND",
        tuple(range(1, 13)), _crude_end,
    ),
    Product(
        "GC", "Gold", "COMEX", "USD", 100, _rule(89, "0.10"), 1, Decimal("2663.40"), Decimal("17.80"),
        Decimal("24.60"), 0.16, 0.05, "metals", 0.99, 5, 190_000, 12100, 11000, _NEW_YORK, 640_000_000, 17340718, "IND",
        (2, 4, 6, 8, 10, 12), _gold_end,
    ),
    Product(
        "ZN", "10 Year US Treasury Note", "CBOT", "USD", 1000, _rule(32, "0.015625"), 6, Decimal("109.859375"),
        Decimal("0.15625"), Decimal("-0.234375"), 0.065, -0.1, "rates", 0.98, 900, 1_600_000, 2200, 2000, _CHICAGO,
        641_000_000, 17340721, "IND", _QUARTERS, _note_end,
    ),
)  # fmt: skip


def build_futures(today: date) -> Iterator[Instrument]:
    """Give the next months of every product as of a day; a contract is gone on its last trading day."""
    for product in PRODUCTS:
        found, year, month = 0, today.year, today.month
        while found < MONTHS:
            if month in product.months:
                expiry = product.last_trade(year, month)
                if expiry > today:
                    yield _future(product, year, month, expiry, found)
                    found += 1
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _future(product: Product, year: int, month: int, expiry: date, ahead: int) -> Instrument:
    start = product.price + product.carry * ahead
    margin = Margin(_ZERO, _ZERO, _ZERO, _ZERO, Decimal(product.initial), Decimal(product.maintenance))
    rate = 0.6 if not ahead else 0.05
    temper = Temper(
        product.volatility,
        product.beta,
        product.lots,
        1,
        rate,
        1,
        product.volume >> 3 * ahead,
        GROUPS.index(product.group),
        product.tilt,
    )
    return Instrument(
        con_id=product.first_con_id + (year - 2000) * 100 + month,
        symbol=product.symbol,
        sec_type="FUT",
        currency=product.currency,
        primary_exchange="",
        local_symbol=f"{product.symbol}{_LETTERS[month - 1]}{year % 10}",
        trading_class=product.symbol,
        long_name=product.name,
        rule=product.rule,
        decimals=product.decimals,
        start_price=start,
        close=start - product.change,
        temper=temper,
        margin=margin,
        multiplier=product.multiplier,
        exchanges=(product.exchange,),
        time_zone=product.time_zone,
        last_trade_date=f"{expiry:%Y%m%d}",
        contract_month=f"{year}{month:02}",
        under_con_id=product.under_con_id,
        under_sec_type=product.under_sec_type,
    )
