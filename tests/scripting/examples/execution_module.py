"""The examples of the document "Order Execution Module", with ibdesk's names: plain calls, no event loop."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from decimal import Decimal

from core import Broker, OrderStatus, ticket
from core.domain.denials import Denial, DenialCode
from core.errors import DeskError, RiskCheckError
from core.scripting.order_record import OrderRecord
from core.scripting.retries import Backoff

ENDED = [OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.ERROR]


def usage_example() -> tuple[OrderRecord, list[str]]:
    """Register a callback, submit a market order, query its status."""
    said: list[str] = []
    filled = threading.Event()
    broker = Broker(name="usage example")
    broker.connect()

    def on_fill(order_record: OrderRecord) -> None:
        said.append(f"Order {order_record.order_id} filled: {order_record.filled_quantity} shares")
        filled.set()

    broker.register_order_fill_callback(on_fill)

    order_record = broker.execute_market_order(symbol="AAPL", quantity=21, side="buy")

    print(f"Order submitted: {order_record.order_id}")
    print(f"Status: {order_record.status.value}")

    filled.wait(10)
    order_status = broker.get_order_status(order_record.order_id)
    print(f"Filled: {order_status.filled_quantity}/{order_status.total_quantity}")
    broker.disconnect()
    return order_status, said


def partial_fills(quantity: int) -> list[str]:
    """Handling partial fills: the callback comes with each of them."""
    said: list[str] = []

    def on_fill(order_record: OrderRecord) -> None:
        if order_record.status == OrderStatus.PARTIALLY_FILLED:
            said.append(f"Partial fill: {order_record.filled_quantity}/{order_record.total_quantity}")
            said.append(f"Remaining: {order_record.remaining_quantity}")
            said.append(f"Avg price: ${order_record.avg_fill_price:.2f}")
        elif order_record.status == OrderStatus.FILLED:
            said.append("Order complete!")
            said.append(f"Total fills: {len(order_record.fills)}")

    with Broker(name="partial fills") as broker:
        broker.register_order_fill_callback(on_fill)
        order = broker.execute_market_order("GME", quantity, "buy")
        broker.wait(order.order_id)
    return said


def error_callback() -> list[str]:
    """Handle all error cases: what IBKR refuses comes to the callback, what core refuses is raised."""
    said: list[str] = []

    def on_error(order_record: OrderRecord, error_message: str) -> None:
        said.append(f"Order {order_record.symbol} failed: {error_message}")

    with Broker(name="error callback") as broker:
        broker.register_order_error_callback(on_error)
        order = broker.execute_market_order("AMD", 9000, "buy", confirms=(DenialCode.UNUSUAL_QUANTITY,))
        while broker.get_order_status(order.order_id).status not in ENDED:
            time.sleep(0.02)
    return said


def manual_retry(order_id: int) -> OrderRecord | None:
    """Resubmit what an order did not fill."""
    with Broker(name="manual retry") as broker:
        order = broker.get_order_status(order_id)
        if order.status in (OrderStatus.ERROR, OrderStatus.CANCELLED):
            new_order = broker.retry_remaining(order.order_id)
            return broker.wait(new_order.order_id)
    return None


def duplicate_prevention() -> list[OrderRecord | str]:
    """The same order at once again is refused, unless it says that it is meant."""
    with Broker(name="duplicates") as broker:
        found: list[OrderRecord | str] = [broker.execute_market_order("AAPL", 22, "buy")]
        try:
            broker.execute_market_order("AAPL", 22, "buy")
        except RiskCheckError as error:
            found.append(error.code)
        found.append(broker.execute_market_order("AAPL", 22, "buy", repeat=True))
        return found


def status_tracking() -> OrderRecord:
    """Use case 1: a market order, polled until it has ended."""
    broker = Broker(name="status tracking")
    broker.connect()

    order = broker.execute_market_order("AAPL", 23, "buy")

    while order.status not in ENDED:
        time.sleep(0.02)
        order = broker.get_order_status(order.order_id)
        print(f"Status: {order.status.value}, Filled: {order.filled_quantity}")

    print(f"Final status: {order.status.value}")
    print(f"Avg fill price: ${order.avg_fill_price:.2f}")
    broker.disconnect()
    return order


def limit_order_with_callback() -> list[str]:
    """Use case 2: a limit order, and a callback that is made when it fills."""
    said: list[str] = []

    def on_fill(order_record: OrderRecord) -> None:
        said.append(f"FILLED: {order_record.filled_quantity} @ ${order_record.avg_fill_price:.2f}")

    with Broker(name="limit order") as broker:
        broker.register_order_fill_callback(on_fill)
        bought = broker.wait(broker.execute_market_order("AAPL", 24, "buy").order_id)
        if bought.avg_fill_price is None:
            raise AssertionError(bought)
        limit = round(bought.avg_fill_price - Decimal(1), 2)
        order = broker.execute_limit_order(symbol="AAPL", quantity=4, limit_price=limit, side="sell")
        broker.wait(order.order_id)
    return said


def batch_orders(symbols: Sequence[str]) -> list[OrderRecord | DeskError]:
    """Use case 3: batch orders; each has its outcome, and none is hidden."""
    with Broker(name="batch orders", retries=Backoff()) as broker:
        outcomes = broker.execute_batch([ticket(symbol, "buy", 25) for symbol in symbols])
        for order, result in outcomes:
            if isinstance(result, OrderRecord):
                print(f"✓ {order.symbol}: Order {result.order_id} submitted")
            else:
                print(f"✗ {order.symbol}: {result}")

        active_orders = broker.get_active_orders()
        print(f"Active orders: {len(active_orders)}")
        return [result for _, result in outcomes]


def order_history_analysis(order_id: int) -> tuple[dict[str, int], list[str]]:
    """Use case 4: the day's summary, and what became of one order."""
    with Broker(name="history analysis") as broker:
        summary = broker.get_todays_order_summary()

        print(f"Orders Today: {summary['total_orders']}")
        print(f"Filled: {summary['filled_orders']}")
        print(f"Cancelled: {summary['cancelled_orders']}")
        print(f"Errors: {summary['error_orders']}")
        print(f"Partial Fills: {summary['partial_fills']}")
        print(f"Complete Fills: {summary['complete_fills']}")

        history = broker.get_order_history(order_id=order_id)
        for log_entry in history:
            print(log_entry)
        return summary, history


