"""Option chains and combinations: contracts that are only built when somebody asks for them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from core.practice.days import is_holiday
from core.practice.instruments import DERIVED_IDS, Instrument, Leg, Margin, MarketRule, Temper
from core.practice.tables import Record

OPTION_EXCHANGES: Final = ("SMART", "CBOE", "ISE", "AMEX", "PHLX", "BOX")
MULTIPLIER: Final = 100

# Symbol, distance of strikes, strikes above and below the money.
_UNDERLYINGS: Final = (("AAPL", Decimal("2.5"), 14), ("SPY", Decimal(5), 14), ("TSLA", Decimal(5), 18))
_WEEKS, _MONTHS = 6, 4

#: Contract ids of options count days and half dollars, so that a contract has the same one on every day.
_FIRST_DAY: Final = date(2024, 1, 1)
_FIRST_COMBINATION: Final = 1_500_000_000
#: Price increments of options.
PENNIES: Final = MarketRule(110, ((Decimal(0), Decimal("0.01")), (Decimal(3), Decimal("0.05"))))
_COMBINED: Final = MarketRule(26, ((Decimal(0), Decimal("0.01")),))
_NO_MARGIN: Final = Margin(Decimal(0), Decimal(0), Decimal(0), Decimal(0))
_TEMPER: Final = Temper(0.0, 0.0, 20, 1, 0.03, 1, 0)
_MOST_LEGS: Final = 6
_MOST_COMBINATIONS: Final = 1000


class Chain(NamedTuple):
    """The options of one underlying."""

    under_con_id: int
    trading_class: str
    multiplier: int
    exchanges: tuple[str, ...]
    #: YYYYMMDD, soonest first.
    expirations: tuple[str, ...]
    strikes: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    place: int
    under: Instrument
    expirations: tuple[date, ...]
    strikes: tuple[Decimal, ...]


class Chains:
    """The chains of a catalogue as of a day."""

    def __init__(self, by_symbol: Mapping[str, Instrument], today: date) -> None:
        """Plan the chains of those underlyings that the catalogue has; contracts come later."""
        self._plans: dict[int, _Plan] = {}
        self._built: dict[int, dict[int, Instrument]] = {}
        expirations = tuple(_expirations(today))
        for place, (symbol, distance, count) in enumerate(_UNDERLYINGS):
            under = by_symbol.get(symbol)
            if under is not None:
                middle = (under.start_price / distance).quantize(Decimal(1)) * distance
                strikes = tuple(middle + distance * number for number in range(-count, count + 1))
                self._plans[under.con_id] = _Plan(place, under, expirations, strikes)

    def chain(self, under_con_id: int) -> Chain | None:
        """Return what options an underlying has, None if it has none."""
        plan = self._plans.get(under_con_id)
        if plan is None:
            return None
        dates = tuple(f"{day:%Y%m%d}" for day in plan.expirations)
        return Chain(under_con_id, plan.under.symbol, MULTIPLIER, OPTION_EXCHANGES, dates, plan.strikes)

    def underlyings(self) -> list[Instrument]:
        """Return what options there are on."""
        return [plan.under for plan in self._plans.values()]

    def options(self, under_con_id: int) -> dict[int, Instrument]:
        """Return all options of an underlying by contract id, soonest first."""
        built = self._built.get(under_con_id)
        if built is None:
            plan = self._plans.get(under_con_id)
            built = {} if plan is None else {item.con_id: item for item in _build(plan)}
            self._built[under_con_id] = built
        return built

    def by_id(self, con_id: int) -> Instrument | None:
        """Return one option, None if there is none of that id."""
        place = (con_id - DERIVED_IDS) // 20_000_000
        for under_con_id, plan in self._plans.items():
            if plan.place == place:
                return self.options(under_con_id).get(con_id)
        return None

    def named(self, name: str, contract: Record) -> list[Instrument]:
        """Return the options of an underlying's or their own symbol with the strike and right that a client names."""
        strike, right = contract.number("strike"), contract.text("right")[:1]
        for under_con_id, plan in self._plans.items():
            if name.partition(" ")[0] == plan.under.symbol:
                return [
                    item
                    for item in self.options(under_con_id).values()
                    if (not strike or strike == item.strike)
                    and right in {"", "0", "?", item.right}
                    and name in {plan.under.symbol, item.local_symbol}
                ]
        return []


