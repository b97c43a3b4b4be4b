"""The practice market under the hands of a test: a price that stands still until it is moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from core.practice.catalogue import build_catalogue
from core.practice.exchange import Exchange
from core.practice.market import Market
from core.practice.orders import Order, Terms, Ticket
from core.practice.quote import LAST, Quote
from core.practice.server import PracticeGateway
from core.practice.tables import Record

AAPL_ID = 265598


@dataclass
class Bench:
    """A still market with one quote, 100.00 x 100.01, whose steps the test makes."""

    market: Market = field(default_factory=lambda: Market(build_catalogue(date(2026, 11, 20)).instruments, 1))
    fills: list[tuple[int, int, int, bool]] = field(default_factory=list)
    triggered: list[int] = field(default_factory=list)
    exchange: Exchange = field(init=False)

    def __post_init__(self) -> None:
        self.exchange = Exchange(self.market, self._filled, lambda order: self.triggered.append(order.order_id))
        self.set_quote(100_0000, 100_0100)

    @property
    def quote(self) -> Quote:
        """The quote that the test moves."""
        return self.market.quotes[AAPL_ID]

    def set_quote(self, bid: int, ask: int, bid_size: int = 300, ask_size: int = 500) -> None:
        """Set the quote as a step would."""
        quote = self.quote
        quote.bid, quote.ask, quote.bid_size, quote.ask_size = bid, ask, bid_size, ask_size
        quote.last = bid
        quote.print_size = 0
        quote.taken.clear()
        quote.changed = LAST

    def print_at(self, price: int, size: int, *, buys: bool) -> None:
        """Let somebody trade, then match."""
        quote = self.quote
        quote.print_price, quote.print_size, quote.print_buys = price, size, buys
        quote.last = price
        quote.changed = LAST
        quote.taken.clear()
        self.exchange.step()
        quote.print_size = 0

    def order(
        self,
        order_id: int,
        action: str,
        quantity: int,
        order_type: str = "LMT",
        limit: int | None = None,
        stop: int | None = None,
    ) -> Order:
        """Enter a plain order."""
        return self.enter(Terms(action, quantity, order_type, limit, stop, "DAY"), order_id)

    def enter(self, terms: Terms, order_id: int = 1, *, released: int | None = None) -> Order:
        """Enter an order of any terms."""
        order = Order(order_id, 1, order_id, Ticket(self.quote.instrument, terms, Record(), ""), released=released)
        self.exchange.enter(order)
        return order

    def _filled(self, order: Order, units: int, quantity: int, waited: bool) -> None:
        order.filled += quantity
        self.fills.append((order.order_id, units, quantity, waited))


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def hold(gateway: PracticeGateway, con_id: int = AAPL_ID) -> Quote:
    """Stop the gateway's own clock, so that nothing moves but by `move`; return the instrument's quote."""
    gateway.hub.advance = lambda: None  # type: ignore[method-assign]  # the test makes the steps
    return gateway.market.quotes[con_id]


def move(gateway: PracticeGateway, units: int, size: int = 0, *, buys: bool = True, con_id: int = AAPL_ID) -> None:
    """Let a market go to a bid with an ask a tick above, print `size` there, and match."""
    quote = gateway.market.quotes[con_id]
    quote.bid, quote.ask = units, quote.instrument.up(units)
    quote.bid_size = quote.ask_size = 1000
    quote.last = quote.ask if buys else quote.bid
    quote.print_price, quote.print_size, quote.print_buys = quote.last, size, buys
    quote.changed = LAST
    quote.taken.clear()
    step(gateway)
    quote.print_size = 0


def step(gateway: PracticeGateway, steps: int = 1) -> None:
    """Let time pass in a market that stands still."""
    for _ in range(steps):
        gateway.market.step += 1
        gateway.hub.desk.step()
        gateway.hub.end_turn()
