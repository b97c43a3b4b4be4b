"""All controls for one order, with the facts that they judge by, while many orders work.

Three books beside each other: 10, 1,000 and 10,000 working orders over a hundred instruments, a third of them without a
price of their own, all of one account. Between judgements one of the orders changes and one price ticks, as they do.
`median_us` is the time of one judgement with 1,000 orders, `growth` that with 10,000 against that with 10. The baseline
counts the 1,000 orders one by one, once, which is what a judgement by recounting would begin with.
"""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from statistics import median

from msgspec.structs import replace

from core.clock import LoopClock
from core.domain.account import Account
from core.domain.commands import Denial
from core.domain.connection import Connection, Endpoint, LinkState, Mode
from core.domain.instruments import Instrument, SecType
from core.domain.limit_table import LimitTable, texts_of
from core.domain.orders import Order, OrderRequest, OrderState, OrderType, Side
from core.domain.positions import Position
from core.domain.reports import Tick, TickField
from core.execution.judging import Judging
from core.execution.state import DeskState
from core.execution.working import NOTHING, Key, Tally, key_of, part_of
from core.market.feed import QuoteFeed
from tests.bench.result import BenchResult
from tests.wide import WIDE

ACCOUNT = "DU1234567"
INSTRUMENTS = 100
FEW, SOME, MANY = 10, 1_000, 10_000
JUDGEMENTS, SHORT_JUDGEMENTS = 4_000, 60
WARM_UP = 50


def run(short: bool) -> BenchResult:
    """Medians over judgements of the three books in turn."""
    return asyncio.run(_run(SHORT_JUDGEMENTS if short else JUDGEMENTS))


async def _run(judgements: int) -> BenchResult:
    books = {count: _Desk(count) for count in (FEW, SOME, MANY)}
    took: dict[int, list[float]] = {count: [] for count in books}
    recounts: list[float] = []
    for turn in range(WARM_UP + judgements):
        for count, desk in books.items():
            took[count].append(desk.judge(turn))
        if turn % 10 == 0:
            recounts.append(books[SOME].recount())
    medians = {count: median(times[WARM_UP:]) * 1e6 for count, times in took.items()}
    return BenchResult(
        values={"median_us": medians[SOME], "growth": medians[MANY] / medians[FEW]},
        baseline={"recount_us": median(recounts) * 1e6},
    )


def refused(denial: Denial) -> float:
    """Raises RuntimeError: a benchmark order has to pass every control, or less than all of them is measured."""
    raise RuntimeError(f"a control refused a benchmark order: {denial}")


class _Desk:
    """What core knows while so many orders work, and the controls."""

    def __init__(self, orders: int) -> None:
        self._clock = LoopClock()
        now = self._clock.utc()
        endpoint = Endpoint("127.0.0.1", 7497)
        self._state = state = DeskState(
            Connection(
                mode=Mode.PAPER,
                profile="bench",
                endpoint=endpoint,
                client_id=17,
                state=LinkState.READY,
                accounts=(ACCOUNT,),
            )
        )
        state.limits = LimitTable(texts_of(replace(WIDE, portfolio_risk=Decimal(1_000_000))))
        state.accounts[ACCOUNT] = Account(
            account=ACCOUNT,
            base_currency="USD",
            net_liquidation=Decimal(10**9),
            initial_margin=Decimal(0),
            updated=now,
        )
        state.positions = {}
        self._feed = QuoteFeed()
        for con_id in range(1, INSTRUMENTS + 1):
            state.instruments[con_id] = Instrument(
                con_id=con_id, symbol=f"S{con_id}", sec_type=SecType.STK, exchange="SMART"
            )
            state.positions[ACCOUNT, con_id] = Position(
                account=ACCOUNT, con_id=con_id, label=f"S{con_id}", quantity=Decimal(100), average_price=Decimal(50)
            )
            self._tick(con_id, 0)
        self._orders = [self._order(number) for number in range(orders)]
        for order in self._orders:
            state.admit(order)
        self._judging = Judging(state, self._feed, self._clock, lambda: 0.0)

    def judge(self, turn: int) -> float:
        """Seconds that one judgement takes, after an order and a price have changed."""
        order = self._orders[turn % len(self._orders)]
        self._state.book.put(replace(order, filled=Decimal(1 + turn % 50)))
        self._tick(1 + turn % INSTRUMENTS, turn)
        request = OrderRequest(
            order_ref=f"ibd-BENCH1-{turn}",
            account=ACCOUNT,
            con_id=1 + turn * 7 % INSTRUMENTS,
            side=Side.BUY if turn % 2 else Side.SELL,
            quantity=Decimal(200 + turn),
            order_type=OrderType.LMT,
            limit_price=Decimal("50.01"),
        )
        began = time.perf_counter()
        judged = self._judging.judge(request)
        took = time.perf_counter() - began
        return took if not isinstance(judged, Denial) else refused(judged)

    def recount(self) -> float:
        """Seconds in which all working orders are added up one by one."""
        began = time.perf_counter()
        sums: dict[Key, Tally] = {}
        for order in self._state.book.live():
            key = key_of(order)
            sums[key] = sums.get(key, NOTHING).plus(part_of(order))
        return time.perf_counter() - began

    def _tick(self, con_id: int, turn: int) -> None:
        bid = Decimal("50.00") + Decimal(turn % 3) / 100
        self._feed.apply(
            [
                Tick(con_id=con_id, field=TickField.BID, value=bid),
                Tick(con_id=con_id, field=TickField.ASK, value=bid + Decimal("0.02")),
            ],
            self._clock.utc(),
        )

    def _order(self, number: int) -> Order:
        now, con_id = self._clock.utc(), 1 + number % INSTRUMENTS
        kind = OrderType.MKT if number % 3 == 0 else OrderType.LMT
        return Order(
            order_ref=f"ibd-BENCH0-{number}",
            number=number + 1,
            account=ACCOUNT,
            con_id=con_id,
            label=f"S{con_id}",
            side=Side.BUY if number % 2 else Side.SELL,
            quantity=Decimal(100),
            order_type=kind,
            type_text=kind.value,
            limit_price=None if kind is OrderType.MKT else Decimal("49.00"),
            state=OrderState.WORKING,
            order_id=number + 1,
            client_id=17,
            perm_id=number + 1,
            created=now,
            changed=now,
        )
