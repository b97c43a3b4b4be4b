"""A bracket on its way: all legs are on the disk before the first frame, and a kill between doubts them all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from core.domain.commands import CancelOrder, PlaceOrder
from core.domain.entries import Intent
from core.domain.orders import OrderState, OrderType, Side
from core.ids import mint_order_ref
from core.journal.recovery import read_entries
from tests.core_process import Watcher, running_core
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway
from tests.processes.orders import journal_of, order_in
from tests.processes.proxy import RecordingProxy, proxied_core
from tests.processes.test_way_of_an_order import SYMBOL, killed_before_the_frame, resting_buy


def bracket(watcher: Watcher) -> PlaceOrder:
    """A buy that rests, its target above and its stop below."""
    entry = resting_buy(watcher).request
    assert entry.limit_price is not None
    target = replace(
        entry,
        order_ref=mint_order_ref(watcher.snapshot.instance),
        side=Side.SELL,
        limit_price=entry.limit_price + 20,
        parent_ref=entry.order_ref,
    )
    stop = replace(
        target,
        order_ref=mint_order_ref(watcher.snapshot.instance),
        order_type=OrderType.STP,
        limit_price=None,
        stop_price=entry.limit_price - Decimal(10),
    )
    return PlaceOrder(request=entry, children=(target, stop))


async def test_all_legs_are_on_the_disk_before_the_first_frame() -> None:
    """When a frame is seen between core and gateway, another process reads the intents of the whole bracket."""
    with DeskHome() as home:
        journal = journal_of(home, "paper")
        seen: list[set[str]] = []

        def look(_: list[str]) -> None:
            seen.append({e.order.order_ref for _, e in read_entries(journal) if isinstance(e, Intent)})

        async with proxied_core(home, on_order=look) as (_, watcher):
            await watcher.ready_for(SYMBOL)
            command = bracket(watcher)
            refs = {leg.order_ref for leg in (command.request, *command.children)}
            assert (await watcher.send(command)).ok
            for order_ref in refs:
                await watcher.wait(order_in(order_ref, OrderState.WORKING))
            assert (await watcher.send(CancelOrder(order_ref=command.request.order_ref))).ok
            for order_ref in refs:
                await watcher.wait(order_in(order_ref, OrderState.CANCELLED))
        assert seen == [refs] * 3


@pytest.mark.row(2, 55)
async def test_a_kill_before_the_first_frame_leaves_every_leg_in_doubt() -> None:
    """SIGKILL between the intents and the frames: the next core shows all three as UNKNOWN and sends nothing."""
    with DeskHome() as home:
        async with running_gateway(home) as port, RecordingProxy(port) as proxy:
            arguments = {"port": str(proxy.port)}
            command = await killed_before_the_frame(home, arguments, bracket)
            async with running_core(home, arguments) as core, await core.attach() as watcher:
                snapshot = await watcher.ready()
                legs = (command.request, *command.children)

                assert [order.order_ref for order in snapshot.orders] == [leg.order_ref for leg in legs]
                assert {order.state for order in snapshot.orders} == {OrderState.UNKNOWN}
                assert [order.parent_ref for order in snapshot.orders] == [leg.parent_ref for leg in legs]
                assert [order.stop_price for order in snapshot.orders] == [leg.stop_price for leg in legs]
            assert proxy.placed() == []
