"""The simulated market has the habits of a real one, over some seeds; `pytest -s` prints the figures.

Twenty seeds with FAULTS=table in the environment.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from statistics import fmean, median

import pytest

from core.practice.catalogue import build_catalogue
from core.practice.climate import SESSION_STEPS
from core.practice.exchange import Exchange
from core.practice.market import Market
from core.practice.orders import Order, Terms, Ticket
from core.practice.quote import Quote
from core.practice.tables import Record

# The figures are gathered once, in whichever of the tests comes first.
pytestmark = pytest.mark.timeout(180)

SEEDS = range(1, 21)
SYMBOLS = ("SPY", "AAPL", "TSLA")
#: Steps of each of the three parts of a session that are walked: its open, its middle and its close.
PART = 15_000
#: Steps in a return, and returns in a look at spread and volatility.
SECOND, LOOK = 10, 60
CATALOGUE = build_catalogue(date(2026, 11, 20))
WATCHED = [item for item in CATALOGUE.instruments if item.symbol in SYMBOLS]


def autocorrelation(values: Sequence[float], lag: int) -> float:
    """Return how much values resemble those so many places later."""
    mean = fmean(values)
    away = [value - mean for value in values]
    return _lagged(away, lag) / _lagged(away, 0)


def _lagged(away: Sequence[float], lag: int) -> float:
    return sum(first * second for first, second in zip(away, away[lag:], strict=False))


def correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Return Pearson's correlation, 0 where one of the two never changes."""
    means = fmean(first), fmean(second)
    one, two = [value - means[0] for value in first], [value - means[1] for value in second]
    both = sum(a * b for a, b in zip(one, two, strict=True))
    return both / math.sqrt(_lagged(one, 0) * _lagged(two, 0) or math.inf)


def kurtosis(values: Sequence[float]) -> float:
    """Return the fourth moment in units of the squared variance; 3 for a bell curve."""
    mean = fmean(values)
    variance = fmean((value - mean) ** 2 for value in values)
    return fmean((value - mean) ** 4 for value in values) / variance**2


@dataclass
class Seen:
    """What was seen of one instrument."""

    middles: list[int] = field(default_factory=list)
    spreads: list[float] = field(default_factory=list)
    volumes: list[int] = field(default_factory=list)
    prints: int = 0
    outside: int = 0

    @property
    def returns(self) -> list[float]:
        """Logarithmic returns of a second, the two jumps between the parts left out."""
        found = [math.log(b / a) for a, b in pairwise(self.middles)]
        seconds = PART // SECOND
        return [value for place, value in enumerate(found, 1) if place % seconds]


@dataclass(frozen=True)
class Figures:
    """The statistics of one seed, averaged over its instruments."""

    seed: int
    returns: float
    absolute: float
    kurtosis: float
    spread: float
    edges: float
    together: float
    prints: int
    outside: int