def _expirations(today: date) -> Iterator[date]:
    """Give the next Fridays, then third Fridays; where Friday is a holiday it is the day before."""
    friday = today + timedelta(days=(4 - today.weekday()) % 7 or 7)
    weeks = months = 0
    while months < _MONTHS:
        weekly = weeks < _WEEKS
        if weekly or 15 <= friday.day <= 21:
            weeks += 1
            months += not weekly
            yield friday - timedelta(days=1) if is_holiday(friday) else friday
        friday += timedelta(days=7)


def _build(plan: _Plan) -> Iterator[Instrument]:
    under = plan.under
    for expiry in plan.expirations:
        for strike in plan.strikes:
            for right in "CP":
                number = (expiry - _FIRST_DAY).days * 4000 + int(strike * 2) * 2 + (right == "P")
                yield Instrument(
                    con_id=DERIVED_IDS + plan.place * 20_000_000 + number,
                    symbol=under.symbol,
                    sec_type="OPT",
                    currency=under.currency,
                    primary_exchange="",
                    local_symbol=f"{under.symbol:6}{expiry:%y%m%d}{right}{int(strike * 1000):08}",
                    trading_class=under.symbol,
                    long_name=under.long_name,
                    rule=PENNIES,
                    decimals=2,
                    start_price=Decimal(1),
                    close=Decimal(1),
                    temper=_TEMPER,
                    margin=_NO_MARGIN,
                    multiplier=MULTIPLIER,
                    exchanges=OPTION_EXCHANGES,
                    last_trade_date=f"{expiry:%Y%m%d}",
                    sectors=under.sectors,
                    strike=strike,
                    right=right,
                    under_con_id=under.con_id,
                    under_sec_type=under.sec_type,
                )


class Combinations:
    """Combinations that clients named, kept as long as the gateway runs."""

    def __init__(self, by_id: Mapping[int, Instrument]) -> None:
        self._by_id = by_id
        self._known: dict[int, Instrument] = {}

    def by_id(self, con_id: int) -> Instrument | None:
        """Return a combination that was named before."""
        return self._known.get(con_id)

    def find(self, contract: Record) -> Instrument | None:
        """Return the combination that a contract's legs make; None if they make none that can be traded here."""
        legs: dict[int, int] = {}
        rows = contract.rows("comboLegs")
        if not 2 <= len(rows) <= _MOST_LEGS:
            return None
        for row in rows:
            ratio = row.integer("ratio")
            item = self._by_id.get(row.integer("conId"))
            if item is None or ratio < 1 or row.text("action") not in {"BUY", "SELL"}:
                return None
            legs[item.con_id] = legs.get(item.con_id, 0) + (ratio if row.text("action") == "BUY" else -ratio)
        items = [self._by_id[con_id] for con_id in legs]
        # Prices of legs have to add up to the price of the whole: one of them takes what is left.
        if len({(item.currency, item.sec_type == "FUT", item.multiplier) for item in items if item.is_option}) > 1:
            return None
        if any(item.sec_type not in {"STK", "OPT"} for item in items) or not any(abs(r) == 1 for r in legs.values()):
            return None
        key = ",".join(f"{con_id}:{ratio}" for con_id, ratio in legs.items())
        con_id = _FIRST_COMBINATION + zlib.crc32(key.encode()) % 500_000_000
        if con_id not in self._known and len(self._known) >= _MOST_COMBINATIONS:
            return None
        combination = _combine(con_id, items, tuple(Leg(leg, ratio) for leg, ratio in legs.items()))
        return self._known.setdefault(con_id, combination)


def _combine(con_id: int, items: list[Instrument], legs: tuple[Leg, ...]) -> Instrument:
    symbols = list(dict.fromkeys(item.symbol for item in items))
    return Instrument(
        con_id=con_id,
        symbol=",".join(symbols),
        sec_type="BAG",
        currency=items[0].currency,
        primary_exchange="",
        local_symbol=",".join(symbols),
        trading_class="COMB",
        long_name="Combination",
        rule=_COMBINED,
        decimals=2,
        start_price=Decimal(1),
        close=Decimal(1),
        temper=_TEMPER,
        margin=_NO_MARGIN,
        multiplier=max(item.multiplier for item in items),
        exchanges=("SMART",),
        legs=legs,
    )
