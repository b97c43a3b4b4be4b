"""kill -9 of a real core with 50 orders working and fills arriving, again and again over one journal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from core.domain.commands import PlaceOrder
from core.domain.entries import FactRecorded, Heard, Intent
from core.domain.events import ExecutionAdded, OrderChanged, Snapshot
from core.domain.orders import OrderState, Side
from core.domain.reports import ExecutionReport
from core.errors import LinkError
from core.journal.recovery import read_entries
from tests.core_process import CoreProcess, Watcher
from tests.faults.killing import SYMBOL, Stage, stage
from tests.faults.wire import Frame, placed
from tests.requests import behind_market, request_for

WORKING = 50
"""Orders that work whenever core is killed."""
_PATIENCE = 30.0
_UNANSWERED = frozenset({OrderState.INTENT, OrderState.SENT})


class Storm:
    """One gateway, one journal, many cores."""

    def __init__(self, there: Stage, seed: int) -> None:
        self._there = there
        self._random = Random(seed)
        self.split: Counter[str] = Counter()
        """What was under way at the kills, by kind."""
        self._hit = asyncio.Event()

    async def round(self) -> None:
        """Start core, hold it to the ledger, have it trade, kill it, and see what was under way."""
        core = await CoreProcess(self._there.home, {"port": str(self._there.wire.port)}).start()
        try:
            async with await core.attach() as watcher:
                await watcher.ready_for(SYMBOL)
                with self._still():
                    await self._there.agrees(watcher)
                await self._top_up(watcher)
                await self._kill(core, watcher)
        finally:
            core.kill()
        await self._there.gone(core)
        self._look()

    async def end(self) -> Snapshot:
        """One more core, which is not killed: its books must be the ledger's."""
        core = await CoreProcess(self._there.home, {"port": str(self._there.wire.port)}).start()
        try:
            async with await core.attach() as watcher:
                await watcher.ready()
                with self._still():
                    snapshot = await self._there.agrees(watcher)
        finally:
            await core.stop()
        refs = [placed(frame).text("orderRef") for frame in self._there.wire.placements()]
        assert len(refs) == len(set(refs)), "an order left twice"
        return snapshot

    @contextmanager
    def _still(self) -> Iterator[None]:
        """The market stands still inside, so that ledger and core can be compared."""
        hub, loop = self._there.gateway.hub, asyncio.get_running_loop()
        if hub._clock is not None:
            hub._clock.cancel()
        hub._clock = loop.call_later(1e6, lambda: None)
        try:
            yield
        finally:
            hub._clock.cancel()
            hub._clock = None
            hub.end_turn()

    async def _top_up(self, watcher: Watcher) -> None:
        """Have as many orders working as wanted; some so near the market that they fill."""
        ledger = self._there.gateway.ledger
        missing, booked = WORKING - len(ledger.live_orders()), len(ledger.orders)
        snapshot = await watcher.client.snapshot()
        for _ in range(missing):
            ack = await watcher.send(self._resting(snapshot, self._random.choice((2, 5, 30, 60, 90))))
            assert ack.ok, ack.denied
        # They wait for their turn on the wire.
        await self._there.gateway.wait_for(lambda: len(ledger.orders) >= booked + missing, _PATIENCE)

    def _resting(self, snapshot: Snapshot, away: int) -> PlaceOrder:
        side = self._random.choice((Side.BUY, Side.SELL))
        quantity = self._random.choice((1, 10, 50))
        limit = behind_market(snapshot, SYMBOL, side, away)
        return PlaceOrder(request=request_for(snapshot, SYMBOL, side, quantity, limit))

    async def _kill(self, core: CoreProcess, watcher: Watcher) -> None:
        """SIGKILL: as a frame passes, as a fill is told, or at any moment while both may happen."""
        self._hit.clear()
        hub, wire = self._there.gateway.hub, self._there.wire
        manner = self._random.choice(("frame", "frame", "fill", "fill", "any"))
        fills, count = len(self._there.gateway.ledger.executions), self._random.randint(1, 3)

        def strike() -> None:
            if not self._hit.is_set():
                os.kill(core.pid, signal.SIGKILL)
                self._hit.set()

        def on_frame(frame: Frame) -> None:
            nonlocal count
            self._there.watch.on_frame(frame)
            count -= frame.fields[0] == "3"
            if manner == "frame" and count == 0:
                strike()

        def after_turn() -> None:
            if manner == "fill" and len(self._there.gateway.ledger.executions) > fills:
                strike()

        wire.on_frame = on_frame
        hub.after_turn.append(after_turn)
        delay = self._random.uniform(0.0, 0.4) if manner == "any" else 5.0
        timer = asyncio.get_running_loop().call_later(delay, strike)
        try:
            await self._trade(watcher)
            await asyncio.wait_for(self._hit.wait(), _PATIENCE)
        finally:
            timer.cancel()
            hub.after_turn.remove(after_turn)
            wire.on_frame = self._there.watch.on_frame

    async def _trade(self, watcher: Watcher) -> None:
        """Orders through the market and behind it, until core is gone."""
        try:
            snapshot = await watcher.client.snapshot()
            while not self._hit.is_set():
                await watcher.send(self._resting(snapshot, self._random.choice((-3, -1, 40))))
        except (LinkError, AssertionError):
            return

    def _look(self) -> None:
        """What was under way when core died: by its journal, the wire and the ledger."""
        entries = [entry for _, entry in read_entries(self._there.journal)]
        facts = [entry.fact for entry in entries if isinstance(entry, FactRecorded)]
        states = {entry.order.order_ref: entry.order.state for entry in entries if isinstance(entry, Intent)}
        states |= {fact.order.order_ref: fact.order.state for fact in facts if isinstance(fact, OrderChanged)}
        last = len(self._there.wire.lines) - 1
        left = {placed(f).text("orderRef") for f in self._there.wire.placements() if f.connection == last}
        flying = {order_ref for order_ref in left if states.get(order_ref) in _UNANSWERED}
        known = {fact.execution.exec_id for fact in facts if isinstance(fact, ExecutionAdded)}
        reports = [entry.report for entry in entries if isinstance(entry, Heard)]
        known |= {report.execution.exec_id for report in reports if isinstance(report, ExecutionReport)}
        unwritten = {fill.exec_id for fill in self._there.gateway.ledger.executions} - known
        kinds = [name for name, found in (("frame in flight", flying), ("fill not journalled", unwritten)) if found]
        self.split[" and ".join(kinds) or "neither"] += 1
        self.split["kills"] += 1
        self.split["working"] += len(self._there.gateway.ledger.live_orders())

    @property
    def struck(self) -> int:
        """Kills with a frame in flight or a fill not yet journalled."""
        return self.split["kills"] - self.split["neither"]


async def storm(kills: int, seed: int, tell: bool = False) -> Storm:
    """So many kills. Raises AssertionError where an order or a fill is lost, doubled or shown as it is not."""
    async with stage() as there:
        made = Storm(there, seed)
        for number in range(kills):
            await made.round()
            if tell:
                print(f"kill {number + 1}: {dict(made.split)}", flush=True)
        snapshot = await made.end()
        made.split["orders"] = len(there.gateway.ledger.orders)
        made.split["fills"] = len(there.gateway.ledger.executions)
        assert len(snapshot.executions) == made.split["fills"]
        return made


def show(made: Storm) -> bool:
    """Say what a storm came to; True if enough of its kills struck something."""
    split = made.split
    kills = split["kills"]
    print(f"{kills} kills with {split['working'] / kills:.0f} orders working: ", end="")
    print(", ".join(f"{split[k]} {k}" for k in sorted(split) if k not in ("kills", "working", "orders", "fills")))
    print(f"{split['orders']} orders and {split['fills']} fills accounted for once each; positions are the gateway's")
    return made.struck >= kills * 6 // 10
