"""Examples of the document "Order Execution System", with ibdesk's names. Run it: `python execution_system.py 15`."""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal

from core import Desk, ticket
from core.domain.orders import Order, OrderState
from core.scripting.reports import OrderReport


async def place_market_order(quantity: int = 14) -> OrderReport | None:
    """Basic example: place a market order, poll for its fill."""
    desk = Desk(name="basic example")
    try:
        await desk.connect()

        order = await desk.place(ticket("AAPL", "BUY", quantity, strategy="COMPOSITE"))
        print(f"Order placed: {order.order_ref}")

        for _ in range(300):
            await asyncio.sleep(0.1)
            for report in await desk.poll_reports():
                print(f"Status: {report.status}")
                if report.status == "FILLED":
                    print(f"Intent → Submit: {report.latency.intent_to_submit_ms}ms")
                    print(f"Submit → Ack: {report.latency.submit_to_ack_ms}ms")
                    print(f"Ack → Fill: {report.latency.ack_to_fill_ms}ms")
                    print(f"Total: {report.latency.total_latency_ms}ms")
                    print(f"Filled {report.filled_quantity} @ ${report.average_fill_price}")
                    return report
        return None
    finally:
        await desk.disconnect()


async def order_types() -> list[Order]:
    """The document's orders by type: market, limit, stop, stop-limit, adaptive; and the times in force."""
    async with Desk(name="order types") as desk:
        quote = (await desk.instrument("SPY")).con_id
        spy = desk.quote(quote)
        assert spy is not None
        assert spy.bid is not None
        assert spy.ask is not None
        above, below = spy.ask + Decimal(5), spy.bid - Decimal(5)
        tickets = [
            ticket("AAPL", "BUY", 11, "MARKET", strategy="COMPOSITE"),
            ticket("SPY", "BUY", 5, "LIMIT", limit_price=below, time_in_force="GTC", strategy="OFI"),
            ticket("SPY", "BUY", 6, "STOP", stop_price=above),
            ticket("SPY", "BUY", 7, "STOP_LIMIT", stop_price=above, limit_price=above + 1, strategy="VRP"),
            ticket("AAPL", "BUY", 12, "ADAPTIVE", urgency="HIGH"),
            ticket("SPY", "BUY", 8, "LIMIT", limit_price=below, time_in_force="IOC"),
            ticket("SPY", "BUY", 9, "LIMIT", limit_price=below, time_in_force="FOK"),
        ]
        return [await desk.submit(one) for one in tickets]


async def cancel_an_order(order_ref: str) -> bool:
    """Order cancellation: True, or a fill was first."""
    async with Desk(name="cancellation") as desk:
        success = await desk.cancel(order_ref)
        if success:
            print("Order cancelled")
        else:
            print("Cancellation failed (order may be filled)")
        return success


async def connection_errors(port: int) -> str:
    """Connection errors: nothing listens at this port."""
    desk = Desk("paper", host="127.0.0.1", port=port, client_id=1, timeout=2.0, name="connection errors")
    try:
        await desk.connect()
    except ConnectionError as e:
        print(f"Failed to connect: {e}")
        return str(e)
    finally:
        await desk.disconnect()
    return ""


async def placement_errors() -> list[str]:
    """Order placement errors: what makes no order is a ValueError, no connection a ConnectionError."""
    said = []
    desk = Desk(name="placement errors")
    try:
        await desk.place(ticket("AAPL", "BUY", 100))
    except ConnectionError as e:
        said.append(f"Connection error: {e}")
    try:
        await desk.place(ticket("TSLA", "SELL", 50, "LIMIT"))
    except ValueError as e:
        said.append(f"Order validation failed: {e}")
    return said


async def rejections() -> list[OrderReport]:
    """Order rejection: IBKR refuses what the account can't pay, and the report says why."""
    async with Desk(name="rejections") as desk:
        order = await desk.place(ticket("NVDA", "BUY", 9000))
        await desk.until(lambda: desk.order(order.order_ref).state is OrderState.REJECTED, 10.0)
        reports = await desk.poll_reports()
        for report in reports:
            if report.status == "REJECTED":
                print(f"Order rejected: {report.reject_reason}")
        return reports


async def monitoring() -> dict[str, object]:
    """Monitoring: the client's health."""
    async with Desk(name="monitoring") as desk:
        return desk.health()


if __name__ == "__main__":
    asyncio.run(place_market_order(int(sys.argv[1])))
