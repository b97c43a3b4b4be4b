"""Quotes to those who asked for them: one text a tick, whoever reads it gets it with the own request id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.practice import market as flags
from core.practice import tables_out as out
from core.practice.instruments import Instrument
from core.practice.market import Market, Quote
from core.practice.tables import Record

if TYPE_CHECKING:
    from core.practice.session import Session

_PRICE_HEAD = f"{out.TICK_PRICE.id}\0{out.TICK_PRICE.version}\0"
_SIZE_HEAD = f"{out.TICK_SIZE.id}\0{out.TICK_SIZE.version}\0"
_STRING_HEAD = f"{out.TICK_STRING.id}\0{out.TICK_STRING.version}\0"
_GENERIC_HEAD = f"{out.TICK_GENERIC.id}\0{out.TICK_GENERIC.version}\0"

#: What stands before and after the request id.
Tick = tuple[str, str]


def price_tick(kind: int, price: str, size: int, attribs: int) -> Tick:
    """Return a tickPrice without its request id."""
    return _PRICE_HEAD, f"\0{kind}\0{price}\0{size}\0{attribs}\0"


def size_tick(kind: int, size: int) -> Tick:
    """Return a tickSize without its request id."""
    return _SIZE_HEAD, f"\0{kind}\0{size}\0"


def string_tick(kind: int, value: str) -> Tick:
    """Return a tickString without its request id."""
    return _STRING_HEAD, f"\0{kind}\0{value}\0"


def generic_tick(kind: int, value: str) -> Tick:
    """Return a tickGeneric without its request id."""
    return _GENERIC_HEAD, f"\0{kind}\0{value}\0"


def join(ticks: list[Tick], request_id: str) -> bytes:
    """Return ticks as frames for one request."""
    chunks: list[bytes] = []
    for head, tail in ticks:
        payload = f"{head}{request_id}{tail}".encode()
        chunks.append(len(payload).to_bytes(4, "big"))
        chunks.append(payload)
    return b"".join(chunks)


def opening_ticks(quote: Quote, epoch: int) -> list[Tick]:
    """Return what a new subscription is told first."""
    text = quote.instrument.text
    ticks = [
        price_tick(1, text(quote.bid), quote.bid_size, 1),
        price_tick(2, text(quote.ask), quote.ask_size, 1),
        price_tick(6, text(quote.high), 0, 0),
        price_tick(7, text(quote.low), 0, 0),
        price_tick(9, text(quote.close), 0, 0),
        price_tick(14, text(quote.opened), 0, 0),
        generic_tick(49, "0"),
    ]
    if quote.instrument.sec_type == "CASH":
        return ticks
    return [
        *ticks,
        string_tick(45, str(epoch)),
        price_tick(4, text(quote.last), quote.last_size, 0),
        size_tick(8, quote.volume),
    ]


def step_ticks(quote: Quote, epoch: int) -> list[Tick]:
    """Return what changed in the last step; the print comes before the quote it led to."""
    changed, text = quote.changed, quote.instrument.text
    ticks: list[Tick] = []
    if changed & flags.LAST and quote.instrument.sec_type != "CASH":
        ticks.append(string_tick(45, str(epoch)))
        ticks.append(price_tick(4, text(quote.last), quote.last_size, 0))
        ticks.append(size_tick(8, quote.volume))
    if changed & flags.HIGH:
        ticks.append(price_tick(6, text(quote.high), 0, 0))
    if changed & flags.LOW:
        ticks.append(price_tick(7, text(quote.low), 0, 0))
    if changed & flags.BID:
        ticks.append(price_tick(1, text(quote.bid), quote.bid_size, 1))
    elif changed & flags.BID_SIZE:
        ticks.append(size_tick(0, quote.bid_size))
    if changed & flags.ASK:
        ticks.append(price_tick(2, text(quote.ask), quote.ask_size, 1))
    elif changed & flags.ASK_SIZE:
        ticks.append(size_tick(3, quote.ask_size))
    return ticks


class Feed:
    """Who reads which instrument."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._readers: dict[int, dict[tuple[Session, int], str]] = {}

    @property
    def busy(self) -> bool:
        """Whether anybody reads."""
        return bool(self._readers)

    def open(self, session: Session, request_id: int, instrument: Instrument, epoch: int, *, snapshot: bool) -> None:
        """Send an instrument's market now and, unless a snapshot was asked for, its changes from now on."""
        params = Record(
            reqId=request_id,
            minTick=instrument.min_tick,
            bboExchange="9c0001" if instrument.sec_type == "STK" else instrument.exchanges[0],
            snapshotPermissions=3,
        )
        session.send(out.TICK_REQ_PARAMS.encode(params))
        session.send(out.MARKET_DATA_TYPE.encode({"reqId": request_id, "marketDataType": 1}))
        session.send(join(opening_ticks(self._market.quotes[instrument.con_id], epoch), str(request_id)))
        if snapshot:
            session.send(out.SNAPSHOT_END.encode({"reqId": request_id}))
            return
        session.watching.quotes[request_id] = instrument.con_id
        self._readers.setdefault(instrument.con_id, {})[session, request_id] = str(request_id)

    def close(self, session: Session, request_id: int) -> bool:
        """End one subscription; False if there is none of that id."""
        con_id = session.watching.quotes.pop(request_id, None)
        if con_id is None:
            return False
        readers = self._readers[con_id]
        del readers[session, request_id]
        if not readers:
            del self._readers[con_id]
        return True

    def forget(self, session: Session) -> None:
        """End all subscriptions of a session."""
        for request_id in list(session.watching.quotes):
            self.close(session, request_id)

    def publish(self, epoch: int) -> None:
        """Send what changed in the last step to everyone who reads it."""
        for con_id, readers in self._readers.items():
            quote = self._market.quotes[con_id]
            if quote.changed:
                ticks = step_ticks(quote, epoch)
                for (session, _), request_id in readers.items():
                    session.send(join(ticks, request_id))
