"""The life of orders as a client hears it: event orders of real gateways, refusals with IBKR's codes."""

from __future__ import annotations

from decimal import Decimal

from core.practice import tables_in as ask
from core.practice.orders import Status
from core.practice.server import PracticeGateway
from core.practice.tables import Record, Value
from tests.practice.conftest import Connect
from tests.practice.raw_client import RawClient

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
    order_id = client.place_terms(terms)
    await client.until(order_id, "Submitted")
    [order] = gateway.ledger.live_orders()
    order.ahead = 7
    client.place_terms({**terms, "totalQuantity": Decimal(50)}, order_id=order_id)
    await client.until(order_id, "Submitted")
    assert order.ahead == 7
    client.place_terms({**terms, "totalQuantity": Decimal(60)}, order_id=order_id)
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
