"""The life of orders as a client hears it: event orders of real gateways, refusals with IBKR's codes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.practice import tables_in as ask
from core.practice.orders import Status
from core.practice.server import PracticeGateway
from core.practice.tables import Record, Value
from tests.practice.conftest import Connect
from tests.practice.raw_client import TILRAY, RawClient

FAR_BELOW = Decimal("100.00")
FAR_ABOVE = Decimal("500.00")


async def test_a_market_buy(connect: Connect) -> None:
    client = await connect()
    order_id = client.place()

    assert await client.until(order_id, "commission") == [
        "open PreSubmitted",
        "orde PreSubmitted",
        "exec 100",
        "open Filled",
        "orde Filled",
        "commission",
    ]


async def test_a_market_sell_is_submitted_at_once(connect: Connect) -> None:
    client = await connect()
    order_id = client.place(action="SELL")

    assert (await client.until(order_id, "Submitted"))[-2:] == ["open Submitted", "orde Submitted"]
    assert (await client.until(order_id, "commission"))[0] == "exec 100"


async def test_a_limit_that_waits(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW, tif="GTC", orderRef="mine")

    assert await client.until(order_id, "Submitted") == [
        "open PreSubmitted",
        "orde PreSubmitted",
        "open Submitted",
        "orde Submitted",
    ]
    opened = next(record for message, record in client.heard if message.name == "openOrder")
    assert opened.text("orderRef") == "mine"
    assert (opened.text("tif"), opened.number("lmtPrice")) == ("GTC", FAR_BELOW)
    assert (opened.text("account"), opened.integer("clientId")) == ("DU1234567", 1)
    assert (opened.text("right"), opened.text("deltaNeutralOrderType")) == ("?", "None")
    [order] = gateway.ledger.live_orders()
    assert order.perm_id == opened.integer("permId") > 1_000_000_000


async def test_a_limit_at_the_bid_fills_within_seconds(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    quote = gateway.market.quotes[265598]
    order_id = client.place(orderType="LMT", lmtPrice=quote.instrument.price(quote.bid))
    await client.until(order_id, "Submitted")
    for _ in range(100):
        gateway.hub.advance()

    await client.until(order_id, "Filled")
    [fill] = gateway.ledger.executions[:1]
    assert fill.liquidity == 1


async def test_a_modification_keeps_the_permanent_id(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW)
    await client.until(order_id, "Submitted")
    perm_id = client.heard[-1][1].integer("permId")
    client.place(order_id=order_id, orderType="LMT", lmtPrice=Decimal("101.00"), totalQuantity=Decimal(200))

    assert await client.until(order_id, "Submitted") == ["open Submitted", "orde Submitted"]
    opened, status = client.heard[-2][1], client.heard[-1][1]
    assert (opened.number("lmtPrice"), opened.number("totalQuantity")) == (Decimal("101.00"), Decimal(200))
    assert status.integer("permId") == opened.integer("permId") == perm_id
    assert len(gateway.ledger.orders) == 1


async def test_a_modification_to_market_fills(connect: Connect) -> None:
    client = await connect()
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW)
    await client.until(order_id, "Submitted")
    client.place(order_id=order_id, orderType="MKT")

    assert "orde Filled" in await client.until(order_id, "commission")


async def test_a_modification_loses_its_place_unless_only_the_quantity_falls(
    gateway: PracticeGateway, connect: Connect
) -> None:
    client = await connect()
    quote = gateway.market.quotes[265598]
    terms: dict[str, Value] = {"orderType": "LMT", "lmtPrice": quote.instrument.price(quote.bid)}
    order_id = client.place(**terms)
    await client.until(order_id, "Submitted")
    [order] = gateway.ledger.live_orders()
    order.ahead = 7
    client.place(order_id=order_id, **terms, totalQuantity=Decimal(50))
    await client.until(order_id, "Submitted")
    assert order.ahead == 7
    client.place(order_id=order_id, **terms, totalQuantity=Decimal(60))
    await client.until(order_id, "Submitted")
    assert order.ahead == quote.bid_size


async def test_a_cancel(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW)
    await client.until(order_id, "Submitted")
    client.ask(ask.CANCEL_ORDER, orderId=order_id)

    assert await client.until(order_id, "202") == ["orde PendingCancel", "orde Cancelled", "error 202"]
    assert client.heard[-1][1].text("text") == "Order Canceled - reason:"
    assert not gateway.hub.desk.exchange.busy


async def test_immediate_or_cancel_unfilled(connect: Connect) -> None:
    client = await connect()
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW, tif="IOC")

    assert await client.until(order_id, "Cancelled") == [
        "open PreSubmitted",
        "orde PreSubmitted",
        "orde PendingCancel",
        "orde Cancelled",
    ]


async def test_immediate_or_cancel_takes_what_is_there(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    quote = gateway.market.quotes[265598]
    shown = quote.ask_size
    order_id = client.place(
        orderType="LMT",
        lmtPrice=quote.instrument.price(quote.ask),
        totalQuantity=Decimal(shown + 100),
        tif="IOC",
    )

    words = await client.until(order_id, "Cancelled")
    assert f"exec {shown}" in words
    assert client.heard[-1][1].number("remaining") == 100


async def test_fill_or_kill(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    quote = gateway.market.quotes[265598]
    price = quote.instrument.price(quote.ask)
    too_large = Decimal(quote.ask_size + 1)
    killed = client.place(orderType="LMT", lmtPrice=price, totalQuantity=too_large, tif="FOK")
    assert await client.until(killed, "Inactive") == ["open Inactive", "orde Inactive"]
    filled = client.place(orderType="LMT", lmtPrice=price, totalQuantity=Decimal(quote.ask_size), tif="FOK")
    assert "orde Filled" in await client.until(filled, "commission")


async def test_a_stop_is_held_until_it_triggers(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    quote = gateway.market.quotes[265598]
    stop = quote.instrument.price(quote.instrument.up(quote.ask, 1))
    order_id = client.place(orderType="STP", auxPrice=stop)
    assert await client.until(order_id, "PreSubmitted") == ["open PreSubmitted", "orde PreSubmitted"]
    assert client.heard[-1][1].text("whyHeld") == "trigger"
    while not gateway.ledger.executions:
        gateway.hub.advance()

    assert (await client.until(order_id, "Filled"))[:3] == ["open Submitted", "orde Submitted", "exec 100"]


async def test_an_order_without_transmit_is_silent_until_it_is_transmitted(
    gateway: PracticeGateway, connect: Connect
) -> None:
    client = await connect()
    order_id = client.place(transmit=False)
    client.ask(ask.OPEN_ORDERS)
    await client.wait_for("openOrderEnd")
    assert [message.name for message, _ in client.heard if message.name in {"openOrder", "orderStatus"}] == []
    assert [order.status for order in gateway.ledger.live_orders()] == [Status.HELD_BACK]
    client.place(order_id=order_id)

    assert (await client.until(order_id, "commission"))[:2] == ["open PreSubmitted", "orde PreSubmitted"]


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"orderType": "LMT", "lmtPrice": Decimal("233.333")}, 110),
        ({"orderType": "STP", "auxPrice": Decimal("233.333")}, 110),
        ({"orderType": "LMT"}, 321),
        ({"orderType": "STP"}, 321),
        ({"orderType": "STP LMT", "lmtPrice": FAR_BELOW}, 321),
        ({"orderType": "LMT", "lmtPrice": Decimal("Infinity")}, 110),
        ({"orderType": "LMT", "lmtPrice": Decimal("1e300")}, 110),
        ({"orderType": "LMT", "lmtPrice": Decimal(-5)}, 110),
        ({"totalQuantity": Decimal(0)}, 434),
        ({"totalQuantity": None}, 434),
        ({"totalQuantity": Decimal(-5)}, 321),
        ({"totalQuantity": Decimal("Infinity")}, 321),
        ({"totalQuantity": Decimal("1.5")}, 10243),
        ({"totalQuantity": None, "cashQty": Decimal(100)}, 10244),
        ({"totalQuantity": Decimal("1e300")}, 201),
        ({"action": "HOLD"}, 321),
        ({"action": "SSHORT"}, 321),
        ({"orderType": "BANANA"}, 321),
        ({"orderType": "TRAIL", "trailingPercent": Decimal(1)}, 387),
        ({"tif": "BANANA"}, 391),
        ({"account": "U7654321"}, 321),
        ({"conId": 1}, 200),
        ({"conId": 0, "symbol": "ZZZZ"}, 200),
        ({"conId": 0, "symbol": "ES", "secType": "FUT", "exchange": "CME"}, 200),
        ({"parentId": 77}, 201),
        ({"ocaGroup": "group"}, 201),
        ({"algoStrategy": "Adaptive"}, 439),
        ({"order_id": 0}, 321),
        ({"order_id": -3}, 321),
        ({"order_id": 1 << 31}, 321),
    ],
    ids=str,
)
async def test_refusals(gateway: PracticeGateway, connect: Connect, terms: dict[str, Value], code: int) -> None:
    client = await connect()
    given = dict(terms)
    order_id = given.pop("order_id", None)
    assert order_id is None or isinstance(order_id, int)
    placed = client.place(order_id=order_id, **given)

    refused = await client.wait_for("error", lambda error: error.integer("reqId") == placed)
    assert refused.integer("code") == code
    assert refused.text("text")
    assert gateway.ledger.orders == {}


async def test_an_order_beyond_the_margin_is_rejected_and_completed(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = client.place(totalQuantity=Decimal(50_000))

    assert await client.until(order_id, "Inactive") == ["error 201", "open Inactive", "orde Inactive"]
    error = next(record for message, record in client.heard if message.name == "error" and record["code"] == 201)
    assert "EQUITY WITH LOAN VALUE [1000000.00 USD] MUST EXCEED THE INITIAL MARGIN [29" in error.text("text")
    client.ask(ask.COMPLETED_ORDERS, apiOnly=False)
    completed = await client.wait_for("completedOrder")
    assert completed.text("status") == "Inactive"
    assert completed.text("completedStatus").startswith("Rejected by System")
    assert gateway.ledger.account.positions == {}


async def test_working_orders_count_for_the_margin(connect: Connect) -> None:
    client = await connect()
    first = client.place(orderType="LMT", lmtPrice=FAR_BELOW, totalQuantity=Decimal(12_000))
    await client.until(first, "Submitted")
    second = client.place(orderType="LMT", lmtPrice=FAR_BELOW, totalQuantity=Decimal(12_000))

    assert "error 201" in await client.until(second, "Inactive")


async def test_an_order_that_reduces_needs_no_margin(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    bought = client.place(totalQuantity=Decimal(12_000))
    await client.until(bought, "Filled")
    gateway.ledger.account.cash["USD"] -= 800_000
    sold = client.place(action="SELL", totalQuantity=Decimal(100))

    assert "orde Filled" in await client.until(sold, "commission")


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"lmtPrice": Decimal("100.001")}, 110),
        ({"lmtPrice": FAR_BELOW, "action": "SELL"}, 105),
        ({"lmtPrice": Decimal("1.00"), "conId": 4391, "symbol": "AMD"}, 105),
        ({"lmtPrice": FAR_BELOW, "totalQuantity": Decimal(500_000)}, 201),
        ({"lmtPrice": FAR_BELOW, "totalQuantity": Decimal(0)}, 434),
    ],
    ids=str,
)
async def test_a_refused_modification_restates_the_order_that_lives(
    gateway: PracticeGateway, connect: Connect, terms: dict[str, Value], code: int
) -> None:
    client = await connect()
    order_id = client.place(orderType="LMT", lmtPrice=FAR_BELOW)
    await client.until(order_id, "Submitted")
    client.place(order_id=order_id, orderType="LMT", **terms)

    assert await client.until(order_id, "Submitted") == [f"error {code}", "open Submitted", "orde Submitted"]
    restated = client.heard[-2][1]
    assert (restated.number("lmtPrice"), restated.number("totalQuantity")) == (FAR_BELOW, Decimal(100))
    assert restated.text("action") == "BUY"
    assert gateway.hub.desk.exchange.open_quantity(265598) == (100, 0)


async def test_ids_are_used_once(connect: Connect) -> None:
    client = await connect()
    filled = client.place()
    await client.until(filled, "commission")
    cancelled = client.place(orderType="LMT", lmtPrice=FAR_BELOW)
    await client.until(cancelled, "Submitted")
    client.ask(ask.CANCEL_ORDER, orderId=cancelled)
    await client.until(cancelled, "202")
    client.place(order_id=filled)
    client.place(order_id=cancelled)

    assert await client.until(filled, "104") == ["error 104"]
    assert await client.until(cancelled, "103") == ["error 103"]


async def test_cancels_that_come_too_late_or_for_nothing(connect: Connect) -> None:
    client = await connect()
    filled = client.place()
    await client.until(filled, "commission")
    client.ask(ask.CANCEL_ORDER, orderId=filled)
    client.ask(ask.CANCEL_ORDER, orderId=4711)

    assert await client.until(filled, "10148") == ["error 10148"]
    assert client.heard[-1][1].text("text").endswith("cannot be cancelled, state: Filled.")
    assert await client.until(4711, "10147") == ["error 10147"]


async def open_orders(client: RawClient, *, everyone: bool) -> list[Record]:
    """Return the open orders, one's own or everyone's."""
    client.ask(ask.ALL_OPEN_ORDERS if everyone else ask.OPEN_ORDERS)
    found: list[Record] = []
    while True:
        message, record = await client.read()
        if message.name == "openOrderEnd":
            return found
        if message.name == "openOrder":
            found.append(record)


async def test_orders_of_other_clients(connect: Connect) -> None:
    one, two = await connect(1), await connect(2)
    mine = one.place(orderType="LMT", lmtPrice=FAR_BELOW)
    await one.until(mine, "Submitted")

    assert await open_orders(two, everyone=False) == []
    [seen] = await open_orders(two, everyone=True)
    assert (seen.integer("orderId"), seen.integer("clientId")) == (mine, 1)
    two.ask(ask.CANCEL_ORDER, orderId=mine)
    assert await two.until(mine, "202") == ["orde PendingCancel", "orde Cancelled", "error 202"]
    assert await one.until(mine, "202") == ["orde PendingCancel", "orde Cancelled", "error 202"]
    assert client_ids(one)[-1] == 2


def client_ids(client: RawClient) -> list[int]:
    """Return the client ids of all statuses heard."""
    return [record.integer("clientId") for message, record in client.heard if message.name == "orderStatus"]


async def test_a_global_cancel_ends_the_orders_of_everyone(gateway: PracticeGateway, connect: Connect) -> None:
    one, two = await connect(1), await connect(2)
    first = one.place(orderType="LMT", lmtPrice=FAR_BELOW)
    second = two.place(action="SELL", orderType="LMT", lmtPrice=FAR_ABOVE)
    await one.until(first, "Submitted")
    await two.until(second, "Submitted")
    two.ask(ask.GLOBAL_CANCEL)

    await one.until(first, "202")
    await two.until(second, "202")
    assert gateway.ledger.live_orders() == []


async def test_order_ids_go_on_after_a_reconnect(connect: Connect) -> None:
    client = await connect(3)
    order_id = client.place(order_id=41)
    await client.until(order_id, "commission")
    await client.close()
    other = await connect(4)

    assert other.next_order_id == 1
    other.ask(ask.IDS, count=1)
    assert (await other.wait_for("nextValidId")).integer("orderId") == 1
    assert (await connect(3)).next_order_id == 42


async def test_auto_binding_is_for_client_zero(connect: Connect) -> None:
    zero, one = await connect(0), await connect(1)
    zero.ask(ask.AUTO_OPEN_ORDERS, bind=True)
    one.ask(ask.AUTO_OPEN_ORDERS, bind=True)

    assert (await one.wait_for("error", lambda error: error.integer("code") == 327)).integer("reqId") == -1
    zero.ask(ask.CURRENT_TIME)
    await zero.wait_for("currentTime")
    assert 327 not in {record.get("code") for _, record in zero.heard}


async def test_a_tick_of_a_hundredth_of_a_cent_below_one_dollar(connect: Connect) -> None:
    client = await connect()
    fine = client.place(TILRAY, orderType="LMT", lmtPrice=Decimal("0.5001"))
    await client.until(fine, "Submitted")
    coarse = client.place(TILRAY, action="SELL", orderType="LMT", lmtPrice=Decimal("1.5001"))

    assert await client.until(coarse, "110") == ["error 110"]
