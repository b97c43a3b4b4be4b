"""Market data beyond quotes: bars, depth, ticks, option chains, account summaries; asked for and read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from ib_async.client import Client
from ib_async.objects import BarData, TickAttribBidAsk, TickAttribLast

from core.broker.outgoing import wire_contract, wire_text
from core.broker.queries import Queries
from core.broker.registry import Registry
from core.broker.translate import number, quantity
from core.domain.charts import (
    AccountFigure,
    Bar,
    BarKind,
    BarRequest,
    BookChange,
    BookOperation,
    BookReset,
    Midpoint,
    OptionChain,
    Print,
    Sides,
    Streamed,
    StreamKind,
)
from core.domain.depth import DEPTH_ROWS
from core.domain.instruments import Instrument
from core.domain.reports import RequestKind
from core.errors import BrokerError, DeskError, RequestTimeoutError
from core.ports import Ended
from core.text import clean

BOOK_RESET = 317
"""IBKR's code for a book that it sends anew, over the same request."""
REAL_TIME_SECONDS = 5
SUMMARY_TAGS = "NetLiquidation,TotalCashValue,BuyingPower,MaintMarginReq,InitMarginReq,AvailableFunds,ExcessLiquidity"
_EPOCH_SECONDS = 2
"""formatDate: times as seconds since 1970; dates of bars of a day and more stay YYYYMMDD."""
_DATE_LENGTH = 8
_OPERATIONS = (BookOperation.INSERT, BookOperation.UPDATE, BookOperation.DELETE)

Hear = Callable[[Streamed], None]


