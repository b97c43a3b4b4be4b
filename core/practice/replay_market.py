"""A market that goes as one that was recorded: its quotes and trades, at their times. Nothing of it is drawn.

Instruments that were not recorded stand still; options and combinations follow what they depend on. What stands behind
the best bid and ask was not recorded, and is guessed as in the simulated market.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from core.practice.directory import Catalogue
from core.practice.instruments import STOCK_EXCHANGES, Instrument, Margin, MarketRule, Temper
from core.practice.market import Market
from core.practice.quote import ASK, ASK_SIZE, BID, BID_SIZE, HIGH, LAST, LOW, Quote
from core.practice.replay_errors import ReplayError
from core.practice.replay_file import Moment, Recorded, ReplayFile
from core.practice.tape import Print

_RULE_IDS: Final = 900_000
"""Market rules of recorded instruments are numbered from here on."""
_STOCK: Final = Margin(Decimal("0.25"), Decimal("0.25"), Decimal("0.30"), Decimal("0.30"))
_OTHER: Final = Margin(Decimal("0.10"), Decimal("0.10"), Decimal("0.10"), Decimal("0.10"))
_KNOWN_TYPES: Final = frozenset({"STK", "FUT", "CASH"})
_LOTS: Final = {"STK": 100, "CASH": 1_000_000}


def with_recorded(catalogue: Catalogue, file: ReplayFile) -> Catalogue:
    """Return the catalogue with the recorded instruments; those that share a name with one of them are left out.

    Raises ReplayError for one of a kind that can't be replayed.
    """
    recorded = [
        catalogue.by_id.get(one.con_id) or _instrument(one, place) for place, one in enumerate(file.heading.instruments)
    ]
    ids = {one.con_id for one in recorded}
    names = {(one.symbol, one.sec_type, one.last_trade_date) for one in recorded}
    others = [
        one
        for one in catalogue.instruments
        if one.con_id not in ids and (one.symbol, one.sec_type, one.last_trade_date) not in names
    ]
    return Catalogue([*recorded, *others], catalogue.today)


def _instrument(one: Recorded, place: int) -> Instrument:
    if one.sec_type not in _KNOWN_TYPES:
        raise ReplayError(f"{one.symbol} is a {one.sec_type}, which can't be replayed: stocks, futures and pairs can")
    decimals = max(2, *(-_exponent(increment) for _, increment in one.increments))
    price = next((price for price in (one.last, one.bid, one.ask, one.close) if price is not None), Decimal(1))
    local = one.local_symbol or one.symbol
    return Instrument(
        con_id=one.con_id,
        symbol=one.symbol,
        sec_type=one.sec_type,
        currency=one.currency,
        primary_exchange=one.exchange,
        local_symbol=local,
        trading_class=one.symbol,
        long_name=one.name or one.symbol,
        rule=MarketRule(_RULE_IDS + place, one.increments),
        decimals=decimals,
        start_price=price,
        close=price if one.close is None else one.close,
        temper=Temper(0.2, 0.0, 3, _LOTS.get(one.sec_type, 1), 0.3, 1, 0),
        margin=_STOCK if one.sec_type == "STK" else _OTHER,
        multiplier=one.multiplier,
        exchanges=STOCK_EXCHANGES if one.sec_type == "STK" else (one.exchange or "SMART",),
        last_trade_date=one.last_trade_date,
        contract_month=one.last_trade_date[:6],
        stock_type="COMMON" if one.sec_type == "STK" else "",
    )


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


class ReplayMarket(Market):
    """The market of a file, from its beginning."""

    def __init__(
        self, instruments: Iterable[Instrument], file: ReplayFile, derived: Callable[[int], Instrument | None]
    ) -> None:
        super().__init__(instruments, 0, derived)
        self.file = file
        self.now = self.began = file.heading.begin
        self._moments = file.moments()
        self._next = next(self._moments, None)
        self._moved: list[Quote] = []
        self._recorded = [self.quotes[one.con_id] for one in file.heading.instruments]
        for quote, one in zip(self._recorded, file.heading.instruments, strict=True):
            _begin(quote, one)

    @property
    def is_recorded(self) -> bool:
        """Whether it goes on though nobody looks."""
        return True

    @property
    def is_over(self) -> bool:
        """Whether the recording has ended, or breaks off."""
        return self._next is None and (self.now >= self.file.heading.end or bool(self.problem))

    def walk(self, now: float) -> Iterator[float]:
        """Go one step, moment by moment: each quote and each trade is looked at before the next one comes."""
        self.step += 1
        self.now = end = self.time(now)
        milliseconds = round((end - self.file.heading.begin) * 1000)
        for quote in self._recorded:
            quote.step = self.step
        while self._next is not None and self._next.milliseconds <= milliseconds:
            self._rest()
            self.now = self.file.heading.begin + self._next.milliseconds / 1000
            self._apply(self._next)
            self._go_on()
            yield self.now
        self._rest()
        self.now = end
        self._follow()
        yield end

    def advance(self, now: float = 0.0) -> None:
        """Go one step."""
        for _ in self.walk(now):
            pass

    def catch_up(self) -> None:
        """Go to where it begins to be played, so that what was before is its past."""
        start = self.file.heading.start
        while start is not None and self.now < start and not self.is_over:
            self.advance()

    def start_day(self) -> None:
        """Begin a trading day, which leaves a recorded market as it is."""

    def restore(self, step: int, saved: dict[str, list[float]]) -> None:
        """A recorded market begins at its beginning, whatever was kept."""

    def _go_on(self) -> None:
        try:
            self._next = next(self._moments, None)
        except ReplayError as error:
            self.problem, self._next = str(error), None

    def _rest(self) -> None:
        """What moved a moment ago does not move now."""
        for quote in self._moved:
            quote.changed = quote.print_size = 0
        self._moved.clear()

    def _apply(self, moment: Moment) -> None:
        quote = self._recorded[moment.place]
        quote.changed = quote.print_size = 0
        quote.taken.clear()
        if moment.price is None:
            _requote(quote, moment)
        else:
            _trade(quote, moment, moment.price, self.now)
        self._tell([quote])

    def _follow(self) -> None:
        """Move what depends on other instruments."""
        derived = [quote for quote in self.quotes.values() if quote.instrument.is_option or quote.instrument.legs]
        for quote in derived:
            quote.advance(self.step, self.climate, self.now, self._random.random)
        self._tell(derived)

    def _tell(self, quotes: list[Quote]) -> None:
        self._moved += quotes
        self.on_step(self.now, quotes)
        self.notify(quotes)


def _begin(quote: Quote, one: Recorded) -> None:
    """Let a market stand as it stood at the beginning."""
    _requote(quote, Moment(0, 0, one.bid, one.ask, one.bid_size, one.ask_size))
    last = one.last if one.last is not None else one.bid if one.bid is not None else one.close
    if last is not None:
        quote.last = quote.opened = quote.high = quote.low = _units(quote, last)
    if one.close is not None:
        quote.close = _units(quote, one.close)
    quote.volume = quote.changed = 0


def _requote(quote: Quote, moment: Moment) -> None:
    for name, flag, price in (("bid", BID, moment.bid), ("ask", ASK, moment.ask)):
        units = 0 if price is None else _units(quote, price)
        if units > 0 and units != getattr(quote, name):
            setattr(quote, name, units)
            quote.changed |= flag
    for name, flag, size in (("bid_size", BID_SIZE, moment.bid_size), ("ask_size", ASK_SIZE, moment.ask_size)):
        if size is not None and size != getattr(quote, name):
            setattr(quote, name, size)
            quote.changed |= flag
    quote.mid = (quote.bid + quote.ask) / 2


def _trade(quote: Quote, moment: Moment, price: Decimal, now: float) -> None:
    units = _units(quote, price)
    # Nobody tells who was the aggressor: whoever trades above the middle bought.
    quote.print_buys = units * 2 > quote.bid + quote.ask
    quote.print_price = quote.last = units
    quote.print_size = quote.last_size = moment.size
    quote.volume += moment.size
    quote.changed |= LAST
    quote.prints.append(Print(now, units, moment.size, moment.venue or quote.instrument.venues[0], quote.print_buys))
    if units > quote.high:
        quote.high = units
        quote.changed |= HIGH
    if units < quote.low:
        quote.low = units
        quote.changed |= LOW


def _units(quote: Quote, price: Decimal) -> int:
    return int(price.scaleb(quote.instrument.decimals).to_integral_value(ROUND_HALF_EVEN))
