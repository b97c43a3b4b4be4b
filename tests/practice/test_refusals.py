"""Orders, changes and cancels that the gateway refuses, with IBKR's codes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.practice import tables_in as ask
from core.practice.server import PracticeGateway
from core.practice.tables import Record, Value
from tests.practice.conftest import Connect
from tests.practice.raw_client import TILRAY

FAR_BELOW = Decimal("100.00")


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
        ({"orderType": "VOL"}, 387),
        ({"orderType": "TRAIL"}, 158),
        ({"orderType": "TRAIL", "trailingPercent": Decimal(100)}, 159),
        ({"orderType": "TRAIL", "auxPrice": Decimal("0.005")}, 110),
        ({"orderType": "TRAIL LIMIT", "auxPrice": Decimal(1)}, 321),
        ({"orderType": "TRAIL LIMIT", "auxPrice": Decimal(1), "lmtPrice": FAR_BELOW}, 321),
        ({"orderType": "REL"}, 158),
        ({"orderType": "REL", "percentOffset": Decimal(2)}, 159),
        ({"orderType": "MIT"}, 321),
        ({"orderType": "LOC"}, 321),
        ({"orderType": "MOC", "tif": "GTC"}, 113),
        ({"orderType": "STP", "auxPrice": FAR_BELOW, "tif": "OPG"}, 111),
        ({"orderType": "PEG MID", "tif": "IOC"}, 111),
        ({"orderType": "MIDPRICE", "conId": 12087792, "symbol": "EUR", "secType": "CASH", "exchange": "IDEALPRO"}, 387),
        ({"tif": "BANANA"}, 321),
        ({"tif": "GTD"}, 334),
        ({"tif": "GTD", "goodTillDate": "20200101 10:00:00 UTC"}, 334),
        ({"tif": "GTD", "goodTillDate": "tomorrow"}, 343),
        ({"goodAfterTime": "20991301 10:00:00"}, 343),
        ({"goodAfterTime": "20991201 10:00:00 Mars/Olympus"}, 343),
        ({"triggerMethod": 5}, 146),
        ({"ocaGroup": "group", "ocaType": 4}, 321),
        ({"displaySize": 100}, 10020),
        ({"displaySize": 10, "discretionaryAmt": Decimal(1), "orderType": "LMT", "lmtPrice": FAR_BELOW}, 157),
        ({"discretionaryAmt": Decimal(1)}, 325),
        ({"minQty": 101}, 321),
        ({"hedgeType": "D"}, 10007),
        ({"scalePriceIncrement": Decimal("0.01")}, 201),
        ({"adjustedOrderType": "TRAIL", "orderType": "STP", "auxPrice": FAR_BELOW}, 364),
        ({"adjustedOrderType": "STP", "orderType": "STP", "auxPrice": FAR_BELOW}, 362),
        ({"whatIf": True, "transmit": False}, 413),
        ({"conditions": [Record(condType=9)]}, 321),
        ({"conditions": [Record(condType=1, price=Decimal(1))]}, 147),
        ({"conditions": [Record(condType=1, conId=4, price=Decimal(1))]}, 147),
        ({"conditions": [Record(condType=1, conId=265598, price=Decimal(1), triggerMethod=6)]}, 146),
        ({"conditions": [Record(condType=3, time="soon")]}, 343),
        ({"conditions": [Record(condType=5, symbol="AAPL")]}, 147),
        ({"account": "U7654321"}, 321),
        ({"conId": 1}, 200),
        ({"conId": 0, "symbol": "ZZZZ"}, 200),
        ({"conId": 0, "symbol": "ES", "secType": "FUT", "exchange": "CME"}, 200),
        ({"parentId": 77}, 10006),
        ({"algoStrategy": "Banana"}, 439),
        ({"algoStrategy": "Adaptive", "orderType": "MOC"}, 442),
        ({"algoStrategy": "Adaptive", "algoParams": [Record(tag="speed", value="1")]}, 443),
        ({"algoStrategy": "Adaptive", "algoParams": [Record(tag="adaptivePriority", value="Now")]}, 441),
        ({"algoStrategy": "PctVol"}, 441),
        ({"algoStrategy": "PctVol", "algoParams": [Record(tag="pctVol", value="0.9")]}, 441),
        ({"algoStrategy": "Twap", "algoParams": [Record(tag="endTime", value="20200101 10:00:00 UTC")]}, 441),
        ({"algoStrategy": "Vwap", "algoParams": [Record(tag="startTime", value="later")]}, 441),
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
    placed = client.place_terms(given, order_id=order_id)

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
    client.place_terms({"orderType": "LMT", **terms}, order_id=order_id)

    assert await client.until(order_id, "Submitted") == [f"error {code}", "open Submitted", "orde Submitted"]
    restated = client.heard[-2][1]
    assert (restated.number("lmtPrice"), restated.number("totalQuantity")) == (FAR_BELOW, Decimal(100))
    assert restated.text("action") == "BUY"
    assert gateway.hub.desk.exchange.open_quantity(265598, "DU1234567") == (100, 0)


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


async def test_a_tick_of_a_hundredth_of_a_cent_below_one_dollar(connect: Connect) -> None:
    client = await connect()
    fine = client.place(TILRAY, orderType="LMT", lmtPrice=Decimal("0.5001"))
    await client.until(fine, "Submitted")
    coarse = client.place(TILRAY, action="SELL", orderType="LMT", lmtPrice=Decimal("1.5001"))

    assert await client.until(coarse, "110") == ["error 110"]
