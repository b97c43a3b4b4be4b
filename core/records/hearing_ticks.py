"""What a recorder makes of what core brings: rows, and where something may be missing between two of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from core.domain.charts import Print, Sides, StreamKind
from core.domain.executions import Execution
from core.domain.orders import Order
from core.domain.quotes import Quote
from core.domain.streams import StreamChanged, StreamData, StreamState
from core.records.market_clock import MarketTime
from core.records.tick_rows import OwnRow, TickKind, TickRow

TICK_STREAMS: Final = (StreamKind.BID_ASK, StreamKind.TRADES)
"""What is followed tick by tick, where the broker gives it."""

_SECOND: Final = 1_000_000


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return int(moment.timestamp()) * _SECOND + moment.microsecond


class TickHearing:
    """Hears one instrument.

    Quotes and trades come tick by tick where such a stream is open, and as last values of core's quotes where not.
    """

    def __init__(self, con_id: int, clock: MarketTime) -> None:
        """Nothing is known before the first row, so it is marked as one behind a gap."""
        self._con_id = con_id
        self._clock = clock
        self._open: set[StreamKind] = set()
        self._quote: Quote | None = None
        self._missed = True

    @property
    def by_tick(self) -> frozenset[StreamKind]:
        """The streams that are open."""
        return frozenset(self._open)

    @property
    def is_heard(self) -> bool:
        """Whether something was heard since the last time that nothing was."""
        return not self._missed

    def miss(self) -> None:
        """Nothing is heard for a while: the next row comes behind a gap, and last values from before say nothing."""
        self._missed = True
        self._quote = None

    def forget_streams(self) -> None:
        """The link to core is gone, and every stream with it."""
        self._open.clear()
        self.miss()

    def change(self, event: StreamChanged) -> None:
        """A stream is open now, or not any more."""
        if event.state is StreamState.OPEN:
            self._open.add(event.kind)
        elif event.kind in self._open:
            self._open.discard(event.kind)
            self.miss()

    def ticks(self, event: StreamData, received: int) -> list[TickRow]:
        """The rows of what a stream brought at a moment, in microseconds since 1970."""
        if event.lost:
            self._missed = True
        rows = []
        for item in event.items:
            if isinstance(item, Sides):
                time = micros(item.time)
                self._clock.note(time, received)
                row = self._row(time, received, TickKind.QUOTE)
                rows.append(replace(row, **_sides(item)))
            elif isinstance(item, Print):
                time = micros(item.time)
                self._clock.note(time, received)
                row = self._row(time, received, TickKind.TRADE)
                rows.append(
                    replace(
                        row,
                        price=float(item.price),
                        size=float(item.size),
                        exchange=item.exchange,
                        conditions=item.conditions,
                        unreported=item.unreported,
                    )
                )
        return rows

    def quote(self, quote: Quote, received: int) -> list[TickRow]:
        """The rows of core's last values, of what no stream brings."""
        if quote.stale:
            self.miss()
            return []
        before, self._quote = self._quote, quote
        time = self._clock.at(received)
        rows = []
        sides = _sides(quote)
        if StreamKind.BID_ASK not in self._open and (before is None or sides != _sides(before)):
            rows.append(replace(self._row(time, received, TickKind.QUOTE, conflated=True), **sides))
        if StreamKind.TRADES not in self._open and before is not None:
            rows += self._traded(before, quote, time, received)
        return rows

    def mark(self, received: int) -> TickRow:
        """A row that says that all was heard up to about now. Ticks are told to the second, so it is of one before."""
        return self._row(self._clock.at(received - _SECOND), received, TickKind.MARK)

    def _traded(self, before: Quote, quote: Quote, time: int, received: int) -> list[TickRow]:
        """Of last values: the trades between two of them, as one of the price of the last."""
        if quote.last is None or quote.last_updated == before.last_updated:
            return []
        size = quote.last_size
        if quote.volume is not None and before.volume is not None:
            size = quote.volume - before.volume
            if size <= 0:
                return []
        row = self._row(time, received, TickKind.TRADE, conflated=True)
        return [replace(row, price=float(quote.last), size=float(size or 0))]

    def _row(self, time: int, received: int, kind: TickKind, *, conflated: bool = False) -> TickRow:
        gap, self._missed = self._missed, False
        return TickRow(self._con_id, time, received, kind, gap, conflated)


def own_order(order: Order, sequence: int, received: int) -> OwnRow:
    """The row of an order of ours as it stands after a row of the journal."""
    return OwnRow(
        received=received,
        sequence=sequence,
        event="ORDER",
        order_ref=order.order_ref,
        con_id=order.con_id,
        label=order.label,
        side=order.side,
        state=order.state,
        order_type=order.order_type,
        quantity=f"{order.quantity:f}",
        limit_price=_text(order.limit_price),
        stop_price=_text(order.stop_price),
        filled=_text(order.filled),
        price=_text(order.average_price),
    )


def own_fill(fill: Execution, sequence: int, received: int) -> OwnRow:
    """The row of a fill, or of a correction of one."""
    return OwnRow(
        received=received,
        sequence=sequence,
        event="FILL",
        order_ref=fill.order_ref,
        con_id=fill.con_id,
        label=fill.label,
        side=fill.side,
        state="",
        order_type="",
        quantity=f"{fill.quantity:f}",
        limit_price=None,
        stop_price=None,
        filled=None,
        price=f"{fill.price:f}",
        exec_id=fill.exec_id,
    )


def _sides(market: Quote | Sides) -> dict[str, float | None]:
    """Bid and ask with their sizes; None for a side that nobody shows, of which ticks say 0 or -1 with a size of 0."""
    told: dict[str, float | None] = {}
    for name, price, size in (("bid", market.bid, market.bid_size), ("ask", market.ask, market.ask_size)):
        is_shown = price is not None and (price > 0 or bool(size))
        told[name] = float(price) if price is not None and is_shown else None
        told[f"{name}_size"] = float(size) if size is not None and is_shown else None
    return told


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
