"""IBKR's algorithms: one order for the client, slices for the market."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.practice import tables_in as ask
from core.practice.tables import Record, Value
from tests.practice.raw_client import RawClient
from tests.practice.stage import Stage, heard, last


def algo(name: str, **parameters: str) -> dict[str, Value]:
    """Return the terms of an order of 1000 by an algorithm."""
    rows = [Record(tag=tag, value=value) for tag, value in parameters.items()]
    return {"totalQuantity": Decimal(1000), "algoStrategy": name, "algoParams": rows}


def filled(stage: Stage) -> int:
    """Return how much of the only order has filled."""
    [order] = stage.gateway.ledger.orders.values()
    return order.filled


@pytest.mark.parametrize(("priority", "seconds"), [("Urgent", 0.5), ("Normal", 2.0), ("Patient", 5.0)])
async def test_adaptive_waits_at_the_bid_before_it_takes(
    stage: Stage, client: RawClient, priority: str, seconds: float
) -> None:
    stage.move(100_0000, shown=400)
    client.place_terms(algo("Adaptive", adaptivePriority=priority))
    assert await heard(client) == ["1 PreSubmitted", "1 Submitted"]
    stage.step(int(seconds * 10) - 1)
    assert filled(stage) == 0
    stage.step(2)
    assert await heard(client) == ["1 exec 400 100.01", "1 Submitted"]
    stage.step(int(seconds * 10) + 1)
    assert filled(stage) == 800


async def test_adaptive_fills_at_the_bid_when_sellers_come(stage: Stage, client: RawClient) -> None:
    client.place_terms(algo("Adaptive", adaptivePriority="Patient"))
    await heard(client)
    stage.step()
    stage.move(100_0000, 1500, buys=False)

    assert await heard(client) == ["1 exec 500 100", "1 Submitted"]


async def test_adaptive_never_pays_more_than_its_limit(stage: Stage, client: RawClient) -> None:
    client.place_terms({**algo("Adaptive", adaptivePriority="Urgent"), "orderType": "LMT", "lmtPrice": Decimal(100)})
    await heard(client)
    stage.step(100)
    assert filled(stage) == 0
    stage.move(99_9900)
    stage.step(10)

    assert filled(stage) == 1000
    assert {fill.price for fill in stage.gateway.ledger.executions} == {Decimal("100.00")}


async def test_twap_spreads_an_order_evenly_over_its_time(stage: Stage, client: RawClient) -> None:
    client.place_terms(algo("Twap", endTime="20261120 10:01:40 US/Eastern"))
    opened = await client.wait_for("openOrder")
    assert opened.text("algoStrategy") == "Twap"
    assert [row.text("tag") for row in opened.rows("algoParams")] == ["endTime"]
    counts = []
    for _ in range(10):
        stage.step(100)
        counts.append(filled(stage))

    assert counts == [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]
    assert (await heard(client)).count("1 Submitted") >= 8


async def test_an_algorithm_waits_for_its_start(stage: Stage, client: RawClient) -> None:
    client.place_terms(algo("Twap", startTime="10:00:30 US/Eastern", endTime="10:00:40 US/Eastern"))
    await heard(client)
    stage.step(50)
    assert filled(stage) == 0
    stage.wait(30)
    stage.step(101)

    assert filled(stage) == 1000


async def test_vwap_trades_more_at_both_ends(stage: Stage, client: RawClient) -> None:
    client.place_terms(algo("Vwap", endTime="10:01:40 US/Eastern"))
    await heard(client)
    counts = []
    for _ in range(5):
        stage.step(200)
        counts.append(filled(stage))
    slices = [after - before for before, after in zip([0, *counts], counts, strict=False)]

    assert counts[-1] == 1000
    assert slices[0] > slices[2] < slices[4]


async def test_vwap_keeps_its_share_of_the_volume(stage: Stage, client: RawClient) -> None:
    client.place_terms(algo("Vwap", maxPctVol="0.1", endTime="10:01:40 US/Eastern"))
    await heard(client)
    stage.step(500)
    assert filled(stage) == 0
    stage.move(100_0000, 2000)

    assert filled(stage) <= 200


async def test_percent_of_volume_follows_the_prints(stage: Stage, client: RawClient) -> None:
    client.place_terms(algo("PctVol", pctVol="0.1"))
    await heard(client)
    stage.step(10)
    assert filled(stage) == 0
    for volume, wanted in ((2000, 200), (500, 200), (500, 300), (20_000, 1000)):
        stage.move(100_0000, volume)
        stage.step()
        assert filled(stage) == wanted


async def test_what_takes_no_liquidity_waits_for_sellers(stage: Stage, client: RawClient) -> None:
    client.place_terms(algo("PctVol", pctVol="0.1", noTakeLiq="1"))
    await heard(client)
    stage.step()
    stage.move(100_0000, 1000)
    stage.step()
    assert filled(stage) == 0
    stage.move(100_0000, 3000, buys=False)

    assert filled(stage) == 400


async def test_an_algorithm_may_be_repriced_and_cancelled_but_not_exchanged(stage: Stage, client: RawClient) -> None:
    terms = {**algo("Twap", endTime="10:01:40 US/Eastern"), "orderType": "LMT", "lmtPrice": Decimal(99)}
    client.place_terms(terms)
    await heard(client)
    stage.step(500)
    assert filled(stage) == 0
    client.place_terms({**terms, "lmtPrice": Decimal(101)}, order_id=1)
    await heard(client)
    stage.step(1)
    assert filled(stage) == 500
    client.place_terms({**terms, **algo("Vwap")}, order_id=1)
    assert (await heard(client))[0] == "1 error 440"
    client.ask(ask.CANCEL_ORDER, orderId=1)
    await heard(client)

    assert last(client, "orderStatus", 1).number("filled") == 500
    assert stage.gateway.ledger.live_orders() == []
