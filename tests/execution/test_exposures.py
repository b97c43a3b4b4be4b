"""The facts of exposure and margin, as they follow orders, positions, prices and rates."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from core.clock import LoopClock
from core.domain.account import Account, CurrencyValues
from core.domain.connection import Connection, Endpoint, Mode
from core.domain.instruments import ComboLeg, Instrument, SecType
from core.domain.limits import Limits
from core.domain.money import RateSource
from core.domain.orders import Order, OrderRequest, OrderState, OrderType, Pending, Side, terms_of
from core.domain.positions import Position
from core.domain.reports import Tick, TickField
from core.domain.what_ifs import MarginRate
from core.execution.exposure import RENEW_SECONDS, Exposures
from core.execution.state import DeskState
from core.market.feed import QuoteFeed
from core.risk.circumstances import Circumstances
from core.risk.margin import CUSHION
from tests.domain.test_values import ORDER

D = Decimal
ACCOUNT = "DU1234567"
AAPL = Instrument(con_id=1, symbol="AAPL", sec_type=SecType.STK, exchange="SMART")
EWG = Instrument(con_id=2, symbol="EWG", sec_type=SecType.STK, exchange="SMART", currency="EUR")
ES = Instrument(con_id=3, symbol="ES", sec_type=SecType.FUT, exchange="CME", multiplier=D(50))
PUT = Instrument(
    con_id=4, symbol="AAPL", sec_type=SecType.OPT, exchange="SMART", multiplier=D(100), strike=D(200), right="P"
)
PAIR = Instrument(
    con_id=-9,
    symbol="AAPL",
    sec_type=SecType.BAG,
    exchange="SMART",
    multiplier=D(100),
    legs=(ComboLeg(con_id=4, ratio=1), ComboLeg(con_id=1, ratio=-100)),
)
KNOWN = (AAPL, EWG, ES, PUT, PAIR)
WORKS = replace(
    ORDER,
    order_ref="a",
    account=ACCOUNT,
    con_id=1,
    side=Side.BUY,
    state=OrderState.WORKING,
    quantity=D(100),
    limit_price=D(10),
    stop_price=None,
    trail=None,
    perm_id=None,
    filled=D(0),
)


class Desk:
    """What core knows of one account, and the facts that it makes of that."""

    def __init__(self) -> None:
        self.state = DeskState(
            Connection(mode=Mode.PAPER, profile="paper", endpoint=Endpoint("127.0.0.1", 7497), client_id=17)
        )
        self.state.instruments = {one.con_id: one for one in KNOWN}
        self.state.positions = {}
        rates = (CurrencyValues(currency="EUR", exchange_rate=D("1.25")),)
        self.account(base_currency="USD", net_liquidation=D(10_000), initial_margin=D(500), currencies=rates)
        self.feed = QuoteFeed()
        self.clock = LoopClock()
        self.exposures = Exposures(self.state, self.feed, self.clock)
        for one in KNOWN:
            self.quote(one.con_id, "10", "12")

    def account(self, **figures: object) -> None:
        """The broker told figures."""
        known = self.state.accounts.get(ACCOUNT) or Account(account=ACCOUNT)
        self.state.accounts[ACCOUNT] = replace(known, **figures)

    def quote(self, con_id: int, bid: str, ask: str) -> None:
        """A market moved."""
        sides = ((TickField.BID, bid), (TickField.ASK, ask))
        self.feed.apply([Tick(con_id=con_id, field=name, value=D(price)) for name, price in sides], self.clock.utc())

    def hold(self, con_id: int, quantity: str) -> None:
        """A position as the broker tells it."""
        assert self.state.positions is not None
        self.state.positions[ACCOUNT, con_id] = Position(
            account=ACCOUNT, con_id=con_id, label="", quantity=D(quantity), average_price=D(1)
        )

    def put(self, order_ref: str = "a", **changes: object) -> Order:
        """An order became this."""
        order = replace(WORKS, order_ref=order_ref, **changes)
        self.state.book.put(order)
        return order

    def around(
        self,
        *,
        order_ref: str = "new",
        con_id: int = 1,
        side: Side = Side.BUY,
        parent: OrderRequest | Order | None = None,
        beside: tuple[OrderRequest, ...] = (),
    ) -> Circumstances:
        """The facts about a request."""
        plain = Circumstances(
            instrument=self.state.instruments.get(con_id),
            quote=self.feed.get(con_id),
            accounts=(ACCOUNT,),
            limits=Limits(),
        )
        request = asked(order_ref=order_ref, con_id=con_id, side=side)
        return self.exposures.around(request, plain, parent=parent, beside=beside)


def asked(**terms: object) -> OrderRequest:
    """A request for 100 at 10."""
    plain = OrderRequest(
        order_ref="new",
        account=ACCOUNT,
        con_id=1,
        side=Side.BUY,
        quantity=D(100),
        order_type=OrderType.LMT,
        limit_price=D(10),
    )
    return replace(plain, **terms)


async def test_nothing_works_and_nothing_is_held() -> None:
    facts = Desk().around()

    assert [facts.exposure.held, facts.exposure.unexecuted] == [D(0), D(0)]
    assert (facts.exposure.open_here, facts.exposure.open_all) == (0, 0)
    assert facts.exposure.rate is not None
    assert (facts.exposure.rate.source, facts.exposure.base_currency) == (RateSource.BASE, "USD")
    assert [facts.funds.equity, facts.funds.initial_margin, facts.funds.reserved] == [D(10_000), D(500), D(0)]
    assert not facts.funds.holds


async def test_orders_count_by_side_and_kind_without_the_one_that_is_changed() -> None:
    desk = Desk()
    desk.put("a")
    desk.put("b", quantity=D(50), state=OrderState.UNKNOWN)
    desk.put("c", quantity=D(7), external=True)
    desk.put("d", quantity=D(3), order_type=OrderType.STP, limit_price=None, stop_price=D(12))
    desk.put("e", quantity=D(20), side=Side.SELL)
    desk.put("f", quantity=D(30), side=Side.SELL, parent_ref="a")
    desk.put("g", con_id=2)

    new, changed, sale = desk.around(), desk.around(order_ref="a"), desk.around(side=Side.SELL)

    buys = new.exposure
    assert [buys.same_side, buys.same_side_taking, buys.other_side_standing] == [D(160), D(157), D(20)]
    assert (buys.open_here, buys.open_all) == (3, 6)
    assert [changed.exposure.same_side, changed.exposure.same_side_taking] == [D(60), D(57)]
    assert (changed.exposure.open_here, changed.exposure.open_all) == (2, 5)
    sales = sale.exposure
    assert [sales.same_side, sales.same_side_standing, sales.other_side_standing] == [D(50), D(20), D(160)]


async def test_the_order_that_is_changed_counts_by_what_has_filled_of_it() -> None:
    desk = Desk()
    desk.put("a", filled=D(40))

    facts = desk.around(order_ref="a")

    assert facts.exposure.filled == 40
    assert facts.exposure.unexecuted == 0
    assert desk.around().exposure.unexecuted == 600


async def test_value_counts_multiplier_rate_market_and_the_worse_terms() -> None:
    desk = Desk()
    desk.put("a", con_id=2, quantity=D(8))
    desk.put("b", con_id=3, quantity=D(2), order_type=OrderType.MKT, limit_price=None)
    pending = desk.put("c", quantity=D(5))
    desk.put("c", quantity=D(1), limit_price=D(20), previous=terms_of(pending), pending=Pending.MODIFY)

    assert desk.around().exposure.unexecuted == 8 * 10 * D("1.25") + 2 * 12 * 50 + 5 * 20


async def test_a_price_that_moved_counts_after_a_second() -> None:
    desk = Desk()
    desk.put("a", con_id=3, quantity=D(2), order_type=OrderType.MKT, limit_price=None)
    assert desk.around().exposure.unexecuted == 2 * 12 * 50
    desk.quote(3, "19", "20")
    desk.put("b", quantity=D(1))

    assert desk.around().exposure.unexecuted == 2 * 12 * 50 + 10, "an order that is new counts at once"
    await asyncio.sleep(RENEW_SECONDS + 0.05)
    assert desk.around().exposure.unexecuted == 2 * 20 * 50 + 10


async def test_what_cannot_be_valued_is_named_until_it_can() -> None:
    desk = Desk()
    desk.account(currencies=())
    desk.put("a", con_id=2)
    unknown = desk.around()
    assert unknown.exposure.unexecuted is None
    assert unknown.exposure.unvalued == "EWG is traded in EUR, with no rate to USD"
    assert unknown.funds.reserved is None
    assert desk.around(con_id=2).exposure.rate is None

    desk.account(currencies=(CurrencyValues(currency="EUR", exchange_rate=D(2)),))
    assert desk.around().exposure.unexecuted == 2000

    desk.put("b", con_id=77, label="ZZZ")
    assert desk.around().exposure.unvalued == "contract 77 is not known"
    desk.put("b", con_id=77, state=OrderState.CANCELLED)
    assert desk.around().exposure.unvalued == ""


async def test_a_market_order_without_a_market_cannot_be_valued() -> None:
    desk = Desk()
    desk.feed.forget([3])
    desk.put("a", con_id=3, order_type=OrderType.MKT, limit_price=None)

    assert desk.around().exposure.unvalued == "/ES has no price"


async def test_margin_of_other_instruments_is_reserved_by_rate_or_by_value() -> None:
    desk = Desk()
    desk.put("a", con_id=3, quantity=D(2))
    assert desk.around().funds.reserved == 2 * 12 * 50
    assert desk.around(con_id=3).funds.reserved == 0, "its own instrument is judged with the order"

    desk.exposures.margin_rates[ACCOUNT, 3, Side.BUY] = MarginRate(rate=D("0.1"), time=desk.clock.utc())
    desk.put("a", con_id=3, quantity=D(3))
    assert desk.around().funds.reserved == 3 * 12 * 50 * D("0.1") * CUSHION
    assert desk.around(con_id=3).funds.rate is not None
    assert desk.around(con_id=3, side=Side.SELL).funds.rate is None

    desk.hold(3, "-3")
    desk.put("a", con_id=3, quantity=D(3), note="", filled=D(0), limit_price=D(11))
    assert desk.around().funds.reserved == 0, "it closes"
    assert desk.around().funds.holds


async def test_a_sold_option_reserves_its_strike_and_a_combination_its_legs() -> None:
    desk = Desk()
    desk.put("a", con_id=4, side=Side.SELL, quantity=D(1))
    assert desk.around().funds.reserved == (200 + 10) * 100

    desk.put("a", con_id=4, state=OrderState.CANCELLED)
    assert desk.around(con_id=-9).funds.legs_bound == 200 * 100 + 100 * 12
    desk.put("b", con_id=-9, quantity=D(2))
    assert desk.around().funds.reserved == 2 * (200 * 100 + 100 * 12)
    desk.feed.forget([1])
    desk.put("b", con_id=-9, quantity=D(3))
    assert desk.around(con_id=-9).funds.legs_bound is None
    assert desk.around().exposure.unvalued == "AAPL has legs without a price; watch them ( / )"


async def test_positions_that_were_not_read_are_not_zero() -> None:
    desk = Desk()
    desk.state.positions = None

    assert desk.around().exposure.held is None


async def test_an_attached_order_follows_what_its_parent_may_fill() -> None:
    desk = Desk()
    desk.hold(1, "5")
    parent = asked(order_ref="p")
    child = asked(order_ref="c", side=Side.SELL, parent_ref="p")

    facts = desk.around(side=Side.SELL, parent=parent, beside=(parent, child))

    assert [facts.exposure.held, facts.exposure.expected] == [D(105), D(105)]
    assert (facts.exposure.open_here, facts.exposure.open_all) == (1, 2)
    assert facts.exposure.unexecuted == 2 * 100 * 10


changes = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from([1, 2, 3]),
        st.sampled_from(Side),
        st.sampled_from([OrderState.WORKING, OrderState.UNKNOWN, OrderState.FILLED, OrderState.CANCELLED]),
        st.integers(1, 900),
        st.one_of(st.none(), st.integers(1, 500)),
        st.booleans(),
    ),
    max_size=15,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(changes)
def test_values_equal_a_recount_after_any_changes(
    steps: list[tuple[str, int, Side, OrderState, int, int | None, bool]],
) -> None:
    async def check() -> None:
        desk = Desk()
        for order_ref, con_id, side, state, quantity, price, external in steps:
            limit = None if price is None else D(price)
            desk.put(
                order_ref,
                con_id=con_id,
                side=side,
                state=state,
                quantity=D(quantity),
                limit_price=limit,
                external=external,
            )
            unexecuted, mine = D(0), 0
            for order in desk.state.book.live():
                known = desk.state.instruments[order.con_id]
                market = D(12) if order.side is Side.BUY else D(10)
                at = market if order.limit_price is None else order.limit_price
                unexecuted += order.remaining * at * known.multiplier * (D("1.25") if known is EWG else 1)
                mine += not order.external
            facts = desk.around(con_id=1)
            assert facts.exposure.unexecuted == unexecuted
            assert facts.exposure.open_all == mine
            assert facts.funds.reserved is not None
            assert facts.funds.reserved >= 0

    asyncio.run(check())
