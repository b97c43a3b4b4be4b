"""The integration of the document "Order Execution System": a strategy and the order plane on one bus.

Both run in this process here. For processes of their own, and other hosts, use `RedisBus` and `RedisStrategy` and start
`ibdesk order-plane`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

from core.api import DeskClient, ensure_connected
from core.domain.orders import Side
from core.domain.published import PublishedStatus
from core.orderplane.contracts import ExecutionReport, IntentType, OrderIntent
from core.orderplane.memory_bus import MemoryHub
from core.orderplane.orchestrator import OrderPlane, OrderPlaneOptions
from core.orderplane.participation import PovLimit
from core.scripting.connecting import connected, leave


async def connect() -> DeskClient:
    """The core of the practice profile, started if none runs."""
    client = await connected("practice", "order-plane")
    await ensure_connected(client, timeout=20)
    return client


async def strategy(bus: MemoryHub, symbol: str, quantity: int) -> ExecutionReport:
    """Ask for an order and follow it to its end."""
    intent = OrderIntent(
        intent_id=uuid4(),
        symbol=symbol,
        direction=Side.BUY,
        quantity=Decimal(quantity),
        order_type=IntentType.MARKET,
        timestamp=datetime.now(UTC),
        strategy_id="COMPOSITE",
    )
    await bus.ask(intent.model_dump_json().encode())
    async for _, body in bus.reports():
        report = ExecutionReport.model_validate_json(body)
        if report.intent_id != intent.intent_id:
            continue
        print(f"Status: {report.status}")
        if report.status is PublishedStatus.REJECTED:
            print(f"Order rejected: {report.reject_reason}")
        if report.status.final:
            return report
    raise RuntimeError("the bus has ended")


async def main(symbol: str, quantity: int) -> None:
    """Run both; ends with the order."""
    bus = MemoryHub()
    options = OrderPlaneOptions(pov=PovLimit(percent=Decimal(10)))
    plane = OrderPlane(bus.consumer(), connect, leave, options)
    running = asyncio.create_task(plane.run())
    report = await strategy(bus, symbol, quantity)
    print(f"Filled {report.filled_quantity} of {report.requested_quantity} @ ${report.average_fill_price}")
    latency_metrics = report.latency_metrics
    print(f"Intent → Submit: {latency_metrics.intent_to_submit_ms}ms")
    print(f"Submit → Ack: {latency_metrics.submit_to_ack_ms}ms")
    print(f"Ack → Fill: {latency_metrics.ack_to_fill_ms}ms")
    print(f"Total: {latency_metrics.total_latency_ms}ms")
    plane.stop()
    await running


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
