"""One order's way through core and a gateway in processes of their own, seen from the socket and from the disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest

from core.domain.commands import CancelOrder, Leave, PlaceOrder
from core.domain.entries import Intent
from core.domain.events import Snapshot
from core.domain.orders import OrderState, Side
from core.errors import LinkError
from core.journal.recovery import read_entries
from tests.core_process import CoreProcess, Watcher, market_order, running_core
from tests.desk_home import DeskHome
from tests.processes.gateway import running_gateway
from tests.processes.orders import journal_of, order_in
from tests.processes.proxy import RecordingProxy, proxied_core
from tests.requests import below_bid, request_for

SYMBOL = "AAPL"
ORDER_REF_FIELD = 26
"""Of a placeOrder frame for a stock: message id, order id, 12 contract fields, secIdType, secId, then the order's."""


def resting_buy(watcher: Watcher, symbol: str = SYMBOL, quantity: int = 100) -> PlaceOrder:
    """A limit order 5 % below the bid: it rests."""
    limit = below_bid(watcher.snapshot, symbol, 5)
    return PlaceOrder(request=request_for(watcher.snapshot, symbol, Side.BUY, quantity, limit))


async def killed_before_the_frame(
    home: DeskHome, arguments: Mapping[str, str], make: Callable[[Watcher], PlaceOrder]
) -> PlaceOrder:
    """The order over which SIGKILL has ended a core: its intent is durable, and no byte of its frame left."""
    dying = await CoreProcess(home, arguments, ("-m", "tests.processes.core_that_dies")).start()
    async with await dying.attach() as watcher:
        await watcher.ready_for(SYMBOL)
        command = make(watcher)
        with pytest.raises(LinkError):
            await watcher.send(command)
    dying.kill()
    return command


@pytest.mark.covers("D5.2")
async def test_market_order_fills_and_everyone_agrees() -> None:
    """The event, a fresh snapshot, the position and the cash say the same after a fill."""
    with DeskHome() as home:
        async with running_core(home) as core, await core.attach() as watcher:
            await watcher.ready_for(SYMBOL)
            known = await watcher.until(lambda snapshot: any(account.cash for account in snapshot.accounts))
            before = known.accounts[0].cash
            command = market_order(watcher.snapshot, SYMBOL, Side.BUY, 100)
            ack = await watcher.send(command)
            assert ack.ok, ack.denied
            order = await watcher.wait(order_in(command.request.order_ref, OrderState.FILLED))
            assert order.filled == 100
            assert order.perm_id
            assert before is not None

            def agrees(snapshot: Snapshot) -> bool:
                held = {position.con_id: position.quantity for position in snapshot.positions or ()}
                fills = snapshot.executions
                fees = sum((fill.commission for fill in fills if fill.commission is not None), Decimal(0))
                spent = sum((fill.quantity * fill.price for fill in fills), Decimal(0)) + fees
                return fees > 0 and held.get(order.con_id) == 100 and snapshot.accounts[0].cash == before - spent

            await watcher.until(agrees)


async def test_frame_on_the_socket_comes_after_the_committed_intent() -> None:
    """When the frame is seen between core and gateway, another process can read its INTENT from the disk already."""
    with DeskHome() as home:
        journal = journal_of(home, "paper")
        found: list[bool] = []

        def look(fields: list[str]) -> None:
            refs = [e.order.order_ref for _, e in read_entries(journal) if isinstance(e, Intent)]
            found.append(fields[ORDER_REF_FIELD] in refs)

        async with proxied_core(home, on_order=look) as (_, watcher):
            await watcher.ready_for(SYMBOL)
            for quantity in range(1, 6):
                command = market_order(watcher.snapshot, SYMBOL, Side.BUY, quantity)
                assert (await watcher.send(command)).ok
                await watcher.wait(order_in(command.request.order_ref, OrderState.FILLED))
        assert found == [True] * 5


async def test_kill_between_intent_and_frame_is_unknown_and_never_sent_again() -> None:
    """SIGKILL in the gap: the next core shows the order as UNKNOWN with where it was not found, and sends nothing."""
    with DeskHome() as home:
        async with running_gateway(home) as port, RecordingProxy(port) as proxy:
            arguments = {"port": str(proxy.port)}
            command = await killed_before_the_frame(
                home, arguments, lambda watcher: market_order(watcher.snapshot, SYMBOL, Side.BUY, 100)
            )
            async with running_core(home, arguments) as core, await core.attach() as watcher:
                snapshot = await watcher.ready()
                (order,) = snapshot.orders
                assert order.order_ref == command.request.order_ref
                assert order.state is OrderState.UNKNOWN
                assert order.note == "in open orders: no · executions: no · completed: no"
                assert (await watcher.send(command)).order == order
            assert proxy.placed() == []


async def test_core_killed_with_an_order_working_finds_it_again() -> None:
    """SIGKILL of core while an order rests: the next core has the same order, working, and can cancel it."""
    with DeskHome() as home:
        async with running_gateway(home) as port, RecordingProxy(port) as proxy:
            arguments = {"port": str(proxy.port)}
            first = await CoreProcess(home, arguments).start()
            async with await first.attach() as watcher:
                await watcher.ready_for(SYMBOL)
                command = resting_buy(watcher)
                assert (await watcher.send(command)).ok
                working = await watcher.wait(order_in(command.request.order_ref, OrderState.WORKING))
                first.kill()
            async with running_core(home, arguments) as core, await core.attach() as watcher:
                snapshot = await watcher.ready()
                (order,) = snapshot.orders
                assert (order.state, order.perm_id, order.number) == (
                    OrderState.WORKING,
                    working.perm_id,
                    working.number,
                )
                assert (await watcher.send(CancelOrder(order_ref=order.order_ref))).ok
                await watcher.wait(order_in(order.order_ref, OrderState.CANCELLED))
            assert len(proxy.placed()) == 1


async def test_second_client_sees_and_cancels() -> None:
    """An order placed at one client shows at the other, which cancels it; both see the end."""
    with DeskHome() as home:
        async with running_core(home) as core, await core.attach("one") as one, await core.attach("two") as two:
            await one.ready_for(SYMBOL)
            command = resting_buy(one)
            assert (await one.send(command)).ok
            order = await two.wait(order_in(command.request.order_ref, OrderState.WORKING))
            assert (await two.send(CancelOrder(order_ref=order.order_ref))).ok
            await one.wait(order_in(order.order_ref, OrderState.CANCELLED))
            await two.wait(order_in(order.order_ref, OrderState.CANCELLED))


async def test_nothing_is_left_after_the_last_desk_leaves() -> None:
    """Leave with nothing working ends core and the gateway that it started."""
    with DeskHome() as home:
        core = await CoreProcess(home).start()
        async with await core.attach() as watcher:
            await watcher.ready()
            assert len(home.processes()) == 2
            assert (await watcher.send(Leave(stop=False))).ok
        assert home.wait_empty(10.0) == []
        await core.stop()
