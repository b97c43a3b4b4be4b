"""No cent is lost: random orders in everything that trades, against a model that only adds up.

So many that every run is quick; a hundred thousand with FAULTS=table in the environment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from core.practice.account import ZERO, Account
from core.practice.catalogue import build_catalogue
from core.practice.directory import Catalogue
from core.practice.instruments import Instrument
from core.practice.ledger import Ledger
from core.practice.market import Market
from core.practice.orders import Execution, Terms, Ticket
from core.practice.state import Store
from core.practice.tables import Record
from tests.faults.scale import scaled

#: Noon in New York of the day that the catalogue is of.
NOON = 1795194000.0
START = Decimal(1_000_000)
#: What mean prices that have no end may be off by: far less than a cent.
HAIR = Decimal("0.0005")
#: Sequences, steps of each, orders of a step.
RUNS, STEPS, BURST = 12, 50, 100
ORDERS = scaled(20_000, 100_000, 100_000)


def ratio_spread(catalogue: Catalogue, con_id: int) -> Instrument:
    """Return one near call against two of the next strike, as a combination."""
    calls = [item for item in catalogue.chains.options(con_id).values() if item.right == "C"][20:22]
    legs = [
        Record(conId=item.con_id, ratio=ratio, action=action, exchange="SMART")
        for item, ratio, action in zip(calls, (1, 2), ("BUY", "SELL"), strict=True)
    ]
    [found] = catalogue.find(Record(secType="BAG", symbol=calls[0].symbol, exchange="SMART", comboLegs=legs))
    return found


CATALOGUE = build_catalogue(date(2026, 11, 20))
UNDERLYINGS = CATALOGUE.chains.underlyings()
INSTRUMENTS = (
    *CATALOGUE.instruments,
    *(item for under in UNDERLYINGS for item in list(CATALOGUE.chains.options(under.con_id).values())[20:32]),
    *(ratio_spread(CATALOGUE, under.con_id) for under in UNDERLYINGS),
)


@dataclass
class Model:
    """Money by currency and quantities by instrument, as anyone would count them from the reports of fills."""

    money: dict[str, Decimal] = field(default_factory=lambda: {"USD": START})
    held: dict[int, int] = field(default_factory=dict)
    #: What an instrument brought in, in the currency of its prices, commissions not taken off.
    flows: dict[int, Decimal] = field(default_factory=dict)
    #: What the open part of a position cost, by the mean price it was opened at.
    costs: dict[int, Decimal] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)

    def pay(self, currency: str, amount: Decimal) -> None:
        """Count money."""
        self.money[currency] = self.money.get(currency, ZERO) + amount

    def fill(self, item: Instrument, report: Execution) -> None:
        """Count one reported fill."""
        if not report.charged:
            # A combination is counted by its legs; together they cost what it did.
            return
        signed = report.shares if report.side == "BOT" else -report.shares
        before = self.held.get(item.con_id, 0)
        self.held[item.con_id] = after = before + signed
        flow, unit = -report.price * signed * item.multiplier, report.price * item.multiplier
        cost = self.costs.get(item.con_id, ZERO)
        if before * signed >= 0:
            cost -= flow
        elif before * after > 0:
            cost = cost * after / before
        else:
            cost = unit * after
        self.costs[item.con_id] = cost
        self.flows[item.con_id] = self.flows.get(item.con_id, ZERO) + flow
        self.pay(item.currency, flow)
        self.pay(report.currency, -report.commission)
        if item.sec_type == "CASH":
            self.pay(item.symbol, Decimal(signed))
        self.happened["long" if after > 0 else "short" if after < 0 else "flat"] += 1
        self.happened["flip"] += before * after < 0


#: What happened in all runs together.
SEEN: Counter[str] = Counter()


def burst(seed: int) -> Iterator[tuple[Instrument, int, int, int]]:
    """Give instrument, signed quantity, ticks from the quote and number of fills of some random orders."""
    generator = Random(seed)
    for _ in range(BURST):
        size = generator.choice((1, 10, 1000))
        signed = generator.randint(1, size) * generator.choice((-1, 1))
        yield generator.choice(INSTRUMENTS), signed, generator.randint(-20, 20), generator.randint(1, 3)


def trade(ledger: Ledger, model: Model, number: int, given: tuple[Instrument, int, int, int]) -> None:
    """Place an order and fill it in parts at prices around the quote."""
    item, signed, ticks, parts = given
    quote = ledger.market.quotes[item.con_id]
    units = item.up(quote.ask, ticks) if ticks >= 0 else item.down(quote.bid, -ticks)
    terms = Terms("BUY" if signed > 0 else "SELL", abs(signed), "LMT", units, None, "DAY")
    order = ledger.open_order(1, number, Ticket(item, terms, Record(account="DU1234567"), ""))
    reported, value = len(ledger.executions), ZERO
    for part in range(parts, 0, -1):
        size = order.remaining // part
        if size:
            ledger.fill(order, units, size, waited=False, now=NOON)
    for report in ledger.executions[reported:]:
        leg = CATALOGUE.by_id[report.con_id]
        model.fill(leg, report)
        if item.legs and report.charged:
            value += report.price * (report.shares if report.side == "BOT" else -report.shares) * leg.multiplier
    assert order.remaining == 0
    if item.legs:
        assert value == item.price(units) * signed * item.multiplier


def check(ledger: Ledger, model: Model) -> None:
    """Compare everything."""
    account, market = ledger.account, ledger.market
    assert {con_id: position.quantity for con_id, position in account.positions.items()} == model.held
    money, worth = dict(model.money), ZERO
    for con_id, quantity in model.held.items():
        item, position, mark = CATALOGUE.by_id[con_id], account.positions[con_id], market.quotes[con_id].mark
        value = mark * quantity * item.multiplier
        if item.is_future:
            # Nobody pays for a future; what its open part cost is only written down.
            money[item.currency] += model.costs[con_id]
            worth += (value - model.costs[con_id]) * account.rate(item.currency)
        elif item.sec_type != "CASH":
            worth += value * account.rate(item.currency)
        # The day's flow is what came in, commissions taken off in the currency of the prices.
        assert position.day_flow <= model.flows[con_id]
        made = position.realized + position.unrealized(mark)
        assert made == pytest.approx(value + position.day_flow, abs=HAIR)
        assert abs(position.basis - model.costs[con_id]) < HAIR
    assert account.cash.keys() == money.keys()
    assert max(abs(amount - money[currency]) for currency, amount in account.cash.items()) < HAIR
    worth += sum((amount * account.rate(currency) for currency, amount in money.items()), ZERO)
    assert abs(account.totals().net_liquidation - worth) < HAIR


class Trading(RuleBasedStateMachine):
    """Bursts of random orders, and reversals of all that is held, while the market moves."""

    @initialize()
    def open_account(self) -> None:
        """Begin with a million."""
        self.market = Market.of(CATALOGUE, 1)
        self.ledger = Ledger(Store(None), CATALOGUE, [Account("DU1234567", self.market, {"USD": START})], NOON)
        self.model = Model()
        self.placed = 0

    def _trade(self, orders: Iterable[tuple[Instrument, int, int, int]]) -> None:
        for order in orders:
            self.placed += 1
            trade(self.ledger, self.model, self.placed, order)

    @rule(seed=st.integers(0, 1 << 32))
    def buy_and_sell(self, seed: int) -> None:
        """Trade anything in either direction."""
        self._trade(burst(seed))

    @rule(ticks=st.integers(-20, 20), parts=st.integers(1, 3), times=st.integers(2, 3))
    def reverse(self, ticks: int, parts: int, times: int) -> None:
        """Turn some of the positions round, or double them on the other side."""
        held = [(con_id, quantity) for con_id, quantity in self.model.held.items() if quantity][:BURST]
        self._trade((CATALOGUE.by_id[con_id], -times * quantity, ticks, parts) for con_id, quantity in held)

    @rule(steps=st.integers(1, 3))
    def wait(self, steps: int) -> None:
        """Let the market move."""
        for _ in range(steps):
            self.market.advance(NOON)

    @invariant()
    def conserves(self) -> None:
        """Look at everything."""
        check(self.ledger, self.model)

    def teardown(self) -> None:
        """Note what happened."""
        SEEN.update(self.model.happened)
        SEEN["orders"] += self.placed


@pytest.mark.timeout(300)
def test_orders_lose_no_cent() -> None:
    SEEN.clear()
    sequences = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    # How long sequences become is Hypothesis' own choice.
    while SEEN["orders"] < ORDERS:
        run_state_machine_as_test(Trading, settings=sequences)

    print(f"\n{dict(SEEN)}")
    assert min(SEEN["long"], SEEN["short"], SEEN["flip"]) > ORDERS // 10
