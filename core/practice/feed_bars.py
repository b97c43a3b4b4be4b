"""Bars of five seconds to those who asked for them, each when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.practice import tables_out as out
from core.practice.candles import TRADES, Candle, price_now
from core.practice.market import Market
from core.practice.readers import Readers

if TYPE_CHECKING:
    from core.practice.session import Session

#: The one length there is, in seconds.
LENGTH: Final = 5
#: After a pause of that many seconds bars begin anew.
_MOST_LATE: Final = 120


class BarFeed:
    """Who reads which instrument's bars of five seconds; what each remembers is the kind of its bars."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.readers: Readers[str] = Readers()
        self._candles: dict[tuple[int, str], Candle] = {}

    def open(self, session: Session, request_id: int, con_id: int, what: str, epoch: int) -> None:
        """Send every bar from the one on that is under way."""
        self.readers.add(session, request_id, con_id, what)
        if (con_id, what) not in self._candles:
            quote = self._market.quotes[con_id]
            candle = Candle(what, epoch - epoch % LENGTH, price_now(what, quote))
            if what == TRADES:
                for trade in self._market.prints(con_id, candle.start):
                    candle.trade(trade.price, trade.size)
            self._candles[con_id, what] = candle

    def publish(self, epoch: int) -> None:
        """Let the bars grow by the last step, and send those that are over."""
        kept: dict[tuple[int, str], Candle] = {}
        for con_id, readers in self.readers.by_contract():
            quote = self._market.quotes[con_id]
            for what in set(readers.values()):
                candle = self._candles[con_id, what]
                if epoch > candle.start + _MOST_LATE:
                    candle = Candle(what, epoch - epoch % LENGTH, price_now(what, quote))
                while epoch >= candle.start + LENGTH:
                    record = candle.record(quote.instrument)
                    record["epoch"] = candle.start
                    for (session, request_id), wanted in readers.items():
                        if wanted == what:
                            session.send(out.REALTIME_BAR.encode({**record, "reqId": request_id}))
                    candle = candle.next(candle.start + LENGTH, quote)
                candle.look(quote)
                kept[con_id, what] = candle
        self._candles = kept
