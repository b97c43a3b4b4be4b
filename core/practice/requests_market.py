"""The answers to requests for live market data: quotes, depth, single ticks and bars of five seconds."""

from __future__ import annotations

from typing import Final

from core.practice import tables_out as out
from core.practice import wire
from core.practice.auctions import is_open
from core.practice.candles import LIVE_KINDS
from core.practice.feed_bars import LENGTH
from core.practice.feed_depth import MOST_ROWS, DepthReader
from core.practice.feed_quotes import DELAYED, DELAYED_FROZEN, FROZEN, LIVE, QuoteReader
from core.practice.feed_ticks import BID_ASK, KINDS, MIDPOINT, TickReader
from core.practice.generics import NEWS, news_providers, read_generics
from core.practice.instruments import Instrument
from core.practice.requests_history import MOST_TICKS, send_ticks
from core.practice.session import Session
from core.practice.smart import BBO_EXCHANGE, COMPONENTS, DEPTH_EXCHANGES
from core.practice.tables import Record
from core.practice.terms import RefusedError, invalid, resolve

#: What a client may have of depth and of single ticks.
MAX_DEPTHS: Final = 3
MAX_TICKS: Final = 5

_NOT_SUBSCRIBED: Final = 354
_REFUSALS: Final = {
    _NOT_SUBSCRIBED: "Requested market data is not subscribed.",
    10089: "Requested market data requires additional subscription for API.",
    10168: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10197: "No market data during competing live session",
}


def market_data_type(session: Session, request: Record) -> None:
    """Answer reqMarketDataType, which is silent and matters to later requests only."""
    kind = request.integer("marketDataType")
    if kind not in {LIVE, FROZEN, DELAYED, DELAYED_FROZEN}:
        raise invalid(f"Invalid market data type {kind}")
    session.hub.feed.types[session] = kind


def _reader(session: Session, request: Record, instrument: Instrument) -> QuoteReader:
    """Return who gets which kind of market data: live if it can be had, else what the client said will do.

    Raises RefusedError if there is no live data for it and it did not say that delayed will do.
    """
    hub, request_id, asked = session.hub, request.integer("reqId"), session.hub.feed.types.get(session, LIVE)
    wants, base = read_generics(request.text("genericTicks"), instrument.sec_type)
    refused = hub.faults.take("data-refused")
    is_delayed = refused is not None
    if refused is not None:
        code = int(refused)
        if code != _NOT_SUBSCRIBED or asked not in {DELAYED, DELAYED_FROZEN}:
            raise RefusedError(code, _REFUSALS.get(code, _REFUSALS[_NOT_SUBSCRIBED]))
        text = "Requested market data is not subscribed. Displaying delayed market data."
        session.send(wire.error(request_id, 10167, text))
    freezes = hub.keeps_hours and (asked == DELAYED_FROZEN or (asked == FROZEN and not is_delayed))
    is_frozen = freezes and not is_open(instrument, hub.now())
    return QuoteReader(str(request_id).encode(), wants, base, is_delayed, freezes, is_frozen)


def market_data(session: Session, request: Record) -> None:
    """Answer reqMktData: the quote now and, unless it is a snapshot, its changes."""
    hub, request_id = session.hub, request.integer("reqId")
    feed = hub.feed.quotes
    if request_id in feed.readers.ids(session):
        raise RefusedError(102, "Duplicate ticker ID.")
    instrument = resolve(hub.catalogue, request)
    snapshot = request.flag("snapshot") or request.flag("regulatorySnapshot")
    if snapshot and request.text("genericTicks"):
        raise invalid("Snapshot market data subscription is not applicable to generic ticks")
    if not snapshot and len(feed.readers.ids(session)) >= hub.lines:
        raise RefusedError(101, "Max number of tickers has been reached.")
    reader = _reader(session, request, instrument)
    if hub.feed.connected:
        feed.open(session, request_id, instrument, reader, int(hub.market_now()))
    if snapshot:
        session.send(out.SNAPSHOT_END.encode({"reqId": request_id}))
    else:
        feed.keep(session, request_id, instrument.con_id, reader)
        if NEWS in reader.wants:
            providers = news_providers(request.text("genericTicks"))
            hub.feed.news.open(session, request_id, instrument.con_id, providers, int(hub.market_now()))


def cancel_market_data(session: Session, request: Record) -> None:
    """Answer cancelMktData, which is silent."""
    request_id = request.integer("reqId")
    session.hub.feed.news.readers.pop(session, request_id)
    if session.hub.feed.quotes.readers.pop(session, request_id) is None:
        raise RefusedError(300, f"Can't find EId with tickerId:{request_id}")


