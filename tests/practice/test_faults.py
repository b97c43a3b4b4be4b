"""Arming faults, and what each of them does to the reports of an order."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.practice import tables_in as ask
from core.practice.faults import FAULTS, FaultError, Faults
from core.practice.server import PracticeGateway
from tests.practice.conftest import Connect
from tests.practice.hearing import LIMIT, order_with, said


def test_a_fault_happens_until_disarmed_or_as_often_as_was_said() -> None:
    faults = Faults(["late-exec", "duplicate=3*2"])

    assert [faults.take("late-exec") for _ in range(3)] == ["0.5"] * 3
    assert [faults.take("duplicate") for _ in range(3)] == ["3", "3", None]
    assert faults.armed("late-exec") == "0.5"
    faults.disarm("late-exec")
    assert not faults
    assert faults.take("late-exec") is faults.armed("late-exec") is None


@pytest.mark.parametrize(
    "text", ["", "sunshine", "late-exec=", "late-exec=soon", "duplicate=1", "link-lost=1", "LATE-EXEC", "late-exec*0"]
)
def test_what_is_no_fault_is_refused(text: str) -> None:
    with pytest.raises(FaultError):
        Faults([text])


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_can_be_armed_with_its_own_argument(name: str) -> None:
    faults = Faults([name])

    assert faults.take(name) == FAULTS[name].default
    assert Faults([f"{name}={FAULTS[name].default}*1"]).armed(name) == FAULTS[name].default
    assert FAULTS[name].says


async def test_late_executions_follow_the_status(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "late-exec=0.05*1")
    assert "exec" not in said(client, order_id)
    assert said(client, order_id)[-1] == "orde Filled"

    await client.until(order_id, "commission")
    assert said(client, order_id)[-2:] == ["exec", "commission"]


async def test_late_commissions(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "late-commission=0.05*1")
    assert "exec" in said(client, order_id)
    assert "commission" not in said(client, order_id)

    await client.wait_for("commissionReport")
    assert said(client, order_id)[-1] == "commission"


@pytest.mark.parametrize(
    ("fault", "missing"),
    [("no-commission", "commission"), ("no-order-status", "orde"), ("no-open-order", "open"), ("silent-order", "")],
)
async def test_reports_that_never_come(gateway: PracticeGateway, connect: Connect, fault: str, missing: str) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, fault)

    kinds = {word.split()[0] for word in said(client, order_id)}
    assert kinds == ({"open", "orde", "exec", "commission"} - {missing} if missing else set())
    assert gateway.ledger.account.positions[265598].quantity == 100
    client.ask(ask.EXECUTIONS, reqId=9)
    assert (await client.wait_for("execDetails")).integer("orderId") == order_id


async def test_one_status_that_never_comes(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "no-order-status=Filled")

    statuses = [word for word in said(client, order_id) if word.startswith("orde")]
    assert statuses
    assert "orde Filled" not in statuses


async def test_an_order_that_is_lost(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "lost-order*1")

    assert said(client, order_id) == []
    assert gateway.ledger.orders == {}
    assert "orde Filled" in await client.until(client.place(), "commission")


async def test_reports_that_come_thrice(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "duplicate=3")

    words = said(client, order_id)
    assert {words.count(word) % 3 for word in words} == {0}
    assert words.count("exec") == 3


async def test_executions_before_everything(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "shuffle")
    await client.wait_for("openOrder", lambda record: record.text("status") == "Filled")

    words = said(client, order_id)
    assert words[0] == "exec"
    assert words.index("commission") < words.index("orde Filled") < words.index("open Filled")


async def test_a_late_submitted_after_filled(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "late-submitted=0.03*1")
    record = await client.wait_for("orderStatus", lambda status: status.text("status") == "Submitted")

    assert said(client, order_id)[-1] == "orde Submitted"
    assert "orde Filled" in said(client, order_id)
    assert (record.number("filled"), record.number("remaining")) == (Decimal(0), Decimal(100))


async def test_an_execution_is_corrected(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "exec-correction*1")
    wrong, right = [record for message, record in client.heard if message.name == "execDetails"]
    (commission,) = [record for message, record in client.heard if message.name == "commissionReport"]
    client.heard.clear()
    client.ask(ask.EXECUTIONS, reqId=9)
    await client.wait_for("execDetailsEnd")
    asked = [record for message, record in client.heard if message.name == "execDetails"]

    assert wrong.text("execId").endswith(".01")
    assert right.text("execId") == wrong.text("execId")[:-3] + ".02" == commission.text("execId")
    assert wrong.number("price") == (right.number("price") or 0) + Decimal("0.01")
    assert right.number("price") == gateway.ledger.executions[0].price
    assert [(record.integer("orderId"), record.text("execId")) for record in asked] == [
        (order_id, right.text("execId"))
    ]


async def test_a_fill_after_the_cancel_was_confirmed(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    order_id = await order_with(gateway, client, "fill-after-cancel*1", **LIMIT)
    client.ask(ask.CANCEL_ORDER, orderId=order_id)
    await client.until(order_id, "commission")

    words = said(client, order_id)
    assert words.index("orde Cancelled") < words.index("202") < words.index("exec") < words.index("orde Filled")
    assert gateway.ledger.account.positions[265598].quantity == 100


async def test_a_fill_that_is_too_large(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    await order_with(gateway, client, "overfill=5*1")
    fills = [record.number("shares") or Decimal(0) for message, record in client.heard if message.name == "execDetails"]
    *_, status = [record for message, record in client.heard if message.name == "orderStatus"]

    assert sum(fills) == status.number("filled") == Decimal(105)
    assert (status.text("status"), status.number("remaining")) == ("Filled", Decimal(0))
    assert gateway.ledger.account.positions[265598].quantity == 105


async def test_an_execution_in_a_zone_that_nobody_knows(gateway: PracticeGateway, connect: Connect) -> None:
    client = await connect()
    await order_with(gateway, client, "exec-zone")
    (live,) = [record for message, record in client.heard if message.name == "execDetails"]
    client.ask(ask.EXECUTIONS, reqId=9)
    asked = await client.wait_for("execDetails", lambda record: record.integer("reqId") == 9)

    assert live.text("time").endswith(" Central European Standard Time")
    assert asked.text("time") == live.text("time")
