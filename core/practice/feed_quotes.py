"""Quotes to those who asked for them: each tick is written once, whoever reads it gets it with the own request id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.practice import generics
from core.practice import market as flags
from core.practice import tables_out as out
from core.practice.auctions import is_open
from core.practice.instruments import Instrument
from core.practice.market import Market, Quote
from core.practice.readers import Readers
from core.practice.smart import BBO_EXCHANGE, LETTERS
from core.practice.tables import Record
from core.practice.ticks import Tick, delayed, generic_tick, join, price_tick, size_tick, string_tick

if TYPE_CHECKING:
    from core.practice.session import Session

#: Kinds of market data.
LIVE, FROZEN, DELAYED, DELAYED_FROZEN = 1, 2, 3, 4


@dataclass(slots=True)
class QuoteReader:
    """One reqMktData."""

    request_id: bytes
    #: The generic ticks that were asked for.
    wants: frozenset[int]
    #: Whether the base ticks come too; ``mdoff`` leaves them out.
    base: bool
    #: Whether the ticks are of the delayed types.
    delayed: bool
    #: Whether the last quote stands still while the market is closed.
    freezes: bool
    #: Whether it does so now.
    frozen: bool
    #: Whether it was told the market as it stood; not while the farm was broken.
    told: bool = False

    @property
    def kind(self) -> int:
        """The kind of market data, as marketDataType tells it."""
        if self.delayed:
            return DELAYED_FROZEN if self.frozen else DELAYED
        return FROZEN if self.frozen else LIVE


def opening_ticks(quote: Quote, epoch: int) -> list[Tick]:
    """Return what a new subscription is told first."""
    instrument = quote.instrument
    text = instrument.text
    ticks = [
        price_tick(1, text(quote.bid), quote.bid_size, 1),
        price_tick(2, text(quote.ask), quote.ask_size, 1),
        price_tick(6, text(quote.high), 0, 0),
        price_tick(7, text(quote.low), 0, 0),
        price_tick(9, text(quote.close), 0, 0),
        price_tick(14, text(quote.opened), 0, 0),
        generic_tick(49, "0"),
    ]
    if instrument.sec_type == "CASH":
        return ticks
    if instrument.sec_type == "STK":
        shown = LETTERS.get(instrument.venues[quote.bid % len(instrument.venues)], "")
        asked = LETTERS.get(instrument.venues[quote.ask % len(instrument.venues)], "")
        ticks += [string_tick(32, shown), string_tick(33, asked)]
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


def _computations(quote: Quote, epoch: int) -> list[Tick]:
    from core.practice.computations import option_ticks
    from core.practice.derived import OptionQuote

    return option_ticks(quote, epoch) if isinstance(quote, OptionQuote) else []


class QuoteFeed:
    """Who reads which instrument's quote."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.readers: Readers[QuoteReader] = Readers()
        self._tallies: dict[int, generics.Tally] = {}
        #: When the computations of an option were last sent, in seconds since the epoch.
        self._computed: dict[int, int] = {}
        self._minute = 0

    def open(self, session: Session, request_id: int, instrument: Instrument, reader: QuoteReader, epoch: int) -> None:
        """Tell an instrument's market as it stands; its changes follow once the reader is kept."""
        params = Record(
            reqId=request_id,
            minTick=instrument.min_tick,
            bboExchange=BBO_EXCHANGE if instrument.sec_type == "STK" else instrument.exchanges[0],
            snapshotPermissions=3,
        )
        session.send(out.TICK_REQ_PARAMS.encode(params))
        self._tell(session, request_id, instrument, reader, epoch)

    def tell_late(self, epoch: int) -> None:
        """Tell those their market who asked while the farm was broken."""
        for con_id, readers in self.readers.by_contract():
            for (session, request_id), reader in readers.items():
                if not reader.told:
                    self.open(session, request_id, self._market.quotes[con_id].instrument, reader, epoch)

    def _tell(self, session: Session, request_id: int, instrument: Instrument, reader: QuoteReader, epoch: int) -> None:
        """Tell what kind of data comes, and the quote as it stands."""
        reader.told = True
        session.send(out.MARKET_DATA_TYPE.encode({"reqId": request_id, "marketDataType": reader.kind}))
        quote = self._market.quotes[instrument.con_id]
        ticks = opening_ticks(quote, epoch) if reader.base else []
        if reader.base and instrument.is_option:
            ticks += _computations(quote, epoch)
        ticks += generics.opening(reader.wants, quote)
        session.send(join(delayed(ticks) if reader.delayed else ticks, reader.request_id))

    def keep(self, session: Session, request_id: int, con_id: int, reader: QuoteReader) -> None:
        """Send the changes from now on."""
        self.readers.add(session, request_id, con_id, reader)

    def publish(self, epoch: int) -> None:
        """Send what changed in the last step to everyone who reads it."""
        if epoch // 60 != self._minute:
            self._minute = epoch // 60
            self._open_and_close(epoch)
        for con_id, readers in self.readers.by_contract():
            quote = self._market.quotes[con_id]
            if not quote.changed:
                continue
            ticks = step_ticks(quote, epoch)
            if quote.instrument.is_option and self._computed.get(con_id) != epoch:
                self._computed[con_id] = epoch
                ticks += _computations(quote, epoch)
            tally = self._tallies.setdefault(con_id, generics.Tally())
            if quote.print_size:
                tally.add(quote)
            # Clients often use the same request ids; what they get is then the same to the byte.
            plain: dict[bytes, bytes] = {}
            for (session, _), reader in readers.items():
                if reader.frozen:
                    continue
                if reader.wants or reader.delayed or not reader.base:
                    data = join(self._own_ticks(ticks, reader, quote, tally, epoch), reader.request_id)
                else:
                    data = plain.get(reader.request_id) or join(ticks, reader.request_id)
                    plain[reader.request_id] = data
                if data:
                    session.send(data)

    def _open_and_close(self, epoch: int) -> None:
        """Freeze what was asked for so when its market closes, let it go on when the market opens."""
        for con_id, readers in self.readers.by_contract():
            instrument = self._market.quotes[con_id].instrument
            for (session, request_id), reader in readers.items():
                if reader.freezes and reader.frozen is is_open(instrument, epoch):
                    reader.frozen = not reader.frozen
                    self._tell(session, request_id, instrument, reader, epoch)

    def _own_ticks(
        self, ticks: list[Tick], reader: QuoteReader, quote: Quote, tally: generics.Tally, epoch: int
    ) -> list[Tick]:
        own = [*(ticks if reader.base else ()), *generics.step(reader.wants, quote, tally, epoch)]
        return delayed(own) if reader.delayed else own
