"""Previews: every control on every leg, what a bracket would make, and the session that an order waits for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from core.domain.commands import DenialCode, OrderPreview, PreviewOrder
from core.domain.instructions import Conditions, TimeCondition
from core.domain.limits import Limits
from core.domain.orders import OrderRequest, OrderType, Side, TimeInForce
from core.domain.quotes import Quote
from core.execution.previews import previewed
from core.risk.circumstances import Circumstances
from tests.execution.clockwork import jumping
from tests.execution.fakes import FakeBroker
from tests.execution.reports import AAPL, ACCOUNT, D, buy, ref
from tests.execution.rig import Rig, rig

LISTED = replace(
    AAPL,
    time_zone="US/Eastern",
    trading_hours="20261120:0400-20261120:2000;20261123:0400-20261123:2000",
    liquid_hours="20261120:0930-20261120:1600;20261123:0930-20261123:1600",
)


def bracket(stop: str = "230.00") -> tuple[OrderRequest, OrderRequest, OrderRequest]:
    """An entry with its target and its stop."""
    entry = buy(1, price="233.00")
    target = replace(buy(2, price="240.00", side=Side.SELL), parent_ref=ref(1))
    away = replace(target, order_ref=ref(3), order_type=OrderType.STP, limit_price=None, stop_price=D(stop))
    return entry, target, away


def takes_stops(broker: FakeBroker) -> None:
    """AAPL takes stop orders too."""
    broker.instruments[AAPL.con_id] = replace(AAPL, order_types=("LMT", "MKT", "STP"))


async def preview(desk: Rig, *legs: OrderRequest) -> OrderPreview:
    """Core's answer."""
    entry, *children = legs
    ack = await desk.send(PreviewOrder(request=entry, children=tuple(children)))
    assert isinstance(ack.result, OrderPreview)
    return ack.result


@jumping
async def test_a_bracket_says_what_target_and_stop_would_make() -> None:
    async with rig(prepare=takes_stops) as desk:
        shown = await preview(desk, *bracket())

        assert shown.denied is None
        assert (shown.value, shown.position_after) == (D(23300), D(100))
        assert [child.request.order_ref for child in shown.children] == [ref(2), ref(3)]
        assert [child.profit for child in shown.children] == [D(700), D(-300)]
        assert [child.fee for child in shown.children] == [D("1.00"), D("1.00")]
        assert desk.broker.placed == []
        assert desk.snapshot.orders == ()


@jumping
async def test_a_short_bracket_makes_money_below_its_entry() -> None:
    async with rig(prepare=takes_stops) as desk:
        entry, target, stop = (replace(leg, side=leg.side.opposite) for leg in bracket("236.00"))
        target = replace(target, limit_price=D("230.00"))
        entry = replace(entry, limit_price=D("234.00"))
        shown = await preview(desk, entry, target, stop)

        assert [child.profit for child in shown.children] == [D(400), D(-200)]


@pytest.mark.parametrize(
    ("leg", "changes", "code"),
    [
        (0, {"limit_price": D("233.001")}, DenialCode.TICK),
        (1, {"limit_price": D("240.001")}, DenialCode.TICK),
        (2, {"stop_price": D("235.00")}, DenialCode.TRIGGERS_NOW),
        (2, {"quantity": D(101)}, DenialCode.PARENT),
        (1, {"account": "DU9"}, DenialCode.PARENT),
        (1, {"parent_ref": ""}, DenialCode.PARENT),
        (2, {"order_ref": ref(2)}, DenialCode.DUPLICATE_REF),
        (1, {"limit_price": D("NaN")}, DenialCode.PRICE),
    ],
)
@jumping
async def test_the_controls_look_at_every_leg(leg: int, changes: dict[str, object], code: DenialCode) -> None:
    async with rig(prepare=takes_stops) as desk:
        legs = list(bracket())
        legs[leg] = replace(legs[leg], **changes)
        shown = await preview(desk, *legs)

        assert shown.denied is not None
        assert shown.denied.code is code


def around(text: str) -> Circumstances:
    """LISTED at a time of New York."""
    now = datetime.fromisoformat(f"2026-11-{text}-05:00").astimezone(UTC)
    quote = Quote(con_id=AAPL.con_id, bid=D(233), ask=D("233.02"))
    return Circumstances(instrument=LISTED, quote=quote, accounts=(ACCOUNT,), limits=Limits(), now=now)


@pytest.mark.parametrize(
    ("now", "changes", "opens", "helps"),
    [
        ("20T10:00", {}, None, False),
        ("20T08:00", {}, "20 09:30", True),
        ("20T08:00", {"tif": TimeInForce.GTC}, "20 09:30", True),
        ("20T08:00", {"outside_rth": True}, None, False),
        ("20T08:00", {"order_type": OrderType.MKT, "limit_price": None}, "20 09:30", False),
        ("20T08:00", {"tif": TimeInForce.OPG}, None, False),
        ("20T08:00", {"order_type": OrderType.LOC}, None, False),
        ("20T03:00", {}, "20 09:30", True),
        ("20T03:00", {"outside_rth": True}, "20 04:00", False),
        ("20T17:00", {}, "23 09:30", True),
        (
            "20T08:00",
            {"conditions": Conditions(items=(TimeCondition(time=datetime(2026, 11, 23, tzinfo=UTC)),))},
            None,
            False,
        ),
    ],
)
def test_the_session_that_an_order_waits_for(
    now: str, changes: dict[str, object], opens: str | None, helps: bool
) -> None:
    shown = previewed(replace(buy(), **changes), (), around(now), D(0), None)

    assert (None if shown.waits_until is None else f"{shown.waits_until:%d %H:%M}") == opens
    assert shown.outside_helps is helps


def test_without_hours_nothing_is_said_about_a_session() -> None:
    blind = replace(around("20T08:00"), instrument=AAPL)

    assert previewed(buy(), (), blind, D(0), None).waits_until is None
