"""Market data subscriptions of one connection, and their ticks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ib_async.client import Client

from core.broker.error_codes import ends_market_data
from core.broker.outgoing import wire_contract
from core.broker.registry import Registry
from core.broker.translate import number
from core.domain.instruments import Instrument, SecType
from core.domain.quotes import DataType
from core.domain.reports import RequestKind, Tick, TickField

_PRICES = {
    "1": TickField.BID,
    "2": TickField.ASK,
    "4": TickField.LAST,
    "6": TickField.HIGH,
    "7": TickField.LOW,
    "9": TickField.CLOSE,
    "14": TickField.OPEN,
    "66": TickField.BID,
    "67": TickField.ASK,
    "68": TickField.LAST,
    "72": TickField.HIGH,
    "73": TickField.LOW,
    "75": TickField.CLOSE,
    "76": TickField.OPEN,
}
"""Fields of price ticks by tick type; from 66 on they are delayed. Source: TWS API, Available Tick Types."""

_SIZES_OF_PRICES = {
    TickField.BID: TickField.BID_SIZE,
    TickField.ASK: TickField.ASK_SIZE,
    TickField.LAST: TickField.LAST_SIZE,
}
_SIZES = {
    0: TickField.BID_SIZE,
    3: TickField.ASK_SIZE,
    5: TickField.LAST_SIZE,
    8: TickField.VOLUME,
    69: TickField.BID_SIZE,
    70: TickField.ASK_SIZE,
    71: TickField.LAST_SIZE,
    74: TickField.VOLUME,
}
_HALTED = frozenset({49, 90})
_DELAYED = frozenset({"66", "67", "68", "72", "73", "75", "76"})
_LIVE_REFUSED = frozenset({354, 10089, 10168, 10186})
"""No subscription for live data; delayed data may be had."""
_NO_PRICE = Decimal(-1)
_ZERO = Decimal(0)


@dataclass(slots=True)
class _Line:
    """One subscription."""

    client: Client
    request_id: int
    instrument: Instrument
    asked: DataType
    """What was said to do where there is no live data."""
    data_type: DataType = DataType.LIVE


class MarketData:
    """Subscribes and turns tick messages into ticks, which gather in `ticks` until the read is done.

    Live data comes wherever there is some. Out of hours the last quote of the session comes, frozen; where live data is
    refused, delayed data is asked for, frozen too when the market is closed. What came is what marketDataType says.
    Source: TWS API, Market Data Types: reqMarketDataType holds for the requests after it; 2 enables frozen data, 4
    delayed and delayed frozen data, and neither replaces live data.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._by_con_id: dict[int, _Line] = {}
        self._by_request: dict[int, _Line] = {}
        self._asked = DataType.LIVE
        self._without_live: set[int] = set()
        self.ticks: list[Tick] = []

    @property
    def lines(self) -> int:
        """Subscriptions in force."""
        return len(self._by_con_id)

    def subscribe(self, client: Client, instrument: Instrument) -> None:
        """Start ticks; does nothing if they flow. Raises UnsendableError for a contract that can't be sent."""
        if instrument.con_id in self._by_con_id:
            return
        contract = wire_contract(instrument)
        asked = DataType.DELAYED_FROZEN if instrument.con_id in self._without_live else DataType.FROZEN
        if asked is not self._asked:
            self._asked = asked
            client.reqMarketDataType(int(asked))
        line = _Line(client, self._registry.take_for(RequestKind.MARKET_DATA), instrument, asked)
        self._by_con_id[instrument.con_id] = line
        self._by_request[line.request_id] = line
        client.reqMktData(line.request_id, contract, "", False, False, [])

    def unsubscribe(self, client: Client, con_id: int) -> None:
        """Stop ticks; does nothing if there are none."""
        line = self._by_con_id.pop(con_id, None)
        if line is not None:
            del self._by_request[line.request_id]
            client.cancelMktData(line.request_id)

    def refused(self, request_id: int, code: int) -> tuple[str, int]:
        """An error came for a subscription: whose it is, and the contract number if it is over now, else 0.

        Where only live data is refused, delayed data is asked for instead; for this instrument from then on, so that a
        later request on this connection is not refused first. An empty name if it is not ours.
        """
        line = self._by_request.get(request_id)
        if line is None:
            return "", 0
        instrument = line.instrument
        if not ends_market_data(code):
            return instrument.label, 0
        del self._by_request[request_id]
        del self._by_con_id[instrument.con_id]
        if code not in _LIVE_REFUSED or line.asked is DataType.DELAYED_FROZEN:
            return instrument.label, instrument.con_id
        self._without_live.add(instrument.con_id)
        self.subscribe(line.client, instrument)
        return instrument.label, 0

    def price_tick(self, request_id: int, tick_type: str, price: str, size: str) -> None:
        """A tickPrice message; the size in it belongs to bid, ask and last.

        -1 means that there is no such price, and so does 0 without a size. A combination may cost either: -1 with a
        size, 0 always.
        """
        line = self._by_request.get(request_id)
        field = _PRICES.get(tick_type)
        if line is None or field is None:
            return
        if tick_type in _DELAYED and line.data_type not in (DataType.DELAYED, DataType.DELAYED_FROZEN):
            self.data_type(request_id, DataType.DELAYED)
        value = number(price)
        amount = number(size)
        shown = amount not in (None, _ZERO)
        combination = line.instrument.sec_type is SecType.BAG
        if (value == _NO_PRICE and not (shown and combination)) or (value == _ZERO and not (shown or combination)):
            value = None
        con_id = line.instrument.con_id
        self.ticks.append(Tick(con_id=con_id, field=field, value=value))
        size_field = _SIZES_OF_PRICES.get(field)
        if size_field is not None and amount is not None:
            self.ticks.append(Tick(con_id=con_id, field=size_field, value=amount))

    def size_tick(self, request_id: int, tick_type: int, size: float) -> None:
        """A tickSize message."""
        line = self._by_request.get(request_id)
        field = _SIZES.get(tick_type)
        if line is not None and field is not None:
            self.ticks.append(Tick(con_id=line.instrument.con_id, field=field, value=number(size)))

    def generic_tick(self, request_id: int, tick_type: int, value: float) -> None:
        """A tickGeneric message, of which halts are read: above 0 is a halt, -1 means not known."""
        line = self._by_request.get(request_id)
        if line is not None and tick_type in _HALTED:
            halted = None if value < 0 else Decimal(int(value > 0))
            self.ticks.append(Tick(con_id=line.instrument.con_id, field=TickField.HALTED, value=halted))

    def data_type(self, request_id: int, kind: int) -> None:
        """A marketDataType message, or ticks that are delayed without one; an unknown number changes nothing."""
        line = self._by_request.get(request_id)
        if line is not None and kind in tuple(DataType):
            line.data_type = DataType(kind)
            self.ticks.append(Tick(con_id=line.instrument.con_id, field=TickField.DATA_TYPE, value=Decimal(kind)))
