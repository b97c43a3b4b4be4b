"""Edges of how much one order may be, and at what price: controls 1, 2, 3 and the numbers of control 22."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from core.domain.instructions import Trail
from core.domain.orders import OrderType
from tests.controls.cells import ACCEPTED, NO_FIELD, Edge
from tests.controls.plane_door import Answer
from tests.controls.spot import Door, Spot

D = Decimal
TICK = D("0.01")


async def quantity(spot: Spot) -> Answer:
    """An order of so many units."""
    await spot.base(quantity=D(10))
    return await spot.ask(quantity=spot.number)


async def price(spot: Spot) -> Answer:
    """An order of one share at a price."""
    await spot.base(limit_price=D("50.00"))
    return await spot.ask(limit_price=spot.number)


async def through_its_stop(spot: Spot) -> Answer:
    """A stop at 300.00 with a limit."""
    await spot.base(order_type=OrderType.STP_LMT, stop_price=D("300.00"), limit_price=D("310.00"))
    return await spot.ask(limit_price=spot.number)


async def through_the_market(spot: Spot) -> Answer:
    """A limit so many ticks beside 1.1 times the ask, once that is a price on a tick."""
    await spot.base()
    await spot.until(lambda: spot.market_ask % 10 * 10 % 1 == 0)
    return await spot.ask(limit_price=spot.market_ask * D("1.1") + spot.number * TICK)


async def stop_beside_the_ask(spot: Spot) -> Answer:
    """A buy stop so many ticks above the ask."""
    await spot.base(order_type=OrderType.STP, limit_price=None, stop_price=D("300.00"))
    return await spot.ask(stop_price=spot.market_ask - spot.number * TICK)


async def trailing_percent(spot: Spot) -> Answer:
    """A trailing stop so many per cent behind the market."""
    await spot.base(order_type=OrderType.TRAIL, limit_price=None, trail=Trail(percent=D(5)))
    return await spot.ask(trail=Trail(percent=spot.number))


def _priced(*prices: str) -> Callable[[Spot], Awaitable[Answer]]:
    """An order at the price that belongs to the case, where the table can't show it whole."""

    async def tries(spot: Spot) -> Answer:
        await spot.base(limit_price=D("50.00"))
        return await spot.ask(limit_price=D(spot.pick(*prices)))

    return tries


EDGES = (
    Edge(
        1,
        "Order quantity",
        "order_quantity = 100; one share",
        ("99", "100", "101"),
        quantity,
        (ACCEPTED, ACCEPTED, "QUANTITY_MAX"),
        limits={"order_quantity": D(100)},
    ),
    Edge(
        1,
        "Order quantity",
        "the least that AAPL takes is 1 share, in steps of 1; one share",
        ("2", "1", "0"),
        quantity,
        (ACCEPTED, ACCEPTED, "QUANTITY"),
        differs={Door.PLANE: (ACCEPTED, ACCEPTED, "INTENT")},
    ),
    Edge(
        1,
        "Order quantity",
        "steps of 1 share; half a share",
        ("1", "2", "1.5"),
        quantity,
        (ACCEPTED, ACCEPTED, "QUANTITY"),
    ),
    Edge(
        2,
        "Order value",
        "order_value = 100.00; one share, one cent",
        ("99.99", "100.00", "100.01"),
        price,
        (ACCEPTED, ACCEPTED, "VALUE_MAX"),
        limits={"order_value": D(100)},
    ),
    Edge(
        3,
        "Collar",
        "price_band_percent = 10 beyond the ask; ticks beside 1.1 times the ask",
        ("-1", "0", "1"),
        through_the_market,
        (ACCEPTED, ACCEPTED, "COLLAR"),
    ),
    Edge(
        3,
        "Collar",
        "price_band_percent = 10 beyond a stop of 300.00; one tick",
        ("329.99", "330.00", "330.01"),
        through_its_stop,
        (ACCEPTED, ACCEPTED, "COLLAR"),
    ),
    Edge(
        3,
        "Prices on a tick",
        "ticks of 0.01; a hundredth of a tick",
        ("100.00", "100.01", "100.0101"),
        price,
        (ACCEPTED, ACCEPTED, "TICK"),
    ),
    Edge(
        3,
        "Prices on a tick",
        "trailing by less than 100 %; a hundredth of a per cent",
        ("99.99", "100", "100.01"),
        trailing_percent,
        (ACCEPTED, "PRICE", "PRICE"),
        differs={Door.PLANE: NO_FIELD},
    ),
    Edge(
        3,
        "Stop on its side of the market",
        "a buy stop lies above the ask; ticks below the ask",
        ("-1", "0", "1"),
        stop_beside_the_ask,
        (ACCEPTED, "TRIGGERS_NOW", "TRIGGERS_NOW"),
    ),
    Edge(
        22,
        "Prices on a tick",
        "above 0; one tick",
        ("0.01", "0.00", "-0.01"),
        price,
        (ACCEPTED, "PRICE", "PRICE"),
    ),
    Edge(
        22,
        "Prices on a tick",
        "28 decimals at most; one decimal",
        ("100 with 27 decimals", "with 28", "with 29"),
        _priced(*(f"100.{'0' * places}" for places in (27, 28, 29))),
        (ACCEPTED, ACCEPTED, "PRICE"),
    ),
    Edge(
        22,
        "Prices on a tick",
        "a finite number",
        ("100.00", "Infinity", "NaN"),
        price,
        (ACCEPTED, "PRICE", "PRICE"),
        differs={Door.PLANE: (ACCEPTED, "INTENT", "INTENT")},
    ),
    Edge(
        22,
        "Prices on a tick",
        "what floats make of 0.3",
        ("0.30", "0.3", "0.30000000000000004"),
        price,
        (ACCEPTED, ACCEPTED, "TICK"),
        differs={Door.PLANE: (ACCEPTED, ACCEPTED, "INTENT")},
    ),
)
