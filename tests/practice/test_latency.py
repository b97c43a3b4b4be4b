"""How long orders are on their way, and that nothing overtakes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from statistics import mean, quantiles

import pytest

from core.practice import tables_in as ask
from core.practice.latency import Latency, LatencyError
from core.practice.server import PracticeGateway
from tests.practice.conftest import OPTIONS
from tests.practice.raw_client import RawClient

FAR_BELOW = Decimal("100.00")


def test_the_times_of_ibkr_have_their_mean_and_a_tail() -> None:
    latency = Latency("ibkr", seed=3)
    round_trips = [latency.order() + latency.report() for _ in range(20_000)]
    cancels = [latency.cancel() + latency.report() for _ in range(20_000)]

    print(f"order to report: mean {mean(round_trips):.3f} s, p99 {quantiles(round_trips, n=100)[98]:.3f} s")
    assert 0.23 < mean(round_trips) < 0.27
    assert quantiles(round_trips, n=100)[98] > 2 * mean(round_trips)
    assert min(round_trips) > 0
    assert mean(cancels) < 0.8 * mean(round_trips)


def test_times_are_repeatable() -> None:
    assert [Latency("ibkr", 5).order() for _ in range(2)] == [Latency("ibkr", 5).order()] * 2
    assert Latency("ibkr", 5).order() != Latency("ibkr", 6).order()


def test_no_latency_is_none_at_all() -> None:
    none = Latency("0")

    assert not none
    assert (none.order(), none.cancel(), none.report()) == (0.0, 0.0, 0.0)


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(LatencyError, match="no latency profile 'slow'; there are 0, ibkr"):
        Latency("slow")


@pytest.fixture
async def distant() -> AsyncIterator[PracticeGateway]:
    """A gateway with the latency of IBKR."""
    async with PracticeGateway(replace(OPTIONS, latency="ibkr")) as running:
        yield running


async def test_an_order_takes_its_time_and_other_requests_do_not(distant: PracticeGateway) -> None:
    client = await RawClient.connect(distant.port)
    loop = asyncio.get_running_loop()
    began = loop.time()
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW)
    client.ask(ask.CURRENT_TIME)
    await client.wait_for("currentTime")
    answered = loop.time() - began
    assert distant.ledger.orders == {}
    await client.until(order_id, "Submitted")
    reported = loop.time() - began
    await client.close()

    assert answered < 0.05 < reported


async def test_orders_cancels_and_reports_keep_their_order(distant: PracticeGateway) -> None:
    client = await RawClient.connect(distant.port)
    orders = [client.place(orderType="LMT", lmtPrice=FAR_BELOW) for _ in range(5)]
    for order_id in orders:
        client.ask(ask.CANCEL_ORDER, orderId=order_id)
    words: dict[int, list[str]] = {order_id: [] for order_id in orders}
    while not all(said[-1:] == ["202"] for said in words.values()):
        message, record = await client.read()
        if message.name == "orderStatus":
            words[record.integer("orderId")].append(record.text("status"))
        elif message.name == "error" and record.integer("reqId") in words:
            words[record.integer("reqId")].append(str(record.integer("code")))
    await client.close()

    assert [order.order_id for order in distant.ledger.orders.values()] == orders
    assert {tuple(said) for said in words.values()} == {
        ("PreSubmitted", "Submitted", "PendingCancel", "Cancelled", "202")
    }


async def test_an_order_reaches_the_exchange_after_its_client_left(distant: PracticeGateway) -> None:
    client = await RawClient.connect(distant.port, 3)
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW)
    client.ask(ask.CURRENT_TIME)
    await client.wait_for("currentTime")
    await client.close()
    again = await RawClient.connect(distant.port, 4)
    await distant.wait_for(lambda: len(distant.ledger.live_orders()) == 1)
    await again.close()
    back = await RawClient.connect(distant.port, 3)

    assert back.next_order_id == order_id + 1
    await back.close()


async def test_ids_on_their_way_are_not_given_again(distant: PracticeGateway) -> None:
    client = await RawClient.connect(distant.port)
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW, order_id=41)
    client.ask(ask.IDS, count=1)
    following = await client.wait_for("nextValidId")
    await client.close()

    assert following.integer("orderId") == order_id + 1
