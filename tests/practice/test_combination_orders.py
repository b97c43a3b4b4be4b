"""Orders for combinations: their price may be nothing or less, their legs bind the margin."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.practice.server import PracticeGateway
from core.practice.tables import Record
from tests.practice.conftest import Connect

APPLE_ID, AMD_ID = 265598, 4391


def pair(bought: int, sold: int) -> Record:
    """Return a combination of one share bought for one sold."""
    legs = [
        Record(conId=con_id, ratio=1, action=action, exchange="SMART")
        for con_id, action in ((bought, "BUY"), (sold, "SELL"))
    ]
    return Record(symbol="AAPL,AMD", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)


@pytest.mark.parametrize(
    ("bought", "sold", "limit", "fills"),
    [
        (APPLE_ID, AMD_ID, "100.00", True),
        (APPLE_ID, AMD_ID, "-5.00", False),
        (AMD_ID, APPLE_ID, "-50.00", True),
        (AMD_ID, APPLE_ID, "-100.00", False),
        (AMD_ID, APPLE_ID, "0", True),
    ],
)
async def test_limits_of_combinations(connect: Connect, bought: int, sold: int, limit: str, fills: bool) -> None:
    client = await connect()
    order_id = client.place(pair(bought, sold), orderType="LMT", lmtPrice=Decimal(limit))
    words = await client.until(order_id, "Filled", "Submitted")

    assert words[-1] == ("orde Filled" if fills else "orde Submitted")
    opened = next(record for message, record in client.heard if message.name == "openOrder")
    assert opened.number("lmtPrice") == Decimal(limit)
    assert [leg.text("action") for leg in opened.rows("comboLegs")] == ["BUY", "SELL"]


async def test_the_legs_of_a_combination_bind_the_margin(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    first = client.place(pair(APPLE_ID, AMD_ID), orderType="LMT", lmtPrice=Decimal(1), totalQuantity=Decimal(6_000))
    await client.until(first, "Submitted")
    second = client.place(pair(APPLE_ID, AMD_ID), orderType="LMT", lmtPrice=Decimal(1), totalQuantity=Decimal(6_000))

    assert "error 201" in await client.until(second, "Inactive")
    gateway.ledger.account.trade(gateway.hub.catalogue.by_id[APPLE_ID], -6_000, Decimal(233), Decimal(0))
    gateway.ledger.account.trade(gateway.hub.catalogue.by_id[AMD_ID], 6_000, Decimal(168), Decimal(0))
    closing = client.place(pair(APPLE_ID, AMD_ID), totalQuantity=Decimal(6_000))
    assert (await client.until(closing, "Inactive", "Filled", "Submitted"))[-1] != "orde Inactive"
