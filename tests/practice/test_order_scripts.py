"""Orders through the public API of ib_async, as scripts for TWS place them."""

from __future__ import annotations

import asyncio

import pytest
from ib_async import (
    IB,
    Contract,
    LimitOrder,
    MarketOrder,
    Order,
    PriceCondition,
    StopLimitOrder,
    StopOrder,
    TagValue,
    TimeCondition,
    Trade,
)

from core.practice.server import PracticeGateway
from tests.practice.conftest import Login
from tests.practice.scripts import APPLE, SECONDS, commissions, qualified, status

FAR_BELOW, FAR_ABOVE = 150.0, 400.0

#: Every order type as a script writes it, far from the market where it can be, and the statuses that it may rest in.
RESTING = {"PreSubmitted", "Submitted"}
TYPES: list[tuple[str, Order]] = [
    ("LMT", LimitOrder("BUY", 100, FAR_BELOW, tif="DAY")),
    ("LMT-GTC", LimitOrder("BUY", 100, FAR_BELOW, tif="GTC")),
    ("LMT-GTD", LimitOrder("BUY", 100, FAR_BELOW, tif="GTD", goodTillDate="20991231 15:00:00 UTC")),
    ("LMT-OPG", LimitOrder("BUY", 100, FAR_BELOW, tif="OPG")),
    ("STP", StopOrder("SELL", 100, FAR_BELOW, tif="DAY")),
    ("STP LMT", StopLimitOrder("SELL", 100, FAR_BELOW - 1, FAR_BELOW, tif="DAY")),
    ("TRAIL", Order(action="SELL", totalQuantity=100, orderType="TRAIL", auxPrice=50.0, tif="DAY")),
    ("TRAIL-percent", Order(action="SELL", totalQuantity=100, orderType="TRAIL", trailingPercent=20.0, tif="DAY")),
    (
        "TRAIL LIMIT",
        Order(
            action="SELL",
            totalQuantity=100,
            orderType="TRAIL LIMIT",
            trailStopPrice=FAR_BELOW,
            auxPrice=50.0,
            lmtPriceOffset=0.1,
            tif="DAY",
        ),
    ),
    ("MIT", Order(action="BUY", totalQuantity=100, orderType="MIT", auxPrice=FAR_BELOW, tif="DAY")),
    (
        "LIT",
        Order(action="BUY", totalQuantity=100, orderType="LIT", auxPrice=FAR_BELOW, lmtPrice=FAR_BELOW, tif="DAY"),
    ),
    ("MOC", Order(action="BUY", totalQuantity=100, orderType="MOC", tif="DAY")),
    ("LOC", Order(action="BUY", totalQuantity=100, orderType="LOC", lmtPrice=FAR_BELOW, tif="DAY")),
    ("MOO", Order(action="BUY", totalQuantity=100, orderType="MKT", tif="OPG")),
    ("REL", Order(action="BUY", totalQuantity=100, orderType="REL", auxPrice=0.01, lmtPrice=FAR_BELOW, tif="DAY")),
    ("MIDPRICE", Order(action="BUY", totalQuantity=100, orderType="MIDPRICE", lmtPrice=FAR_BELOW, tif="DAY")),
    ("PEG MID", Order(action="BUY", totalQuantity=100, orderType="PEG MID", lmtPrice=FAR_BELOW, tif="DAY")),
    (
        "after-a-price",
        Order(
            action="BUY",
            totalQuantity=100,
            orderType="MKT",
            tif="DAY",
            conditions=[PriceCondition(conId=265598, exch="SMART", isMore=False, price=FAR_BELOW)],
        ),
    ),
    (
        "after-a-time",
        Order(
            action="BUY",
            totalQuantity=100,
            orderType="MKT",
            tif="GTC",
            conditions=[TimeCondition(isMore=True, time="20991231 15:00:00 UTC")],
        ),
    ),
]


@pytest.mark.parametrize(("name", "order"), TYPES, ids=[name for name, _ in TYPES])
async def test_every_order_type_rests_and_is_cancelled(login: Login, name: str, order: Order) -> None:
    ib = await login()
    trade = ib.placeOrder(await qualified(ib, APPLE), order)
    await status(trade, *RESTING)
    perm_id = trade.orderStatus.permId
    [live] = await ib.reqAllOpenOrdersAsync()
    assert (live.order.permId, live.order.totalQuantity) == (perm_id, 100)
    ib.cancelOrder(trade.order)
    await status(trade, "Cancelled")

    assert [entry.errorCode for entry in trade.log if entry.errorCode] in ([], [202])


@pytest.mark.parametrize(
    "order",
    [
        MarketOrder("BUY", 100, tif="DAY"),
        LimitOrder("BUY", 100, FAR_ABOVE, tif="IOC"),
        LimitOrder("BUY", 100, FAR_ABOVE, tif="FOK"),
        LimitOrder("BUY", 100, FAR_ABOVE, tif="DAY", outsideRth=True),
        StopOrder("BUY", 100, FAR_BELOW, tif="DAY"),
        Order(action="BUY", totalQuantity=100, orderType="MTL", tif="DAY"),
        Order(action="BUY", totalQuantity=100, orderType="MIT", auxPrice=FAR_ABOVE, tif="DAY"),
    ],
    ids=["MKT", "IOC", "FOK", "LMT", "STP", "MTL", "MIT"],
)
async def test_marketable_orders_fill(login: Login, order: Order) -> None:
    ib = await login()
    trade = ib.placeOrder(await qualified(ib, APPLE), order)
    await commissions(ib, trade)

    assert sum(fill.execution.shares for fill in trade.fills) == 100
    assert all(fill.execution.permId == trade.orderStatus.permId for fill in trade.fills)


