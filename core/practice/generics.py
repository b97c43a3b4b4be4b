"""The generic ticks: what reqMktData may ask for beyond the quote, by the numbers of TWS."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.practice.market import Quote
from core.practice.news import PROVIDERS
from core.practice.terms import invalid
from core.practice.ticks import Tick, generic_tick, price_tick, size_tick, string_tick

_NAMES: Final = {
    100: "Option Volume",
    101: "Option Open Interest",
    104: "Historical Volatility",
    105: "Average Opt Volume",
    106: "Option Implied Volatility",
    165: "Misc. Stats",
    221: "Creditman Mark Price",
    225: "Auction",
    232: "Mark Price",
    233: "RTVolume",
    236: "Shortable",
    258: "Fundamentals",
    292: "Wide News",
    293: "TradeCount",
    294: "TradeRate",
    295: "VolumeRate",
    318: "LastRTHTrade",
    375: "RTTrdVolume",
    411: "rtHistVolatility",
    456: "IBDividends",
    576: "ETF NAV Bid/Ask",
    577: "ETF NAV Last",
    578: "ETF NAV Close",
    586: "IPO Prices",
    588: "Futures Open Interest",
    595: "ShortTermVolume",
    614: "ETF NAV High/Low",
    623: "ETF NAV Frozen Last",
}
_COMMON: Final = frozenset({165, 221, 225, 232, 233, 292, 293, 294, 295, 318, 375, 411, 595})
_LEGAL: Final = {
    # Nothing of the practice market has a fundamental ratio, a net asset value or a price before its first: those of
    # 258, 576-578, 586, 614 and 623 never come.
    "STK": _COMMON | {100, 101, 104, 105, 106, 236, 258, 456, 576, 577, 578, 586, 614, 623},
    "OPT": _COMMON | {100, 101, 104, 106},
    "FUT": _COMMON | {588},
    "CASH": frozenset({165, 221, 232, 292, 411}),
    "BAG": frozenset({221, 232, 233, 375}),
}

#: Generic tick that makes news come.
NEWS: Final = 292


def read_generics(text: str, sec_type: str) -> tuple[frozenset[int], bool]:
    """Return the ticks of a list like ``233,mdoff,292:PRN`` and whether the base ticks are wanted.

    Raises RefusedError 321 on what is no tick of that security type.
    """
    wants: set[int] = set()
    base = True
    for word in filter(None, (word.strip() for word in text.split(","))):
        if word.lower() == "mdoff":
            base = False
            continue
        number = word.partition(":")[0]
        if not number.isdecimal() or int(number) not in _LEGAL.get(sec_type, frozenset()):
            legal = ",".join(f"{known}({_NAMES[known]})" for known in sorted(_LEGAL.get(sec_type, ())))
            raise invalid(f"Incorrect generic tick list of {text[:60]}. Legal ones for ({sec_type}) are: {legal}.")
        wants.add(int(number))
    return frozenset(wants), base


def news_providers(text: str) -> frozenset[str]:
    """Return the providers that a list like ``292:PRN+PRM`` names, all if it names none."""
    words = (word.strip() for word in text.split(","))
    named = {
        code for word in words if word.startswith(f"{NEWS}:") for code in word.partition(":")[2].split("+") if code
    }
    return frozenset(named or {code for code, _ in PROVIDERS})


@dataclass(slots=True)
class Tally:
    """What traded of one instrument since somebody first asked for counts of it."""

    count: int = 0
    volume: int = 0
    #: Price units times size.
    value: int = 0

    def add(self, quote: Quote) -> None:
        """Count the print of the last step."""
        self.count += 1
        self.volume += quote.print_size
        self.value += quote.print_price * quote.print_size


def opening(wants: frozenset[int], quote: Quote) -> list[Tick]:
    """Return the generic ticks of a new subscription; what only prints bring comes with the first print."""
    found: list[Tick] = []
    for number in sorted(wants):
        made = _OPENING.get(number)
        if made is not None:
            found += made(quote)
    return found


def step(wants: frozenset[int], quote: Quote, tally: Tally, epoch: int) -> list[Tick]:
    """Return the generic ticks that the last step brought."""
    found: list[Tick] = []
    if not wants:
        return found
    if quote.print_size:
        for number, kind in ((233, 48), (375, 77)):
            if number in wants:
                found.append(string_tick(kind, _time_and_sales(quote, tally, epoch)))
        if 293 in wants:
            found.append(generic_tick(54, str(_trades(quote) + tally.count)))
        if 318 in wants:
            found.append(price_tick(57, quote.instrument.text(quote.last), 0, 0))
    if wants & {221, 232} and quote.changed:
        found += _mark(quote)
    return found


def _time_and_sales(quote: Quote, tally: Tally, epoch: int) -> str:
    instrument = quote.instrument
    average = instrument.price(tally.value) / tally.volume
    price, total = instrument.text(quote.print_price), quote.volume
    return f"{price};{quote.print_size};{epoch * 1000};{total};{average:.8f};true"


def _trades(quote: Quote) -> int:
    return int(quote.instrument.temper.day_volume / max(quote.instrument.temper.print_size, 1.0) / 2)


def _mark(quote: Quote) -> list[Tick]:
    return [price_tick(37, quote.instrument.text(quote.last), 0, 0)]


def _ratio(quote: Quote, number: int) -> float:
    """Return a share between 0 and 1 that an instrument always has for this number."""
    return (quote.instrument.con_id * 2654435761 + number * 40503 >> 7) % 1000 / 1000


def _option_volume(quote: Quote) -> list[Tick]:
    whole = quote.volume * 0.004
    calls = 0.4 + 0.2 * _ratio(quote, 100)
    return [size_tick(29, int(whole * calls)), size_tick(30, int(whole * (1 - calls)))]


def _open_interest(quote: Quote) -> list[Tick]:
    whole = quote.instrument.temper.day_volume * 0.05
    calls = 0.4 + 0.2 * _ratio(quote, 101)
    return [size_tick(27, int(whole * calls)), size_tick(28, int(whole * (1 - calls)))]


def _volatility(quote: Quote) -> str:
    return f"{quote.instrument.temper.annual_volatility * math.sqrt(quote.heat):.6f}"


def _extremes(quote: Quote) -> list[Tick]:
    """Return the lows and highs of 13, 26 and 52 weeks, and the mean volume of 90 days."""
    instrument = quote.instrument
    found: list[Tick] = []
    reach = instrument.temper.annual_volatility
    for place, part in enumerate((0.5, 0.71, 1.0)):
        low = instrument.floor(min(quote.low, quote.opened * (1 - reach * part * (0.3 + 0.4 * _ratio(quote, 15)))))
        high = instrument.floor(max(quote.high, quote.opened * (1 + reach * part * (0.3 + 0.4 * _ratio(quote, 16)))))
        found.append(price_tick(15 + 2 * place, instrument.text(low), 0, 0))
        found.append(price_tick(16 + 2 * place, instrument.text(high), 0, 0))
    return [*found, size_tick(21, instrument.temper.day_volume)]


def _auction(quote: Quote) -> list[Tick]:
    imbalance = int(quote.instrument.temper.day_volume * 0.0005 * _ratio(quote, 225))
    return [
        size_tick(34, imbalance * 20),
        price_tick(35, quote.instrument.text(quote.last), 0, 0),
        size_tick(36, imbalance),
        size_tick(61, imbalance),
    ]


def _shortable(quote: Quote) -> list[Tick]:
    return [generic_tick(46, "3"), size_tick(89, int(quote.instrument.temper.day_volume * (0.1 + _ratio(quote, 236))))]


def _dividends(quote: Quote) -> list[Tick]:
    """Return dividends of the past and the next year, and the date and amount of the next; many pay none."""
    if _ratio(quote, 456) < 0.5 or quote.instrument.temper.annual_volatility > 0.4:
        return [string_tick(59, ",,,")]
    quarter = (quote.instrument.start_price * Decimal("0.003")).quantize(Decimal("0.01"))
    return [string_tick(59, f"{quarter * 4},{quarter * 4},,{quarter}")]


def _short_term(quote: Quote) -> list[Tick]:
    minute = quote.instrument.temper.day_volume / 390
    return [size_tick(63, int(minute * 3)), size_tick(64, int(minute * 5)), size_tick(65, int(minute * 10))]


_OPENING: Final = {
    100: _option_volume,
    101: _open_interest,
    104: lambda quote: [generic_tick(23, f"{quote.instrument.temper.annual_volatility:.6f}")],
    105: lambda quote: [size_tick(87, int(quote.instrument.temper.day_volume * 0.004))],
    106: lambda quote: [generic_tick(24, _volatility(quote))],
    165: _extremes,
    221: _mark,
    225: _auction,
    232: _mark,
    236: _shortable,
    293: lambda quote: [generic_tick(54, str(_trades(quote)))],
    294: lambda quote: [generic_tick(55, f"{quote.instrument.temper.trade_rate * 600:.1f}")],
    295: lambda quote: [generic_tick(56, f"{quote.instrument.temper.day_volume / 390:.1f}")],
    318: lambda quote: [price_tick(57, quote.instrument.text(quote.last), 0, 0)],
    411: lambda quote: [generic_tick(58, _volatility(quote))],
    456: _dividends,
    588: lambda quote: [size_tick(86, quote.instrument.temper.day_volume * 2)],
    595: _short_term,
}
