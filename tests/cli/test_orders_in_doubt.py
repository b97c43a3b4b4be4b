"""Commands that lose core, the gateway or their terminal: no order is called undone that may be working."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable

from core.domain.commands import CancelOrder
from core.domain.events import Envelope, OrderChanged
from core.domain.orders import Order, OrderState
from tests.architecture.sources import ROOT
from tests.cli.ibdesk import ibdesk
from tests.core_process import CoreProcess, Watcher
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway
from tests.processes.orders import order_in

DONE, REFUSED, NOT_SENT, IN_DOUBT = 0, 1, 2, 3


def working_but(known: str) -> Callable[[Envelope], Order | None]:
    """What a watcher waits for: an order that works, another one than the known."""

    def wanted(envelope: Envelope) -> Order | None:
        event = envelope.event
        if not isinstance(event, OrderChanged) or event.order.order_ref == known:
            return None
        return event.order if event.order.state is OrderState.WORKING else None

    return wanted


async def waiting(home: DeskHome, watcher: Watcher, known: str = "") -> tuple[Process, Order]:
    """A command that waits for the end of an order, and that order once it works."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "tui", "place", "BUY", "1", "F", "--limit", "1.00", "--repeat"),
        *("--until", "ended", "--wait", "60"),
        env={**home.env, "PYTHONPATH": str(ROOT)},
        stdout=PIPE,
        stderr=PIPE,
    )
    return process, await watcher.wait(working_but(known))


async def test_an_order_outlives_its_command_and_its_core_and_is_named() -> None:
    with DeskHome() as home:
        core = await CoreProcess(home).start()
        async with await core.attach() as watcher:
            await watcher.ready()
            process, first = await waiting(home, watcher)
            process.send_signal(signal.SIGINT)
            _, said = await process.communicate()
            assert process.returncode == IN_DOUBT
            assert "Stopped waiting. The order may be working. Don't send it again" in said.decode()
            assert first.order_ref in said.decode()
            assert (await watcher.send(CancelOrder(order_ref=first.order_ref))).ok
            await watcher.wait(order_in(first.order_ref, OrderState.CANCELLED))

            process, second = await waiting(home, watcher, first.order_ref)
            core.kill()
            _, said = await process.communicate()
            assert process.returncode == IN_DOUBT
            assert "Core is gone" in said.decode()
            assert second.order_ref in said.decode()


async def test_without_a_gateway_what_core_knows_is_shown_as_old_and_nothing_is_sent() -> None:
    with DeskHome() as home:
        async with running_gateway(home) as port:
            home.env["IB_GATEWAY_PORT"] = str(port)
            placed = await asyncio.to_thread(ibdesk, home, "place", "BUY", "1", "F", "--limit", "1.00")
        orders = await asyncio.to_thread(ibdesk, home, "orders", "--json")
        cancelled = await asyncio.to_thread(ibdesk, home, "cancel", "1")
        again = await asyncio.to_thread(ibdesk, home, "place", "BUY", "1", "F", "--limit", "2.00")

    assert placed.status == DONE
    assert (orders.status, orders.rows("orders")[0]["label"]) == (REFUSED, "F")
    assert "as last known: Nothing listens on" in str(orders.figures["problem"])
    assert (cancelled.status, cancelled.out) == (REFUSED, "")
    assert "#1 BUY 1 F @ 1.00" in cancelled.err
    assert (again.status, "Nothing listens on" in again.err) == (NOT_SENT, True)
