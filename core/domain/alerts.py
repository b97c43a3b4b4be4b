"""Alerts: what a person must look at, told once however often it repeats; and price alerts, which wait for a market.

An `Incident` (core.domain.events) is a line of the log: something happened, each time that it did. An alert is a view:
incidents that warn, and what no incident says (the connection, margin, degradation, a position without its stop, a
price), folded by their cause with a count. Whoever has something to tell publishes an incident; alerts follow of it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from core.domain.quotes import Quote

MOST_PRICE_ALERTS = 50
"""Price alerts that may wait at a time: each takes a market data line of the account."""


class Severity(StrEnum):
    """How much a person must care."""

    INFO = "INFO"
    WARNING = "WARNING"
    ALARM = "ALARM"

    @property
    def rank(self) -> int:
        """0 for INFO, rising."""
        return list(Severity).index(self)


class AlertKind(StrEnum):
    """What an alert is about."""

    CONNECTION = "CONNECTION"
    """The gateway or IBKR's own link is gone, or came back."""
    REJECTION = "REJECTION"
    """IBKR did not take an order, a change or a cancel."""
    MARGIN = "MARGIN"
    """Little is left of what the account may carry."""
    RESTRICTION = "RESTRICTION"
    """Less may be traded than before: the trading state, permissions, locates, a read-only gateway, halts."""
    DEGRADATION = "DEGRADATION"
    """Something is slower, older or less complete than it should be."""
    POSITION = "POSITION"
    """A position has lost its stop."""
    PRICE = "PRICE"
    """A price alert fired."""
    ORDER = "ORDER"
    """An order's outcome is not known, or it is not as the desk thought."""
    OTHER = "OTHER"


class Alert(Struct, frozen=True, kw_only=True):
    """One cause, and how often it was met."""

    number: int
    """Rises by one, never given out twice in a profile; what comes later with the same number replaces it."""
    kind: AlertKind
    cause: str
    """What it is folded by, within its kind; for machines."""
    severity: Severity
    """The severest so far."""
    text: str
    """The latest words: the fact, of which order, what to do; cleaned, accounts masked."""
    since: datetime
    """UTC of the first time."""
    time: datetime
    """UTC of the last time."""
    count: int = 1
    con_id: int | None = None
    """The instrument; None if it is about none."""
    order_ref: str = ""
    """The order that the words are about; empty if none."""
    lasting: bool = False
    """True for a state of things, which ends by itself."""
    over: datetime | None = None
    """UTC when that ended; None while it lasts, and for what does not last."""
    seen: bool = False
    """True once a person has acknowledged it; another time makes it new again."""

    @property
    def holds(self) -> bool:
        """True for a state of things that has not ended."""
        return self.lasting and self.over is None

    @property
    def words(self) -> str:
        """Severity, text, how often, and whether it is over: `ALARM GME is halted: ... (3 times) - over`."""
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"{self.severity} {self.text}{times}{' - over' if self.over is not None else ''}"


class Comparison(StrEnum):
    """How a price alert compares the market with its price."""

    ABOVE = ">"
    AT_OR_ABOVE = ">="
    BELOW = "<"
    AT_OR_BELOW = "<="

    @property
    def upwards(self) -> bool:
        """True if it waits for higher prices."""
        return self in (Comparison.ABOVE, Comparison.AT_OR_ABOVE)

    def holds(self, price: Decimal, level: Decimal) -> bool:
        """True if `price` compares so with `level`."""
        match self:
            case Comparison.ABOVE:
                return price > level
            case Comparison.AT_OR_ABOVE:
                return price >= level
            case Comparison.BELOW:
                return price < level
            case Comparison.AT_OR_BELOW:
                return price <= level


class PriceAlert(Struct, frozen=True, kw_only=True, tag="price_alert"):
    """A price that somebody waits for. Fires once, then it is gone."""

    number: int
    """Rises by one, never given out twice in a profile."""
    con_id: int
    label: str
    """The instrument as rows show it."""
    comparison: Comparison
    price: Decimal
    """In the instrument's currency."""
    by: str = ""
    """The desk or script that set it."""
    created: datetime
    """UTC."""

    @property
    def text(self) -> str:
        """In the words of the order line: `SPY > 600`."""
        return f"{self.label} {self.comparison} {self.price.normalize():f}"


def fired_at(comparison: Comparison, level: Decimal, quote: Quote) -> tuple[str, Decimal] | None:
    """Which price of the market meets a price alert, by its name, and that price; None while none does.

    Upwards the last trade counts and the bid: then the market really stands there. Downwards the last and the ask.
    A crossed quote has no sides, and one that is old, halted, delayed or frozen fires nothing: where it is fresh again
    it is looked at as it stands then, so that a price which came and went meanwhile is missed.
    """
    if quote.doubtful:
        return None
    sides = [("last", quote.last)]
    if not quote.crossed:
        sides.append(("bid", quote.bid) if comparison.upwards else ("ask", quote.ask))
    return next(((name, price) for name, price in sides if price is not None and comparison.holds(price, level)), None)
