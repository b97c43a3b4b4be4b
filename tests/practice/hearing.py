"""What a raw client heard about an order, and orders that are placed while a fault is armed."""

from __future__ import annotations

from decimal import Decimal

from core.practice import tables_in as ask
from core.practice.server import PracticeGateway
from core.practice.tables import Value
from tests.practice.raw_client import RawClient

FAR_BELOW = Decimal("100.00")
LIMIT: dict[str, Value] = {"orderType": "LMT", "lmtPrice": FAR_BELOW}


async def settled(client: RawClient) -> None:
    """Wait until everything that was under way to a client has come, late reports apart."""
    client.ask(ask.CURRENT_TIME)
    await client.wait_for("currentTime")


def said(client: RawClient, order_id: int) -> list[str]:
    """Return what was said about an order by itself so far, in short words."""
    words = []
    executions = set()
    for message, record in client.heard:
        if message.name == "execDetails" and record.integer("orderId") == order_id:
            executions.add(record.text("execId"))
            words.append("exec")
        elif message.name == "commissionReport" and record.text("execId") in executions:
            words.append("commission")
        elif message.name == "error" and record.integer("reqId") == order_id:
            words.append(str(record.integer("code")))
        elif message.name in {"openOrder", "orderStatus"} and record.integer("orderId") == order_id:
            words.append(f"{message.name[:4]} {record.text('status')}")
    return words


async def order_with(gateway: PracticeGateway, client: RawClient, fault: str, **terms: Value) -> int:
    """Place an order with a fault armed, wait for its immediate reports."""
    gateway.arm(fault)
    order_id = client.place_terms(terms)
    await settled(client)
    return order_id