def depth(session: Session, request: Record) -> None:
    """Answer reqMktDepth: the book now and its changes, of one exchange or of all behind SMART."""
    hub, request_id = session.hub, request.integer("reqId")
    readers = hub.feed.depth.readers
    if request_id in readers.ids(session):
        raise RefusedError(102, "Duplicate ticker ID.")
    instrument = resolve(hub.catalogue, request)
    exchange = request.text("exchange") or instrument.exchanges[0]
    if instrument.legs or (exchange == "SMART" and not request.flag("smart")):
        text = "Deep market data is not supported for this combination of security type/exchange"
        raise RefusedError(10092, text)
    if not 0 < request.integer("rows") <= 1000:
        raise invalid("Number of rows must be positive")
    if len(readers.ids(session)) >= MAX_DEPTHS:
        raise RefusedError(309, f"Max number ({MAX_DEPTHS}) of market depth requests has been reached.")
    reader = DepthReader(request_id, min(request.integer("rows"), MOST_ROWS), exchange)
    hub.feed.depth.open(session, instrument, reader)


def cancel_depth(session: Session, request: Record) -> None:
    """Answer cancelMktDepth, which is silent."""
    request_id = request.integer("reqId")
    if session.hub.feed.depth.readers.pop(session, request_id) is None:
        raise RefusedError(310, f"Can't find the subscribed market depth with tickerId:{request_id}")


def depth_exchanges(session: Session, request: Record) -> None:
    """Answer reqMktDepthExchanges."""
    names = ("exchange", "secType", "listingExchange", "service", "aggGroup")
    rows = [Record(zip(names, row, strict=True)) for row in DEPTH_EXCHANGES]
    session.send(out.DEPTH_EXCHANGES.encode({"exchanges": rows}))


def smart_components(session: Session, request: Record) -> None:
    """Answer reqSmartComponents: the exchanges behind the name that tickReqParams gave."""
    if request.text("bboExchange") != BBO_EXCHANGE:
        raise RefusedError(10176, "Invalid bbo exchange mapping id.")
    rows = [Record(bit=bit, exchange=exchange, letter=letter) for bit, exchange, letter in COMPONENTS]
    session.send(out.SMART_COMPONENTS.encode({"reqId": request.integer("reqId"), "components": rows}))


def _counts_trades(instrument: Instrument) -> bool:
    return instrument.sec_type != "CASH"


def tick_by_tick(session: Session, request: Record) -> None:
    """Answer reqTickByTickData: a number of past ticks if asked for, then every tick."""
    hub, request_id, name = session.hub, request.integer("reqId"), request.text("tickType")
    feed = hub.feed.ticks
    if request_id in feed.readers.ids(session):
        raise RefusedError(102, "Duplicate ticker ID.")
    kind = KINDS.get(name)
    if kind is None:
        raise invalid(f"Invalid tick-by-tick type {name[:20]!r}; there are {', '.join(KINDS)}")
    instrument = resolve(hub.catalogue, request)
    if instrument.legs or (kind not in {BID_ASK, MIDPOINT} and not _counts_trades(instrument)):
        text = f"Failed to request tick-by-tick data.{name} is not supported for {instrument.sec_type}"
        raise RefusedError(10189, text)
    if len(feed.readers.ids(session)) >= MAX_TICKS:
        raise RefusedError(10190, "Max number of tick-by-tick requests has been reached.")
    reader = TickReader(str(request_id).encode(), kind, request.flag("ignoreSize"))
    count = request.integer("count")
    if count > 0:
        what = {BID_ASK: "BID_ASK", MIDPOINT: "MIDPOINT"}.get(kind, "TRADES")
        send_ticks(session, request_id, instrument, what, None, hub.market_now(), min(count, MOST_TICKS), regular=False)
    feed.open(session, request_id, instrument.con_id, reader, int(hub.market_now()))


def cancel_tick_by_tick(session: Session, request: Record) -> None:
    """Answer cancelTickByTickData, which is silent."""
    request_id = request.integer("reqId")
    if session.hub.feed.ticks.readers.pop(session, request_id) is None:
        raise RefusedError(300, f"Can't find EId with tickerId:{request_id}")


def realtime_bars(session: Session, request: Record) -> None:
    """Answer reqRealTimeBars: a bar every five seconds."""
    hub, request_id, what = session.hub, request.integer("reqId"), request.text("whatToShow")
    readers = hub.feed.bars.readers
    if request_id in readers.ids(session):
        raise RefusedError(102, "Duplicate ticker ID.")
    instrument = resolve(hub.catalogue, request)
    if request.integer("barSize") != LENGTH:
        raise invalid(f"Invalid bar size; real-time bars have {LENGTH} seconds")
    if what not in LIVE_KINDS - {"BID_ASK"} or (what == "TRADES" and not _counts_trades(instrument)):
        raise RefusedError(420, f"Invalid Real-time Query:No market data of kind {what[:20]!r} for {instrument.symbol}")
    if len(readers.ids(session)) >= hub.lines:
        raise RefusedError(420, "Invalid Real-time Query:Max number of real-time bar requests has been reached.")
    hub.feed.bars.open(session, request_id, instrument.con_id, what, int(hub.market_now()))


def cancel_realtime_bars(session: Session, request: Record) -> None:
    """Answer cancelRealTimeBars, which is silent."""
    request_id = request.integer("reqId")
    if session.hub.feed.bars.readers.pop(session, request_id) is None:
        raise RefusedError(300, f"Can't find EId with tickerId:{request_id}")
