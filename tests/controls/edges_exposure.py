"""Edges of how much works, is held, is lost and is used: controls 8, 9, 10, 11, 12, 13, 19 and 20."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from core.domain.commands import ModifyOrder
from core.domain.orders import OrderState, OrderType, Pending, Side, TimeInForce
from tests.controls.cells import ACCEPTED, Edge
from tests.controls.edges_contract import ABOVE, sale_of_ten
from tests.controls.edges_order import price
from tests.controls.plane_door import Answer
from tests.controls.spot import STAGE, Case, Spot, Way
from tests.warp.loop import warp_loop

D = Decimal


async def others_on_this_side(spot: Spot) -> Answer:
    """So many others work on the side of the instrument, then three become the most."""
    await spot.base()
    for _ in range(spot.count):
        await spot.place()
    await spot.tighten("open_orders_side", 3)
    return await spot.ask(limit_price=D("99.00"))


async def others_in_the_account(spot: Spot) -> Answer:
    """So many others work, on the other side, then three become the most."""
    await spot.base()
    for _ in range(spot.count):
        await spot.place(side=Side.SELL, limit_price=ABOVE)
    await spot.tighten("open_orders", 3)
    return await spot.ask(limit_price=D("99.00"))


async def beside_nine(spot: Spot) -> Answer:
    """Nine others of 100.00 each work in one order; one more at a price."""
    await spot.place(quantity=D(9))
    return await price(spot)


async def beside_nine_unknown(spot: Spot) -> Answer:
    """The same, and nobody knows what became of the nine."""
    spot.floor.gateway.arm("silent-order*1")
    request = spot.request(quantity=D(9))
    await spot.door.place(request)
    await spot.until(lambda: spot.known(request).state is OrderState.UNKNOWN)
    return await price(spot)


async def beside_nine_held(spot: Spot) -> Answer:
    """The same, and IBKR holds the nine back."""
    spot.floor.gateway.arm("inactive*1")
    request = await spot.place(quantity=D(9))
    assert spot.known(request).state is OrderState.HELD
    return await price(spot)


async def beside_nine_changing(spot: Spot) -> Answer:
    """The same, and the nine are being changed to one: nobody has answered, so the worse counts."""
    await spot.base(limit_price=D("50.00"))
    other = await spot.place(quantity=D(9))
    await spot.until(lambda: spot.known(other).state is OrderState.WORKING)
    change = ModifyOrder(order_ref=other.order_ref, revision=spot.known(other).revision, quantity=D(1))
    assert (await spot.desk.send(change)).ok
    assert spot.known(other).pending is Pending.MODIFY
    return await spot.ask(limit_price=spot.number)


async def exits_on_this_side(spot: Spot) -> Answer:
    """20 are held, so many others sell one each, then three become the most."""
    await spot.hold(20)
    await spot.base(side=Side.SELL, limit_price=ABOVE)
    for _ in range(spot.count):
        await spot.place(side=Side.SELL, limit_price=ABOVE)
    await spot.tighten("open_orders_side", 3)
    return await spot.ask(limit_price=D("301.00"))


async def beside_sixty(spot: Spot) -> Answer:
    """60 shares work; so many more."""
    await spot.place(quantity=D(60))
    await spot.base()
    return await spot.ask(quantity=spot.number)


async def after_a_loss(spot: Spot) -> Answer:
    """What a round trip lost stands; a person sets the limit so many cents beside it."""
    await spot.base()
    await spot.hold(1)
    await spot.place(side=Side.SELL, order_type=OrderType.MKT, limit_price=None)
    await spot.until(lambda: spot.held() == 0)
    # The commissions come behind the fills, and profit is reckoned four times a second.
    await spot.sleep(5.0)
    (money,) = spot.floor.snapshot.money
    assert money.day.amount is not None
    loss = -money.day.amount
    assert loss == loss.quantize(D("0.01")) > 0
    await spot.tighten("daily_loss", loss - spot.number / 100)
    return await spot.ask(limit_price=D("99.00"))


async def orders_of_the_day(spot: Spot) -> Answer:
    """So many others were sent today, then three become the most; the order that is changed is one of them."""
    await spot.base()
    for _ in range(spot.count):
        await spot.place(side=Side.SELL, limit_price=ABOVE)
    await spot.tighten("day_orders", 3)
    return await spot.ask(quantity=D(2))


async def trades_of_the_day(spot: Spot) -> Answer:
    """So many trades were made today, then two become the most."""
    await spot.base()
    for _ in range(spot.count):
        await spot.hold(1)
    await spot.tighten("day_trades", 2)
    return await spot.ask(quantity=D(2))


async def by_the_days_end(spot: Spot) -> Answer:
    """An order of 100.00 was sent; another one, or 50.01 more for it, so many seconds after 17:00 in New York."""
    await spot.base(tif=TimeInForce.GTC)
    if spot.way is Way.NEW:
        await spot.place(tif=TimeInForce.GTC)
    ends = warp_loop().time() + (_DAYS_END - spot.floor.clock.utc()).total_seconds()
    await spot.at(ends + float(spot.text))
    return await spot.ask(limit_price=D("100.01") if spot.way is Way.NEW else D("150.01"))


async def reducing(spot: Spot) -> None:
    """10 are held when the day's loss meets its limit."""
    await spot.hold(20)
    await spot.place(side=Side.SELL, quantity=D(10), order_type=OrderType.MKT, limit_price=None)
    await spot.until(lambda: spot.held() == 10)