def check_connection_before_placing() -> bool:
    """Best practice 2 and 5: look at the connection, disconnect whatever happens."""
    broker = Broker(name="careful")
    try:
        if not broker.is_connected():
            broker.connect()
        return broker.is_connected()
    finally:
        broker.disconnect()


class CustomRetries(Backoff):
    """Custom retry logic: give up at once while the journal is busy."""

    def should_retry(self, denial: Denial) -> bool:
        """Anything but that."""
        return denial.code is not DenialCode.JOURNAL_BUSY


class TradingStrategy:
    """Integration with strategy execution: a callback that places the next order."""

    def __init__(self, broker: Broker) -> None:
        """Register before ordering."""
        self.broker = broker
        self.broker.register_order_fill_callback(self.on_fill)
        self.pending_orders: dict[int, OrderRecord] = {}
        self.rebalanced = threading.Event()
        self.position = Decimal(0)

    def on_fill(self, order_record: OrderRecord) -> None:
        """Update the strategy's state, execute the next step."""
        if order_record.status != OrderStatus.FILLED:
            return
        self.position += order_record.filled_quantity * (1 if order_record.action == "BUY" else -1)
        if order_record.action == "BUY":
            self.broker.execute_market_order(order_record.symbol, order_record.filled_quantity, "sell")
        else:
            self.rebalanced.set()

    def execute_trade(self, symbol: str, quantity: int) -> None:
        """Place it and remember it."""
        order = self.broker.execute_market_order(symbol, quantity, "buy")
        self.pending_orders[order.order_id] = order
