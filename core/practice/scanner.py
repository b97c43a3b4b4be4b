"""A small market scanner: which scans there are, and what each finds now."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Final, TypeAlias

from core.practice.market import Market, Quote
from core.practice.tables import Record
from core.practice.terms import RefusedError

#: The most rows that one scan has.
MOST_ROWS: Final = 50

#: How a scan ranks an instrument: higher comes first; None leaves it out.
Rank: TypeAlias = Callable[[Quote], float | None]


def _change(quote: Quote) -> float:
    return quote.last / quote.close - 1 if quote.close else 0.0


def _since_open(quote: Quote) -> float:
    return quote.last / quote.opened - 1


def _range(quote: Quote) -> float:
    return (quote.high - quote.low) / quote.low


def _value(quote: Quote) -> float:
    return float(quote.instrument.price(quote.last)) * quote.volume


def _volatility(quote: Quote) -> float:
    return quote.instrument.temper.annual_volatility * math.sqrt(quote.heat)


#: Name and rank of each scan, by its code.
SCANS: Final[dict[str, tuple[str, Rank]]] = {
    "TOP_PERC_GAIN": ("Top % Gainers", lambda quote: _change(quote) if _change(quote) > 0 else None),
    "TOP_PERC_LOSE": ("Top % Losers", lambda quote: -_change(quote) if _change(quote) < 0 else None),
    "TOP_OPEN_PERC_GAIN": ("Top % Gainers Since Open", _since_open),
    "TOP_OPEN_PERC_LOSE": ("Top % Losers Since Open", lambda quote: -_since_open(quote)),
    "MOST_ACTIVE": ("Most Active", lambda quote: float(quote.volume)),
    "MOST_ACTIVE_USD": ("Most Active ($)", _value),
    "HOT_BY_VOLUME": ("Hot by Volume", lambda quote: quote.volume / max(quote.instrument.temper.day_volume, 1)),
    "HOT_BY_PRICE": ("Hot by Price", lambda quote: abs(_change(quote)) / _volatility(quote)),
    "HOT_BY_PRICE_RANGE": ("Hot by Price Range", lambda quote: _range(quote) / _volatility(quote)),
    "TOP_PRICE_RANGE": ("Top Price Range", _range),
    "TOP_TRADE_RATE": ("Top Trade Rate", lambda quote: quote.instrument.temper.trade_rate),
    "HIGH_OPT_IMP_VOLAT": ("Highest Option Imp Vol", _volatility),
    "LOW_OPT_IMP_VOLAT": ("Lowest Option Imp Vol", lambda quote: -_volatility(quote)),
}

#: Code and name of each set of instruments, its security type and stock type.
INSTRUMENTS: Final = {
    "STK": ("US Stocks", "STK", ""),
    "ETF.EQ.US": ("US Equity ETFs", "STK", "ETF"),
    "FUT.US": ("US Futures", "FUT", ""),
}
#: Code and name of each place, the set it belongs to, and the listing exchanges; none stands for all.
LOCATIONS: Final = {
    "STK.US": ("US Stocks", "STK", ()),
    "STK.US.MAJOR": ("Listed/NASDAQ", "STK", ()),
    "STK.NASDAQ": ("NASDAQ", "STK", ("NASDAQ",)),
    "STK.NYSE": ("NYSE", "STK", ("NYSE",)),
    "STK.ARCA": ("ARCA", "STK", ("ARCA",)),
    "ETF.EQ.US": ("US Equity ETFs", "ETF.EQ.US", ()),
    "ETF.EQ.US.MAJOR": ("Listed/NASDAQ", "ETF.EQ.US", ()),
    "FUT.US": ("US Futures", "FUT.US", ()),
}
_STOCK_KINDS: Final = {"CORP": "COMMON", "STOCK": "COMMON", "ETF": "ETF"}

#: Filters by tag: name, what is compared, and whether the value is a floor.
FILTERS: Final[dict[str, tuple[str, Rank, bool]]] = {
    "priceAbove": ("Price Above", lambda quote: float(quote.instrument.price(quote.last)), True),
    "priceBelow": ("Price Below", lambda quote: float(quote.instrument.price(quote.last)), False),
    "volumeAbove": ("Volume Above", lambda quote: float(quote.volume), True),
    "changePercAbove": ("Change (%) Above", lambda quote: 100 * _change(quote), True),
    "changePercBelow": ("Change (%) Below", lambda quote: 100 * _change(quote), False),
    "usdVolumeAbove": ("$ Volume Above", _value, True),
}
#: Fields of the request that say the same as a filter.
_FIELDS: Final = {"abovePrice": "priceAbove", "belowPrice": "priceBelow", "aboveVolume": "volumeAbove"}


@dataclass(frozen=True, slots=True)
class Scan:
    """What one subscription looks for."""

    code: str
    location: str
    stock_kind: str
    limits: tuple[tuple[str, float], ...]
    rows: int

    def run(self, market: Market) -> list[Quote]:
        """Return what is found now, best first."""
        rank = SCANS[self.code][1]
        _, group, listings = LOCATIONS[self.location]
        _, sec_type, kind = INSTRUMENTS[group]
        kind = kind or self.stock_kind
        ranked: list[tuple[float, int, Quote]] = []
        for quote in market.quotes.values():
            instrument = quote.instrument
            if instrument.sec_type != sec_type or (kind and instrument.stock_type != kind):
                continue
            if (listings and instrument.primary_exchange not in listings) or not self._passes(quote):
                continue
            place = rank(quote)
            if place is not None:
                ranked.append((-place, instrument.con_id, quote))
        return [quote for _, _, quote in sorted(ranked, key=lambda entry: entry[:2])[: self.rows]]

    def _passes(self, quote: Quote) -> bool:
        for tag, limit in self.limits:
            _, measure, floor = FILTERS[tag]
            value = measure(quote)
            if value is None or (value < limit if floor else value > limit):
                return False
        return True


def read_scan(request: Record) -> Scan:
    """Read a reqScannerSubscription. Raises RefusedError 162 on what there is no such thing of."""
    code, location, instrument = request.text("scanCode"), request.text("location"), request.text("instrument")
    for name, given, known in (
        ("scan code", code, SCANS),
        ("location code", location, LOCATIONS),
        ("instrument", instrument, INSTRUMENTS),
    ):
        if given not in known:
            raise _refusal(f"No {name} {given[:40]!r}; reqScannerParameters tells those there are")
    if LOCATIONS[location][1] != instrument:
        raise _refusal(f"Location code {location} does not belong to instrument {instrument}")
    limits = [(tag, number) for field, tag in _FIELDS.items() if (number := request.number(field)) is not None]
    limits += _read_filters(request.text("filters"))
    rows = request.integer("rows")
    return Scan(
        code,
        location,
        _STOCK_KINDS.get(request.text("stockType"), ""),
        tuple((tag, float(number)) for tag, number in limits),
        rows if 0 < rows < MOST_ROWS else MOST_ROWS,
    )


def _read_filters(text: str) -> Iterable[tuple[str, Decimal]]:
    for word in filter(None, text.split(";")):
        tag, _, value = word.partition("=")
        try:
            number = Decimal(value)
        except ArithmeticError:
            raise _refusal(f"Scanner filter {tag[:40]} needs a number") from None
        if tag not in FILTERS or not number.is_finite():
            raise _refusal(f"No scanner filter {tag[:40]!r}; reqScannerParameters tells those there are")
        yield tag, number


def _refusal(reason: str) -> RefusedError:
    return RefusedError(162, f"Historical Market Data Service error message:{reason}")


def parameters() -> str:
    """Return what can be scanned as the XML of reqScannerParameters."""
    places = "".join(
        f"<Location><displayName>{escape(name)}</displayName><locationCode>{code}</locationCode>"
        f"<instruments>{group}</instruments></Location>"
        for code, (name, group, _) in LOCATIONS.items()
    )
    groups = "".join(
        f"<Instrument><name>{escape(name)}</name><type>{code}</type><secType>{sec_type}</secType></Instrument>"
        for code, (name, sec_type, _) in INSTRUMENTS.items()
    )
    scans = "".join(
        f"<ScanType><displayName>{escape(name)}</displayName><scanCode>{code}</scanCode><instruments>"
        f"{','.join(INSTRUMENTS)}</instruments></ScanType>"
        for code, (name, _) in SCANS.items()
    )
    filters = "".join(
        f"<RangeFilter><id>{tag}</id><AbstractField><code>{tag}</code><displayName>{escape(name)}</displayName>"
        "</AbstractField></RangeFilter>"
        for tag, (name, _, _) in FILTERS.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ScanParameterResponse>'
        f"<InstrumentList>{groups}</InstrumentList><LocationTree>{places}</LocationTree><ScanTypeList>{scans}</ScanTypeList>"
        f"<FilterList>{filters}</FilterList></ScanParameterResponse>"
    )
