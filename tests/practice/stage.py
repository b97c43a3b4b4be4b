"""The practice market under the hands of a test: a price that stands still until it is moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date

from core.practice import tables_in as ask
from core.practice.catalogue import build_catalogue
from core.practice.exchange import Exchange
from core.practice.market import Market
from core.practice.options import GatewayOptions
from core.practice.orders import Order, Terms, Ticket
from core.practice.quote import LAST, Quote
from core.practice.server import PracticeGateway
from core.practice.tables import Record
from tests.practice.raw_client import RawClient

AAPL_ID = 265598
#: Friday 2026-11-20, 15:00:00 UTC: 10:00 in New York.
TEN = 1795186800.0


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
        order = Order(
            order_id,
            1,
            order_id,
            Ticket(self.quote.instrument, terms, Record(account="DU1234567"), ""),
            released=released,
        )
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


@dataclass
class Stage:
    """A gateway whose market stands still until the test moves it; its clock says what the test sets."""

    gateway: PracticeGateway
    clock: Clock

    @property
    def quote(self) -> Quote:
        """Apple's market."""
        return self.gateway.market.quotes[AAPL_ID]

    def move(self, units: int, size: int = 0, *, buys: bool = True, shown: int = 1000) -> None:
        """Let the market go to a bid with an ask a tick above, print `size` there, and match."""
        quote = self.quote
        quote.bid, quote.ask = units, quote.instrument.up(units)
        quote.bid_size = quote.ask_size = shown
        quote.last = quote.ask if buys else quote.bid
        quote.print_price, quote.print_size, quote.print_buys = quote.last, size, buys
        quote.volume += size
        quote.changed = LAST
        self.step()
        quote.print_size = 0

    def step(self, steps: int = 1) -> None:
        """Let market time pass while the market stands still."""
        for _ in range(steps):
            self.quote.taken.clear()
            self.gateway.market.step += 1
            self.gateway.hub.desk.step()
            self.gateway.hub.end_turn()

    def wait(self, seconds: float) -> None:
        """Let the clock go on, then a step of the market."""
        self.clock.now += seconds
        self.step()

    @classmethod
    @asynccontextmanager
    async def raised(cls, options: GatewayOptions, now: float) -> AsyncIterator[Stage]:
        """Run a gateway whose market never moves by itself."""
        clock = Clock(now)
        async with PracticeGateway(options, clock) as gateway:
            # A market whose next step is planned for later makes none by itself.
            gateway.hub._clock = asyncio.get_running_loop().call_later(3600, lambda: None)
            stage = cls(gateway, clock)
            stage.move(100_0000)
            yield stage


async def heard(client: RawClient) -> list[str]:
    """Return in short words what was said of orders since the last look."""
    client.heard.clear()
    client.ask(ask.CURRENT_TIME)
    await client.wait_for("currentTime")
    words = []
    for message, record in client.heard:
        if message.name == "orderStatus":
            held = f" {record.text('whyHeld')}" if record.text("whyHeld") else ""
            words.append(f"{record.integer('orderId')} {record.text('status')}{held}")
        elif message.name == "execDetails":
            words.append(f"{record.integer('orderId')} exec {record.number('shares')} {record.number('price')}")
        elif message.name == "error" and record.integer("reqId") > 0:
            words.append(f"{record.integer('reqId')} error {record.integer('code')}")
    return words


def last(client: RawClient, name: str, order_id: int) -> Record:
    """Return the last message of an order."""
    return [record for message, record in client.heard if message.name == name and record["orderId"] == order_id][-1]
