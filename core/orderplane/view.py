"""What the order plane knows of core's state: it follows along with the events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from core.domain.connection import Connection
from core.domain.events import (
    ConnectionChanged,
    Event,
    InstrumentsUpdated,
    OrderChanged,
    QuotesUpdated,
    Snapshot,
)
from core.domain.instruments import Instrument
from core.domain.orders import OrderState
from core.domain.quotes import Quote
from core.orderplane.participation import Participation


class View:
    """Instruments, quotes and the connection of one core, and what of its orders participation counts."""

    def __init__(self, snapshot: Snapshot, participation: Participation | None) -> None:
        """`participation` None counts nothing."""
        self.instance = snapshot.instance
        self.connection: Connection = snapshot.connection
        self._instruments = {known.con_id: known for known in snapshot.instruments}
        self._quotes: dict[int, Quote] = {}
        self._participation = participation
        self._news: asyncio.Future[None] | None = None
        for order in snapshot.orders:
            self.apply(OrderChanged(order=order))
        self.apply(QuotesUpdated(quotes=snapshot.quotes))

    @property
    def instruments(self) -> Mapping[int, Instrument]:
        """Every contract that core has qualified, by its number."""
        return self._instruments

    def quote(self, con_id: int) -> Quote | None:
        """The last one; None before the first."""
        return self._quotes.get(con_id)

    async def until(self, found: Callable[[], bool], timeout: float) -> bool:
        """Wait until `found` says so, asked after each event; False if it doesn't within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not found():
                    self._news = self._news or asyncio.get_running_loop().create_future()
                    await asyncio.shield(self._news)
        except TimeoutError:
            return False
        return True

    def learn(self, instrument: Instrument) -> None:
        """A contract that core has just qualified."""
        self._instruments[instrument.con_id] = instrument

    def apply(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case QuotesUpdated(quotes=quotes):
                for quote in quotes:
                    self._quotes[quote.con_id] = quote
                    if self._participation is not None:
                        self._participation.heard(quote)
            case InstrumentsUpdated(instruments=instruments):
                self._instruments |= {known.con_id: known for known in instruments}
            case ConnectionChanged(connection=connection):
                self.connection = connection
            case OrderChanged(order=order) if self._participation is not None:
                if order.state is OrderState.DENIED:
                    self._participation.forget(order)
                else:
                    self._participation.placed(order)
            case _:
                pass
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)