async def test_an_ioc_that_finds_nobody_is_cancelled(login: Login) -> None:
    ib = await login()
    trade = ib.placeOrder(await qualified(ib, APPLE), LimitOrder("BUY", 100, FAR_BELOW, tif="IOC"))
    await status(trade, "Cancelled")

    assert trade.filled() == 0


async def test_an_algorithm_works_an_order_in_slices(login: Login) -> None:
    ib = await login()
    order = LimitOrder("BUY", 100, FAR_BELOW, tif="DAY")
    order.algoStrategy, order.algoParams = "Adaptive", [TagValue("adaptivePriority", "Normal")]
    trade = ib.placeOrder(await qualified(ib, APPLE), order)
    await status(trade, *RESTING)
    [live] = await ib.reqAllOpenOrdersAsync()

    assert live.order.algoStrategy == "Adaptive"
    assert live.order.algoParams == [TagValue("adaptivePriority", "Normal")]


def placed(ib: IB, contract: Contract, orders: list[Order]) -> list[Trade]:
    """Place orders one after another."""
    return [ib.placeOrder(contract, order) for order in orders]


async def test_a_bracket_whose_entry_fills_leaves_target_and_stop(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    parts = ib.bracketOrder("BUY", 100, FAR_ABOVE, FAR_ABOVE, FAR_BELOW, tif="DAY")
    entry, target, stop = placed(ib, contract, list(parts))
    await commissions(ib, entry)
    await status(target, "Submitted")
    await status(stop, "PreSubmitted", "Submitted")
    assert (target.order.parentId, stop.order.parentId) == (entry.order.orderId, entry.order.orderId)
    # The target takes what the market bids, so the stop has nothing left to protect.
    target.order.lmtPrice = FAR_BELOW
    ib.placeOrder(contract, target.order)
    await commissions(ib, target)
    await status(stop, "Cancelled")
    assert [position.position for position in ib.positions() if position.position] == []


async def test_a_bracket_whose_entry_is_cancelled_is_gone(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    entry, target, stop = placed(
        ib, contract, list(ib.bracketOrder("BUY", 100, FAR_BELOW, FAR_ABOVE, 140.0, tif="DAY"))
    )
    await status(entry, "Submitted")
    ib.cancelOrder(entry.order)
    for trade in (entry, target, stop):
        await status(trade, "Cancelled")

    assert await ib.reqAllOpenOrdersAsync() == []


async def test_what_is_not_transmitted_is_not_heard_of(gateway: PracticeGateway, login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    trade = ib.placeOrder(contract, LimitOrder("BUY", 100, FAR_BELOW, tif="DAY", transmit=False))
    await ib.reqCurrentTimeAsync()
    assert (trade.orderStatus.status, trade.orderStatus.permId) == ("PendingSubmit", 0)
    trade.order.transmit = True
    ib.placeOrder(contract, trade.order)
    await status(trade, "Submitted")

    assert len(gateway.ledger.orders) == 1


async def test_one_of_a_group_cancels_the_others(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    resting: list[Order] = [LimitOrder("BUY", 100, FAR_BELOW - step, tif="DAY") for step in range(2)]
    trades = placed(ib, contract, ib.oneCancelsAll(resting, "group", 1))
    for trade in trades:
        await status(trade, "Submitted")
    taking: list[Order] = [LimitOrder("BUY", 100, FAR_ABOVE, tif="DAY")]
    filled = placed(ib, contract, ib.oneCancelsAll(taking, "group", 1))
    await commissions(ib, filled[0])
    for trade in trades:
        await status(trade, "Cancelled")


async def test_a_modification_keeps_the_order(login: Login) -> None:
    ib = await login()
    contract = await qualified(ib, APPLE)
    trade = ib.placeOrder(contract, LimitOrder("BUY", 100, FAR_BELOW, tif="DAY", orderRef="mine"))
    await status(trade, "Submitted")
    perm_id = trade.orderStatus.permId
    trade.order.lmtPrice, trade.order.totalQuantity = FAR_BELOW + 1, 200
    ib.placeOrder(contract, trade.order)
    await ib.reqCurrentTimeAsync()
    [live] = await ib.reqAllOpenOrdersAsync()
    assert (live.order.lmtPrice, live.order.totalQuantity, live.order.permId) == (FAR_BELOW + 1, 200, perm_id)
    trade.order.orderType, trade.order.lmtPrice = "MKT", 0.0
    ib.placeOrder(contract, trade.order)
    await commissions(ib, trade)

    assert trade.orderStatus.permId == perm_id
    assert next(fill.execution.orderRef for fill in trade.fills) == "mine"


async def test_a_global_cancel_takes_the_orders_of_every_client(login: Login) -> None:
    one, two = await login(1), await login(2)
    contract = await qualified(one, APPLE)
    first = one.placeOrder(contract, LimitOrder("BUY", 100, FAR_BELOW, tif="DAY"))
    second = two.placeOrder(contract, LimitOrder("SELL", 100, FAR_ABOVE, tif="GTC"))
    await status(first, "Submitted")
    await status(second, "Submitted")
    two.reqGlobalCancel()
    await status(first, "Cancelled")
    await status(second, "Cancelled")

    assert await one.reqAllOpenOrdersAsync() == []


async def test_a_what_if_of_a_bracket_order_says_margin_and_commission(login: Login) -> None:
    ib = await login()
    async with asyncio.timeout(SECONDS):
        state = await ib.whatIfOrderAsync(await qualified(ib, APPLE), LimitOrder("SELL", 500, FAR_ABOVE, tif="DAY"))

    assert float(state.initMarginChange) > 0
    assert float(state.maintMarginAfter) >= float(state.maintMarginBefore)
    assert state.commission == pytest.approx(2.5, abs=0.6) or state.minCommission <= state.maxCommission
