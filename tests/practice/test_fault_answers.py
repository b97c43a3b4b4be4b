"""Faults of what a gateway answers: refusals, identities, missing and broken messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from core.practice import tables_in as ask
from core.practice.server import PracticeGateway
from core.practice.spoil import HOSTILE
from core.practice.tables import Record
from tests.practice.conftest import Connect, Login
from tests.practice.hearing import FAR_BELOW, LIMIT, order_with, said, settled
from tests.practice.raw_client import AAPL, RawClient, details


def limits(gateway: PracticeGateway) -> list[Decimal]:
    """Return the limit prices of the live orders."""
    return [order.instrument.price(order.terms.limit or 0) for order in gateway.ledger.live_orders()]


async def test_the_preset_time_in_force_is_an_error_that_ends_nothing(
    gateway: PracticeGateway, connect: Connect
) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "tif-preset", **LIMIT, tif="")
    with_tif = client.place_terms(LIMIT)
    await settled(client)

    assert "10349" in said(client, order_id)
    assert "10349" not in said(client, with_tif)
    assert [order.order_id for order in gateway.ledger.live_orders()] == [order_id, with_tif]


async def test_a_change_that_is_refused(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "modify-refused*1", **LIMIT)
    before = len(said(client, order_id))
    client.place(order_id=order_id, orderType="LMT", lmtPrice=Decimal("101.00"))
    await settled(client)

    assert said(client, order_id)[before:] == ["201", "open Submitted", "orde Submitted"]
    assert client.heard[-3][1].number("lmtPrice") == FAR_BELOW
    client.place(order_id=order_id, orderType="LMT", lmtPrice=Decimal("101.00"))
    await settled(client)
    assert limits(gateway) == [Decimal("101.00")]


@pytest.mark.parametrize("code", [161, 10147, 10148])
async def test_a_cancel_that_is_refused(gateway: PracticeGateway, connect: Connect, code: int) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, f"cancel-refused={code}*1", **LIMIT)
    client.ask(ask.CANCEL_ORDER, orderId=order_id)
    await settled(client)

    assert said(client, order_id)[-1] == str(code)
    assert [order.order_id for order in gateway.ledger.live_orders()] == [order_id]
    client.ask(ask.CANCEL_ORDER, orderId=order_id)
    assert "orde Cancelled" in await client.until(order_id, "202")


@pytest.mark.parametrize("code", [103, 201, 399, 404, 2109, 10311, 10328])
async def test_an_error_about_an_order_that_lives_on(gateway: PracticeGateway, connect: Connect, code: int) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, f"order-error={code}", **LIMIT)

    words = said(client, order_id)
    assert words.index("open PreSubmitted") < words.index(str(code))
    assert [order.order_id for order in gateway.ledger.live_orders()] == [order_id]


async def test_a_size_that_is_cut(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "size-reduced=40*1", **LIMIT)
    client.ask(ask.OPEN_ORDERS)
    opened = await client.wait_for("openOrder")

    assert "481" in said(client, order_id)
    assert opened.number("totalQuantity") == 40


async def test_an_order_that_is_said_to_be_held(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "inactive=locate*1", **LIMIT)
    statuses = {word for word in said(client, order_id) if word.startswith("orde")}
    client.ask(ask.OPEN_ORDERS)
    status = await client.wait_for("orderStatus")
    assert statuses == {"orde Inactive"}
    assert (status.text("status"), status.text("whyHeld")) == ("Inactive", "locate")

    client.ask(ask.CANCEL_ORDER, orderId=order_id)
    assert "orde Cancelled" in await client.until(order_id, "202")


async def test_an_attached_order_that_is_refused(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    parent = client.place_terms({**LIMIT, "transmit": False})
    child = await order_with(gateway, client, "child-refused", **LIMIT, action="SELL", parentId=parent)

    assert said(client, child) == ["10006"]


async def test_a_limit_that_is_capped(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "price-capped=10*1", **LIMIT)

    assert said(client, order_id)[-1] == "202"
    assert limits(gateway) == [(FAR_BELOW * 90 / 100).quantize(Decimal("0.01"))]


async def test_an_assignment_changes_a_position_without_a_fill(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    await client.until(client.place(), "commission")
    gateway.arm("assignment=50*1")
    client.ask(ask.POSITIONS)
    await client.wait_for("positionEnd")

    told = [record.number("position") for message, record in client.heard if message.name == "position"]
    assert told == [gateway.ledger.executions[0].shares + 50]
    assert len(gateway.ledger.executions) == 1


async def test_an_id_used_again_is_another_order(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = client.place()
    await client.until(order_id, "commission")
    gateway.arm("id-reuse*1")
    client.place(order_id=order_id)
    await client.until(order_id, "commission")
    client.place(order_id=order_id)

    assert await client.until(order_id, "104") == ["error 104"]
    first, second = gateway.ledger.orders.values()
    assert first.order_id == second.order_id == order_id
    assert first.perm_id != second.perm_id


async def test_a_change_that_opens_a_second_order(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "duplicate-live*1", **LIMIT, orderRef="mine")
    client.place(order_id=order_id, orderType="LMT", lmtPrice=Decimal("101.00"), orderRef="mine")
    client.ask(ask.OPEN_ORDERS)
    await client.wait_for("openOrderEnd")

    assert limits(gateway) == [FAR_BELOW, Decimal("101.00")]
    assert len({record.integer("permId") for message, record in client.heard if message.name == "openOrder"}) == 2


async def test_ids_that_roll_back(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    for _ in range(6):
        client.place_terms(LIMIT)
    gateway.arm("next-id-rollback=4*1")
    client.ask(ask.IDS, count=1)
    client.ask(ask.IDS, count=1)

    following = [(await client.wait_for("nextValidId")).integer("orderId") for _ in range(2)]
    assert following == [3, 7]


async def test_an_id_that_is_said_to_be_in_use(gateway: PracticeGateway, login: Login) -> None:
    gateway.arm("id-in-use*1")
    client = await RawClient.open(gateway.port)
    client.write(b"API\0" + (9).to_bytes(4, "big") + b"v157..178")
    await client.read_fields()
    client.ask(ask.START_API, clientId=5)

    assert (await client.wait_for("error")).integer("code") == 326
    assert await client.ended()
    assert (await login(5)).isConnected()


async def test_accounts_of_another_login(gateway: PracticeGateway, connect: Connect) -> None:
    gateway.arm("managed-accounts=DU1234567,U7654321")

    assert (await connect()).accounts == "DU1234567,U7654321"


async def test_an_error_text_that_attacks_the_terminal(gateway: PracticeGateway, connect: Connect) -> None:
    gateway.arm("hostile-text")
    client = await connect()
    order_id = client.place(totalQuantity=Decimal(0))
    error = await client.wait_for("error", lambda error: error.integer("reqId") == order_id)

    assert "\x1b]52;" in error.text("text")
    assert "[@click=" in error.text("text")


async def test_names_and_headlines_that_attack_the_terminal(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    gateway.arm("hostile-text")
    (found,) = await details(client, AAPL)

    assert HOSTILE in found.text("longName")
    client.ask(ask.MATCHING_SYMBOLS, reqId=7, pattern="AAPL")
    samples = await client.wait_for("symbolSamples")
    assert all(row.text("description").startswith(HOSTILE) for row in samples.rows("samples"))


@pytest.mark.parametrize(
    ("wrong", "holds"),
    [
        ("crossed", lambda bid, ask: bid > ask),
        ("zero", lambda bid, ask: bid == ask == 0),
        ("minus", lambda bid, ask: bid == ask == -1),
        ("nan", lambda bid, ask: bid.is_nan() and ask.is_nan()),
    ],
)
async def test_quotes_that_nobody_may_trade_on(
    gateway: PracticeGateway, connect: Connect, wrong: str, holds: Callable[[Decimal, Decimal], bool]
) -> None:
    client = await connect()
    gateway.arm(f"bad-quote={wrong}")
    client.ask(ask.MARKET_DATA, **AAPL, reqId=1)
    prices: dict[str, Decimal] = {}
    while not {"1", "2"} <= set(prices):
        fields = await client.read_fields()
        if fields[0] == "1":
            prices[fields[3]] = Decimal(fields[4])

    assert holds(prices["1"], prices["2"])


async def test_a_completed_order_that_says_nothing_was_filled(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    await client.until(client.place(), "commission")
    gateway.arm("completed-unfilled")
    client.ask(ask.COMPLETED_ORDERS, apiOnly=False)

    assert (await client.wait_for("completedOrder")).number("filledQuantity") == 0


async def test_a_what_if_that_is_never_answered(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "lost-what-if*1", **LIMIT, whatIf=True)
    assert said(client, order_id) == []
    assert gateway.ledger.orders == {}

    client.place_terms({**LIMIT, "whatIf": True}, order_id=order_id)
    assert (await client.wait_for("openOrder")).flag("whatIf")


async def test_an_order_cancelled_at_tws_itself(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = client.place_terms(LIMIT)
    await settled(client)
    gateway.cancel_outside(gateway.ledger.live_orders()[0])

    assert "orde Cancelled" in await client.until(order_id, "202")


async def test_a_position_that_comes_without_an_execution(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    client.ask(ask.POSITIONS)
    await client.wait_for("positionEnd")
    cash = dict(gateway.ledger.account.cash)
    gateway.transfer(265598, -300)

    assert (await client.wait_for("position")).number("position") == -300
    assert gateway.ledger.executions == []
    assert gateway.ledger.account.cash == cash


async def test_a_word_about_anything(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    gateway.say(10197, "No market data during competing live session", 7)
    error = await client.wait_for("error", lambda error: error.integer("code") == 10197)

    assert error.integer("reqId") == 7


@pytest.mark.parametrize(
    ("name", "asks"),
    [
        ("openOrderEnd", lambda client: client.ask(ask.OPEN_ORDERS)),
        ("positionEnd", lambda client: client.ask(ask.POSITIONS)),
        ("completedOrdersEnd", lambda client: client.ask(ask.COMPLETED_ORDERS, apiOnly=False)),
        ("execDetailsEnd", lambda client: client.ask(ask.EXECUTIONS, reqId=3)),
    ],
)
async def test_an_end_that_is_missing(
    gateway: PracticeGateway, connect: Connect, name: str, asks: Callable[[RawClient], None]
) -> None:
    client = await connect()
    gateway.arm(f"no-message={name}*1")
    asks(client)
    await settled(client)
    assert name not in [message.name for message, _ in client.heard]

    asks(client)
    assert isinstance(await client.wait_for(name), Record)


async def test_a_frame_without_its_last_field(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    gateway.arm("bad-frame=currentTime*1")
    client.ask(ask.CURRENT_TIME)
    fields = await client.read_fields()
    while fields[0] != "49":
        fields = await client.read_fields()

    assert fields == ["49", "1"]


async def test_a_message_that_nobody_knows(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    gateway.arm("unknown-message*1")
    client.ask(ask.CURRENT_TIME)
    fields = await client.read_fields()
    while fields[0] != "999":
        fields = await client.read_fields()

    assert (await client.read_fields())[0] == "49"


async def test_a_length_that_no_frame_has(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    await client.wait_for("error", lambda error: error.integer("code") == 2158)
    gateway.arm("huge-frame*1")
    client.ask(ask.CURRENT_TIME)
    async with asyncio.timeout(5):
        assert await client.reader.readexactly(4) == b"\xff\xff\xff\xff"