class DataRequests:
    """What one connection asked for of these, and the messages that answer it."""

    def __init__(self, registry: Registry) -> None:
        """`attach` must follow before anything is asked."""
        self._registry = registry
        self._streams: dict[int, tuple[Hear, Ended]] = {}
        self._stopped: set[int] = set()

    def attach(self, client: Client, queries: Queries) -> None:
        """Give what is made after this object."""
        self._client = client
        self._queries = queries

    async def bars(self, instrument: Instrument, wanted: BarRequest) -> tuple[Bar, ...]:
        """Bars up to now, oldest first."""
        request_id = self._registry.take_for(RequestKind.QUERY)
        return await self._history(request_id, instrument, wanted, follow=False)

    async def follow_history(
        self, instrument: Instrument, wanted: BarRequest, hear: Hear, ended: Ended
    ) -> tuple[tuple[Bar, ...], Callable[[], None]]:
        """Bars up to now, of which `hear` gets the last one again as it grows, and each new one; and how to stop."""
        request_id = self._registry.take_for(RequestKind.QUERY)
        self._streams[request_id] = hear, ended
        try:
            found = await self._history(request_id, instrument, wanted, follow=True)
        except DeskError:
            self._streams.pop(request_id, None)
            raise
        return found, self._stopper(request_id, self._client.cancelHistoricalData)

    async def _history(
        self, request_id: int, instrument: Instrument, wanted: BarRequest, *, follow: bool
    ) -> tuple[Bar, ...]:
        contract, duration = wire_contract(instrument), wire_text(wanted.duration)
        what = f"bars of {instrument.label}"
        try:
            found = await self._queries.ask(
                request_id,
                what,
                lambda: self._client.reqHistoricalData(
                    request_id,
                    contract,
                    "",
                    duration,
                    wanted.size.value,
                    wanted.kind.value,
                    wanted.regular,
                    _EPOCH_SECONDS,
                    follow,
                    [],
                ),
            )
        except RequestTimeoutError:
            self._client.cancelHistoricalData(request_id)
            raise
        return tuple(found)

    async def head_time(self, instrument: Instrument, kind: BarKind) -> datetime:
        """The time of the oldest bar that there is, UTC."""
        request_id = self._registry.take_for(RequestKind.QUERY)
        contract = wire_contract(instrument)
        answers = await self._queries.ask(
            request_id,
            f"the age of {instrument.label}'s history",
            lambda: self._client.reqHeadTimeStamp(request_id, contract, kind.value, False, _EPOCH_SECONDS),
        )
        found: datetime = answers[0]
        return found

    async def option_chains(self, underlying: Instrument) -> tuple[OptionChain, ...]:
        """Every chain of options on an instrument; empty if there is none."""
        request_id = self._registry.take_for(RequestKind.QUERY)
        symbol, kind = wire_text(underlying.symbol), underlying.sec_type.value
        found = await self._queries.ask(
            request_id,
            f"the options on {underlying.label}",
            lambda: self._client.reqSecDefOptParams(request_id, symbol, "", kind, underlying.con_id),
        )
        return tuple(found)

    async def account_summary(self) -> tuple[AccountFigure, ...]:
        """The figures of `SUMMARY_TAGS` for every account, as they stand."""
        request_id = self._registry.take_for(RequestKind.QUERY)
        try:
            found = await self._queries.ask(
                request_id,
                "the account summary",
                lambda: self._client.reqAccountSummary(request_id, "All", SUMMARY_TAGS),
            )
        except RequestTimeoutError:
            self._client.cancelAccountSummary(request_id)
            raise
        self._client.cancelAccountSummary(request_id)
        return tuple(found)

    async def follow(self, instrument: Instrument, kind: StreamKind, hear: Hear, ended: Ended) -> Callable[[], None]:
        """Have `hear` told of everything of `kind`; returns how to stop it.

        Done with the first of it, or after the deadline of a query where the market says nothing. Raises BrokerError
        if it is refused; `ended` is called if the broker ends it later. Cancelled, it is stopped.
        """
        contract = wire_contract(instrument)
        request_id = self._registry.take_for(RequestKind.QUERY)
        client = self._client

        def ask() -> None:
            match kind:
                case StreamKind.DEPTH:
                    client.reqMktDepth(request_id, contract, DEPTH_ROWS, True, [])
                case StreamKind.BARS:
                    client.reqRealTimeBars(request_id, contract, REAL_TIME_SECONDS, BarKind.TRADES.value, False, [])
                case _:
                    client.reqTickByTickData(request_id, contract, kind.value, 0, False)

        cancel = {
            StreamKind.DEPTH: lambda number: client.cancelMktDepth(number, True),
            StreamKind.BARS: client.cancelRealTimeBars,
        }.get(kind, client.cancelTickByTickData)
        self._streams[request_id] = hear, ended
        stop = self._stopper(request_id, cancel)
        try:
            await self._queries.ask(request_id, f"{kind.name.lower()} of {instrument.label}", ask)
        except RequestTimeoutError:
            return stop
        except DeskError:
            self._streams.pop(request_id, None)
            raise
        except asyncio.CancelledError:
            stop()
            raise
        return stop

    def _stopper(self, request_id: int, cancel: Callable[[int], None]) -> Callable[[], None]:
        def stop() -> None:
            if self._streams.pop(request_id, None) is not None:
                self._stopped.add(request_id)
                cancel(request_id)

        return stop

    def fail(self, request_id: int, error: BrokerError) -> bool:
        """An error came for a stream, which ends it unless only its book begins anew; True if it was one of ours.

        What was stopped may be ended by the broker too, or not be known to it any more: both are as wanted.
        """
        if error.code == BOOK_RESET and request_id in self._streams:
            self._hear(request_id, BookReset())
            return True
        stream = self._streams.pop(request_id, None)
        if stream is None:
            return request_id in self._stopped
        stream[1](error)
        return True

    def close(self, error: DeskError) -> None:
        """The connection is gone, and every stream with it."""
        streams, self._streams = self._streams, {}
        for _, ended in streams.values():
            ended(error)

    def _hear(self, request_id: int, item: Streamed) -> None:
        stream = self._streams.get(request_id)
        if stream is not None:
            self._queries.finish(request_id)
            stream[0](item)

    def bar(self, request_id: int, bar: BarData) -> None:
        """One bar of message 17."""
        self._queries.collect(request_id, _bar(bar, _time(str(bar.date))))

    def bars_end(self, request_id: int, _start: str, _end: str) -> None:
        """The end of message 17."""
        self._queries.finish(request_id)

    def bar_update(self, request_id: int, bar: BarData) -> None:
        """Message 90."""
        self._hear(request_id, _bar(bar, _time(str(bar.date))))

    def five_seconds(
        self,
        request_id: int,
        time: int,
        open_: float,
        high: float,
        low: float,
        close: float,
        volume: float,
        average: float,
        count: int,
    ) -> None:
        """Message 50."""
        bar = BarData(_utc(time), open_, high, low, close, volume, average, count)
        self._hear(request_id, _bar(bar, _utc(time)))

    def trade(
        self,
        request_id: int,
        _kind: int,
        time: int,
        price: float,
        size: float,
        attributes: TickAttribLast,
        exchange: str,
        conditions: str,
    ) -> None:
        """Message 99 of trades."""
        self._hear(
            request_id,
            Print(
                time=_utc(time),
                price=quantity(price),
                size=quantity(size),
                exchange=clean(exchange),
                conditions=clean(conditions),
                unreported=attributes.unreported,
            ),
        )

    def sides(
        self,
        request_id: int,
        time: int,
        bid: float,
        ask: float,
        bid_size: float,
        ask_size: float,
        _attributes: TickAttribBidAsk,
    ) -> None:
        """Message 99 of bid and ask."""
        self._hear(
            request_id,
            Sides(
                time=_utc(time),
                bid=quantity(bid),
                ask=quantity(ask),
                bid_size=quantity(bid_size),
                ask_size=quantity(ask_size),
            ),
        )

    def midpoint(self, request_id: int, time: int, price: float) -> None:
        """Message 99 of midpoints."""
        self._hear(request_id, Midpoint(time=_utc(time), price=quantity(price)))

    def depth(self, request_id: int, place: int, operation: int, side: int, price: float, size: float) -> None:
        """Message 12."""
        self.depth_by_maker(request_id, place, "", operation, side, price, size, False)

    def depth_by_maker(
        self,
        request_id: int,
        place: int,
        market_maker: str,
        operation: int,
        side: int,
        price: float,
        size: float,
        _is_smart: bool,
    ) -> None:
        """Message 13. Raises IndexError for an operation that there is not."""
        self._hear(
            request_id,
            BookChange(
                place=place,
                operation=_OPERATIONS[operation],
                is_bid=side == 1,
                price=quantity(price),
                size=quantity(size),
                market_maker=clean(market_maker),
            ),
        )

    def head(self, request_id: int, time: str) -> None:
        """Message 88."""
        self._queries.collect(request_id, _time(time))
        self._queries.finish(request_id)

    def chain(
        self,
        request_id: int,
        exchange: str,
        underlying: str,
        trading_class: str,
        multiplier: str,
        expirations: Sequence[str],
        strikes: Sequence[float],
    ) -> None:
        """Message 75."""
        self._queries.collect(
            request_id,
            OptionChain(
                exchange=clean(exchange),
                underlying=int(underlying or 0),
                trading_class=clean(trading_class),
                multiplier=number(multiplier) or Decimal(1),
                expirations=tuple(sorted(clean(day) for day in expirations)),
                strikes=tuple(sorted(quantity(strike) for strike in strikes)),
            ),
        )

    def figure(self, request_id: int, account: str, tag: str, value: str, currency: str) -> None:
        """Message 63."""
        self._queries.collect(
            request_id,
            AccountFigure(account=clean(account), tag=clean(tag), value=clean(value), currency=clean(currency)),
        )

    def end(self, request_id: int) -> None:
        """Messages 64 and 76."""
        self._queries.finish(request_id)


def _utc(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _time(text: str) -> datetime:
    """Seconds since 1970, or a date. Raises ValueError for anything else."""
    if len(text) == _DATE_LENGTH:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    return _utc(int(text))


def _bar(bar: BarData, time: datetime) -> Bar:
    traded = bar.volume >= 0
    return Bar(
        time=time,
        open=quantity(bar.open),
        high=quantity(bar.high),
        low=quantity(bar.low),
        close=quantity(bar.close),
        volume=number(bar.volume) if traded else None,
        average=number(bar.average) if traded else None,
        count=bar.barCount if traded and bar.barCount >= 0 else None,
    )
