"""The answers to requests for the past: bars, ticks, schedules, price histograms and where history begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.practice import tables_out as out
from core.practice.candles import LIVE_KINDS
from core.practice.days import new_york, stamp
from core.practice.feed_charts import ChartReader, begin
from core.practice.history_pacing import HistoryRate
from core.practice.instruments import Instrument
from core.practice.moments import moment
from core.practice.periods import DAY, bar_date, bar_seconds, check_size, duration_seconds, histogram_seconds
from core.practice.session import Session
from core.practice.tables import Message, Record
from core.practice.terms import RefusedError, invalid, resolve

if TYPE_CHECKING:
    from core.practice.tape import Print

_QUOTES: Final = frozenset({"MIDPOINT", "BID", "ASK", "BID_ASK"})
#: What there are bars of, by security type.
_BARS: Final = {
    "STK": _QUOTES
    | {"TRADES", "ADJUSTED_LAST", "HISTORICAL_VOLATILITY", "OPTION_IMPLIED_VOLATILITY", "FEE_RATE", "SCHEDULE"},
    "OPT": _QUOTES | {"TRADES", "SCHEDULE"},
    "FUT": _QUOTES | {"TRADES", "SCHEDULE"},
    "CASH": _QUOTES | {"SCHEDULE"},
}
#: What there are single ticks of.
_TICKS: Final = frozenset({"TRADES", "BID_ASK", "MIDPOINT"})
#: The most ticks of one answer, and the most bars that clients may keep up to date.
MOST_TICKS, MOST_CHARTS = 1000, 50


def _failure(text: str) -> RefusedError:
    return RefusedError(162, f"Historical Market Data Service error message:{text}")


def _instrument(session: Session, request: Record, what: str) -> Instrument:
    """Return what history is asked of. Raises RefusedError if there is none of that kind."""
    instrument = resolve(session.hub.catalogue, request)
    if what not in frozenset[str]().union(*_BARS.values()):
        raise invalid(f"Incorrect 'what to show' value {what[:30]!r}")
    if what not in _BARS.get(instrument.sec_type, frozenset()):
        name = f"{instrument.local_symbol}/{instrument.sec_type}@{instrument.exchanges[0]}"
        raise _failure(f"No historical market data for {name} {what}")
    return instrument


def _time(text: str, now: float) -> float | None:
    """Read a time, in UTC if it names no zone; None if there is none. Raises RefusedError 321."""
    if not text:
        return None
    try:
        return moment(text, now, "UTC")
    except ValueError:
        raise invalid(f"Invalid date and time {text[:40]!r}, the format is yyyymmdd hh:mm:ss xx/xxxx") from None


def bars(session: Session, request: Record) -> None:
    """Answer reqHistoricalData: bars up to a time, or up to now and then kept up to date."""
    hub, request_id, what = session.hub, request.integer("reqId"), request.text("whatToShow")
    keeps, form = request.flag("keepUpToDate"), request.integer("formatDate") or 1
    readers = hub.feed.charts.readers
    if request_id in readers.ids(session):
        raise RefusedError(322, "Error processing request.-'bW' : cause - Duplicate ticker id")
    instrument, now = _instrument(session, request, what), hub.market_now()
    length, duration = bar_seconds(request.text("barSize")), duration_seconds(request.text("duration"))
    end = _time(request.text("end"), now)
    if end is not None and (keeps or what == "ADJUSTED_LAST"):
        raise invalid(f"End date not supported with {'keep up to date' if keeps else 'adjusted last'}")
    if what == "SCHEDULE":
        _schedule(session, request_id, instrument, now if end is None else end, duration)
        return
    if keeps and what not in LIVE_KINDS:
        raise invalid(f"Bars of {what} are not kept up to date")
    if keeps and len(readers.ids(session)) >= MOST_CHARTS:
        raise _failure("Too many simultaneous requests for bars that are kept up to date")
    check_size(duration, length)
    if hub.pacing:
        hub.feed.rates.setdefault(session, HistoryRate()).note(now, request)
    known = end is None or end > hub.history.head(instrument.con_id)
    regular = request.flag("useRth")
    found = hub.history.bars(instrument.con_id, end, duration, length, what, regular=regular) if known else []
    if not found and not keeps:
        raise _failure(f"HMDS query returned no data: {instrument.local_symbol}@{instrument.exchanges[0]} {what}")
    until = now if end is None else end
    rows = [
        Record(
            date=bar_date(bar.time, length, form),
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            wap=bar.wap,
            count=bar.count,
        )
        for bar in found
    ]
    record = Record(reqId=request_id, start=stamp(until - duration), end=stamp(until), bars=rows)
    session.send(out.HISTORICAL_DATA.encode(record))
    if keeps:
        quote = hub.market.quotes[instrument.con_id]
        candle = begin(what, found[-1] if found else None, quote, length, int(now))
        readers.add(session, request_id, instrument.con_id, ChartReader(length, form, candle))


def cancel_bars(session: Session, request: Record) -> None:
    """Answer cancelHistoricalData: gateways confirm it by error 162."""
    request_id = request.integer("reqId")
    if session.hub.feed.charts.readers.pop(session, request_id) is None:
        raise RefusedError(366, f"No historical data query found for ticker id:{request_id}")
    raise _failure(f"API historical data query cancelled: {request_id}")


def _schedule(session: Session, request_id: int, instrument: Instrument, until: float, duration: int) -> None:
    """Send the sessions of a duration, in the time of New York."""
    from core.practice.sessions import regular_hours, trades_on

    last, first = new_york(until).date(), new_york(until - duration).date()
    rows: list[Record] = []
    day = first + timedelta(days=1) if duration >= DAY else last
    while day <= last:
        if trades_on(instrument, day):
            opens, closes = regular_hours(instrument, day)
            rows.append(Record(start=_local(opens), end=_local(closes), refDate=f"{day:%Y%m%d}"))
        day += timedelta(days=1)
    if not rows:
        raise _failure(f"HMDS query returned no data: {instrument.local_symbol}@{instrument.exchanges[0]} SCHEDULE")
    record = Record(
        reqId=request_id, start=rows[0].text("start"), end=rows[-1].text("end"), timeZone="US/Eastern", sessions=rows
    )
    session.send(out.HISTORICAL_SCHEDULE.encode(record))


def _local(epoch: float) -> str:
    return f"{new_york(epoch):%Y%m%d-%H:%M:%S}"


def head_timestamp(session: Session, request: Record) -> None:
    """Answer reqHeadTimeStamp: when the past begins."""
    instrument = _instrument(session, request, request.text("whatToShow"))
    epoch = session.hub.history.head(instrument.con_id)
    form = request.integer("formatDate") or 1
    text = str(epoch) if form == 2 else stamp(epoch).removesuffix(" UTC").replace(" ", "-")
    session.send(out.HEAD_TIMESTAMP.encode({"reqId": request.integer("reqId"), "timestamp": text}))


def histogram(session: Session, request: Record) -> None:
    """Answer reqHistogramData: how much traded at which price."""
    instrument = _instrument(session, request, "TRADES")
    period = histogram_seconds(request.text("period"))
    length = 60 if period <= 5 * DAY else 3600 if period <= 60 * DAY else DAY
    found = session.hub.history.bars(instrument.con_id, None, period, length, "TRADES", regular=request.flag("useRth"))
    sizes: Counter[Decimal] = Counter()
    for bar in found:
        sizes[bar.close] += int(bar.volume)
    rows = [Record(price=price, size=sizes[price]) for price in sorted(sizes)]
    session.send(out.HISTOGRAM.encode({"reqId": request.integer("reqId"), "prices": rows}))


def _last(instrument: Instrument, tick: Print) -> Record:
    odd = instrument.sec_type == "STK" and tick.size < instrument.temper.lot
    return Record(
        epoch=int(tick.time),
        price=instrument.price(tick.price),
        size=tick.size,
        exchange=tick.venue,
        conditions="I" if odd else "",
    )


def _bid_ask(instrument: Instrument, tick: Print) -> Record:
    bid, ask = _quote(instrument, tick)
    shown = instrument.temper.lot * instrument.temper.shown_lots
    return Record(
        epoch=int(tick.time),
        bid=instrument.price(bid),
        ask=instrument.price(ask),
        bidSize=shown if tick.buys else tick.size,
        askSize=tick.size if tick.buys else shown,
    )


def _middle(instrument: Instrument, tick: Print) -> Record:
    return Record(epoch=int(tick.time), price=instrument.price(sum(_quote(instrument, tick))) / 2)


def _quote(instrument: Instrument, tick: Print) -> tuple[int, int]:
    """Return the quote at which a print happened: it was the ask if a buyer came, else the bid."""
    wide = instrument.temper.spread_ticks
    return (
        (instrument.down(tick.price, wide), tick.price) if tick.buys else (tick.price, instrument.up(tick.price, wide))
    )


_FORMS: Final[dict[str, tuple[Message, Callable[[Instrument, Print], Record]]]] = {
    "TRADES": (out.HISTORICAL_TICKS_LAST, _last),
    "BID_ASK": (out.HISTORICAL_TICKS_BID_ASK, _bid_ask),
    "MIDPOINT": (out.HISTORICAL_TICKS, _middle),
}


def ticks(session: Session, request: Record) -> None:
    """Answer reqHistoricalTicks: so many ticks from a time on, or up to a time."""
    hub, what = session.hub, request.text("whatToShow")
    if what not in _TICKS:
        raise invalid(f"Incorrect 'what to show' value {what[:30]!r}; there are {', '.join(sorted(_TICKS))}")
    instrument, now = _instrument(session, request, what), hub.market_now()
    start, end = _time(request.text("start"), now), _time(request.text("end"), now)
    if (start is None) == (end is None):
        raise invalid("Either a start or an end date and time must be given, and not both")
    count = request.integer("count")
    if not 0 < count <= MOST_TICKS:
        raise invalid(f"Number of ticks must be between 1 and {MOST_TICKS}")
    send_ticks(session, request.integer("reqId"), instrument, what, start, end, count, regular=request.flag("useRth"))


def send_ticks(
    session: Session,
    request_id: int,
    instrument: Instrument,
    what: str,
    start: float | None,
    end: float | None,
    count: int,
    *,
    regular: bool,
) -> None:
    """Send past ticks of one kind."""
    message, form = _FORMS[what]
    history, con_id = session.hub.history, instrument.con_id
    begins = history.head(con_id)
    known = end is None or end > begins
    found = history.ticks(con_id, start and max(start, begins), end, count, regular=regular) if known else []
    rows = [form(instrument, tick) for tick in found]
    session.send(message.encode({"reqId": request_id, "ticks": rows, "done": True}))
