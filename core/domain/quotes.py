"""The last known market of one instrument."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import IntEnum

from msgspec import Struct


class DataType(IntEnum):
    """What kind of market data the broker sends, numbered as reqMarketDataType numbers it."""

    LIVE = 1
    FROZEN = 2
    DELAYED = 3
    DELAYED_FROZEN = 4


class Quote(Struct, frozen=True, kw_only=True, gc=False):
    """Last values, each None until the broker has sent it. A price of None never means 0."""

    con_id: int
    bid: Decimal | None = None
    ask: Decimal | None = None
    last: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    """Units traded today."""
    high: Decimal | None = None
    low: Decimal | None = None
    open: Decimal | None = None
    close: Decimal | None = None
    """The previous session's close."""
    data_type: DataType = DataType.LIVE
    halted: bool = False
    stale: bool = False
    """True once the source of ticks is gone: the values are the last ones known."""
    updated: datetime | None = None
    """UTC of the last tick; None before the first."""
    bid_updated: datetime | None = None
    """UTC of the last word on the bid or its size; None before the first, as for the other two."""
    ask_updated: datetime | None = None
    last_updated: datetime | None = None

    @property
    def sides_updated(self) -> datetime | None:
        """UTC of the older one of bid and ask; None unless both were told."""
        if self.bid_updated is None or self.ask_updated is None:
            return None
        return min(self.bid_updated, self.ask_updated)

    @property
    def crossed(self) -> bool:
        """True when the bid stands above the ask."""
        return self.bid is not None and self.ask is not None and self.bid > self.ask

    @property
    def tradable(self) -> bool:
        """True when quote-priced keys may use it: live, fresh, not halted, not crossed, both sides there."""
        return (
            self.bid is not None
            and self.ask is not None
            and not self.crossed
            and not self.halted
            and not self.stale
            and self.data_type is DataType.LIVE
        )

    @property
    def doubtful(self) -> bool:
        """True when the values are not those of the market now: old, halted, delayed or frozen."""
        return self.stale or self.halted or self.data_type is not DataType.LIVE

    @property
    def mark(self) -> Decimal | None:
        """The price that values a position: last, kept within bid and ask where both stand; else the close."""
        price = self.last
        if self.bid is not None and self.ask is not None and not self.crossed:
            price = min(max(price, self.bid), self.ask) if price is not None else (self.bid + self.ask) / 2
        return price if price is not None else self.close

    @property
    def middle(self) -> Decimal | None:
        """Half way from bid to ask; None unless both stand."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    @property
    def change(self) -> Decimal | None:
        """Last less the previous close; None if either is unknown."""
        return None if self.last is None or self.close is None else self.last - self.close

    @property
    def change_percent(self) -> Decimal | None:
        """Change in per cent of the previous close; None if either is unknown or the close is 0."""
        change = self.change
        return None if change is None or not self.close else change / self.close * 100

    @property
    def spread(self) -> Decimal | None:
        """Ask less bid; None unless both stand."""
        return None if self.bid is None or self.ask is None else self.ask - self.bid
