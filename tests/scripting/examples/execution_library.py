"""The flows of the document "Order Execution Library", with ibdesk's names."""

from __future__ import annotations

from decimal import Decimal

from core import Desk, Ticket, ticket
from core.domain.executions import Execution
from core.domain.orders import Order
from core.errors import OrderRejectedError, RiskCheckError
from core.scripting.holdings import Holding


def at_most_fifty(order: Ticket) -> bool:
    """A risk check of the strategy's own: it can only refuse."""
    return order.quantity <= 50


class Journalist:
    """An order and connection handler that writes down what it hears."""

    def __init__(self) -> None:
        """Nothing heard yet."""
        self.lines: list[str] = []
        self.fills: list[Execution] = []

    def on_order_status(self, order: Order) -> None:
        """A line for each change."""
        self.lines.append(f"{order.label} {order.state}")

    def on_fill(self, fill: Execution) -> None:
        """Each fill."""
        self.fills.append(fill)

    def on_order_rejected(self, order: Order, reason: str) -> None:
        """A line for each refusal."""
        self.lines.append(f"{order.label} rejected: {reason}")

    def on_connected(self) -> None:
        """A line."""
        self.lines.append("connected")

    def on_disconnected(self) -> None:
        """A line."""
        self.lines.append("disconnected")


class Careless:
    """A handler that fails at everything."""

    def on_order_status(self, order: Order) -> None:
        """Fail."""
        raise RuntimeError(f"at {order.name}")

    def on_fill(self, fill: Execution) -> None:
        """Fail."""
        raise RuntimeError(fill.exec_id)

    def on_order_rejected(self, order: Order, reason: str) -> None:
        """Fail."""
        raise RuntimeError(reason)


async def submit_order_flow() -> tuple[Journalist, list[Holding] | None]:
    """Request, risk check, connection, submission, fill events, positions."""
    heard = Journalist()
    desk = Desk(name="submit flow", risk_check=at_most_fifty)
    desk.add_order_handler(Careless())
    desk.add_order_handler(heard)
    desk.add_connection_handler(heard)
    await desk.connect()
    try:
        await desk.ensure_connected()
        order = await desk.submit(ticket("META", "BUY", 3, tag="correlation-1"))
        await desk.wait(order.order_ref)
        await desk.until(lambda: _holds(desk, "META", 3), 10.0)
        return heard, desk.positions()
    finally:
        await desk.disconnect()


async def error_strategy() -> list[str]:
    """Each kind of failure as the error that a strategy catches."""
    said = []
    async with Desk(name="error strategy", risk_check=at_most_fifty) as desk:
        try:
            await desk.submit(ticket("META", "BUY", 51))
        except RiskCheckError as error:
            said.append(f"risk: {error}")
        try:
            await desk.submit(ticket("NOSUCH", "BUY", 1))
        except ValueError as error:
            said.append(f"value: {error}")
    async with Desk(name="error strategy") as desk:
        try:
            await desk.submit(ticket("MSFT", "BUY", 9000))
        except OrderRejectedError as error:
            said.append(f"rejected: {error}")
    return said


async def bracket() -> list[Order]:
    """Parent, profit target and stop loss: all or none; then the parent's limit is moved, and all are cancelled."""
    async with Desk(name="bracket") as desk:
        contract = await desk.instrument("QQQ")
        quote = desk.quote(contract.con_id)
        assert quote is not None
        assert quote.bid is not None
        entry = quote.bid - Decimal(4)
        parent = await desk.submit(
            ticket("QQQ", "BUY", 5, "LIMIT", limit_price=entry),
            attached=[
                ticket("QQQ", "SELL", 5, "LIMIT", limit_price=entry + 10),
                ticket("QQQ", "SELL", 5, "TRAIL", trail_percent=2),
            ],
        )
        await desk.modify(parent.order_ref, limit_price=entry + 1)
        await desk.until(lambda: desk.order(parent.order_ref).previous is None, 10.0)
        family = [desk.order(parent.order_ref), *_children(desk, parent)]
        await desk.cancel(parent.order_ref)
        for child in _children(desk, parent):
            await desk.wait(child.order_ref)
        return family


def _children(desk: Desk, parent: Order) -> list[Order]:
    return [one for one in desk.orders() if one.parent_ref == parent.order_ref]


def _holds(desk: Desk, symbol: str, quantity: int) -> bool:
    return any(one.symbol == symbol and one.quantity == quantity for one in desk.positions() or ())
