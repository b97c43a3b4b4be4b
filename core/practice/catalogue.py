"""The instruments of the practice market: the well-known ones, with their real contract ids where they have one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from core.practice.instruments import Catalogue, Instrument, Margin, MarketRule, Temper

_CENT = MarketRule(26, ((Decimal(0), Decimal("0.01")),))
#: SEC Rule 612: below one dollar quotes may go to a hundredth of a cent.
_SUB_DOLLAR = MarketRule(557, ((Decimal(0), Decimal("0.0001")), (Decimal(1), Decimal("0.01"))))
_INDEX_FUTURE = MarketRule(67, ((Decimal(0), Decimal("0.25")),))
_HALF_PIP = MarketRule(239, ((Decimal(0), Decimal("0.00005")),))

_STOCK_MARGIN = Margin(Decimal("0.25"), Decimal("0.25"), Decimal("0.30"), Decimal("0.30"))
_PAIR_MARGIN = Margin(Decimal("0.03"), Decimal("0.03"), Decimal("0.03"), Decimal("0.03"))

_TECH = ("Technology", "Computers", "Computers")
_CHIPS = ("Technology", "Semiconductors", "Electronic Compo-Semicon")
_SOFT = ("Technology", "Software", "Applications Software")
_NET = ("Communications", "Internet", "Internet Content-Entmnt")
_SHOP = ("Communications", "Internet", "E-Commerce/Products")
_CARS = ("Consumer, Cyclical", "Auto Manufacturers", "Auto-Cars/Light Trucks")
_STORES = ("Consumer, Cyclical", "Retail", "Retail-Computer Equip")
_DRUGS = ("Consumer, Non-cyclical", "Pharmaceuticals", "Therapeutics")
_FUND = ("", "", "")

# Contract id, symbol, name, listing exchange, class, price, change on the day in percent, volatility a year, beta,
# lots shown, chance of a trade in a step, spread in ticks, volume in millions, kind, sectors, ISIN.
_Row = tuple[int, str, str, str, str, str, str, float, float, int, float, int, float, str, tuple[str, str, str], str]
_STOCKS: tuple[_Row, ...] = (
    (265598, "AAPL", "APPLE INC", "NASDAQ", "NMS", "233.33", "0.61", 0.26, 0.7, 4, 0.5, 1, 32.1,
     "COMMON", _TECH, "US0378331005"),
    (76792991, "TSLA", "TESLA INC", "NASDAQ", "NMS", "413.74", "1.10", 0.55, 0.6, 3, 0.6, 6, 51.0,
     "COMMON", _CARS, "US88160R1014"),
    (756733, "SPY", "STATE STREET SPDR S&P 500 ETF", "ARCA", "SPY", "598.01", "0.20", 0.16, 0.9, 8, 0.6, 1, 40.2,
     "ETF", _FUND, "US78462F1030"),
    (4815747, "NVDA", "NVIDIA CORP", "NASDAQ", "NMS", "141.19", "-0.42", 0.45, 0.7, 6, 0.6, 1, 88.7,
     "COMMON", _CHIPS, "US67066G1040"),
    (4391, "AMD", "ADVANCED MICRO DEVICES", "NASDAQ", "NMS", "168.03", "0.35", 0.48, 0.7, 4, 0.4, 2, 22.4,
     "COMMON", _CHIPS, "US0079031078"),
    (444857009, "PLTR", "PALANTIR TECHNOLOGIES INC-A", "NASDAQ", "NMS", "61.11", "2.05", 0.60, 0.6, 8, 0.5, 1, 60.3,
     "COMMON", _SOFT, "US69608A1088"),
    (107113386, "META", "META PLATFORMS INC-CLASS A", "NASDAQ", "NMS", "612.47", "-0.15", 0.32, 0.7, 2, 0.4, 12, 8.1,
     "COMMON", _NET, "US30303M1027"),
    (272093, "MSFT", "MICROSOFT CORP", "NASDAQ", "NMS", "417.79", "0.27", 0.24, 0.75, 3, 0.4, 3, 15.6,
     "COMMON", _SOFT, "US5949181045"),
    (208813719, "GOOGL", "ALPHABET INC-CL A", "NASDAQ", "NMS", "175.31", "-0.33", 0.29, 0.7, 4, 0.4, 1, 18.9,
     "COMMON", _NET, "US02079K3059"),
    (3691937, "AMZN", "AMAZON.COM INC", "NASDAQ", "NMS", "202.88", "0.48", 0.31, 0.7, 4, 0.4, 1, 26.2,
     "COMMON", _SHOP, "US0231351067"),
    (320227571, "QQQ", "INVESCO QQQ TRUST SERIES 1", "NASDAQ", "NMS", "503.17", "0.31", 0.21, 0.9, 6, 0.5, 1, 28.4,
     "ETF", _FUND, "US46090E1038"),
    (9599491, "F", "FORD MOTOR CO", "NYSE", "F", "11.02", "-0.54", 0.35, 0.5, 60, 0.3, 1, 41.7,
     "COMMON", _CARS, "US3453708600"),
    (36285627, "GME", "GAMESTOP CORP-CLASS A", "NYSE", "GME", "27.22", "-1.20", 0.80, 0.3, 5, 0.2, 2, 9.8,
     "COMMON", _STORES, "US36467W1099"),
    (270639, "INTC", "INTEL CORP", "NASDAQ", "NMS", "24.35", "0.83", 0.42, 0.6, 40, 0.4, 1, 55.2,
     "COMMON", _CHIPS, "US4581401001"),
    (325427506, "TLRY", "TILRAY BRANDS INC", "NASDAQ", "SCM", "0.9784", "-2.10", 0.75, 0.3, 50, 0.3, 4, 30.5,
     "COMMON", _DRUGS, ""),
)  # fmt: skip

_QUARTERS = {3: "H", 6: "M", 9: "U", 12: "Z"}


def build_catalogue(today: date) -> Catalogue:
    """Return the instruments as of a day: futures are the next four quarterly months."""
    return Catalogue((*map(_stock, _STOCKS), *_futures(today), _euro()))


def _stock(row: _Row) -> Instrument:
    con_id, symbol, name, listing, trading_class, price, change, volatility, beta = row[:9]
    lots, rate, spread, volume, kind, sectors, isin = row[9:]
    start = Decimal(price)
    below_dollar = start < 2
    rule = _SUB_DOLLAR if below_dollar else _CENT
    close = (start / (1 + Decimal(change) / 100)).quantize(Decimal("0.0001") if below_dollar else Decimal("0.01"))
    return Instrument(
        con_id=con_id,
        symbol=symbol,
        sec_type="STK",
        currency="USD",
        primary_exchange=listing,
        local_symbol=symbol,
        trading_class=trading_class,
        long_name=name,
        rule=rule,
        decimals=4,
        start_price=start,
        close=close,
        temper=Temper(volatility, beta, lots, 100, rate, spread, int(volume * 1_000_000)),
        margin=_STOCK_MARGIN,
        stock_type=kind,
        sectors=sectors,
        isin=isin,
    )


def _third_friday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(4 - first.weekday()) % 7 + 14)


def _futures(today: date) -> list[Instrument]:
    found: list[Instrument] = []
    year, month = today.year, today.month
    while len(found) < 4:
        if month in _QUARTERS:
            expiry = _third_friday(year, month)
            if expiry > today:
                found.append(_index_future(expiry, len(found)))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def _index_future(expiry: date, months_ahead: int) -> Instrument:
    start = Decimal("6014.25") + Decimal("52.75") * months_ahead
    margin = Margin(Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(17600), Decimal(16000))
    return Instrument(
        con_id=637_000_000 + (expiry.year - 2000) * 100 + expiry.month,
        symbol="ES",
        sec_type="FUT",
        currency="USD",
        primary_exchange="",
        local_symbol=f"ES{_QUARTERS[expiry.month]}{expiry.year % 10}",
        trading_class="ES",
        long_name="E-mini S&P 500",
        rule=_INDEX_FUTURE,
        decimals=2,
        start_price=start,
        close=start - Decimal("13.25"),
        temper=Temper(0.16, 0.95, 20, 1, 0.6 if not months_ahead else 0.05, 1, 812_000),
        margin=margin,
        multiplier=50,
        exchanges=("CME",),
        time_zone="America/Chicago",
        last_trade_date=f"{expiry:%Y%m%d}",
        under_con_id=11004968,
        under_sec_type="IND",
    )


def _euro() -> Instrument:
    return Instrument(
        con_id=12087792,
        symbol="EUR",
        sec_type="CASH",
        currency="USD",
        primary_exchange="",
        local_symbol="EUR.USD",
        trading_class="EUR.USD",
        long_name="European Monetary Union Euro",
        rule=_HALF_PIP,
        decimals=5,
        start_price=Decimal("1.0841"),
        close=Decimal("1.085"),
        temper=Temper(0.07, 0.1, 3, 1_000_000, 0.3, 1, 0),
        margin=_PAIR_MARGIN,
        exchanges=("IDEALPRO",),
        min_size=Decimal(1),
    )
