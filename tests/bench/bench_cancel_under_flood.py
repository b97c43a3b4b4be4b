"""A cancel with 500 data requests queued before it: from the hand to CANCELLED, against ib_async's own client.

Both talk to a practice gateway at the pace that IBKR allows, 45 frames a second. Ours asks through a desk, whose
requests wait in core's pacer; the baseline asks through `IB`, whose requests wait in its throttle, the cancel behind
them. `cancel_ms` is the median of orders cancelled one after the other while the flood lasts, `worst_ms` the greatest.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable
from decimal import Decimal
from pathlib import Path
from statistics import median

from ib_async import IB, Contract, LimitOrder, Trade
from msgspec.structs import replace

from core.domain.commands import CancelOrder, PlaceOrder, SearchSymbols
from core.domain.events import Envelope, OrderChanged
from core.domain.orders import OrderState, OrderType, Side
from tests.bench.result import BenchResult
from tests.core_process import CoreProcess, Watcher, market_order
from tests.desk_home import DeskHome
from tests.wide import WIDE_PROFILE

REQUESTS, SHORT_REQUESTS = 500, 90
CANCELS, SHORT_CANCELS = 9, 2
BETWEEN = 0.3
"""Seconds from one cancel to the next: five a second are kept for them."""
AS_IBKR = "messages_per_second = 45\n"
SYMBOL = "SPY"
FAR = Decimal(1)
"""A limit that rests below any market."""


def run(short: bool) -> BenchResult:
    """One flood of ours, one of the baseline's."""
    requests, cancels = (SHORT_REQUESTS, SHORT_CANCELS) if short else (REQUESTS, CANCELS)
    ours, bare = asyncio.run(_run(requests, cancels))
    return BenchResult(values={"cancel_ms": median(ours), "worst_ms": max(ours)}, baseline={"bare_ms": bare})


async def _run(requests: int, cancels: int) -> tuple[list[float], float]:
    with DeskHome(records=True) as home:
        profile = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/profiles/practice.toml"
        profile.parent.mkdir(parents=True)
        profile.write_text(AS_IBKR + WIDE_PROFILE)
        core = await CoreProcess(home).start()
        async with await core.attach() as watcher:
            snapshot = await watcher.ready()
            await watcher.wait_for_instrument(SYMBOL)
            bare = await _bare(snapshot.connection.endpoint.port, requests)
            ours = await _ours(watcher, requests, cancels)
        await core.stop()
    return ours, bare


async def _ours(watcher: Watcher, requests: int, cancels: int) -> list[float]:
    """Milliseconds of each cancel."""
    refs = []
    for _ in range(cancels):
        market = market_order(watcher.snapshot, SYMBOL, Side.BUY, 1)
        resting = replace(market.request, order_type=OrderType.LMT, limit_price=FAR)
        refs.append(resting.order_ref)
        await _until(watcher, PlaceOrder(request=resting), OrderState.WORKING)
    flood = _started(watcher.send(SearchSymbols(pattern=f"S{number}")) for number in range(requests))
    took = []
    for order_ref in refs:
        await asyncio.sleep(BETWEEN)
        if all(request.done() for request in flood):
            raise RuntimeError("the flood was over before the last cancel")
        began = time.perf_counter()
        await _until(watcher, CancelOrder(order_ref=order_ref), OrderState.CANCELLED)
        took.append((time.perf_counter() - began) * 1000)
    await _ended(flood)
    return took


async def _until(watcher: Watcher, command: PlaceOrder | CancelOrder, state: OrderState) -> None:
    order_ref = command.request.order_ref if isinstance(command, PlaceOrder) else command.order_ref

    def reached(envelope: Envelope) -> bool | None:
        event = envelope.event
        if isinstance(event, OrderChanged) and event.order.order_ref == order_ref:
            return True if event.order.state is state else None
        return None

    ack = await watcher.send(command)
    if not ack.ok:
        raise RuntimeError(f"core denied a command of the benchmark: {ack.denied}")
    await watcher.wait(reached)


async def _bare(port: int, requests: int) -> float:
    """Milliseconds of one cancel."""
    # It names each request that waits too long.
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)
    ib = IB()
    await ib.connectAsync("127.0.0.1", port, clientId=90, timeout=10)
    (details,) = await ib.reqContractDetailsAsync(
        Contract(symbol=SYMBOL, secType="STK", exchange="SMART", currency="USD")
    )
    assert details.contract is not None
    trade = ib.placeOrder(details.contract, LimitOrder("BUY", 1, float(FAR), tif="DAY"))
    await _status(trade, "Submitted")
    flood = _started(ib.reqMatchingSymbolsAsync(f"S{number}") for number in range(requests))
    await asyncio.sleep(BETWEEN)
    began = time.perf_counter()
    ib.cancelOrder(trade.order)
    # ib_async says PendingCancel at once; the gateway's own word counts.
    await _status(trade, "Cancelled")
    took = (time.perf_counter() - began) * 1000
    await _ended(flood)
    ib.disconnect()
    return took


async def _status(trade: Trade, status: str) -> None:
    reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def look(changed: Trade) -> None:
        if changed.orderStatus.status == status and not reached.done():
            reached.set_result(None)

    trade.statusEvent += look
    look(trade)
    async with asyncio.timeout(60):
        await reached


def _started(requests: Iterable[Coroutine[object, object, object]]) -> list[asyncio.Task[object]]:
    return [asyncio.create_task(request) for request in requests]


async def _ended(flood: list[asyncio.Task[object]]) -> None:
    for request in flood:
        request.cancel()
    await asyncio.gather(*flood, return_exceptions=True)
