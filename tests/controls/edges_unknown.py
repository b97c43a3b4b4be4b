"""Edges of what must be known before anything is sent: controls 2, 3, 11 and 12 without a figure that they need."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from core.domain.orders import OrderType, Side
from tests.controls.cells import ACCEPTED, Edge
from tests.controls.edges_contract import ABOVE
from tests.controls.plane_door import Answer
from tests.controls.spot import Case, Spot
from tests.warp.loop import warp_loop

D = Decimal
NVDA = 4815747
TOO_OLD = 600.0
"""Seconds after which IBKR's figures of an account that holds something are too old."""


async def at_a_market(spot: Spot) -> Answer:
    """At the market, which is live, has crossed, has no ask."""
    await spot.base()
    if spot.case is not Case.INSIDE:
        spot.floor.gateway.arm(f"bad-quote={spot.pick('', 'crossed', 'minus')}")
        await spot.until(lambda: not spot.quote().tradable)
    return await spot.ask(order_type=OrderType.MKT, limit_price=None)


async def of_an_age(spot: Spot) -> Answer:
    """A share is held, and the account's figures came so many seconds beside ten minutes ago."""
    await spot.hold(1)
    await spot.base()
    await spot.sleep(10)
    for session in spot.floor.gateway.hub.clients.values():
        # IBKR falls silent about the account alone, when it is asked again too.
        session.watching.account = ""
    spot.floor.gateway.arm("no-message=accountSummary")
    (account,) = spot.floor.snapshot.accounts
    assert account.updated is not None
    due = account.updated + timedelta(seconds=TOO_OLD) - spot.floor.clock.utc()
    await spot.at(warp_loop().time() + due.total_seconds() + float(spot.text))
    assert spot.floor.snapshot.accounts[0].updated == account.updated
    return await spot.ask(limit_price=D("101.00"))


async def without_a_profit(spot: Spot) -> Answer:
    """The day's loss is limited; something is held that has no price, and AAPL is sold or bought."""
    await spot.hold(10)
    side, limit = spot.pick((Side.BUY, D("100.00")), (Side.SELL, ABOVE), (Side.BUY, D("100.00")))
    await spot.base(side=side, limit_price=limit)
    if spot.case is not Case.INSIDE:
        spot.floor.gateway.arm("data-refused=354")
        spot.floor.gateway.transfer(NVDA, 1)
        await spot.until(lambda: spot.held(NVDA) == 1)
    await spot.tighten("daily_loss", 1_000_000)
    await spot.sleep(1)
    return await spot.ask(quantity=D(2))


EDGES = (
    Edge(
        3,
        "Collar",
        "a live two-sided quote; at the market",
        ("live", "crossed", "no bid and no ask"),
        at_a_market,
        (ACCEPTED, "NO_REFERENCE", "NO_REFERENCE"),
    ),
    Edge(
        11,
        "Margin",
        "IBKR's figures are 600 s old at most; seconds beyond",
        ("-0.001", "0", "0.001"),
        of_an_age,
        (ACCEPTED, ACCEPTED, "NO_MARGIN"),
        slow=True,
    ),
    Edge(
        12,
        "Daily loss",
        "the profit of each position is known",
        ("known, a buy", "not known, an exit", "not known, a buy"),
        without_a_profit,
        (ACCEPTED, ACCEPTED, "DAILY_LOSS"),
    ),
)
