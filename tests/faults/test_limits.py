"""A real core that runs into the limits of its system: no larger file, no further file."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from core.domain.commands import CancelOrder, DenialCode
from core.domain.events import TradingState
from core.domain.orders import OrderState
from core.errors import LinkError
from tests.faults.killing import SYMBOL, in_state, order_for, reach, resting, stage

_S = OrderState
DESCRIPTORS = Path("/proc/self/fd").exists()

pytestmark = [
    pytest.mark.row(74),
    pytest.mark.skipif(not DESCRIPTORS, reason="limits of another process can be set on Linux alone"),
]


async def test_a_file_that_may_not_grow_halts_and_the_journal_stays_whole() -> None:
    async with stage() as there:
        async with there.running() as core, await core.attach() as watcher:
            await watcher.ready_for(SYMBOL)
            order = await resting(watcher)
            _, most = resource.prlimit(core.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(core.pid, resource.RLIMIT_FSIZE, (4096, most))
            refused = (await watcher.send(order_for(watcher.snapshot))).denied
            assert refused is not None
            assert refused.code is DenialCode.HALTED
            assert (await watcher.client.snapshot()).trading_state is TradingState.HALTED
            assert (await watcher.send(CancelOrder(order_ref=order.order_ref))).ok
            await there.gateway.wait_for(lambda: not there.gateway.ledger.live_orders())
        assert len(there.wire.placements()) == 1
        async with there.healthy() as watcher:
            await watcher.wait_for_instrument(SYMBOL)
            assert (await watcher.send(order_for(watcher.snapshot))).ok


async def test_without_a_descriptor_left_orders_go_on_and_the_journal_stays_whole() -> None:
    async with stage() as there:
        async with there.running() as core, await core.attach() as watcher:
            await watcher.ready_for(SYMBOL)
            used = len(list(Path(f"/proc/{core.pid}/fd").iterdir()))
            _, most = resource.prlimit(core.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(core.pid, resource.RLIMIT_NOFILE, (used, most))
            with pytest.raises((LinkError, TimeoutError, OSError)):
                await core.attach("one too many")
            order = await resting(watcher)
            assert (await watcher.send(CancelOrder(order_ref=order.order_ref))).ok
            await reach(watcher, order.order_ref, in_state(_S.CANCELLED))
            await there.agrees(watcher)
        async with there.healthy():
            pass
