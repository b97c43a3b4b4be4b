"""An order carries everything that was asked for, whatever fields a request has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from core.domain.instructions import Adaptive, Conditions, Oca, TimeCondition, Trail
from core.domain.orders import OrderRequest, OrderType, TimeInForce, request_of, terms_of, with_terms
from core.domain.quotes import Quote
from core.execution.changes import drafted
from tests.execution.reports import AAPL, CLIENT_ID, NOON, D, buy

LATER = datetime(2026, 12, 1, tzinfo=UTC)
FULL = replace(
    buy(),
    order_type=OrderType.STP_LMT,
    stop_price=D("233.50"),
    trail=Trail(percent=D(2)),
    offset=D("0.02"),
    tif=TimeInForce.GTD,
    good_till=LATER,
    outside_rth=True,
    display_size=D(10),
    hidden=True,
    all_or_none=True,
    good_after=LATER - timedelta(days=1),
    oca=Oca(group="one"),
    parent_ref="ibd-parent",
    conditions=Conditions(items=(TimeCondition(time=LATER),)),
    algo=Adaptive(),
    tag="breakout",
    strategy="momentum",
    arrival_price=D("233.35"),
)


def test_nothing_of_a_request_is_left_out_of_its_order() -> None:
    plain = buy()
    unset = {name for name in OrderRequest.__struct_fields__ if getattr(FULL, name) == getattr(plain, name)}
    assert unset == {"order_ref", "account", "con_id", "side", "quantity", "limit_price"}
    order = drafted(FULL, AAPL, NOON, number=1, order_id=2, client_id=CLIENT_ID)

    assert request_of(order) == FULL
    assert terms_of(order) == terms_of(FULL)
    assert with_terms(drafted(plain, AAPL, NOON, number=1, order_id=2, client_id=CLIENT_ID), terms_of(FULL)) == replace(
        order,
        **{
            name: getattr(plain, name)
            for name in (
                "hidden",
                "all_or_none",
                "good_after",
                "oca",
                "parent_ref",
                "conditions",
                "algo",
                "tag",
                "strategy",
                "arrival_price",
            )
        },
    )


def test_an_order_arrives_at_the_middle_of_a_live_market_unless_the_request_names_a_price() -> None:
    market = Quote(con_id=AAPL.con_id, bid=D("233.30"), ask=D("233.33"))
    drafts = [
        drafted(request, AAPL, NOON, number=1, order_id=2, client_id=CLIENT_ID, quote=quote)
        for request, quote in ((buy(), market), (FULL, market), (buy(), replace(market, stale=True)), (buy(), None))
    ]

    assert [order.arrival_price for order in drafts] == [D("233.315"), D("233.35"), None, None]
