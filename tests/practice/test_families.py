"""Orders that belong together: brackets, OCA groups, and what one of them does to the others."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from core.practice import tables_in as ask
from core.practice.tables import Value
from tests.practice.conftest import OPTIONS
from tests.practice.raw_client import AMD, RawClient
from tests.practice.stage import TEN, Stage, heard, last


def bracket(client: RawClient, quantity: int = 100, **parent: Value) -> tuple[int, int, int]:
    """Place an entry at 99.50 with a target at 101.00 and a stop at 99.00; returns their ids."""
    size = Decimal(quantity)
    terms: dict[str, Value] = {"orderType": "LMT", "lmtPrice": Decimal("99.50"), **parent}
    entry = client.place_terms({"totalQuantity": size, "transmit": False, **terms})
    target = client.place(
        action="SELL",
        totalQuantity=size,
        orderType="LMT",
        lmtPrice=Decimal("101.00"),
        parentId=entry,
        transmit=False,
    )
    stop = client.place(action="SELL", totalQuantity=size, orderType="STP", auxPrice=Decimal("99.00"), parentId=entry)
    return entry, target, stop


async def test_a_bracket_is_silent_until_its_last_order_comes(client: RawClient) -> None:
    client.place(orderType="LMT", lmtPrice=Decimal("99.50"), transmit=False)
    client.place(action="SELL", orderType="LMT", lmtPrice=Decimal("101.00"), parentId=1, transmit=False)
    assert await heard(client) == []

    client.place(action="SELL", orderType="STP", auxPrice=Decimal("99.00"), parentId=1)
    assert await heard(client) == [
        "1 PreSubmitted",
        "1 Submitted",
        "2 PreSubmitted child",
        "3 PreSubmitted child,trigger",
    ]
    entry = last(client, "openOrder", 1)
    for child in (last(client, "openOrder", 2), last(client, "openOrder", 3)):
        assert (child.integer("parentId"), child.integer("ocaType")) == (1, 3)
        assert child.text("ocaGroup") == str(entry.integer("permId"))
    assert entry.text("ocaGroup") == ""


async def test_a_parent_sent_on_alone_leaves_its_children_behind(stage: Stage, client: RawClient) -> None:
    terms: dict[str, Value] = {"orderType": "LMT", "lmtPrice": Decimal("99.50")}
    client.place_terms({**terms, "transmit": False})
    child: dict[str, Value] = {"action": "SELL", "orderType": "LMT", "lmtPrice": Decimal("101.00"), "parentId": 1}
    client.place_terms({**child, "transmit": False})
    client.place_terms(terms, order_id=1)
    assert await heard(client) == ["1 PreSubmitted", "1 Submitted"]
    stage.move(99_4900)
    assert await heard(client) == ["1 exec 100 99.5", "1 Filled"]
    client.place_terms(child, order_id=2)

    assert await heard(client) == ["2 PreSubmitted", "2 Submitted"]


async def test_the_target_of_a_bracket_cancels_the_stop(stage: Stage, client: RawClient) -> None:
    bracket(client)
    await heard(client)
    stage.move(99_4900)
    assert await heard(client) == [
        "1 exec 100 99.5",
        "1 Filled",
        "2 Submitted",
        "3 PreSubmitted trigger",
    ]

    stage.move(101_0000)
    assert await heard(client) == ["2 exec 100 101", "2 Filled", "3 Cancelled", "3 error 202"]
    assert stage.gateway.ledger.account.positions[265598].quantity == 0


async def test_the_stop_of_a_bracket_cancels_the_target(stage: Stage, client: RawClient) -> None:
    bracket(client)
    await heard(client)
    stage.move(99_4900)
    await heard(client)
    stage.move(98_9900, 100, buys=False)

    words = await heard(client)
    assert words == ["3 Submitted", "3 exec 100 98.99", "3 Filled", "2 Cancelled", "2 error 202"]
    assert not stage.gateway.hub.desk.busy


async def test_children_work_as_far_as_the_parent_filled(stage: Stage, client: RawClient) -> None:
    bracket(client)
    await heard(client)
    stage.move(99_4900, shown=30)
    assert await heard(client) == [
        "1 exec 30 99.5",
        "1 Submitted",
        "2 Submitted",
        "3 PreSubmitted trigger",
    ]
    stage.move(101_0000)
    assert await heard(client) == ["2 exec 30 101", "2 Submitted", "3 PreSubmitted trigger"]
    assert last(client, "openOrder", 3).number("totalQuantity") == 70
    client.ask(ask.CANCEL_ORDER, orderId=1)

    words = await heard(client)
    assert words[:3] == ["1 PendingCancel", "1 Cancelled", "1 error 202"]
    assert words[3:] == ["2 Cancelled", "2 error 202", "3 Cancelled", "3 error 202"]
    assert stage.gateway.ledger.account.positions[265598].quantity == 0


async def test_the_end_of_a_parent_that_never_filled_takes_its_children_along(client: RawClient) -> None:
    bracket(client)
    await heard(client)
    client.ask(ask.CANCEL_ORDER, orderId=1)

    assert await heard(client) == [
        "1 PendingCancel",
        "1 Cancelled",
        "1 error 202",
        "2 Cancelled",
        "2 error 202",
        "3 Cancelled",
        "3 error 202",
    ]


async def test_a_rejected_parent_takes_its_children_along(stage: Stage, client: RawClient) -> None:
    bracket(client, 1_000_000)

    words = await heard(client)
    assert words[:2] == ["1 error 201", "1 Inactive"]
    assert {word for word in words if word.endswith("Cancelled")} == {"2 Cancelled", "3 Cancelled"}
    assert stage.gateway.ledger.live_orders() == []


async def test_a_child_alone_may_be_cancelled_and_its_parent_stays(client: RawClient) -> None:
    bracket(client)
    await heard(client)
    client.ask(ask.CANCEL_ORDER, orderId=3)

    assert await heard(client) == ["3 PendingCancel child,trigger", "3 Cancelled", "3 error 202"]


async def test_a_child_may_take_its_parent_along(client: RawClient) -> None:
    entry = client.place(orderType="LMT", lmtPrice=Decimal("99.50"), transmit=False)
    client.place(action="SELL", orderType="LMT", lmtPrice=Decimal("101.00"), parentId=entry, autoCancelParent=True)
    await heard(client)
    client.ask(ask.CANCEL_ORDER, orderId=2)

    assert (await heard(client))[-2:] == ["1 Cancelled", "1 error 202"]


async def test_a_child_whose_parent_ended_is_refused(stage: Stage, client: RawClient) -> None:
    await client.until(client.place(), "commission")
    client.place(action="SELL", orderType="LMT", lmtPrice=Decimal("101.00"), parentId=1)

    assert await heard(client) == ["2 error 10006"]
    assert len(stage.gateway.ledger.orders) == 1


async def test_a_child_may_be_changed_with_its_group_named_or_not_but_not_into_another(client: RawClient) -> None:
    _, target, _ = bracket(client)
    await heard(client)
    terms: dict[str, Value] = {"action": "SELL", "orderType": "LMT", "parentId": 1}
    client.place_terms({**terms, "lmtPrice": Decimal("101.50")}, order_id=target)
    assert await heard(client) == ["2 PreSubmitted child"]
    group = last(client, "openOrder", target).text("ocaGroup")
    client.place_terms({**terms, "lmtPrice": Decimal("102.00"), "ocaGroup": group, "ocaType": 3}, order_id=target)
    assert await heard(client) == ["2 PreSubmitted child"]
    client.place_terms({**terms, "lmtPrice": Decimal("103.00"), "ocaGroup": "other"}, order_id=target)
    assert await heard(client) == ["2 error 10326", "2 PreSubmitted child"]
    assert last(client, "openOrder", target).number("lmtPrice") == Decimal("102.00")
    client.place_terms({**terms, "lmtPrice": Decimal("103.00"), "parentId": 0}, order_id=target)
    assert await heard(client) == ["2 error 10341", "2 PreSubmitted child"]


def group(client: RawClient, oca_type: int, *sizes: int) -> list[int]:
    """Place buy limits of one group at 99.50, 99.40 and so on."""
    return [
        client.place(
            orderType="LMT",
            lmtPrice=Decimal("99.50") - Decimal("0.1") * place,
            totalQuantity=Decimal(size),
            ocaGroup="group",
            ocaType=oca_type,
        )
        for place, size in enumerate(sizes)
    ]


@pytest.mark.parametrize(
    ("oca_type", "after"),
    [
        (1, ["2 Cancelled", "2 error 202", "1 exec 40 99.5", "1 Submitted"]),
        (2, ["1 exec 40 99.5", "1 Submitted", "2 Submitted"]),
        (3, ["1 exec 40 99.5", "1 Submitted", "2 Submitted"]),
    ],
)
async def test_a_partial_fill_cancels_or_reduces_the_rest_of_a_group(
    stage: Stage, client: RawClient, oca_type: int, after: list[str]
) -> None:
    group(client, oca_type, 100, 200)
    await heard(client)
    stage.move(99_4900, shown=40)

    assert sorted(await heard(client)) == sorted(after)
    if oca_type != 1:
        assert last(client, "openOrder", 2).number("totalQuantity") == 120
        assert last(client, "orderStatus", 2).number("remaining") == 120
        assert stage.gateway.hub.desk.exchange.open_quantity(265598, "DU1234567") == (120, 0)


@pytest.mark.parametrize("oca_type", [1, 2, 3])
async def test_a_complete_fill_ends_the_rest_of_a_group(stage: Stage, client: RawClient, oca_type: int) -> None:
    group(client, oca_type, 100, 200, 300)
    await heard(client)
    stage.move(99_0000)

    words = await heard(client)
    assert words[:2] == ["1 exec 100 99.5", "1 Filled"]
    assert {"2 Cancelled", "2 error 202", "3 Cancelled", "3 error 202"} == set(words[2:])
    assert stage.gateway.ledger.account.positions[265598].quantity == 100


async def test_a_group_spans_instruments_and_clients(stage: Stage, client: RawClient) -> None:
    other = await RawClient.connect(stage.gateway.port, 2)
    other.place(AMD, orderType="LMT", lmtPrice=Decimal("100.00"), ocaGroup="group", ocaType=1)
    await heard(other)
    client.place(ocaGroup="group", ocaType=1)
    await client.until(1, "commission")

    assert await heard(other) == ["1 Cancelled", "1 error 202"]
    await other.close()


async def test_the_group_of_a_working_order_stays(client: RawClient) -> None:
    group(client, 2, 100)
    await heard(client)
    terms: dict[str, Value] = {"orderType": "LMT", "lmtPrice": Decimal("99.00")}
    client.place_terms({**terms, "ocaGroup": "group", "ocaType": 1}, order_id=1)
    assert await heard(client) == ["1 error 10327", "1 Submitted"]
    client.place_terms(terms, order_id=1)
    assert await heard(client) == ["1 error 10326", "1 Submitted"]


async def test_a_target_and_a_stop_of_a_long_position_need_no_margin_of_their_own(
    stage: Stage, client: RawClient
) -> None:
    await client.until(client.place(totalQuantity=Decimal(20_000), orderType="LMT", lmtPrice=Decimal(101)), "Submitted")
    while stage.gateway.ledger.account.positions[265598].quantity < 20_000:
        stage.move(100_0000, shown=20_000)
    await heard(client)
    exits: tuple[dict[str, Value], ...] = (
        {"orderType": "LMT", "lmtPrice": Decimal(105)},
        {"orderType": "STP", "auxPrice": Decimal(95)},
    )
    for terms in exits:
        client.place_terms({**terms, "action": "SELL", "totalQuantity": Decimal(20_000), "ocaGroup": "exit"})

    assert (await heard(client))[-1] == "3 PreSubmitted trigger"


async def test_a_family_and_a_group_go_on_after_a_restart(tmp_path: Path) -> None:
    options = replace(OPTIONS, state=tmp_path)
    async with Stage.raised(options, TEN) as first:
        client = await RawClient.connect(first.gateway.port)
        bracket(client)
        await heard(client)
        first.move(99_4900, shown=40)
        await heard(client)
        await client.close()
    async with Stage.raised(options, TEN) as second:
        client = await RawClient.connect(second.gateway.port)
        second.move(99_4900, shown=60)
        assert await heard(client) == ["1 exec 60 99.5", "1 Filled"]
        second.move(98_0000, 100, buys=False)
        words = await heard(client)
        assert words == ["3 Submitted", "3 exec 100 98", "3 Filled", "2 Cancelled", "2 error 202"]
        await client.close()
