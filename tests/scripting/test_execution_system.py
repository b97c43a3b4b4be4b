"""The examples of the document "Order Execution System" run as written, against one practice core."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from core import Broker, Desk, ticket
from core.domain.instructions import Adaptive, AdaptivePriority
from core.domain.orders import OrderState, OrderType, TimeInForce
from core.domain.published import PublishedStatus
from core.errors import JournalError
from tests.scripting.examples import execution_system as examples


@pytest.mark.covers("D0.2", "D0.3", "D0.11", "D0.14")
async def test_basic_example(practice: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    report = await examples.place_market_order()

    assert report is not None
    assert report.order_id is not None
    assert report.order_id.startswith("IBKR_")
    assert report.filled_quantity == 14
    assert report.strategy == "COMPOSITE"
    latency = report.latency
    stages = (latency.intent_to_submit_ms, latency.submit_to_ack_ms, latency.ack_to_fill_ms)
    assert all(stage is not None and stage >= 0 for stage in stages)
    assert latency.total_latency_ms == sum(stage for stage in stages if stage is not None)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Order placed: ibd-")
    assert said[-2] == f"Total: {latency.total_latency_ms}ms"
    assert said[-1] == f"Filled 14 @ ${report.average_fill_price}"


@pytest.mark.covers("D0.14")
async def test_basic_example_as_a_script_of_its_own(practice: Broker) -> None:
    script = Path(examples.__file__)
    command = [sys.executable, str(script), "15"]
    run = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=30, check=False)

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].startswith("Filled 15 @ $")


@pytest.mark.covers("D0.8", "D0.9", "D0.4", "D0.5")
async def test_order_types_and_cancels(practice: Broker) -> None:
    """Each type and time in force reaches IBKR as what it is; what rests is cancelled, what has filled is not."""
    market, limit, stop, stop_limit, adaptive, ioc, fok = await examples.order_types()

    kinds = [one.order_type for one in (market, limit, stop, stop_limit)]
    assert kinds == [OrderType.MKT, OrderType.LMT, OrderType.STP, OrderType.STP_LMT]
    assert (adaptive.order_type, adaptive.algo) == (OrderType.MKT, Adaptive(priority=AdaptivePriority.URGENT))
    assert (limit.tif, ioc.tif, fok.tif) == (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)

    for resting in (limit, stop, stop_limit):
        assert resting.state is OrderState.WORKING
        assert resting.perm_id is not None
        assert await examples.cancel_an_order(resting.order_ref)
        assert practice.get_order_status(resting.order_ref).order.state is OrderState.CANCELLED
    for gone in (ioc, fok):
        assert practice.wait(gone.order_ref, timeout=10.0).order.state is OrderState.CANCELLED

    filled = practice.wait(market.order_ref, timeout=10.0)
    assert not await examples.cancel_an_order(market.order_ref)
    assert sum(fill.quantity for fill in filled.fills) == filled.filled_quantity == 11
    assert filled.avg_fill_price == sum((f.quantity * f.price for f in filled.fills), Decimal(0)) / 11
    assert filled.submission_time <= filled.last_update


@pytest.mark.covers("D0.1", "D0.16")
async def test_connection_refused_says_what_to_check(practice: Broker) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        said = await examples.connection_errors(port)

    assert said.startswith("Not connected within 2 s: ")
    assert f"127.0.0.1:{port}" in said
    for advice in ("TWS", "API"):
        assert advice in said


@pytest.mark.covers("D0.2", "D0.16")
async def test_placement_errors_come_at_once(practice: Broker) -> None:
    connection, validation = await examples.placement_errors()

    assert connection.startswith("Connection error: BUY 100 AAPL: Core is not attached. Nothing was sent.")
    assert validation == (
        "Order validation failed: SELL 50 TSLA: limit price missing for a limit order. Nothing was sent."
    )


@pytest.mark.covers("D0.10", "D0.16")
async def test_rejection_bears_the_words_of_ibkr(practice: Broker) -> None:
    reports = await examples.rejections()

    assert [one.status for one in reports][:2] == [PublishedStatus.PENDING, PublishedStatus.SUBMITTED]
    assert reports[-1].status is PublishedStatus.REJECTED
    assert "margin" in reports[-1].reject_reason
    assert reports[0].reject_reason == ""


@pytest.mark.covers("D0.3")
async def test_poll_from_any_event_number_loses_nothing(practice: Broker) -> None:
    """A script that was restarted goes on from the number that it had; a poll twice gives nothing twice."""
    async with Desk(name="first") as first:
        order = await first.submit(ticket("F", "BUY", 9500))
        await first.wait(order.order_ref)
        told = await first.poll_reports()
        assert await first.poll_reports() == []
    assert [one.status for one in told][:3] == ["PENDING", "SUBMITTED", "ACKNOWLEDGED"]
    assert told[-1].status is PublishedStatus.FILLED
    assert [one.number for one in told] == sorted({one.number for one in told})

    async with Desk(name="second") as second:
        assert await second.poll_reports() == []
        again = [one for one in await second.poll_reports(told[0].number - 1) if one.order_ref == order.order_ref]
        assert [(one.report_id, one.status) for one in again] == [(one.report_id, one.status) for one in told]
        rest = await second.poll_reports(told[2].number)
        assert [one.report_id for one in rest if one.order_ref == order.order_ref] == [
            one.report_id for one in told[3:]
        ]
        with pytest.raises(JournalError, match="There is no event"):
            await second.poll_reports(10**9)


async def test_name_is_what_core_calls_the_script(practice: Broker) -> None:
    async with Desk(name="granted") as one, Desk(name="granted") as other:
        assert one.name.startswith("granted-")
        assert one.name != other.name


async def test_health_has_the_fields_of_the_document(practice: Broker) -> None:
    health = await examples.monitoring()

    assert health["connected"] is True
    assert health["tracked_orders"] == 0
    assert health["host"] == "127.0.0.1"
    assert health["client_id"] == 17
    assert health["session"]
