"""Bars that are kept up to date: the one under way now and then, the next one as it begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.practice import tables_out as out
from core.practice.candles import Candle, price_now
from core.practice.days import new_york
from core.practice.instruments import Instrument
from core.practice.market import Market, Quote
from core.practice.periods import DAY, MONTH, WEEK, bar_date
from core.practice.readers import Readers
from core.practice.sessions import last_session, session_now

if TYPE_CHECKING:
    from core.practice.history import Bar
    from core.practice.session import Session

#: Seconds between two updates of a bar that grows.
EVERY: Final = 1
_HOUR: Final = 3600


@dataclass(slots=True)
class ChartReader:
    """One reqHistoricalData that is kept up to date."""

    #: Seconds in a bar.
    length: int
    #: How dates are spelled: 1 as dates, 2 as seconds since the epoch.
    form: int
    candle: Candle
    #: When the bar under way may be sent again, and whether it changed since it was.
    due: int = 0
    changed: bool = False
    #: The second in which it was last looked whether the bar is over.
    looked: int = 0


def start_of(instrument: Instrument, epoch: int, length: int) -> int:
    """Return where the bar begins that a time is in.

    Bars up to an hour begin at its parts, longer ones at the hours of New York; bars of days and longer are named by
    the last session.
    """
    if length <= _HOUR:
        return epoch - epoch % length
    if length < DAY:
        local = new_york(epoch)
        return epoch - (local.hour * _HOUR + local.minute * 60 + local.second) % length
    day = session_now(instrument, epoch) or last_session(instrument, epoch)
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _same_bar(start: int, later: int, length: int) -> bool:
    """Whether two days lie in one bar: in one week or one month, if bars have weeks or months."""
    one, other = (datetime.fromtimestamp(epoch, UTC) for epoch in (start, later))
    if length == WEEK:
        return one.isocalendar()[:2] == other.isocalendar()[:2]
    return length == MONTH and (one.year, one.month) == (other.year, other.month)


def begin(what: str, last: Bar | None, quote: Quote, length: int, epoch: int) -> Candle:
    """Return the bar under way: the last one of the past if that is not over, else a new one."""
    start = start_of(quote.instrument, epoch, length)
    if last is None or (start > last.time and not _same_bar(last.time, start, length)):
        return Candle(what, start, price_now(what, quote))
    candle = Candle(what, last.time, _half_units(quote, last.open))
    candle.high, candle.low, candle.close = (_half_units(quote, price) for price in (last.high, last.low, last.close))
    if last.count > 0:
        candle.volume, candle.count = int(last.volume), last.count
        candle.value = int((last.wap * last.volume).scaleb(quote.instrument.decimals))
    return candle


def _half_units(quote: Quote, price: Decimal) -> int:
    return int(2 * price.scaleb(quote.instrument.decimals))


class ChartFeed:
    """Who keeps which instrument's bars up to date."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.readers: Readers[ChartReader] = Readers()

    def publish(self, epoch: int) -> None:
        """Let the bars grow by the last step; send what changed, and the bars that begin."""
        for con_id, readers in self.readers.by_contract():
            quote = self._market.quotes[con_id]
            for (session, request_id), reader in readers.items():
                if epoch != reader.looked:
                    reader.looked = epoch
                    self._turn(session, request_id, reader, quote)
                reader.changed |= reader.candle.look(quote)
                if reader.changed and epoch >= reader.due:
                    reader.due = epoch + EVERY
                    _send(session, request_id, reader, quote)

    def _turn(self, session: Session, request_id: int, reader: ChartReader, quote: Quote) -> None:
        """Begin the next bar if the one under way is over; what nobody was told of that one is told first."""
        start = start_of(quote.instrument, reader.looked, reader.length)
        if start <= reader.candle.start or _same_bar(reader.candle.start, start, reader.length):
            return
        if reader.changed:
            _send(session, request_id, reader, quote)
        reader.candle = reader.candle.next(start, quote)
        reader.due, reader.changed = 0, True


def _send(session: Session, request_id: int, reader: ChartReader, quote: Quote) -> None:
    record = reader.candle.record(quote.instrument)
    record.update(reqId=request_id, date=bar_date(reader.candle.start, reader.length, reader.form))
    session.send(out.HISTORICAL_UPDATE.encode(record))
    reader.changed = False
