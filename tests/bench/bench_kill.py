"""The kill switch with 200 working orders under 5,000 quotes a second, at the pace of a paper account.

Core and the gateway are processes of their own; core reaches the gateway through a proxy here, which notes when each
frame came. The market moves 500 instruments ten times a second, and core watches all of them.

`blocks_ms` is from the hand to core's word that new orders are blocked, which a refused order then proves;
`first_cancel_ms` from the hand to the first cancel on the wire; `cancels_per_s` is counted from the hand to the last
one. `everything_ms` is from the hand to the word on the wire that cancels everything, given while most of the cancels
still wait for their turn. `busiest_second` is the most frames in any second of the run; `ticks_per_s` is what the
gateway sent while the cancels left.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from core.domain.commands import DenialCode, Kill, PlaceOrder, Watch
from core.domain.events import OrderChanged, Snapshot
from core.domain.orders import OrderRequest, OrderState, Side
from core.domain.trading import KillScope
from tests.bench.practice_process import TickCounter
from tests.bench.prepared_gateway import prepared_gateway
from tests.bench.result import BenchResult
from tests.core_process import Watcher, running_core
from tests.desk_home import DeskHome
from tests.processes.proxy import RecordingProxy
from tests.requests import below_bid, request_for
from tests.warp.session import busiest_second
from tests.wide import WIDE_PROFILE

INSTRUMENTS, SHORT_INSTRUMENTS = 500, 60
ORDERS, SHORT_ORDERS = 200, 20
SYMBOL = "SPY"
FAR = 8
"""Per cent below the market at which the orders rest."""
CANCEL, EVERYTHING = "4", "58"
QUIET = 1.1
"""Seconds for which nothing is sent before the kill: the orders' own frames count no longer."""
INTO_THE_BURST = 0.5
"""Seconds after the kill at which everything is asked for."""
PATIENCE = 60.0


def run(short: bool) -> BenchResult:
    """One kill, then the word to cancel everything while its cancels still leave."""
    instruments, orders = (SHORT_INSTRUMENTS, SHORT_ORDERS) if short else (INSTRUMENTS, ORDERS)
    return BenchResult(values=asyncio.run(_run(instruments, orders)))


async def _run(instruments: int, orders: int) -> dict[str, float]:
    with DeskHome(records=True) as home:
        _write_profile(home, instruments)
        ticks = TickCounter()
        async with (
            prepared_gateway(home, instruments=instruments + 20, lines=instruments) as gateway,
            RecordingProxy(gateway.port, on_answer=ticks.take) as proxy,
            running_core(home, {"port": str(proxy.port)}) as core,
            await core.attach() as watcher,
        ):
            await watcher.ready_for(SYMBOL)
            for con_id in gateway.con_ids[:instruments]:
                await watcher.send(Watch(con_id=con_id))
            await _place(watcher, orders)
            return await _kill(watcher, proxy, ticks, orders)


def _write_profile(home: DeskHome, instruments: int) -> None:
    profile = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/profiles/paper.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(f"market_data_lines = {instruments}\n{WIDE_PROFILE}")


def _resting(snapshot: Snapshot) -> OrderRequest:
    return request_for(snapshot, SYMBOL, Side.BUY, 1, below_bid(snapshot, SYMBOL, FAR))


async def _place(watcher: Watcher, orders: int) -> None:
    """So many orders that all work."""
    resting = [_resting(watcher.snapshot) for _ in range(orders)]
    for request in resting:
        ack = await watcher.send(PlaceOrder(request=request))
        if not ack.ok:
            raise RuntimeError(f"core denied an order of the benchmark: {ack.denied}")
    await _all(watcher, {request.order_ref for request in resting}, OrderState.WORKING)


async def _all(watcher: Watcher, refs: set[str], state: OrderState) -> None:
    """Wait until each of the orders was in a state."""
    async with asyncio.timeout(PATIENCE):
        position = 0
        while refs:
            if position == len(watcher.seen):
                await watcher.wait_news()
            for envelope in watcher.seen[position:]:
                position += 1
                if isinstance(envelope.event, OrderChanged) and envelope.event.order.state is state:
                    refs.discard(envelope.event.order.order_ref)


async def _kill(watcher: Watcher, proxy: RecordingProxy, ticks: TickCounter, orders: int) -> dict[str, float]:
    await asyncio.sleep(QUIET)
    live = {order.order_ref for order in (await watcher.client.snapshot()).orders if order.is_live}
    ticks_before, pulled = ticks.ticks, time.perf_counter()
    ack = await watcher.send(Kill())
    blocked = time.perf_counter()
    refused = await watcher.send(PlaceOrder(request=_resting(watcher.snapshot)))
    if not ack.ok or refused.denied is None or refused.denied.code is not DenialCode.HALTED:
        raise RuntimeError(f"the kill switch did not block: {ack.denied}, {refused.denied}")
    await asyncio.sleep(INTO_THE_BURST)
    widened = time.perf_counter()
    await watcher.send(Kill(scope=KillScope.EVERYTHING))
    await _all(watcher, live, OrderState.CANCELLED)
    async with asyncio.timeout(PATIENCE):
        while len(cancels := _when(proxy, CANCEL)) < orders or not (everything := _when(proxy, EVERYTHING)):
            await watcher.wait_news()
    return {
        "blocks_ms": (blocked - pulled) * 1000,
        "first_cancel_ms": (cancels[0] - pulled) * 1000,
        "cancels_per_s": len(cancels) / (cancels[-1] - pulled),
        "everything_ms": (everything[0] - widened) * 1000,
        "busiest_second": busiest_second(proxy.times),
        "ticks_per_s": (ticks.ticks - ticks_before) / (time.perf_counter() - pulled),
    }


def _when(proxy: RecordingProxy, kind: str) -> list[float]:
    """When each frame of a kind had come."""
    return [at for at, frame in zip(proxy.times, proxy.frames, strict=True) if frame[0] == kind]