def walk(seed: int) -> list[Seen]:
    """Walk the open, the middle and the close of a session."""
    market = Market(WATCHED, seed)
    seen = {con_id: Seen() for con_id in market.quotes}
    for begin in (0, SESSION_STEPS // 2 - PART // 2, SESSION_STEPS - PART):
        market.step = begin
        before = {con_id: quote.volume for con_id, quote in market.quotes.items()}
        for step in range(1, PART + 1):
            standing = [(quote.bid, quote.ask) for quote in market.quotes.values()]
            market.advance()
            for (bid, ask), (con_id, quote) in zip(standing, market.quotes.items(), strict=True):
                if quote.print_size:
                    seen[con_id].prints += 1
                    seen[con_id].outside += not bid <= quote.print_price <= ask
                if step % SECOND == 0:
                    seen[con_id].middles.append(quote.bid + quote.ask)
                    seen[con_id].spreads.append(quote.ask - quote.bid)
        for con_id, quote in market.quotes.items():
            seen[con_id].volumes.append(quote.volume - before[con_id])
    return list(seen.values())


def spread_and_volatility(one: Seen) -> float:
    """Return the correlation of mean spread and realised volatility over looks of a minute."""
    middles, spreads = one.middles, one.spreads
    volatilities, widths = [], []
    for begin in range(0, len(middles) - LOOK + 1, LOOK):
        part = middles[begin : begin + LOOK]
        moves = [math.log(b / a) for a, b in pairwise(part)]
        volatilities.append(math.sqrt(fmean(move * move for move in moves)))
        widths.append(fmean(spreads[begin : begin + LOOK]))
    return correlation(volatilities, widths)


def figures(seed: int) -> Figures:
    """Walk a seed and return its statistics."""
    seen = walk(seed)
    returns = [one.returns for one in seen]

    def mean(of: Callable[[list[float]], float]) -> float:
        return fmean(of(values) for values in returns)

    by_lag = [fmean(autocorrelation(values, lag) for values in returns) for lag in range(1, 6)]
    return Figures(
        seed,
        max(by_lag, key=abs),
        mean(lambda values: autocorrelation([abs(value) for value in values], 10)),
        mean(kurtosis),
        fmean(spread_and_volatility(one) for one in seen),
        fmean(min(one.volumes[0], one.volumes[2]) / one.volumes[1] for one in seen),
        fmean(correlation(returns[0], other) for other in returns[1:]),
        sum(one.prints for one in seen),
        sum(one.outside for one in seen),
    )


@pytest.fixture(scope="module")
def table() -> list[Figures]:
    """The figures of all seeds, printed."""
    rows = [figures(seed) for seed in SEEDS]
    print("\nseed  return acf  |return| acf 10  kurtosis  spread/vol  ends/middle volume  together  prints  outside")
    for row in rows:
        print(
            f"{row.seed:4}  {row.returns:10.3f}  {row.absolute:15.3f}  {row.kurtosis:8.1f}  {row.spread:10.2f}"
            f"  {row.edges:18.2f}  {row.together:8.2f}  {row.prints:6}  {row.outside:7}"
        )
    return rows


def test_returns_do_not_predict_returns(table: list[Figures]) -> None:
    """The largest of lags 1 to 5."""
    assert [row.seed for row in table if abs(row.returns) > 0.05] == []


def test_volatility_clusters(table: list[Figures]) -> None:
    assert [row.seed for row in table if row.absolute < 0.1] == []


def test_tails_are_fat(table: list[Figures]) -> None:
    assert [row.seed for row in table if row.kurtosis < 4.0] == []


def test_spreads_widen_with_volatility(table: list[Figures]) -> None:
    assert [row.seed for row in table if row.spread < 0.3] == []


def test_volume_is_u_shaped(table: list[Figures]) -> None:
    assert [row.seed for row in table if row.edges < 1.5] == []


def test_instruments_move_together(table: list[Figures]) -> None:
    assert median(row.together for row in table) > 0.3


def test_every_print_is_at_the_bid_or_the_ask(table: list[Figures]) -> None:
    assert min(row.prints for row in table) > 1000
    assert sum(row.outside for row in table) == 0


def join_the_bid(market: Market, quote: Quote, fills: list[tuple[int, bool]]) -> tuple[Exchange, Order]:
    """Rest an order at the bid."""

    def filled(order: Order, units: int, quantity: int, waited: bool) -> None:
        order.filled += quantity
        fills.append((units, waited))

    exchange = Exchange(market, filled, lambda _order: None)
    terms = Terms("BUY", 100, "LMT", quote.bid, None, "DAY")
    order = Order(1, 1, 1, Ticket(quote.instrument, terms, Record(), ""))
    exchange.enter(order)
    return exchange, order


@pytest.mark.parametrize("seed", SEEDS)
def test_an_own_order_fills_only_after_the_size_ahead_of_it(seed: int) -> None:
    market = Market(WATCHED, seed)
    for _ in range(50):
        market.advance()
    quote = next(quote for quote in market.quotes.values() if quote.instrument.symbol == "AAPL")
    done = 0
    while done < 10:
        fills: list[tuple[int, bool]] = []
        price, ahead = quote.bid, quote.bid_size
        exchange, order = join_the_bid(market, quote, fills)
        assert not fills
        for _ in range(3000):
            market.advance()
            sold = quote.print_size if quote.print_size and not quote.print_buys else 0
            reached = sold if quote.print_price == price else 0
            passed = (sold and quote.print_price < price) or quote.ask <= price
            exchange.step()
            if fills:
                assert passed or reached > ahead, f"filled with {ahead} ahead of it after a print of {reached}"
                assert {units for units, _ in fills} == {price}
                done += 1
                break
            assert reached <= ahead
            ahead = min(ahead - reached, quote.size_at(price, bids=True))
        exchange.remove(order)
