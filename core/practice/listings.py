"""The stocks and funds of the practice market, with the contract ids that clients know them by.

Prices, sizes and volumes are of a made-up ordinary day.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

from core.practice.climate import GROUPS


class Kind(NamedTuple):
    """What companies of a business share: a group of the climate, its weight, and the sectors that details name."""

    group: int
    tilt: float
    sectors: tuple[str, str, str]


def _kind(group: str, tilt: float, *sectors: str) -> Kind:
    industry, category, subcategory = sectors or ("", "", "")
    return Kind(GROUPS.index(group), tilt, (industry, category, subcategory))


KINDS: Final = {
    "hardware": _kind("technology", 0.3, "Technology", "Computers", "Computers"),
    "chips": _kind("chips", 0.45, "Technology", "Semiconductors", "Electronic Compo-Semicon"),
    "software": _kind("technology", 0.35, "Technology", "Software", "Applications Software"),
    "internet": _kind("technology", 0.3, "Communications", "Internet", "Internet Content-Entmnt"),
    "commerce": _kind("technology", 0.25, "Communications", "Internet", "E-Commerce/Products"),
    "media": _kind("consumer", 0.2, "Communications", "Media", "Multimedia"),
    "phones": _kind("consumer", 0.2, "Communications", "Telecommunications", "Telephone-Integrated"),
    "cars": _kind("consumer", 0.2, "Consumer, Cyclical", "Auto Manufacturers", "Auto-Cars/Light Trucks"),
    "stores": _kind("consumer", 0.3, "Consumer, Cyclical", "Retail", "Retail-Discount"),
    "meals": _kind("consumer", 0.3, "Consumer, Cyclical", "Retail", "Retail-Restaurants"),
    "staples": _kind("consumer", 0.4, "Consumer, Non-cyclical", "Beverages", "Beverages-Non-alcoholic"),
    "drugs": _kind("health", 0.4, "Consumer, Non-cyclical", "Pharmaceuticals", "Medical-Drugs"),
    "herbs": _kind("health", 0.1, "Consumer, Non-cyclical", "Pharmaceuticals", "Therapeutics"),
    "banks": _kind("banks", 0.5, "Financial", "Banks", "Diversified Banking Inst"),
    "payments": _kind("banks", 0.2, "Financial", "Diversified Finan Serv", "Finance-Credit Card"),
    "oil": _kind("energy", 0.6, "Energy", "Oil&Gas", "Oil Comp-Integrated"),
    "solar": _kind("energy", 0.2, "Energy", "Energy-Alternate Sources", "Energy-Alternate Sources"),
    "industry": _kind("consumer", 0.1, "Industrial", "Machinery-Constr&Mining", "Machinery-Constr&Mining"),
    "planes": _kind("consumer", 0.1, "Industrial", "Aerospace/Defense", "Aerospace/Defense"),
    "index": _kind("large", 0.4),
    "techindex": _kind("technology", 0.4),
    "smallindex": _kind("small", 0.4),
    "bankindex": _kind("banks", 0.45),
    "oilindex": _kind("energy", 0.75),
    "gold": _kind("metals", 0.9),
    "bonds": _kind("rates", 0.9),
}


class Listing(NamedTuple):
    """One stock or fund as the table below has it."""

    con_id: int
    symbol: str
    name: str
    exchange: str
    trading_class: str
    price: Decimal
    #: Change on the day in percent.
    change: Decimal
    volatility: float
    beta: float
    #: Mean size shown at the touch, in hundreds.
    lots: int
    #: Chance of a trade in a step.
    rate: float
    spread_ticks: int
    #: Volume of a day, in millions.
    volume: float
    stock_type: str
    kind: Kind
    isin: str


# Contract id, symbol, listing exchange (with its tier, where that is not the main one), price, change, volatility a
# year, beta, lots shown, chance of a trade in a step, spread in ticks, volume in millions, type, kind, name.
_TABLE: Final = """
265598    AAPL  NASDAQ      233.33  0.61 0.26  0.7  4 0.50   1 32.1 COMMON hardware   APPLE INC
76792991  TSLA  NASDAQ      413.74  1.10 0.55  0.6  3 0.60   6 51.0 COMMON cars       TESLA INC
756733    SPY   ARCA        598.01  0.20 0.16  0.9  8 0.60   1 40.2 ETF    index      STATE STREET SPDR S&P 500 ETF
4815747   NVDA  NASDAQ      141.19 -0.42 0.45  0.7  6 0.60   1 88.7 COMMON chips      NVIDIA CORP
4391      AMD   NASDAQ      168.03  0.35 0.48  0.7  4 0.40   2 22.4 COMMON chips      ADVANCED MICRO DEVICES
444857009 PLTR  NASDAQ       61.11  2.05 0.60  0.6  8 0.50   1 60.3 COMMON software   PALANTIR TECHNOLOGIES INC-A
107113386 META  NASDAQ      612.47 -0.15 0.32  0.7  2 0.40  12  8.1 COMMON internet   META PLATFORMS INC-CLASS A
272093    MSFT  NASDAQ      417.79  0.27 0.24 0.75  3 0.40   3 15.6 COMMON software   MICROSOFT CORP
208813719 GOOGL NASDAQ      175.31 -0.33 0.29  0.7  4 0.40   1 18.9 COMMON internet   ALPHABET INC-CL A
3691937   AMZN  NASDAQ      202.88  0.48 0.31  0.7  4 0.40   1 26.2 COMMON commerce   AMAZON.COM INC
320227571 QQQ   NASDAQ      503.17  0.31 0.21  0.9  6 0.50   1 28.4 ETF    techindex  INVESCO QQQ TRUST SERIES 1
9599491   F     NYSE         11.02 -0.54 0.35  0.5 60 0.30   1 41.7 COMMON cars       FORD MOTOR CO
36285627  GME   NYSE         27.22 -1.20 0.80  0.3  5 0.20   2  9.8 COMMON stores     GAMESTOP CORP-CLASS A
270639    INTC  NASDAQ       24.35  0.83 0.42  0.6 40 0.40   1 55.2 COMMON chips      INTEL CORP
325427506 TLRY  NASDAQ.SCM  0.9784 -2.10 0.75  0.3 50 0.30   4 30.5 COMMON herbs      TILRAY BRANDS INC
9579970   IWM   ARCA        237.62  0.44 0.21 0.85  8 0.40   1 27.9 ETF    smallindex ISHARES RUSSELL 2000 ETF
73128548  DIA   ARCA        438.50  0.15 0.14  0.9  5 0.15   4  2.9 ETF    index      STATE STREET SPDR DOW JONES
4215220   XLF   ARCA         50.21  0.12 0.18  0.8 60 0.25   1 38.4 ETF    bankindex  FINANCIAL SELECT SECTOR SPDR
4215217   XLE   ARCA         94.88 -0.71 0.24  0.5 12 0.25   1 14.2 ETF    oilindex   ENERGY SELECT SECTOR SPDR
51529211  GLD   ARCA        243.90  0.93 0.16 0.05  8 0.25   1  8.3 ETF    gold       SPDR GOLD SHARES
39039301  SLV   ARCA         28.14  1.31 0.29 0.15 40 0.25   1 17.8 ETF    gold       ISHARES SILVER TRUST
15547841  TLT   NASDAQ       90.35 -0.22 0.15 -0.1 25 0.30   1 34.6 ETF    bonds      ISHARES 20+ YEAR TREASURY BD
8314      IBM   NYSE        224.90  0.21 0.22 0.55  3 0.20   4  3.9 COMMON hardware   INTL BUSINESS MACHINES CORP
1520593   JPM   NYSE        246.31  0.52 0.23  0.6  3 0.25   4  8.6 COMMON banks      JPMORGAN CHASE & CO
10098     BAC   NYSE         46.72  0.34 0.25  0.6 20 0.30   1 33.0 COMMON banks      BANK OF AMERICA CORP
10375     WFC   NYSE         75.11  0.81 0.27  0.6  8 0.25   1 14.9 COMMON banks      WELLS FARGO & CO
87335484  C     NYSE         69.44 -0.12 0.28  0.6  8 0.25   1 13.2 COMMON banks      CITIGROUP INC
4627828   GS    NYSE        592.20  0.66 0.26  0.6  1 0.15  25  2.2 COMMON banks      GOLDMAN SACHS GROUP INC
13977     XOM   NYSE        120.35 -0.95 0.23 0.35  6 0.30   1 14.8 COMMON oil        EXXON MOBIL CORP
5684      CVX   NYSE        161.38 -0.61 0.22 0.35  3 0.20   2  7.1 COMMON oil        CHEVRON CORP
8894      KO    NYSE         63.55  0.11 0.14 0.35 15 0.25   1 14.6 COMMON staples    COCA-COLA CO/THE
11017     PEP   NASDAQ      158.92 -0.30 0.17 0.35  3 0.20   2  5.6 COMMON staples    PEPSICO INC
11442     PG    NYSE        171.63  0.08 0.16 0.35  3 0.20   2  6.2 COMMON staples    PROCTER & GAMBLE CO/THE
13824     WMT   NYSE         88.34  0.57 0.20 0.45 10 0.25   1 15.7 COMMON stores     WALMART INC
272997    COST  NASDAQ      931.64  0.39 0.22  0.5  1 0.15  45  1.8 COMMON stores     COSTCO WHOLESALE CORP
7930      HD    NYSE        405.28 -0.18 0.22 0.55  1 0.15  12  3.1 COMMON stores     HOME DEPOT INC
9408      MCD   NYSE        292.10  0.02 0.17  0.4  2 0.15   6  3.0 COMMON meals      MCDONALD'S CORP
274105    SBUX  NASDAQ       98.41 -0.77 0.30 0.45  5 0.20   1  7.9 COMMON meals      STARBUCKS CORP
10291     NKE   NYSE         75.62 -1.08 0.34  0.5  6 0.25   1 12.4 COMMON stores     NIKE INC -CL B
6459      DIS   NYSE        114.20  0.40 0.27  0.5  5 0.25   1 10.3 COMMON media      WALT DISNEY CO/THE
15124833  NFLX  NASDAQ      883.70  1.24 0.35 0.55  1 0.25  40  3.6 COMMON media      NETFLIX INC
37018770  T     NYSE         22.78 -0.26 0.22  0.3 60 0.30   1 36.8 COMMON phones     AT&T INC
268084    CSCO  NASDAQ       57.40  0.16 0.20  0.5 15 0.25   1 18.1 COMMON hardware   CISCO SYSTEMS INC
272800    ORCL  NYSE        189.65  1.02 0.33 0.55  3 0.25   3  8.2 COMMON software   ORACLE CORP
265768    ADBE  NASDAQ      503.80 -0.44 0.33 0.55  1 0.20  14  3.2 COMMON software   ADOBE INC
273544    QCOM  NASDAQ      155.46 -0.68 0.34  0.6  4 0.25   2  8.4 COMMON chips      QUALCOMM INC
313130367 AVGO  NASDAQ      163.91  0.74 0.44  0.6  4 0.40   3 20.9 COMMON chips      BROADCOM INC
9939      MU    NASDAQ       98.06  1.41 0.50  0.6  5 0.35   2 18.5 COMMON chips      MICRON TECHNOLOGY INC
8719      JNJ   NYSE        154.17  0.05 0.15  0.3  4 0.20   1  7.4 COMMON drugs      JOHNSON & JOHNSON
11031     PFE   NYSE         25.61 -0.35 0.24  0.3 60 0.30   1 40.2 COMMON drugs      PFIZER INC
9160      LLY   NYSE        753.40  0.88 0.33 0.35  1 0.20  50  3.3 COMMON drugs      ELI LILLY & CO
13272     UNH   NYSE        590.55 -0.59 0.24 0.35  1 0.15  30  3.2 COMMON drugs      UNITEDHEALTH GROUP INC
49462172  V     NYSE        309.90  0.31 0.18 0.55  2 0.20   5  5.7 COMMON payments   VISA INC-CLASS A SHARES
4762      BA    NYSE        146.08 -1.55 0.36  0.5  3 0.25   3 10.6 COMMON planes     BOEING CO/THE
5437      CAT   NYSE        388.72  0.47 0.25 0.55  1 0.15  12  2.6 COMMON industry   CATERPILLAR INC
72063691  BRK_B NYSE        469.84  0.10 0.14  0.6  2 0.20   8  3.4 COMMON payments   BERKSHIRE HATHAWAY INC-CL B
365207014 UBER  NYSE         70.24 -0.90 0.38 0.55  8 0.30   1 19.3 COMMON internet   UBER TECHNOLOGIES INC
481691285 COIN  NASDAQ      304.64  3.20 0.80  0.5  2 0.30  18 10.2 COMMON payments   COINBASE GLOBAL INC -CLASS A
35359385  BKNG  NASDAQ     5048.10  0.36 0.25  0.5  1 0.05 250  0.3 COMMON commerce   BOOKING HOLDINGS INC
332794741 NIO   NYSE          4.56 -1.73 0.58  0.4 90 0.30   1 45.0 ADR    cars       NIO INC - ADR
16047457  PLUG  NASDAQ.SCM    2.07  4.02 0.95  0.4 80 0.30   1 52.7 COMMON solar      PLUG POWER INC
501239850 LCID  NASDAQ        2.14 -0.93 0.75  0.4 99 0.30   1 58.3 COMMON cars       LUCID GROUP INC
364912741 SNDL  NASDAQ.SCM    1.88  0.53 0.62  0.3 40 0.15   1  2.4 COMMON herbs      SNDL INC
900000001 OPTB  NASDAQ      0.4127 -3.05 0.90  0.2 70 0.15   9  3.1 COMMON herbs      OPTIKA BIOLOGICS INC
"""

_ISINS: Final = {
    "AAPL": "US0378331005",
    "TSLA": "US88160R1014",
    "SPY": "US78462F1030",
    "NVDA": "US67066G1040",
    "AMD": "US0079031078",
    "PLTR": "US69608A1088",
    "META": "US30303M1027",
    "MSFT": "US5949181045",
    "GOOGL": "US02079K3059",
    "AMZN": "US0231351067",
    "QQQ": "US46090E1038",
    "F": "US3453708600",
    "GME": "US36467W1099",
    "INTC": "US4581401001",
}


def listings() -> Iterator[Listing]:
    """Give the stocks and funds of the table, in its order."""
    for line in _TABLE.strip().splitlines():
        con_id, symbol, market, price, change, volatility, beta, *rest = line.split(maxsplit=13)
        lots, rate, spread, volume, stock_type, kind, name = rest
        symbol = symbol.replace("_", " ")
        exchange, _, tier = market.partition(".")
        yield Listing(
            int(con_id),
            symbol,
            name,
            exchange,
            (tier or "NMS") if exchange == "NASDAQ" else symbol,
            Decimal(price),
            Decimal(change),
            float(volatility),
            float(beta),
            int(lots),
            float(rate),
            int(spread),
            float(volume),
            stock_type,
            KINDS[kind],
            _ISINS.get(symbol, ""),
        )