async def sale_while_reducing(spot: Spot) -> Answer:
    """10 are held and only what reduces may leave; so many are sold."""
    await reducing(spot)
    await spot.base(side=Side.SELL, quantity=D(5), limit_price=ABOVE)
    await spot.only_reducing()
    return await spot.ask(quantity=spot.number)


async def sale_beside_an_exit(spot: Spot) -> Answer:
    """The same, and 4 are on sale already."""
    await reducing(spot)
    await spot.place(side=Side.SELL, quantity=D(4), limit_price=ABOVE)
    await spot.base(side=Side.SELL, quantity=D(2), limit_price=ABOVE)
    await spot.only_reducing()
    return await spot.ask(quantity=spot.number)


async def sale_by_word(spot: Spot) -> Answer:
    """10 are held; 11 are sold, with the word for it, without, and with the wrong one."""
    await spot.hold(10)
    await spot.base(side=Side.SELL, quantity=D(5), limit_price=ABOVE)
    return await spot.ask(quantity=spot.pick(D(10), D(11), D(11)), said={"short": spot.case is not Case.OUTSIDE})


_DAYS_END = datetime(2024, 11, 15, 22, 0, tzinfo=UTC)
CENTS = ("99.99", "100.00", "100.01")

EDGES = (
    Edge(
        8,
        "Open orders",
        "open_orders_side = 3; others on the side, one order",
        ("1", "2", "3"),
        others_on_this_side,
        (ACCEPTED, ACCEPTED, "OPEN_ORDERS"),
    ),
    Edge(
        8,
        "Open orders",
        "open_orders = 3; others in the account, one order",
        ("1", "2", "3"),
        others_in_the_account,
        (ACCEPTED, ACCEPTED, "OPEN_ORDERS"),
    ),
    Edge(
        8,
        "Open orders",
        "open_orders_side = 3, and 4 more that only close; other exits, one order",
        ("5", "6", "7"),
        exits_on_this_side,
        (ACCEPTED, ACCEPTED, "OPEN_ORDERS"),
    ),
    Edge(
        9,
        "Unexecuted value",
        "unexecuted_value = 1000.00, 900.00 work; one share, one cent",
        CENTS,
        beside_nine,
        (ACCEPTED, ACCEPTED, "UNEXECUTED_MAX"),
        limits={"unexecuted_value": D(1000)},
    ),
    Edge(
        9,
        "Unexecuted value",
        "unexecuted_value = 1000.00, 900.00 are UNKNOWN; one share, one cent",
        CENTS,
        beside_nine_unknown,
        (ACCEPTED, ACCEPTED, "UNEXECUTED_MAX"),
        limits={"unexecuted_value": D(1000)},
    ),
    Edge(
        9,
        "Unexecuted value",
        "unexecuted_value = 1000.00, 900.00 are HELD; one share, one cent",
        CENTS,
        beside_nine_held,
        (ACCEPTED, ACCEPTED, "UNEXECUTED_MAX"),
        limits={"unexecuted_value": D(1000)},
    ),
    Edge(
        9,
        "Unexecuted value",
        "unexecuted_value = 1000.00, 900.00 are being changed to 100.00; one share, one cent",
        CENTS,
        beside_nine_changing,
        (ACCEPTED, ACCEPTED, "UNEXECUTED_MAX"),
        limits={"unexecuted_value": D(1000)},
        stage=replace(STAGE, latency="ibkr"),
    ),
    Edge(
        10,
        "Position",
        "position_quantity = 100, 60 work; one share",
        ("39", "40", "41"),
        beside_sixty,
        (ACCEPTED, ACCEPTED, "POSITION_MAX"),
        limits={"position_quantity": D(100)},
    ),
    Edge(
        10,
        "Position",
        "position_value = 1000.00, 9 shares work; one share more, all at its price, one cent",
        CENTS,
        beside_nine,
        (ACCEPTED, ACCEPTED, "POSITION_MAX"),
        limits={"position_value": D(1000)},
    ),
    Edge(
        10,
        "Whole portfolio",
        "portfolio_risk = 0.000001 of 100,000,000.00; one share, one cent",
        CENTS,
        price,
        (ACCEPTED, ACCEPTED, "PORTFOLIO_MAX"),
        limits={"portfolio_risk": D("0.000001")},
    ),
    Edge(
        11,
        "Margin",
        "margin_percent = 0.0001 of 100,000,000.00, by the whole value; one share, one cent",
        CENTS,
        price,
        (ACCEPTED, ACCEPTED, "MARGIN"),
        limits={"margin_percent": D("0.0001")},
    ),
    Edge(
        12,
        "Daily loss",
        "daily_loss met by what was lost; cents by which the loss is beyond the limit",
        ("-1", "0", "1"),
        after_a_loss,
        (ACCEPTED, "REDUCING", "REDUCING"),
    ),
    Edge(
        13,
        "Budgets of the day",
        "day_orders = 3; others sent today, one order",
        ("1", "2", "3"),
        orders_of_the_day,
        (ACCEPTED, ACCEPTED, "DAY_ORDERS"),
        # A change is no further order.
        differs={Way.MODIFY: (ACCEPTED, ACCEPTED, ACCEPTED)},
    ),
    Edge(
        13,
        "Budgets of the day",
        "100.00 sent of day_value = 150.00, until 17:00 in New York; seconds after that",
        ("0.001", "0", "-0.001"),
        by_the_days_end,
        (ACCEPTED, ACCEPTED, "DAY_VALUE"),
        limits={"day_value": D(150)},
        stage=replace(STAGE, start=_DAYS_END - timedelta(seconds=10)),
    ),
    Edge(
        13,
        "Budgets of the day",
        "day_trades = 2; trades made today, one trade",
        ("1", "2", "3"),
        trades_of_the_day,
        (ACCEPTED, "DAY_TRADES", "DAY_TRADES"),
    ),
    Edge(
        13,
        "Budgets of the day",
        "day_value = 1000.00, 900.00 were sent; one share, one cent",
        CENTS,
        beside_nine,
        (ACCEPTED, ACCEPTED, "DAY_VALUE"),
        limits={"day_value": D(1000)},
    ),
    Edge(
        19,
        "Short sale",
        "ask_short = true, 10 held; one share",
        ("9", "10", "11"),
        sale_of_ten,
        (ACCEPTED, ACCEPTED, "SHORT_SALE"),
        limits={"ask_short": True},
    ),
    Edge(
        19,
        "Short sale",
        "ask_short = true, 10 held; the word for it, one share",
        ("10 with the word", "11 with the word", "11 without"),
        sale_by_word,
        (ACCEPTED, ACCEPTED, "SHORT_SALE"),
        limits={"ask_short": True},
    ),
    Edge(
        20,
        "Reducing only",
        "10 held; one share",
        ("9", "10", "11"),
        sale_while_reducing,
        (ACCEPTED, ACCEPTED, "REDUCING"),
    ),
    Edge(
        20,
        "Reducing only",
        "10 held, 4 of them on sale; one share",
        ("5", "6", "7"),
        sale_beside_an_exit,
        (ACCEPTED, ACCEPTED, "REDUCING"),
    ),
)
