"""What the broker tells of a market beyond its quote: bars, prints, depth, option chains."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class BarSize(StrEnum):
    """Lengths of a bar, spelt as reqHistoricalData spells them."""

    SECONDS_5 = "5 secs"
    SECONDS_30 = "30 secs"
    MINUTE = "1 min"
    MINUTES_5 = "5 mins"
    MINUTES_15 = "15 mins"
    MINUTES_30 = "30 mins"
    HOUR = "1 hour"
    HOURS_4 = "4 hours"
    DAY = "1 day"
    WEEK = "1 week"
    MONTH = "1 month"

    @property
    def seconds(self) -> int:
        """How long a bar is; a month counts 30 days."""
        count, unit = self.value.split()
        return int(count) * _SECONDS[unit.rstrip("s")]


_SECONDS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400, "week": 604_800, "month": 2_592_000}


class BarKind(StrEnum):
    """What bars are made of, spelt as the TWS API spells whatToShow."""

    TRADES = "TRADES"
    MIDPOINT = "MIDPOINT"
    BID = "BID"
    ASK = "ASK"


class BarRequest(Struct, frozen=True, kw_only=True):
    """Which bars of an instrument, up to now."""

    con_id: int
    size: BarSize
    duration: str
    """A number and S, D, W, M or Y, as reqHistoricalData takes it: `2 D`."""
    kind: BarKind = BarKind.TRADES
    regular: bool = False
    """True leaves out what lies outside regular trading hours."""


class Bar(Struct, frozen=True, kw_only=True, tag="bar"):
    """One bar."""

    time: datetime
    """UTC of its beginning; midnight UTC of the trading date for bars of a day and more."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    """Units traded; None where bars have no trades."""
    average: Decimal | None
    """Volume-weighted average price; None where bars have no trades."""
    count: int | None
    """Trades; None where bars have none."""


class BarHistory(Struct, frozen=True, kw_only=True, tag="bars"):
    """Bars and how far they can be relied on."""

    request: BarRequest
    bars: tuple[Bar, ...]
    """Oldest first; the last one may still be growing."""
    fetched: datetime
    """UTC: their age counts from here."""
    stale: bool = False
    """True when newer ones were asked for and could not be had."""
    problem: str = ""
    """Why not; empty unless stale."""


class StreamKind(StrEnum):
    """What can be followed tick for tick; those of ticks are spelt as reqTickByTickData spells them."""

    DEPTH = "DEPTH"
    TRADES = "AllLast"
    """Every trade, those that set no last price too."""
    LAST = "Last"
    BID_ASK = "BidAsk"
    MIDPOINT = "MidPoint"
    BARS = "BARS"
    """Bars of five seconds."""

    @property
    def words(self) -> str:
        """What it is, for a person."""
        return _WORDS[self]

    @property
    def tick_by_tick(self) -> bool:
        """True for those that IBKR counts as tick-by-tick data."""
        return self not in (StreamKind.DEPTH, StreamKind.BARS)


_WORDS = {
    StreamKind.DEPTH: "market depth",
    StreamKind.TRADES: "the tape",
    StreamKind.LAST: "the tape of last prices",
    StreamKind.BID_ASK: "every bid and ask",
    StreamKind.MIDPOINT: "every midpoint",
    StreamKind.BARS: "bars of five seconds",
}


class BookOperation(StrEnum):
    """What a change of the book does at its place."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class BookChange(Struct, frozen=True, kw_only=True, tag="book"):
    """One change of the depth of market."""

    place: int
    """0 is the best."""
    operation: BookOperation
    is_bid: bool
    price: Decimal
    size: Decimal
    market_maker: str = ""
    """Market maker or exchange; empty where the book does not name them."""


class BookReset(Struct, frozen=True, kw_only=True, tag="book_reset"):
    """The book is empty from here on: the changes that follow build it anew."""


class Print(Struct, frozen=True, kw_only=True, tag="print"):
    """One trade on the tape."""

    time: datetime
    """UTC, to the second."""
    price: Decimal
    size: Decimal
    exchange: str
    conditions: str
    """IBKR's letters; empty for an ordinary trade."""
    unreported: bool
    """True for a trade that sets no last price."""


class Sides(Struct, frozen=True, kw_only=True, tag="sides"):
    """One change of bid or ask, both as they stand then."""

    time: datetime
    """UTC, to the second."""
    bid: Decimal
    ask: Decimal
    bid_size: Decimal
    ask_size: Decimal


class Midpoint(Struct, frozen=True, kw_only=True, tag="midpoint"):
    """One change of the middle of bid and ask."""

    time: datetime
    """UTC, to the second."""
    price: Decimal


Streamed = BookChange | BookReset | Print | Sides | Midpoint | Bar
"""What a stream brings."""


class OptionChain(Struct, frozen=True, kw_only=True):
    """The options on one underlying that trade at one exchange under one class."""

    exchange: str
    underlying: int
    """The contract number of what they are options on."""
    trading_class: str
    multiplier: Decimal
    expirations: tuple[str, ...]
    """YYYYMMDD, ascending."""
    strikes: tuple[Decimal, ...]
    """Ascending; not every strike trades at every expiration."""


class AccountFigure(Struct, frozen=True, kw_only=True):
    """One figure of an account summary."""

    account: str
    tag: str
    """IBKR's name of it."""
    value: str
    currency: str
    """Empty for what is no money."""
