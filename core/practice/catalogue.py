"""The instruments of the practice market as of a day: stocks and funds, futures, currency pairs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from core.practice.climate import GROUPS
from core.practice.crowd import made_up
from core.practice.directory import Catalogue
from core.practice.futures import build_futures
from core.practice.instruments import Instrument, Margin, MarketRule, Temper
from core.practice.listings import Listing, listings

_CENT: Final = MarketRule(26, ((Decimal(0), Decimal("0.01")),))
#: SEC Rule 612: below one dollar quotes may go to a hundredth of a cent.
_SUB_DOLLAR: Final = MarketRule(557, ((Decimal(0), Decimal("0.0001")), (Decimal(1), Decimal("0.01"))))
_HALF_PIP: Final = MarketRule(239, ((Decimal(0), Decimal("0.00005")),))
_YEN: Final = MarketRule(240, ((Decimal(0), Decimal("0.005")),))

_STOCK_MARGIN: Final = Margin(Decimal("0.25"), Decimal("0.25"), Decimal("0.30"), Decimal("0.30"))
_PAIR_MARGIN: Final = Margin(Decimal("0.03"), Decimal("0.03"), Decimal("0.03"), Decimal("0.03"))

# Contract id, currency, against, name, price, yesterday's close, volatility a year, share of the dollar's moves.
_PAIRS: Final = (
    (12087792, "EUR", "USD", "European Monetary Union Euro", "1.0841", "1.085", 0.07, -0.8),
    (12087797, "GBP", "USD", "British Pound", "1.26935", "1.2679", 0.08, -0.7),
    (15016059, "USD", "JPY", "United States dollar", "151.24", "150.905", 0.09, 0.6),
    (14433401, "AUD", "USD", "Australian dollar", "0.6512", "0.65285", 0.10, -0.6),
    (15016062, "USD", "CAD", "United States dollar", "1.4021", "1.4002", 0.06, 0.6),
    (12087820, "USD", "CHF", "United States dollar", "0.8865", "0.88515", 0.08, 0.7),
)


def build_catalogue(today: date, instruments: int = 0) -> Catalogue:
    """Return the instruments as of a day, filled up with made-up stocks if more of them are asked for."""
    known = [*map(_stock, listings()), *build_futures(today), *_pairs()]
    known += map(_stock, made_up(max(instruments - len(known), 0)))
    return Catalogue(known, today)


def _stock(row: Listing) -> Instrument:
    below_dollar = row.price < 2
    rule = _SUB_DOLLAR if below_dollar else _CENT
    close = row.price / (1 + row.change / 100)
    return Instrument(
        con_id=row.con_id,
        symbol=row.symbol,
        sec_type="STK",
        currency="USD",
        primary_exchange=row.exchange,
        local_symbol=row.symbol,
        trading_class=row.trading_class,
        long_name=row.name,
        rule=rule,
        decimals=4,
        start_price=row.price,
        close=close.quantize(Decimal("0.0001") if below_dollar else Decimal("0.01")),
        temper=Temper(
            row.volatility,
            row.beta,
            row.lots,
            100,
            row.rate,
            row.spread_ticks,
            int(row.volume * 1_000_000),
            row.kind.group,
            row.kind.tilt,
        ),
        margin=_STOCK_MARGIN,
        stock_type=row.stock_type,
        sectors=row.kind.sectors,
        isin=row.isin,
    )


def _pairs() -> Iterator[Instrument]:
    dollar = GROUPS.index("dollar")
    for con_id, symbol, currency, name, price, close, volatility, tilt in _PAIRS:
        yen = currency == "JPY"
        yield Instrument(
            con_id=con_id,
            symbol=symbol,
            sec_type="CASH",
            currency=currency,
            primary_exchange="",
            local_symbol=f"{symbol}.{currency}",
            trading_class=f"{symbol}.{currency}",
            long_name=name,
            rule=_YEN if yen else _HALF_PIP,
            decimals=3 if yen else 5,
            start_price=Decimal(price),
            close=Decimal(close),
            temper=Temper(volatility, 0.1 if tilt < 0 else -0.05, 3, 1_000_000, 0.3, 1, 0, dollar, tilt),
            margin=_PAIR_MARGIN,
            exchanges=("IDEALPRO",),
        )
