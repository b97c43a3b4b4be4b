"""The examples of the document "Order Execution Module" run as written, against one practice core."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from decimal import Decimal

import pytest

from core import Broker, OrderStatus, ticket
from core.errors import NotConnectedError, OrderValueError, RiskCheckError, UnknownOrderError
from core.scripting.order_record import OrderRecord
from core.scripting.tickets import Ticket
from tests.scripting.examples import execution_module as examples

PATIENCE = 10.0


@pytest.mark.covers("D2.7", "D2.4")
def test_usage_example(practice: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    record, said = examples.usage_example()

    assert (record.status, record.filled_quantity) == (OrderStatus.FILLED, Decimal(21))
    assert said == [f"Order {record.order_id} filled: 21 shares"]
    assert capsys.readouterr().out.splitlines()[-1] == "Filled: 21/21"


@pytest.mark.covers("D2.1", "D2.4")
def test_partial_fills_are_told_one_by_one(practice: Broker) -> None:
    # A few levels of the book are thinner than this; where the market has just moved one may hold it all.
    for quantity in range(1500, 2000, 100):
        said = examples.partial_fills(quantity)
        parts = [line for line in said if line.startswith("Partial fill: ")]
        assert said[-2:] == ["Order complete!", f"Total fills: {len(parts) + 1}"]
        if parts:
            break
    assert parts
    assert parts[0].endswith(f"/{quantity}")
    done = int(parts[0].removeprefix("Partial fill: ").partition("/")[0])
    assert said[1] == f"Remaining: {quantity - done}"


@pytest.mark.covers("D2.4")
def test_error_callback_has_the_words_of_ibkr(practice: Broker) -> None:
    (said,) = examples.error_callback()

    assert said.startswith("Order AMD failed: ")
    assert "margin" in said


@pytest.mark.covers("D2.9")
async def test_manual_retry_of_the_remaining_quantity(practice: Broker) -> None:
    """What an order did not fill is placed once more; while it works, or once nothing is left, that is refused."""
    filled = await asyncio.to_thread(practice.execute_market_order, "SPY", 3, "buy")
    done = await asyncio.to_thread(practice.wait, filled.order_id)
    assert done.avg_fill_price is not None
    with pytest.raises(OrderValueError, match="nothing is left of it"):
        practice.retry_remaining(done.order_id)

    resting = practice.execute_limit_order("SPY", 7, round(done.avg_fill_price - 5, 2), "buy")
    with pytest.raises(OrderValueError, match=r"still works\. Cancel it first"):
        practice.retry_remaining(resting.order_id)
    assert practice.cancel_order(resting.order_id)
    again = practice.retry_remaining(resting.order_id)
    assert (again.total_quantity, again.limit_price) == (Decimal(7), resting.limit_price)
    assert again.order_ref != resting.order_ref
    assert practice.cancel_order(again.order_id)


@pytest.mark.covers("D2.2", "D2.7")
def test_duplicate_prevention(practice: Broker) -> None:
    first, code, again = examples.duplicate_prevention()

    assert code == "DUPLICATE"
    assert isinstance(first, OrderRecord)
    assert isinstance(again, OrderRecord)
    assert first.order_id != again.order_id


@pytest.mark.covers("D2.7")
def test_status_tracking(practice: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    order = examples.status_tracking()

    assert order.status is OrderStatus.FILLED
    assert capsys.readouterr().out.splitlines()[-1] == f"Avg fill price: ${order.avg_fill_price:.2f}"


@pytest.mark.covers("D2.7", "D2.4")
def test_limit_order_with_callback(practice: Broker) -> None:
    said = examples.limit_order_with_callback()

    assert any(line.startswith("FILLED: 4 @ $") for line in said)


@pytest.mark.covers("D2.8")
def test_batch_has_each_outcome(practice: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    """One symbol does not exist: its outcome says so, and the orders after it are placed all the same."""
    first, unknown, last = examples.batch_orders(["AAPL", "NOSUCH", "MSFT"])

    assert isinstance(first, OrderRecord)
    assert isinstance(last, OrderRecord)
    assert isinstance(unknown, OrderValueError)
    said = capsys.readouterr().out
    assert f"✓ AAPL: Order {first.order_id} submitted" in said
    assert "✗ NOSUCH: IBKR knows no NOSUCH." in said
    assert {one.order_id for one in practice.get_all_orders()} >= {first.order_id, last.order_id}


@pytest.mark.covers("D2.7")
def test_order_history_analysis(practice: Broker) -> None:
    before = practice.get_todays_order_summary()
    order = practice.wait(practice.execute_market_order("AAPL", 28, "buy").order_id)
    summary, history = examples.order_history_analysis(order.order_id)

    added = {name: summary[name] - before[name] for name in summary}
    assert (added["total_orders"], added["filled_orders"], added["complete_fills"]) == (1, 1, 1)
    assert (added["cancelled_orders"], added["error_orders"]) == (0, 0)
    lines = [json.loads(line) for line in history]
    assert {line["order_ref"] for line in lines} == {order.order_ref}
    assert [line["status"] for line in lines][-1] == "Filled"
    kinds = [line["event_type"] for line in lines]
    assert kinds.index("SUBMISSION") < kinds.index("FILL")


@pytest.mark.covers("D2.7")
def test_connection_is_looked_at_first(practice: Broker) -> None:
    assert examples.check_connection_before_placing()


@pytest.mark.covers("D4.1")
def test_scripts_share_one_connection_and_see_its_status(practice: Broker) -> None:
    with Broker(name="other") as other:
        mine, theirs = practice.get_connection_status(), other.get_connection_status()
    assert (mine.endpoint, mine.client_id, mine.state) == (theirs.endpoint, theirs.client_id, theirs.state)


@pytest.mark.covers("D2.7", "D2.4")
def test_strategy_places_its_next_order_from_a_callback(practice: Broker) -> None:
    with Broker(name="strategy") as broker:
        strategy = examples.TradingStrategy(broker)
        strategy.execute_trade("AAPL", 26)
        assert strategy.rebalanced.wait(PATIENCE)
        assert strategy.position == 0
        assert len(strategy.pending_orders) == 1


@pytest.mark.covers("D2.4")
def test_a_callback_that_fails_stops_no_other(practice: Broker, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[OrderStatus] = []
    ended = threading.Event()

    def broken(record: OrderRecord) -> None:
        raise RuntimeError(record.symbol)

    def careful(record: OrderRecord) -> None:
        heard.append(record.status)
        if record.status is OrderStatus.FILLED:
            ended.set()

    with Broker(name="callbacks") as broker:
        broker.register_order_status_callback(broken)
        broker.register_order_status_callback(careful)
        broker.execute_market_order("AAPL", 27, "buy")
        assert ended.wait(PATIENCE)
    assert heard == [OrderStatus.PENDING, OrderStatus.SUBMITTED, OrderStatus.FILLED]
    assert any("a callback failed" in one.message for one in caplog.records)


@pytest.mark.covers("D2.7")
def test_what_is_asked_before_connecting_or_of_unknown_orders(practice: Broker) -> None:
    broker = Broker(name="early")
    assert not broker.is_connected()
    with pytest.raises(NotConnectedError, match="Call connect first"):
        broker.execute_market_order("AAPL", 1, "buy")
    with pytest.raises(UnknownOrderError, match="no order 999999"):
        practice.get_order_status(999_999)
    broker.disconnect()


def test_a_risk_check_that_calls_the_broker_refuses_instead_of_waiting_for_ever(practice: Broker) -> None:
    broker = Broker(name="circular", risk_check=lambda _: broker.get_positions() is not None)
    with broker, pytest.raises(RiskCheckError, match="it can't call the broker"):
        broker.execute(ticket("AAPL", "BUY", 6))


def test_a_broker_that_can_not_connect_leaves_nothing_behind(practice: Broker) -> None:
    before = threading.active_count()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionError), Broker("elsewhere", port=taken.getsockname()[1], timeout=1.5, name="lost"):
            pass
    assert threading.active_count() == before


def test_a_risk_check_of_a_broker_refuses(practice: Broker) -> None:
    def small(order: Ticket) -> bool:
        return order.quantity < 5

    with Broker(name="checked", risk_check=small) as broker:
        with pytest.raises(RiskCheckError, match="small refused it"):
            broker.execute(ticket("AAPL", "BUY", 5))
        assert broker.execute(ticket("AAPL", "BUY", 4)).total_quantity == Decimal(4)
